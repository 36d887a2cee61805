//! The annotation `plimsoll.dev/ignore: "rule, policy/rule; reason"` of an object or a pod template.

use std::sync::Arc;

use super::clause::{Clause, split};
use super::comments::unexplained;
use super::{Said, Warned};
use crate::manifest::Document;
use crate::pointer::Pointer;

/// The annotation.
pub const IGNORE: &str = "plimsoll.dev/ignore";

/// The annotation of one object or pod template.
#[derive(Debug)]
pub(super) struct Annotation {
    /// Where the object or template stands, from the root of the document.
    base: String,
    pub(super) clause: Clause,
}

impl Annotation {
    /// The annotation of the object, or of the template at `base`, if it has one that names rules.
    pub(super) fn of(
        document: &Document,
        base: &Pointer,
        warnings: &mut Vec<Warned>,
    ) -> Option<Self> {
        let annotations = base.clone().join("metadata").join("annotations");
        let written = document.value.pointer(annotations.as_str())?.get(IGNORE)?;
        let place = document.locate(annotations.join(IGNORE).as_str());
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
        Some(Self { base: base.as_str().to_owned(), clause })
    }

    /// The reason, if it silences a finding.
    pub(super) fn covers(&self, said: &Said<'_>) -> Option<Arc<str>> {
        let below = said.pointer.strip_prefix(self.base.as_str())?;
        let is_below = below.is_empty() || below.starts_with('/');
        (is_below && self.clause.names(said)).then(|| Arc::clone(&self.clause.reason))
    }
}
