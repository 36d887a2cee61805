//! What a rule has to say about a pod.

use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::pod::containers::{ContainerList, ContainerRef};
use crate::pointer::Pointer;

/// An unmet requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The container it is about, if it is about one.
    pub container: Option<ContainerId>,
    /// Where, relative to the pod: `/spec/containers/0/image`.
    pub pointer: Pointer,
    /// What is wrong, with the value seen; never text of args, env values or annotations.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The change that meets the requirement, where there is one.
    pub fix: Option<Fix>,
    /// What follows where a rule with action Patch could have mended it, and did not.
    pub unmended: Unmended,
}

/// What follows from a violation that a rule with action Patch could have mended, and did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmended {
    /// What the policy says (`otherwise`).
    #[default]
    AsThePolicySays,
    /// It is recorded.
    Recorded,
    /// The user is warned.
    Warned,
    /// The request is refused.
    Refused,
    /// Nobody can tell here: the digest of an image is not known, and the webhook may ask for it.
    UnknownDigest,
    /// Nobody can tell here: the labels of the namespace are not known, and the webhook knows them.
    UnknownLabels,
}

/// A container, by list and name: positions change when others are added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerId {
    /// The list.
    pub list: ContainerList,
    /// The name.
    pub name: String,
}

/// A change that meets a requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, as a person would say it: `imagePullPolicy Always -> IfNotPresent`.
    pub summary: String,
    /// Whether a person should look at it before it is written into a manifest.
    pub safety: Safety,
    /// The edits, relative to the pod.
    pub edits: Vec<Edit>,
}

/// Whether a fix may be written into a manifest without a person looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// The containers run the same programs with the same settings afterwards.
    Safe,
    /// The workload may behave differently, or wait for a node where it did not.
    Unsafe,
}

impl Safety {
    /// The name that output uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

impl Violation {
    /// About the pod as a whole.
    pub fn pod(pointer: Pointer, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            container: None,
            pointer,
            message: message.into(),
            help: help.into(),
            fix: None,
            unmended: Unmended::default(),
        }
    }

    /// About one container; `pointer` is relative to the pod all the same.
    pub fn container(
        container: &ContainerRef<'_, '_>,
        pointer: Pointer,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let id = ContainerId { list: container.list, name: container.container.name().to_owned() };
        Self { container: Some(id), ..Self::pod(pointer, message, help) }
    }

    /// With what follows where it could have been mended, and was not.
    #[must_use]
    pub fn where_unmended(mut self, unmended: Unmended) -> Self {
        self.unmended = unmended;
        self
    }

    /// With the change that mends it.
    #[must_use]
    pub fn with_fix(
        mut self,
        summary: impl Into<String>,
        safety: Safety,
        edits: Vec<Edit>,
    ) -> Self {
        self.fix = Some(Fix { summary: summary.into(), safety, edits });
        self
    }

    /// What is said of what, wherever containers have moved to. `base` is where the pod stands that the pointer
    /// leads into.
    pub fn identity(&self, base: &Pointer) -> Identity<'_> {
        let mut place = self.pointer.as_str();
        place = place.strip_prefix(base.as_str()).unwrap_or(place);
        if self.container.is_some() {
            // `/spec/containers/0` are the steps in which a moved container differs.
            place = place.match_indices('/').nth(3).map_or("", |(at, _)| &place[at..]);
        }
        Identity { container: self.container.as_ref(), place, message: &self.message }
    }
}

/// What tells two violations apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity<'v> {
    container: Option<&'v ContainerId>,
    place: &'v str,
    message: &'v str,
}

/// A field a rule's fix may write, and what it wants there: two rules that want different values conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The field, with `*` for every container: `spec.containers[*].imagePullPolicy`.
    pub field: String,
    /// The value, or the bounds, the rule wants.
    pub value: String,
}

/// A value seen in an object, as messages quote it: short, on one line, in backticks.
pub fn quoted(value: &str) -> String {
    const MAX_CHARS: usize = 160;
    let mut text: String = value
        .chars()
        .take(MAX_CHARS)
        .map(|c| if c.is_control() || c == '`' { ' ' } else { c })
        .collect();
    if value.chars().nth(MAX_CHARS).is_some() {
        text.push('…');
    }
    format!("`{text}`")
}
