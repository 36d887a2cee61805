//! Containers of every list, with the place each stands at.

use super::view::{Container, Spec, Volume};
use crate::pointer::Pointer;

/// The list of a pod spec that a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerList {
    /// `initContainers`, sidecars among them.
    Init,
    /// `containers`.
    Main,
    /// `ephemeralContainers`.
    Ephemeral,
}

impl ContainerList {
    /// The field of the pod spec.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Main => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A container and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct ContainerRef<'p, 'a> {
    /// The list.
    pub list: ContainerList,
    /// Position in the list, from 0.
    pub index: usize,
    /// The container itself.
    pub container: &'p Container<'a>,
}

impl ContainerRef<'_, '_> {
    /// Where the container stands, relative to the pod: `/spec/containers/0`.
    pub fn pointer(&self) -> Pointer {
        Pointer::new("/spec").join(self.list.field()).join(self.index)
    }

    /// An init container that keeps running beside the main ones (`restartPolicy: Always`, KEP-753).
    pub fn is_sidecar(&self) -> bool {
        self.list == ContainerList::Init && self.container.restart.as_deref() == Some("Always")
    }
}

impl<'a> Spec<'a> {
    /// Every container in the order init, main, ephemeral.
    pub fn all_containers<'p>(&'p self) -> impl Iterator<Item = ContainerRef<'p, 'a>> {
        let list = |list, containers: &'p Option<Vec<Container<'a>>>| {
            containers.iter().flatten().enumerate().map(move |(index, container)| ContainerRef {
                list,
                index,
                container,
            })
        };
        list(ContainerList::Init, &self.init_containers)
            .chain(list(ContainerList::Main, &self.containers))
            .chain(list(ContainerList::Ephemeral, &self.ephemeral_containers))
    }

    /// Volumes that mount an image, with their positions.
    pub fn image_volumes<'p>(&'p self) -> impl Iterator<Item = (usize, &'p Volume<'a>)> {
        self.volumes.iter().flatten().enumerate().filter(|(_, volume)| volume.image.is_some())
    }
}
