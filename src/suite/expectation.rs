//! What a case expects, as its author writes it.

use std::fmt;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use crate::policy::Action;

/// What a case expects. What is not named is not looked at, but for this: where a case names findings, they are all
/// that may be found, and where it does not say otherwise, the object is to be let in.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Expectation {
    /// Whether the object is let in; absent: unless something denies it.
    pub allow: Option<bool>,
    /// `true`: nothing is found, and nothing is patched.
    pub clean: Option<bool>,
    /// The rules that refuse the object.
    pub deny: Option<OneOrMany>,
    /// The rules that warn.
    pub warn: Option<OneOrMany>,
    /// The rules that patch the pod.
    pub patch: Option<OneOrMany>,
    /// The rules whose findings are recorded only.
    pub audit: Option<OneOrMany>,
    /// All findings, whatever follows from them.
    pub findings: Option<OneOrMany>,
    /// The findings that an exemption keeps from having consequences.
    pub exempted: Option<OneOrMany>,
    /// The policies whose `match` holds for the object, whether they find something or not.
    pub matched: Option<Vec<String>>,
    /// The message of the refusal, after `admission webhook … denied the request:`.
    pub message: Option<TextMatch>,
    /// The warnings that the user sees.
    pub warnings: Option<Vec<TextMatch>>,
    /// Fields as they are after the patch, as in `{spec.dnsPolicy: Default}`; `null` where there is none. A container
    /// may be named: `spec.containers[app].image`.
    pub patched: Option<Map<String, Value>>,
    /// The patch itself, in RFC 6902.
    pub json_patch: Option<Vec<Value>>,
}

impl Expectation {
    /// The names of the fields.
    pub const FIELDS: [&str; 13] = [
        "allow",
        "clean",
        "deny",
        "warn",
        "patch",
        "audit",
        "findings",
        "exempted",
        "matched",
        "message",
        "warnings",
        "patched",
        "jsonPatch",
    ];

    /// The fields about findings of one action.
    pub(super) fn by_action(&self) -> [(Action, &'static str, Option<&OneOrMany>); 4] {
        [
            (Action::Deny, "deny", self.deny.as_ref()),
            (Action::Warn, "warn", self.warn.as_ref()),
            (Action::Patch, "patch", self.patch.as_ref()),
            (Action::Audit, "audit", self.audit.as_ref()),
        ]
    }

    /// Whether all findings are named.
    pub(super) fn names_findings(&self) -> bool {
        self.clean == Some(true)
            || self.findings.is_some()
            || self.by_action().iter().any(|(.., list)| list.is_some())
    }

    /// Whether the object is to be let in; none where the case does not say.
    pub(super) fn allows(&self) -> Option<bool> {
        let denied = self.deny.as_ref().is_some_and(|list| !list.0.is_empty());
        let listed = self.findings.as_ref();
        let denies = |one: &FindingMatch| one.action == Some(Action::Deny);
        if self.allow.is_some() {
            self.allow
        } else if denied || self.message.is_some() {
            Some(false)
        } else if let Some(OneOrMany(list)) = listed {
            match list.iter().all(|one| one.action.is_some()) {
                true => Some(!list.iter().any(denies)),
                false => None,
            }
        } else {
            let looked_at = self.names_findings() || self.patched.is_some();
            (looked_at || self.json_patch.is_some()).then_some(true)
        }
    }

    /// Whether anything is expected at all.
    pub(super) fn is_empty(&self) -> bool {
        let other = self.exempted.is_some() || self.matched.is_some() || self.warnings.is_some();
        self.allows().is_none() && self.findings.is_none() && !other
    }
}

/// One finding or several.
#[derive(Clone, Debug, Default)]
pub struct OneOrMany(pub Vec<FindingMatch>);

/// A finding that is expected. Short: `RULE` or `POLICY/RULE`; it stands for all findings of the rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingMatch {
    /// The policy.
    pub policy: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// What follows.
    pub action: Option<Action>,
    /// The container.
    pub container: Option<String>,
    /// The field.
    pub path: Option<String>,
    /// What is said.
    pub message: Option<TextMatch>,
    /// The exemption.
    pub exemption: Option<String>,
    /// How many.
    pub count: Option<usize>,
    /// Whether it was written in short.
    pub short: bool,
}

/// A text that is expected: the whole of it, in which `*` stands for anything.
#[derive(Clone, Debug, PartialEq)]
pub enum TextMatch {
    /// The whole text, `*` being anything.
    Pattern(String),
    /// The whole text, to the letter.
    Exact(String),
    /// A part of the text.
    Contains(String),
}

impl TextMatch {
    /// Whether a text is the one that is expected.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Contains(part) => text.contains(part.as_str()),
            Self::Pattern(pattern) => matches(pattern, text),
        }
    }
}

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(text) | Self::Exact(text) => f.write_str(text),
            Self::Contains(part) => write!(f, "…{part}…"),
        }
    }
}

/// Whether `pattern`, in which `*` stands for any text, covers the whole text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

impl FindingMatch {
    /// `RULE` or `POLICY/RULE`.
    pub(super) fn short(text: &str) -> Self {
        let (policy, rule) = match text.split_once('/') {
            Some((policy, rule)) => (Some(policy.to_owned()), rule),
            None => (None, text),
        };
        Self { policy, rule: Some(rule.to_owned()), short: true, ..Self::default() }
    }
}
