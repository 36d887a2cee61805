//! Documents that are nearly objects, and that `kubectl` would refuse before it reads any other field.

use serde_json::Value;

use crate::decode::DecodeError;
use crate::manifest::Document;
use crate::pod::kinds::POD_KINDS;
use crate::pointer::Pointer;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::suite;

/// The kinds beside those with pods that Plimsoll reads, with their groups.
const OTHERS: [(&str, &str); 3] = [("", "Namespace"), ("", "LimitRange"), ("", "List")];

/// The kinds of Plimsoll itself.
const OURS: [&str; 3] = [KIND, EXEMPTION_KIND, suite::KIND];

/// The field that says what a document is, where it does not.
pub(super) fn fault(document: &Document) -> Option<DecodeError> {
    match (document.api_version(), document.kind()) {
        (Some(version), Some(kind)) if !version.is_empty() && !kind.is_empty() => {
            other_case(version, kind)
        }
        // Items of a list have an error of their own.
        _ if document.base.is_empty() => unnamed(&document.value),
        _ => None,
    }
}

/// Without `apiVersion` or `kind`. Other files have one of them too, as values and charts of Helm do, but none of the
/// fields of an object.
fn unnamed(value: &Value) -> Option<DecodeError> {
    let field = |name: &str| value.get(name).filter(|value| !value.is_null() && *value != "");
    let (version, kind) = (field("apiVersion"), field("kind"));
    let is_object = ["metadata", "spec", "items"].iter().any(|name| field(name).is_some());
    let (at, problem) = match (version, kind) {
        (Some(_), None) if is_object => ("apiVersion", "the object has no kind"),
        (None, Some(_)) if is_object => ("kind", "the object has no apiVersion"),
        (Some(version), Some(_)) if !version.is_string() => {
            ("apiVersion", "the apiVersion is no text")
        }
        (Some(_), Some(kind)) if !kind.is_string() => ("kind", "the kind is no text"),
        _ => return None,
    };
    let message = format!("{problem}; kubectl would refuse it");
    Some(DecodeError { pointer: Pointer::default().join(at), message, help: None })
}

/// A kind that differs from a known one in case only.
fn other_case(version: &str, kind: &str) -> Option<DecodeError> {
    let group = group_of(version);
    let known = POD_KINDS.iter().map(|known| (known.group, known.kind));
    let (_, meant) =
        known.chain(OTHERS).chain(OURS.map(|kind| (group_of(API_VERSION), kind))).find(
            |(known, name)| *known == group && *name != kind && name.eq_ignore_ascii_case(kind),
        )?;
    Some(DecodeError {
        pointer: Pointer::new("/kind"),
        message: format!("there is no kind `{kind}` in {version}"),
        help: Some(format!("did you mean `{meant}`?")),
    })
}

fn group_of(version: &str) -> &str {
    version.split_once('/').map_or("", |(group, _)| group)
}
