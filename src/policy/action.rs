//! What an unmet requirement does, and how a namespace softens it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an unmet requirement does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Action {
    /// Recorded, and nobody is told.
    Audit,
    /// The user is warned; the pod is taken.
    Warn,
    /// The fix is applied.
    Patch,
    /// The request is refused.
    Deny,
}

impl Action {
    /// The name policies use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audit => "Audit",
            Self::Warn => "Warn",
            Self::Patch => "Patch",
            Self::Deny => "Deny",
        }
    }

    /// The action left over where a namespace allows no more than `mode`.
    #[must_use]
    pub fn capped(self, mode: Mode) -> Self {
        match mode {
            Mode::Audit => Self::Audit,
            Mode::Warn => self.min(Self::Warn),
            Mode::Enforce => self,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The most that happens in a namespace: its label `plimsoll.dev/mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Everything is recorded, nothing is done.
    Audit,
    /// Nothing is refused or patched; users are warned.
    Warn,
    /// Every action as the policy says.
    #[default]
    Enforce,
}

impl Mode {
    /// The label on a Namespace.
    pub const LABEL: &'static str = "plimsoll.dev/mode";

    /// Reads the label's value. One that is unknown enforces: a typing error must not switch policies off.
    pub fn from_label(value: &Value) -> Self {
        value.as_str().and_then(Self::find).unwrap_or(Self::Enforce)
    }

    /// The mode of a name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Audit, Self::Warn, Self::Enforce].into_iter().find(|mode| mode.name() == name)
    }

    /// The name, as the label has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}
