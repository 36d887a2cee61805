//! Pods that are written in a system's own way: containers in other places, and fields under other names.

mod argo;
mod spark;
mod tekton;

use serde_json::Value;

use super::projection::Draft;
use super::{Embedded, Form};
use crate::pointer::Pointer;

/// Whether a value at the place of a form holds what makes a pod of it.
pub(super) fn holds(form: Form, value: &Value) -> bool {
    match form {
        Form::ArgoTemplate => argo::holds(value),
        Form::TektonTask => tekton::holds(value),
        Form::SparkRole => value.is_object(),
        Form::Shape | Form::Template | Form::Spec => false,
    }
}

/// Reads the pod.
pub(super) fn draft(form: Form, embedded: &Embedded<'_>, draft: &mut Draft) {
    match form {
        Form::ArgoTemplate => argo::draft(embedded, draft),
        Form::TektonTask => tekton::draft(embedded, draft),
        Form::SparkRole => spark::draft(embedded, draft),
        Form::Shape | Form::Template | Form::Spec => {}
    }
}

/// What the pods of an object share, and where it stands.
fn shared<'v>(embedded: &Embedded<'v>, steps: &[&str]) -> (Option<&'v Value>, Pointer) {
    let mut value = Some(embedded.object.value);
    let mut pointer = embedded.object.pointer.clone();
    for step in steps {
        value = value.and_then(|value| value.get(step));
        pointer.push(step);
    }
    (value, pointer)
}
