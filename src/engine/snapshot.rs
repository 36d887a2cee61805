//! What a fix changes, kept until all of its changes are known to fit.

use crate::finding::Fix;
use crate::pod::containers::ContainerList;
use crate::pod::view::{Container, Pod};

/// The part of a pod that a fix writes to, as it was.
pub(super) enum Snapshot<'a> {
    /// One container: a pod can have a hundred thousand, each with a fix of its own.
    Container(ContainerList, usize, Box<Container<'a>>),
    Whole(Box<Pod<'a>>),
}

impl<'a> Snapshot<'a> {
    pub(super) fn before(fix: &Fix, pod: &mut Pod<'a>) -> Self {
        let mut places = fix.edits.iter().map(|edit| place(edit.pointer.as_str()));
        let first = places.next().flatten();
        if let Some((list, index)) = first.filter(|_| places.all(|other| other == first))
            && let Some(container) = container(pod, list, index)
        {
            return Self::Container(list, index, Box::new(container.clone()));
        }
        Self::Whole(Box::new(pod.clone()))
    }

    pub(super) fn restore(self, pod: &mut Pod<'a>) {
        match self {
            Self::Container(list, index, was) => {
                if let Some(container) = container(pod, list, index) {
                    *container = *was;
                }
            }
            Self::Whole(was) => *pod = *was,
        }
    }
}

/// The container below which a place lies.
fn place(pointer: &str) -> Option<(ContainerList, usize)> {
    let rest = pointer.strip_prefix("/spec/")?;
    let (list, rest) = rest.split_once('/')?;
    let (index, _) = rest.split_once('/')?;
    let lists = [ContainerList::Init, ContainerList::Main, ContainerList::Ephemeral];
    let list = lists.into_iter().find(|one| one.field() == list)?;
    Some((list, index.parse().ok()?))
}

fn container<'p, 'a>(
    pod: &'p mut Pod<'a>,
    list: ContainerList,
    index: usize,
) -> Option<&'p mut Container<'a>> {
    let spec = pod.spec.as_mut()?;
    let list = match list {
        ContainerList::Init => &mut spec.init_containers,
        ContainerList::Main => &mut spec.containers,
        ContainerList::Ephemeral => &mut spec.ephemeral_containers,
    };
    list.as_mut()?.get_mut(index)
}
