//! The pod template that the rules read, and the way back to the object it was read from.

mod draft;

use std::collections::HashMap;

pub(super) use draft::{Draft, is_small};
use serde_json::{Map, Value, json};

use super::shape::is_placeholder;
use super::systems::{Controller, Whole};
use super::{Embedded, Form, forms};
use crate::pod::kinds::{Object, PodKind};
use crate::pointer::Pointer;

const SPEC: &str = "/template/spec";
const METADATA: &str = "/template/metadata";

/// An embedded pod as a PodTemplate ([`Projection::KIND`]). Pointers into it lead back to the object with
/// [`Projection::place`] and [`Projection::to_object`].
#[derive(Clone, Debug)]
pub struct Projection {
    value: Value,
    places: HashMap<String, Mapped>,
    whole: Whole,
    /// Every container brings an image; if not, a system merges them into its own.
    complete: bool,
    system: Option<&'static str>,
    elsewhere: &'static [(&'static str, &'static str)],
}

/// Where a field of a projection stands in the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The field, or what is nearest to it.
    pub pointer: Pointer,
    /// The field has a place there, and it is a place of this pod alone.
    pub editable: bool,
}

#[derive(Clone, Debug)]
struct Mapped {
    to: Pointer,
    bond: Bond,
}

/// How a field of a projection hangs together with a place in the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// It is the same field.
    Same,
    /// It comes from there, and so do fields of other pods, or it is written in another way.
    Derived,
    /// The object has no place for it; this one is near.
    Near,
}

impl Projection {
    /// Group and kind of what [`Self::object`] is.
    pub const KIND: (&'static str, &'static str) = ("", "PodTemplate");

    /// The projected object.
    pub fn object(&self) -> Object<'_> {
        Object::Value(&self.value)
    }

    /// Where a field of the projection stands in the object, or what is nearest to it.
    pub fn place(&self, pointer: &Pointer) -> Place {
        let text = pointer.as_str();
        let ends = text.match_indices('/').map(|(at, _)| at).chain([text.len()]);
        let found = ends.rev_prefixes(text).find_map(|prefix| {
            self.places.get(prefix).map(|mapped| (mapped, &text[prefix.len()..]))
        });
        let Some((Mapped { to, bond }, rest)) = found else {
            return Place { pointer: Pointer::default(), editable: false };
        };
        let pointer = match bond {
            Bond::Near => to.clone(),
            Bond::Same | Bond::Derived => Pointer::new(format!("{to}{rest}")),
        };
        Place { pointer, editable: *bond == Bond::Same }
    }

    /// Where an edit of the projection is to be made in the object; none where that would not do the same.
    pub fn to_object(&self, pointer: &Pointer) -> Option<Pointer> {
        let place = self.place(pointer);
        place.editable.then_some(place.pointer)
    }

    /// Whether something can be said of a field here: not of text that is filled in later, and not of what is absent
    /// where a system brings the rest of the pod.
    pub fn is_judged(&self, pointer: &Pointer) -> bool {
        let there = self.value.pointer(pointer.as_str());
        if there.and_then(Value::as_str).is_some_and(is_placeholder) {
            return false;
        }
        let Some(container) = self.container_of(pointer) else {
            return there.is_some() || self.whole == Whole::Pod && self.complete;
        };
        let image =
            container.get("image").and_then(Value::as_str).filter(|image| !image.is_empty());
        match (there, image) {
            // The default follows from the image.
            (None, Some(image)) if is_placeholder(image) => {
                self.whole != Whole::Nothing && !pointer.as_str().ends_with("/imagePullPolicy")
            }
            (None, Some(_)) => self.whole != Whole::Nothing,
            (None, None) => false,
            (Some(_), None) => !pointer.as_str().ends_with("/image"),
            (Some(_), Some(_)) => true,
        }
    }

    /// Where the system takes a field from that the object has no place for; for people.
    pub fn elsewhere(&self, pointer: &Pointer) -> Option<String> {
        let field = pointer.as_str().strip_prefix(SPEC)?.strip_prefix('/')?;
        let is_of = |whole: &str| {
            field.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let (_, place) = self.elsewhere.iter().find(|(whole, _)| is_of(whole))?;
        Some(format!("{} takes it from {place}", self.system?))
    }

    fn container_of(&self, pointer: &Pointer) -> Option<&Value> {
        let mut steps = pointer.as_str().strip_prefix(SPEC)?.split('/').skip(1);
        let list = steps.next().filter(|list| list.ends_with("ontainers"))?;
        let index: usize = steps.next()?.parse().ok()?;
        self.value.get("template")?.get("spec")?.get(list)?.get(index)
    }
}

