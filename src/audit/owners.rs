//! Who belongs to whom, as far as the API server told it.

use std::collections::HashMap;

use super::page::{Controller, Item};
use crate::pod::top_owner::{Attribution, TopOwner};
use crate::pod::view::Pod;
use crate::pod::workload::controller_reference;
use crate::survey::Owners;

/// Owners of owners that are followed. Real chains have two or three links; without a bound, objects that own each
/// other would be followed for ever.
const MAX_DEPTH: usize = 8;

/// A uid of Kubernetes, which is an RFC 4122 UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Uid([u8; 16]);

impl Uid {
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.bytes().filter(|byte| *byte != b'-');
        let mut value: u128 = 0;
        let mut count = 0;
        for digit in digits {
            let digit = char::from(digit).to_digit(16)?;
            value = value.checked_mul(16)? + u128::from(digit);
            count += 1;
        }
        (count == 32).then(|| Self(value.to_be_bytes()))
    }
}

/// An object, and who it belongs to.
#[derive(Debug)]
pub(super) struct Learnt {
    uid: Uid,
    controller: Option<Controller>,
}

impl Learnt {
    pub(super) fn of(item: Item) -> Option<Self> {
        Some(Self { uid: item.uid?, controller: item.controller })
    }
}

/// Objects by uid with their controllers. Of 100,000 Jobs it keeps 20 bytes each, and what their CronJobs are called.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// 0: the object belongs to nobody; otherwise one more than the place of its controller.
    objects: HashMap<Uid, u32>,
    controllers: Vec<Known>,
    places: HashMap<Uid, u32>,
    kinds: Vec<(String, String)>,
}

#[derive(Debug)]
struct Known {
    uid: Uid,
    kind: usize,
    name: Box<str>,
}

impl Table {
    pub(super) fn learn(&mut self, learnt: Learnt) {
        let place = learnt.controller.and_then(|controller| self.place(controller));
        self.objects.insert(learnt.uid, place.unwrap_or_default());
    }

    fn place(&mut self, controller: Controller) -> Option<u32> {
        let uid = Uid::read(&controller.uid)?;
        if let Some(place) = self.places.get(&uid) {
            return Some(*place);
        }
        let kind = (controller.api_version, controller.kind);
        let known = self.kinds.iter().position(|other| *other == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        self.controllers.push(Known { uid, kind: known, name: controller.name.into() });
        let place = u32::try_from(self.controllers.len()).ok()?;
        self.places.insert(uid, place);
        Some(place)
    }

    fn controller(&self, place: u32) -> Option<&Known> {
        self.controllers.get(usize::try_from(place).ok()?.checked_sub(1)?)
    }

    /// The last of the owners above an object that belongs to somebody.
    fn above(&self, uid: Uid) -> Option<&Known> {
        let mut found = None;
        let mut at = uid;
        for _ in 0..MAX_DEPTH {
            let Some(known) = self.objects.get(&at).and_then(|place| self.controller(*place))
            else {
                break;
            };
            (found, at) = (Some(known), known.uid);
        }
        found
    }
}

impl Owners for Table {
    fn top<'o>(&'o self, pod: &'o Pod<'_>) -> TopOwner<'o> {
        let told = TopOwner::of(pod);
        // A DAG is nearer to people than whatever object runs its tasks.
        if told.attribution == Attribution::Label {
            return told;
        }
        let Some(controller) = controller_reference(pod) else { return told };
        let uid = controller.uid.as_deref().and_then(Uid::read);
        let Some(uid) = uid.filter(|uid| self.objects.contains_key(uid)) else { return told };
        let text = |text: Option<&'o str>| text.unwrap_or_default().into();
        let top = |api_version, kind, name| TopOwner {
            api_version,
            kind,
            name,
            attribution: Attribution::Controller,
        };
        match self.above(uid).and_then(|known| Some((known, self.kinds.get(known.kind)?))) {
            Some((known, (api_version, kind))) => {
                top(api_version.into(), kind.into(), (&*known.name).into())
            }
            // It belongs to nobody, whatever its name looks like.
            None => top(
                text(controller.api_version.as_deref()),
                text(controller.kind.as_deref()),
                text(controller.name.as_deref()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::page::Page;
    use super::*;
    use crate::pod::kinds::{Object, PodKind};

    fn uid(number: u32) -> String {
        format!("00000000-0000-0000-0000-{number:012x}")
    }

    /// A table of objects with the number, kind and name of their controllers.
    fn table(objects: &[(u32, Option<(u32, &str, &str)>)]) -> Table {
        let items: Vec<_> = objects
            .iter()
            .map(|(number, above)| {
                let owners: Vec<_> = above
                    .iter()
                    .map(|(number, kind, name)| {
                        json!({"apiVersion": "x/v1", "kind": kind, "name": name,
                        "uid": uid(*number), "controller": true})
                    })
                    .collect();
                json!({"metadata": {"name": "x", "uid": uid(*number), "ownerReferences": owners}})
            })
            .collect();
        let page = Page::read(json!({"items": items}).to_string().into()).unwrap();
        let mut table = Table::default();
        page.items.into_iter().filter_map(Learnt::of).for_each(|learnt| table.learn(learnt));
        table
    }

    /// The top owner of a pod of Job `nightly-28912345`, which is number 1.
    fn top(table: &Table, labels: serde_json::Value) -> String {
        let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "nightly-28912345", "uid": uid(1),
            "controller": true});
        let pod = json!({"metadata": {"name": "p", "labels": labels, "ownerReferences": [owner]}, "spec": {}});
        let pod = PodKind::find("", "Pod").unwrap().read(Object::Value(&pod)).unwrap();
        let TopOwner { kind, name, .. } = table.top(&pod);
        format!("{kind}/{name}")
    }

    #[test]
    fn chains_are_followed_to_their_top() {
        let none = json!({});
        let chain = table(&[(1, Some((2, "A", "a"))), (2, Some((3, "B", "b"))), (3, None)]);
        assert_eq!(top(&chain, none.clone()), "B/b");
        assert_eq!(top(&table(&[(1, Some((2, "A", "a")))]), none.clone()), "A/a");
        assert_eq!(top(&table(&[(1, None)]), none.clone()), "Job/nightly-28912345");
        assert_eq!(top(&Table::default(), none), "CronJob/nightly", "its name tells");
        let dag = json!({"dag_id": "etl", "kubernetes_executor": "True"});
        assert_eq!(top(&chain, dag), "DAG/etl");
    }

    #[test]
    fn circles_end() {
        let circle = table(&[(1, Some((2, "A", "a"))), (2, Some((1, "Job", "j")))]);
        assert_eq!(top(&circle, json!({})), "Job/j");
    }

    #[test]
    fn uids_are_uuids() {
        assert!(Uid::read("f4c0a00c-28b9-4515-be15-f586478a3893").is_some());
        for wrong in ["", "x", "f4c0a00c-28b9-4515-be15-f586478a389", &"f".repeat(33)] {
            assert_eq!(Uid::read(wrong), None);
        }
    }
}
