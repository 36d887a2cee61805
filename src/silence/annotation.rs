//! The annotation `plimsoll.dev/ignore: "rule, policy/rule; reason"` of an object or a pod template.

use std::sync::Arc;

use serde_json::Value;

use super::clause::{Clause, split};
use super::comments::unexplained;
use super::{Said, Warned};
use crate::manifest::Document;
use crate::pointer::Pointer;

/// The annotation.
pub const IGNORE: &str = "plimsoll.dev/ignore";

/// The annotation of an object, or of a template in it.
#[derive(Debug)]
pub(super) struct Annotation {
    /// Where the object or template stands, from the root of the document.
    base: Pointer,
    pub(super) clause: Clause,
}

/// Reads the annotations of an object and of all templates in it, wherever these are.
pub(super) fn read<'d>(document: &'d Document, warnings: &mut Vec<Warned>) -> Vec<Annotation> {
    let mut found = Vec::new();
    let mut waiting = vec![(Pointer::default(), &document.value)];
    while let Some((base, value)) = waiting.pop() {
        let written = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
        if let Some(written) = written.and_then(|annotations| annotations.get(IGNORE)) {
            found.extend(Annotation::of(document, base.clone(), written, warnings));
        }
        let mut wait = |step: &dyn Fn(Pointer) -> Pointer, value: &'d Value| {
            if matches!(value, Value::Object(_) | Value::Array(_)) {
                waiting.push((step(base.clone()), value));
            }
        };
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| wait(&|base| base.join(name), value));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| wait(&|base| base.join(at), item));
            }
            _ => {}
        }
    }
    found
}

impl Annotation {
    /// What is written at `base`, if it names rules.
    fn of(
        document: &Document,
        base: Pointer,
        written: &Value,
        warnings: &mut Vec<Warned>,
    ) -> Option<Self> {
        let pointer = base.clone().join("metadata").join("annotations").join(IGNORE);
        let place = document.locate(pointer.as_str());
        let mut refuse = |message: &str| {
            let message = format!("{message}; this annotation silences nothing");
            let help =
                "name the rules and say why, as in `no-latest; the vendor ships no other tag`";
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
        let clause = Clause::new(names().map(|name| (name, place)), reason);
        Some(Self { base, clause })
    }

    /// The reason, if it silences a finding.
    pub(super) fn covers(&self, said: &Said<'_>) -> Option<Arc<str>> {
        let below = said.pointer.strip_prefix(self.base.as_str())?;
        let is_below = below.is_empty() || below.starts_with('/');
        (is_below && self.clause.names(said)).then(|| Arc::clone(&self.clause.reason))
    }
}