/// Prefixes of a pointer, the longest first.
trait Prefixes: DoubleEndedIterator<Item = usize> + Sized {
    fn rev_prefixes(self, text: &str) -> impl Iterator<Item = &str> {
        self.rev().filter_map(move |end| text.get(..end))
    }
}

impl<I: DoubleEndedIterator<Item = usize>> Prefixes for I {}

/// Builds the projection of a pod.
pub(super) fn project(embedded: &Embedded<'_>) -> Projection {
    let Embedded { pointer, node, form, pods, object } = embedded;
    let mut draft = Draft {
        spec: Map::new(),
        metadata: Value::Null,
        whole: pods.map_or(Whole::Pod, |pods| pods.whole),
        places: HashMap::new(),
    };
    draft.at("", pointer.clone(), Bond::Near);
    match form {
        Form::Template | Form::Shape => {
            draft.at("/template", pointer.clone(), Bond::Same);
            draft.metadata = node.get("metadata").cloned().unwrap_or_default();
            draft.spec = fields(node.get("spec"));
        }
        Form::Spec => {
            draft.at(SPEC, pointer.clone(), Bond::Same);
            draft.spec = fields(Some(node));
        }
        form => forms::draft(*form, embedded, &mut draft),
    }
    finish(&mut draft, embedded);
    let Draft { spec, metadata, whole, places } = draft;
    let lists = ["containers", "initContainers"].map(|list| spec.get(list));
    let mut containers = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
    let complete = containers.all(|container| container.get("image").is_some());
    Projection {
        value: json!({"template": {"metadata": metadata, "spec": spec}}),
        places,
        whole,
        complete,
        system: object.custom.map(|custom| custom.system),
        elsewhere: pods.map_or(&[], |pods| pods.elsewhere),
    }
}

fn fields(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What the system itself puts on the pod.
fn finish(draft: &mut Draft, embedded: &Embedded<'_>) {
    let Embedded { pods, object, .. } = embedded;
    if let Some(pods) = pods {
        if let Some(policy) = pods.restart_policy {
            draft.spec.insert("restartPolicy".to_owned(), Value::from(policy));
        }
        if let Some(Value::Array(containers)) = draft.spec.get_mut("containers")
            && !pods.container.is_empty()
        {
            for container in containers.iter_mut().filter_map(Value::as_object_mut) {
                container.entry("name").or_insert_with(|| Value::from(pods.container));
            }
        }
        let labels: Vec<(&str, Value)> =
            pods.labels.iter().map(|(key, value)| (*key, Value::from(*value))).collect();
        draft.labels(labels.iter().map(|(key, value)| (*key, value)));
    }
    let owner = match (pods.map(|pods| pods.owner), object.native) {
        (Some(Controller::Of(version, kind)), _) => Some((version.to_owned(), kind)),
        (_, Some(PodKind { pods_owned_by, .. })) => {
            pods_owned_by.map(|(group, kind)| (version_of(group), kind))
        }
        _ => Some((object.api_version.to_owned(), object.kind)),
    };
    draft.labels(None);
    if let (Some((api_version, kind)), Value::Object(metadata)) = (owner, &mut draft.metadata) {
        let owner = json!({"apiVersion": api_version, "kind": kind, "controller": true});
        metadata.insert("ownerReferences".to_owned(), Value::Array(vec![owner]));
    }
}

fn version_of(group: &str) -> String {
    if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") }
}
