//! Policies: as their authors write them, and as the engine runs them.

pub mod action;
pub mod compile;
pub mod conflicts;
pub mod document;
mod fields;
pub mod matching;
pub(crate) mod rule;

pub use action::{Action, Mode};
pub use compile::{CompiledPolicy, PolicyError, PolicySet};
pub use rule::CompiledRule;
