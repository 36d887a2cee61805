//! The walk through an object: one visit to each value, a stack instead of recursion.

use std::iter::Enumerate;
use std::slice;

use serde_json::{Map, Value};

use super::systems::{CustomKind, Form, Pods, only_speaks_of_pods};
use super::{Embedded, Holder, forms, shape};
use crate::pod::kinds::PodKind;
use crate::pointer::Pointer;

/// One step from a value to one that it holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

impl Step<'_> {
    /// How much it adds to a path.
    fn length(self) -> usize {
        match self {
            Self::Key(key) => key.len() + 1,
            Self::Index(index) => index.checked_ilog10().map_or(2, |digits| digits as usize + 2),
        }
    }

    /// Whether a step of a pattern stands for this one.
    pub(super) fn fits(self, pattern: &str) -> bool {
        match self {
            Self::Key(key) => pattern == "*" || pattern == key,
            Self::Index(_) => pattern == "*",
        }
    }
}

/// Longer paths, in bytes, are not followed: each pod keeps its own, and each finding in it. Those of real objects
/// have a tenth of it.
const MAX_PATH: usize = 2048;

/// What is left to visit of a collection.
enum Children<'v> {
    Map(serde_json::map::Iter<'v>),
    List(Enumerate<slice::Iter<'v, Value>>),
}

impl<'v> Children<'v> {
    fn of(value: &'v Value) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self::Map(map.iter())),
            Value::Array(list) => Some(Self::List(list.iter().enumerate())),
            _ => None,
        }
    }
}

impl<'v> Iterator for Children<'v> {
    type Item = (Step<'v>, &'v Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Map(map) => map.next().map(|(key, value)| (Step::Key(key), value)),
            Self::List(list) => list.next().map(|(index, value)| (Step::Index(index), value)),
        }
    }
}

/// Where the walk is.
struct Walk<'v> {
    path: Vec<Step<'v>>,
    /// The length of the path as text, at most.
    length: usize,
    /// The objects on the path, each with the length of the path to it.
    objects: Vec<(usize, Holder<'v>)>,
    found: Vec<Embedded<'v>>,
}

pub(super) fn search(object: &Value) -> Vec<Embedded<'_>> {
    let mut walk = Walk { path: Vec::new(), length: 0, objects: Vec::new(), found: Vec::new() };
    let mut stack = Vec::new();
    if walk.enters(object) {
        stack.extend(Children::of(object));
    }
    while let Some(children) = stack.last_mut() {
        let Some((step, value)) = children.next() else {
            stack.pop();
            walk.leave();
            continue;
        };
        let is_collection = value.is_object() || value.is_array();
        if !is_collection || walk.length + step.length() > MAX_PATH {
            continue;
        }
        walk.length += step.length();
        walk.path.push(step);
        match Children::of(value) {
            Some(children) if walk.enters(value) => stack.push(children),
            _ => walk.leave(),
        }
    }
    walk.found
}

impl<'v> Walk<'v> {
    fn leave(&mut self) {
        if let Some(step) = self.path.pop() {
            self.length -= step.length();
        }
        let here = self.path.len();
        while self.objects.last().is_some_and(|(depth, _)| *depth > here) {
            self.objects.pop();
        }
    }

    /// Notes the pod that a value is; answers whether there can be others below it.
    fn enters(&mut self, value: &'v Value) -> bool {
        let Value::Object(map) = value else { return true };
        if let Some(pods) = self.pods_here()
            && self.is_form_of(pods, value)
        {
            let form = if pods.form == Form::Shape { shaped(map) } else { pods.form };
            self.add(form, value);
            return false;
        }
        match holder(map, value) {
            Some(mut holder) => {
                if only_speaks_of_pods(group(holder.api_version), holder.kind) {
                    return false;
                }
                holder.pointer = self.pointer();
                let native = holder.native;
                self.objects.push((self.path.len(), holder));
                if let Some(native) = native {
                    // The whole object is a manifest of its own; below its pod there is none.
                    self.native(native, value);
                    return false;
                }
            }
            None if self.is_beside_spec() => return false,
            None if shape::is_template(map) => {
                self.add(Form::Template, value);
                return false;
            }
            None => {}
        }
        let is_spec = shape::is_spec(value);
        if is_spec {
            self.add(Form::Spec, value);
        }
        !is_spec
    }

    /// Fields of an object in which no pods are asked for.
    fn is_beside_spec(&self) -> bool {
        matches!(self.below_object(), [Step::Key("status" | "metadata")])
    }

    fn below_object(&self) -> &[Step<'v>] {
        let depth = self.objects.last().map_or(0, |(depth, _)| *depth);
        self.path.get(depth..).unwrap_or_default()
    }

    fn holder(&self) -> Option<&Holder<'v>> {
        self.objects.last().map(|(_, holder)| holder)
    }

    /// What the table says of the place.
    fn pods_here(&self) -> Option<&'static Pods> {
        self.holder()?.custom?.pods_at(self.below_object())
    }

    fn is_form_of(&self, pods: &Pods, value: &Value) -> bool {
        match pods.form {
            Form::Shape | Form::Template | Form::Spec => {
                !self.below_object().is_empty()
                    && (shape::is_spec(value) || value.get("spec").is_some_and(shape::is_spec))
            }
            form => forms::holds(form, value),
        }
    }

    fn native(&mut self, native: &'static PodKind, value: &'v Value) {
        let mut pointer = self.pointer();
        let mut node = value;
        for step in native.path {
            let Some(next) = node.get(step) else { return };
            pointer.push(step);
            node = next;
        }
        if node.get("spec").is_some_and(shape::is_spec) {
            self.push(Form::Template, node, pointer, None);
        }
    }

    fn add(&mut self, form: Form, node: &'v Value) {
        let (mut pointer, pods) = (self.pointer(), self.pods_here());
        let mut node = node;
        let mut form = form;
        if form == Form::Shape {
            // What holds a spec among other fields has no metadata of a pod.
            if let Some(spec) = node.get("spec") {
                node = spec;
                pointer.push("spec");
            }
            form = Form::Spec;
        }
        self.push(form, node, pointer, pods);
    }

    fn push(&mut self, form: Form, node: &'v Value, pointer: Pointer, pods: Option<&'static Pods>) {
        if let Some(object) = self.holder().cloned() {
            self.found.push(Embedded { pointer, node, form, pods, object });
        }
    }

    fn pointer(&self) -> Pointer {
        self.path.iter().fold(Pointer::default(), |pointer, step| match step {
            Step::Key(key) => pointer.join(key),
            Step::Index(index) => pointer.join(index),
        })
    }
}

/// How a pod at a place that the table names by shape only is held.
fn shaped(map: &Map<String, Value>) -> Form {
    if shape::is_template(map) {
        Form::Template
    } else if map.get("containers").is_some() {
        Form::Spec
    } else {
        Form::Shape
    }
}

/// A value that says of itself what object it is.
fn holder<'v>(map: &'v Map<String, Value>, value: &'v Value) -> Option<Holder<'v>> {
    let api_version = map.get("apiVersion")?.as_str()?;
    let kind = map.get("kind")?.as_str()?;
    if api_version.is_empty() || kind.is_empty() {
        return None;
    }
    let group = group(api_version);
    Some(Holder {
        pointer: Pointer::default(),
        value,
        api_version,
        kind,
        custom: CustomKind::find(group, kind),
        native: PodKind::find(group, kind),
    })
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
