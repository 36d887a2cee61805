//! What is taken out of reviews: text that may be secret, and what nobody reads.
//!
//! What is left is judged as the original is. Rules read of `env`, `args` and `command` only whether they name a
//! Service: a text that does becomes `redacted.svc`, any other `redacted`. So not even the Service's name is kept.

use serde_json::{Map, Value};

use crate::pod::mentions::neutral;

/// What is not taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Texts of `args`.
    pub args: bool,
    /// Texts of `command`, and the headers that probes send.
    pub command: bool,
    /// Values of `env`.
    pub env: bool,
    /// Values of annotations.
    pub annotations: bool,
}

/// Stands for text that was taken out.
const REDACTED: &str = "redacted";

/// Annotations by which Plimsoll judges (`Annotations` in `pod/view.rs`).
const OWN_PREFIX: &str = "plimsoll.dev/";
const MIRROR: &str = crate::pod::view::Annotations::MIRROR;

/// What pods tell node autoscalers, which the rule placement judges: a yes or a no, and any other text goes.
const OF_AUTOSCALERS: [&str; 2] =
    ["cluster-autoscaler.kubernetes.io/safe-to-evict", "karpenter.sh/do-not-disrupt"];

/// Maps whose keys are names that somebody gave, and no fields.
const NAMED: [&str; 6] =
    ["labels", "limits", "matchLabels", "nodeSelector", "overhead", "requests"];

/// A review without what may be secret, on one line with its line break, and the uid that the API server gave to the
/// object, where one is created.
///
/// # Errors
/// When the review is no JSON, or nested deeper than 127 times.
pub fn scrub(review: &[u8], keep: Keep) -> Result<(Vec<u8>, Option<String>), serde_json::Error> {
    let mut review: Value = serde_json::from_slice(review)?;
    let mut created = None;
    if let Some(Value::Object(request)) = review.get_mut("request") {
        if let Some(Value::Object(user)) = request.get_mut("userInfo") {
            // Whatever an authenticator knows of a user.
            user.remove("extra");
        }
        for key in ["object", "oldObject"] {
            if let Some(object) = request.get_mut(key) {
                take_status(object);
                fields(object, keep);
            }
        }
        if request.get("operation").is_some_and(|operation| operation == "CREATE") {
            let uid = request.get("object").and_then(|object| object.pointer("/metadata/uid"));
            created = uid.and_then(Value::as_str).map(str::to_owned);
        }
    }
    let mut line = serde_json::to_vec(&review)?;
    line.push(b'\n');
    Ok((line, created))
}

/// Takes out what no rule reads: a pod that is created has no state, whatever it says of one.
fn take_status(object: &mut Value) {
    if let Value::Object(object) = object
        && object.get("kind").is_some_and(|kind| kind == "Pod")
    {
        object.remove("status");
    }
}

/// Goes through an object, and what is in it: pods stand at another depth in each kind.
fn fields(value: &mut Value, keep: Keep) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| fields(one, keep)),
        Value::Object(object) => {
            object.remove("managedFields");
            for (key, value) in object {
                match &**key {
                    "args" if !keep.args => words(value),
                    "command" if !keep.command => words(value),
                    "httpHeaders" if !keep.command => entries(value),
                    "env" if !keep.env => entries(value),
                    "annotations" if !keep.annotations => annotations(value),
                    "args" | "command" | "httpHeaders" | "env" | "annotations" => {}
                    key if NAMED.contains(&key) => {}
                    _ => fields(value, keep),
                }
            }
        }
        _ => {}
    }
}

/// A list of text.
fn words(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(text),
        value => blank(value),
    }
}

/// A list of entries with names and values, of which the values go.
fn entries(value: &mut Value) {
    let Value::Array(list) = value else { return blank(value) };
    for entry in list {
        match entry {
            Value::Object(entry) => value_of(entry),
            entry => blank(entry),
        }
    }
}

fn value_of(entry: &mut Map<String, Value>) {
    if let Some(value) = entry.get_mut("value") {
        text(value);
    }
}

fn annotations(value: &mut Value) {
    let Value::Object(annotations) = value else { return blank(value) };
    for (key, value) in annotations {
        let says = OF_AUTOSCALERS.contains(&key.as_str())
            && matches!(value.as_str(), Some("true" | "false"));
        if key != MIRROR && !key.starts_with(OWN_PREFIX) && !says {
            blank(value);
        }
    }
}

/// Text that rules ask whether it names a Service.
fn text(value: &mut Value) {
    match value {
        Value::String(text) => *text = neutral(text).to_owned(),
        value => blank(value),
    }
}

/// Keeps nothing but the shape.
fn blank(value: &mut Value) {
    match value {
        Value::Null => {}
        Value::Bool(yes) => *yes = false,
        Value::Number(number) => *number = 0.into(),
        Value::String(text) => REDACTED.clone_into(text),
        Value::Array(list) => list.iter_mut().for_each(blank),
        Value::Object(object) => object.values_mut().for_each(blank),
    }
}
