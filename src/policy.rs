//! Policies: as their authors write them, and as the engine runs them.

pub mod action;
pub mod compile;
pub mod conflicts;
pub mod document;
pub mod matching;

pub use action::{Action, Mode};
pub use compile::{CompiledPolicy, CompiledRule, PolicyError, PolicySet};
