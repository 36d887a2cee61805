//! The whole object behind the view of a pod, for expressions: they may look at any field.
//!
//! Nothing is read until an expression asks, and then once. Changes that rules make to the view are made to it as well.

use std::cell::OnceCell;
use std::fmt;

use serde_json::{Map, Value, json};

use super::defaulted::default_pod;
use super::kinds::{Object, PodKind};
use crate::edit::Edit;
use crate::json::{Shape, Tree, View};

/// Where a pod was read from, and what was changed since.
#[derive(Clone, Default)]
pub struct Source<'a> {
    object: Option<Object<'a>>,
    path: &'static [&'static str],
    metadata: Option<Object<'a>>,
    is_unbound: bool,
    is_watched: bool,
    edits: Vec<Edit>,
    /// The object with the changes, not defaulted.
    written: OnceCell<Value>,
    /// Of its own text: a cell of borrowed text would tie the view to the lifetime of what it was read from.
    tree: OnceCell<Box<Tree<'static>>>,
}

/// What `SetDefaults_Pod` and `SetDefaults_PodSpec` leave in no spec empty.
const FILLED: [&str; 6] = [
    "dnsPolicy",
    "enableServiceLinks",
    "restartPolicy",
    "schedulerName",
    "securityContext",
    "terminationGracePeriodSeconds",
];
/// The same of a container.
const FILLED_OF_CONTAINERS: [&str; 4] =
    ["imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy"];

impl<'a> Source<'a> {
    /// The pod or template in an object.
    pub fn new(object: Object<'a>, kind: &PodKind) -> Self {
        Self { object: Some(object), path: kind.path, ..Self::default() }
    }

    /// The same with the metadata of another pod.
    #[must_use]
    pub fn with_metadata_of(self, other: Object<'a>) -> Self {
        Self { metadata: Some(other), ..self }
    }

    /// The same without the node that the pod is bound to.
    #[must_use]
    pub fn unbound(self) -> Self {
        Self { is_unbound: true, ..self }
    }

    /// The same, which takes note of changes: some rule looks at the object.
    #[must_use]
    pub fn watched(self) -> Self {
        Self { is_watched: true, ..self }
    }

    /// Takes note of a change to the pod, where anybody looks at the object.
    pub fn record(&mut self, edit: &Edit) {
        if self.is_watched {
            self.edits.push(edit.clone());
            self.tree = OnceCell::new();
            self.written = OnceCell::new();
        }
    }

    /// How many changes were noted.
    pub fn recorded(&self) -> usize {
        self.edits.len()
    }

    /// Forgets the changes after the first few.
    pub fn forget_after(&mut self, recorded: usize) {
        if recorded < self.edits.len() {
            self.edits.truncate(recorded);
            self.tree = OnceCell::new();
            self.written = OnceCell::new();
        }
    }

    /// How many steps of a path lead to something that is there in the object, with the changes so far; none where
    /// nobody looks at it. The view knows only what rules read, and a patch must not replace what stands beside.
    pub fn depth(&self, path: &[&str]) -> Option<usize> {
        let object = self.object.filter(|_| self.is_watched)?;
        let written = self.written.get_or_init(|| {
            let mut pod = Value::Object(written(object, self.path).unwrap_or_default());
            for edit in &self.edits {
                edit.apply(&mut pod);
            }
            pod
        });
        let mut at = written;
        for (depth, step) in path.iter().enumerate() {
            let next = match at {
                Value::Object(members) => members.get(*step),
                Value::Array(list) => step.parse().ok().and_then(|index: usize| list.get(index)),
                _ => None,
            };
            match next {
                Some(next) if !next.is_null() => at = next,
                _ => return Some(depth),
            }
        }
        Some(path.len())
    }

    /// The pod as the API server shows it to those who judge it: always a Pod of `v1`, also where it stands in a template,
    /// defaulted, in the namespace of the request. Null where there is none, or where its text is malformed.
    pub fn tree(&self, namespace: &str) -> &Tree<'static> {
        self.tree.get_or_init(|| Box::new(self.read(namespace)))
    }

    fn read(&self, namespace: &str) -> Tree<'static> {
        if let Some(Object::Json(text)) = self.object
            && self.path.is_empty()
            && self.edits.is_empty()
            && self.metadata.is_none()
            && let Ok(tree) = Tree::parse_owned(text.to_owned())
            && is_shown(tree.view(), self.is_unbound)
        {
            return tree;
        }
        Tree::from(&self.value(namespace))
    }

    /// The same as a value.
    pub fn value(&self, namespace: &str) -> Value {
        let Some(mut pod) = self.object.and_then(|object| written(object, self.path)) else {
            return Value::Null;
        };
        if let Some(other) = self.metadata.and_then(|object| written(object, &[])) {
            pod.insert("metadata".to_owned(), other.get("metadata").cloned().unwrap_or_default());
        }
        if self.is_unbound
            && let Some(Value::Object(spec)) = pod.get_mut("spec")
        {
            spec.remove("nodeName");
        }
        if !self.path.is_empty() {
            pod.retain(|field, _| field == "metadata" || field == "spec");
        }
        pod.insert("apiVersion".to_owned(), "v1".into());
        pod.insert("kind".to_owned(), "Pod".into());
        let metadata = pod.entry("metadata").or_insert(Value::Null);
        if metadata.is_null() {
            *metadata = json!({});
        }
        if let Value::Object(metadata) = metadata
            && !namespace.is_empty()
        {
            // That of the request is the one to trust.
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        let mut pod = Value::Object(pod);
        default_pod(&mut pod);
        if !self.edits.is_empty() {
            for edit in &self.edits {
                // It fitted the view; where a part that no rule reads has another shape, expressions say so.
                edit.apply(&mut pod);
            }
            // The API server does so after each webhook.
            default_pod(&mut pod);
        }
        pod
    }
}

/// The members of the pod in an object, as they are written.
fn written(object: Object<'_>, path: &[&str]) -> Option<Map<String, Value>> {
    let members = |value: &Value| value.as_object().cloned();
    match object {
        Object::Value(value) => {
            let found = path.iter().try_fold(value, |at, step| at.get(step));
            Some(found.and_then(members).unwrap_or_default())
        }
        Object::Json(text) => {
            let mut value: Value = serde_json::from_str(text).ok()?;
            let found = path.iter().try_fold(&mut value, |at, step| at.get_mut(step));
            Some(match found.map(Value::take) {
                Some(Value::Object(members)) => members,
                _ => Map::new(),
            })
        }
    }
}

/// Whether a pod has the form in which the API server shows it: it fills these fields together with all others.
fn is_shown(pod: View<'_>, is_unbound: bool) -> bool {
    let has = |at: View<'_>, field: &str| at.get(field).is_some();
    let Some(spec) = pod.get("spec") else { return false };
    has(pod, "kind")
        && has(pod, "apiVersion")
        && pod.get("metadata").is_some_and(|metadata| has(metadata, "namespace"))
        && FILLED.iter().all(|field| has(spec, field))
        && !(is_unbound && has(spec, "nodeName"))
        && ["initContainers", "containers", "ephemeralContainers"].iter().all(|list| {
            let Some(Ok(Shape::Array(list))) = spec.get(list).map(View::shape) else { return true };
            list.iter().all(|one| FILLED_OF_CONTAINERS.iter().all(|field| has(one, field)))
        })
}

impl fmt::Debug for Source<'_> {
    /// Objects hold secrets where nobody expects them: nothing of them is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("changes", &self.edits.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
