//! Patches applied to values, as the API server applies them.

use serde_json::Value;

use crate::edit::{Edit, Patch};

/// The object after the edits of a decision.
///
/// # Errors
/// When an edit does not fit the object.
pub(super) fn apply_edits<'e>(
    object: &Value,
    edits: impl Iterator<Item = &'e Edit>,
) -> Result<Value, String> {
    let mut after = object.clone();
    for edit in edits {
        let mut patch = Patch::default();
        patch.push(edit, |path| depth(&after, path));
        let operations: Vec<Value> =
            patch.into_operations().iter().map(|operation| serde_json::json!(operation)).collect();
        apply_patch(&mut after, &operations)?;
    }
    Ok(after)
}

/// How many leading steps of a path there are.
fn depth(value: &Value, path: &[&str]) -> usize {
    let mut at = value;
    for (depth, step) in path.iter().enumerate() {
        let next = match at {
            Value::Object(fields) => fields.get(*step),
            Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        match next {
            Some(next) if !next.is_null() => at = next,
            _ => return depth,
        }
    }
    path.len()
}

/// Applies `add`, `replace` and `remove` of RFC 6902, which are all that Plimsoll sends.
///
/// # Errors
/// When an operation does not fit the value.
pub(super) fn apply_patch(value: &mut Value, operations: &[Value]) -> Result<(), String> {
    for operation in operations {
        let text = |field: &str| operation[field].as_str().unwrap_or_default();
        let (op, path) = (text("op"), text("path"));
        let refuse = || format!("the patch does not fit: {operation}");
        let Some((parent, last)) = path.rsplit_once('/') else {
            value.clone_from(&operation["value"]);
            continue;
        };
        let last = last.replace("~1", "/").replace("~0", "~");
        let new = operation["value"].clone();
        match (op, value.pointer_mut(parent).ok_or_else(refuse)?) {
            ("add", Value::Object(fields)) => {
                fields.insert(last, new);
            }
            ("replace", Value::Object(fields)) => *fields.get_mut(&last).ok_or_else(refuse)? = new,
            ("remove", Value::Object(fields)) => drop(fields.remove(&last).ok_or_else(refuse)?),
            ("add", Value::Array(items)) if last == "-" => items.push(new),
            (op, Value::Array(items)) => {
                let at: usize = last.parse().map_err(|_| refuse())?;
                match op {
                    "add" if at <= items.len() => items.insert(at, new),
                    "replace" if at < items.len() => items[at] = new,
                    "remove" if at < items.len() => drop(items.remove(at)),
                    _ => return Err(refuse()),
                }
            }
            _ => return Err(refuse()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pointer::Pointer;

    #[test]
    fn the_same_comes_of_a_patch_as_of_the_library() {
        let before = json!({"a": {"b/c": [1, 2, 3]}, "d": null});
        let operations = json!([
            {"op": "add", "path": "/a/b~1c/-", "value": 4},
            {"op": "add", "path": "/a/b~1c/0", "value": 0},
            {"op": "replace", "path": "/a/b~1c/1", "value": 9},
            {"op": "remove", "path": "/a/b~1c/2"},
            {"op": "replace", "path": "/d", "value": {}},
            {"op": "add", "path": "/d/e", "value": "x"},
        ]);
        let mut mine = before.clone();
        apply_patch(&mut mine, operations.as_array().unwrap()).unwrap();
        let mut theirs = before;
        let patch: json_patch::Patch = serde_json::from_value(operations).unwrap();
        json_patch::patch(&mut theirs, &patch).unwrap();
        assert_eq!(mine, theirs);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for operation in [
            json!({"op": "add", "path": "/x/y", "value": 1}),
            json!({"op": "replace", "path": "/x", "value": 1}),
            json!({"op": "remove", "path": "/a/7"}),
            json!({"op": "add", "path": "/a/seven", "value": 1}),
        ] {
            let refused = apply_patch(&mut json!({"a": [1]}), &[operation]);
            assert!(refused.unwrap_err().starts_with("the patch does not fit"));
        }
    }

    #[test]
    fn edits_make_what_is_missing() {
        let edits = [
            Edit::set(Pointer::new("/a/b/c"), 1),
            Edit::append(Pointer::new("/a/list"), "x"),
            Edit::append(Pointer::new("/a/list"), "y"),
            Edit::remove(Pointer::new("/gone")),
        ];
        let after = apply_edits(&json!({"gone": 1, "a": null}), edits.iter()).unwrap();
        assert_eq!(after, json!({"a": {"b": {"c": 1}, "list": ["x", "y"]}}));
    }
}
