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

/// Some objects of one kind.
#[derive(Debug)]
pub(super) struct Learnt {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) objects: Vec<Item>,
}

/// Objects by uid with their controllers. Of 100,000 Jobs it keeps 20 bytes each, and what their CronJobs are called.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// 0: the object belongs to nobody; otherwise one more than the place of its controller.
    objects: HashMap<Uid, u32>,
    controllers: Vec<Known>,
    places: HashMap<Uid, u32>,
    /// What stands for all objects of a kind whose names are made from one prefix.
    generated: HashMap<(usize, String), u32>,
    kinds: Vec<(String, String)>,
}

#[derive(Debug)]
struct Known {
    /// None for what stands for several.
    uid: Option<Uid>,
    kind: usize,
    name: Box<str>,
}

impl Table {
    pub(super) fn learn(&mut self, learnt: Learnt) {
        let kind = self.kind((learnt.api_version, learnt.kind));
        for object in learnt.objects {
            let Some(uid) = object.uid else { continue };
            let place = match (object.controller, object.generate_name) {
                (Some(controller), _) => self.place(controller),
                (None, Some(prefix)) => self.place_of_all(kind, prefix),
                (None, None) => None,
            };
            self.objects.insert(uid, place.unwrap_or_default());
        }
    }

    fn kind(&mut self, kind: (String, String)) -> usize {
        self.kinds.iter().position(|other| *other == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        })
    }

    fn place(&mut self, controller: Controller) -> Option<u32> {
        let uid = Uid::read(&controller.uid)?;
        if let Some(place) = self.places.get(&uid) {
            return Some(*place);
        }
        let kind = self.kind((controller.api_version, controller.kind));
        let place = self.add(Known { uid: Some(uid), kind, name: controller.name.into() })?;
        self.places.insert(uid, place);
        Some(place)
    }

    fn place_of_all(&mut self, kind: usize, prefix: String) -> Option<u32> {
        let key = (kind, prefix);
        if let Some(place) = self.generated.get(&key) {
            return Some(*place);
        }
        let place = self.add(Known { uid: None, kind, name: key.1.as_str().into() })?;
        self.generated.insert(key, place);
        Some(place)
    }

    fn add(&mut self, known: Known) -> Option<u32> {
        self.controllers.push(known);
        u32::try_from(self.controllers.len()).ok()
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
            found = Some(known);
            let Some(above) = known.uid else { break };
            at = above;
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

    /// The number of an object, and number, kind and name of its controller.
    type Owned<'o> = (u32, Option<(u32, &'o str, &'o str)>);

    /// A table of Jobs with the number, kind and name of their controllers; a kind alone is a prefix of names.
    fn table(objects: &[Owned<'_>]) -> Table {
        let object = |(number, above): &Owned<'_>| {
            let owners = above.filter(|above| above.0 > 0).map(|(number, kind, name)| {
                json!({"apiVersion": "x/v1", "kind": kind, "name": name, "uid": uid(number),
                    "controller": true})
            });
            let prefix = above.filter(|above| above.0 == 0).map(|above| above.2);
            json!({"metadata": {"name": "x", "uid": uid(*number), "generateName": prefix,
                "ownerReferences": owners.into_iter().collect::<Vec<_>>()}})
        };
        let items: Vec<_> = objects.iter().map(object).collect();
        let page = Page::read(json!({"items": items}).to_string().into()).unwrap();
        let mut table = Table::default();
        let (api_version, kind) = ("batch/v1".to_owned(), "Job".to_owned());
        table.learn(Learnt { api_version, kind, objects: page.items });
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
    fn objects_of_one_prefix_are_one_owner() {
        let runs = table(&[(1, Some((0, "", "etl-"))), (2, Some((0, "", "etl-")))]);
        assert_eq!(top(&runs, json!({})), "Job/etl-");
        assert_eq!(runs.controllers.len(), 1);
        let made = table(&[(1, Some((2, "A", "a-x"))), (2, Some((0, "", "a-")))]);
        assert_eq!(top(&made, json!({})), "Job/a-", "here all objects are Jobs");
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
