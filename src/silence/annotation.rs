//! The annotation `plimsoll.dev/ignore: "rule, policy/rule; reason"` of an object or a pod template.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::clause::{Clause, split};
use super::comments::unexplained;
use super::{Said, Warned};
use crate::manifest::Document;
use crate::pointer::Pointer;

/// The annotation.
pub const IGNORE: &str = "plimsoll.dev/ignore";

/// What all annotations of ours begin with.
pub(super) const DOMAIN: &str = "plimsoll.dev/";

/// The annotations of an object and of all templates in it, by where these stand from the root of the document.
pub(super) type Annotations = BTreeMap<String, Clause>;

/// Reads the annotations of an object and of all templates in it, wherever these are.
pub(super) fn read(document: &Document, warnings: &mut Vec<Warned>) -> Annotations {
    let mut found = Annotations::new();
    let of_list = Pointer::default().join("metadata").join("annotations").join(IGNORE);
    if let Some(place) = document.in_list(of_list.as_str()) {
        warnings.push(Warned {
            place,
            message: format!("`{IGNORE}` on a list silences nothing"),
            help: Some("set it on the items".to_owned()),
            minor: false,
        });
    }
    let mut waiting = vec![(Pointer::default(), &document.value)];
    while let Some((base, value)) = waiting.pop() {
        let written = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
        misspelt(document, &base, written, warnings);
        if let Some(written) = written.and_then(|annotations| annotations.get(IGNORE))
            && let Some(clause) = clause(document, &base, written, warnings)
        {
            found.insert(base.as_str().to_owned(), clause);
        }
        let holds_more = |value: &&Value| value.is_object() || value.is_array();
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().filter(|(_, value)| holds_more(value));
                waiting.extend(fields.map(|(name, value)| (base.clone().join(name), value)));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate().filter(|(_, item)| holds_more(item));
                waiting.extend(items.map(|(at, item)| (base.clone().join(at), item)));
            }
            _ => {}
        }
    }
    found
}

/// The reason of the innermost annotation that silences a finding.
pub(super) fn covers(annotations: &Annotations, said: &Said<'_>) -> Option<Arc<str>> {
    let mut base = Some(said.pointer).filter(|_| !annotations.is_empty());
    let mut reason = None;
    while let Some(at) = base {
        if let Some(clause) = annotations.get(at).filter(|clause| clause.names(said)) {
            reason = reason.or_else(|| Some(Arc::clone(&clause.reason)));
        }
        base = at.rfind('/').and_then(|end| at.get(..end));
    }
    reason
}

/// Warns of an annotation in other letters, which is another one.
fn misspelt(
    document: &Document,
    base: &Pointer,
    written: Option<&Value>,
    warnings: &mut Vec<Warned>,
) {
    let names = written.and_then(Value::as_object).into_iter().flat_map(serde_json::Map::keys);
    for name in names.filter(|name| *name != IGNORE && name.eq_ignore_ascii_case(IGNORE)) {
        let pointer = base.clone().join("metadata").join("annotations").join(name.as_str());
        warnings.push(Warned {
            place: document.locate(pointer.as_str()),
            message: format!("`{name}` silences nothing"),
            help: Some(format!("did you mean `{IGNORE}`?")),
            minor: false,
        });
    }
}

/// What is written at `base`, if it names rules.
fn clause(
    document: &Document,
    base: &Pointer,
    written: &Value,
    warnings: &mut Vec<Warned>,
) -> Option<Clause> {
    let pointer = base.clone().join("metadata").join("annotations").join(IGNORE);
    let place = document.locate(pointer.as_str());
    let mut refuse = |message: &str| {
        let message = format!("{message}; this annotation silences nothing");
        let help = "name the rules and say why, as in `no-latest; the vendor ships no other tag`";
        warnings.push(Warned { place, message, help: Some(help.to_owned()), minor: false });
        None
    };
    let Some(written) = written.as_str() else {
        return refuse("its value is no text");
    };
    let (list, reason) = written.split_once(';').unwrap_or((written, ""));
    let names = || split(list).map(|(_, name)| name).filter(|name| !name.is_empty());
    if names().next().is_none() || names().any(|name| name == "*") {
        return refuse(&format!("`{IGNORE}` names no rule"));
    }
    let reason = reason.trim();
    if reason.is_empty() {
        warnings.push(unexplained("this annotation", place));
    }
    Some(Clause::new(names().map(|name| (name, place)), reason))
}
