//! Fields that no pod has: what a case says with them, it does not say.

use serde_json::{Map, Value};

use super::document::PodForm;
use super::pods::NAMED;
use crate::decode::{DecodeError, nearest};
use crate::pod::fields::{CONTAINER, POD_SPEC};
use crate::pointer::Pointer;

/// Looks at the fields of a pod's `spec` and of its containers, and no deeper.
///
/// # Errors
/// At the first that the API does not have.
pub(super) fn check(form: &PodForm) -> Result<(), DecodeError> {
    let at = |pointer: &str| Pointer::new(pointer.to_owned());
    if let Some(container) = &form.container {
        known(container, &CONTAINER, &at("/container"))?;
    }
    if let Some(spec) = &form.spec {
        check_spec(spec, &at("/spec"))?;
    }
    match form.pod.as_ref().and_then(|pod| pod.get("spec")) {
        Some(Value::Object(spec)) => check_spec(spec, &at("/pod/spec")),
        _ => Ok(()),
    }
}

fn check_spec(spec: &Map<String, Value>, at: &Pointer) -> Result<(), DecodeError> {
    known(spec, &POD_SPEC, at)?;
    for list in NAMED {
        let items = spec.get(list).and_then(Value::as_array);
        for (index, item) in items.into_iter().flatten().enumerate() {
            if let Value::Object(container) = item {
                known(container, &CONTAINER, &at.clone().join(list).join(index))?;
            }
        }
    }
    Ok(())
}

fn known(fields: &Map<String, Value>, names: &[&str], at: &Pointer) -> Result<(), DecodeError> {
    match fields.keys().find(|field| !names.contains(&field.as_str())) {
        None => Ok(()),
        Some(field) => Err(DecodeError {
            pointer: at.clone().join(field),
            message: format!("unknown field `{field}`"),
            help: nearest(field, names.iter().copied()),
        }),
    }
}
