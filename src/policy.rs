//! Policies: as their authors write them, and as the engine runs them.

pub mod action;
pub mod compile;
pub mod conditions;
pub mod conflicts;
pub mod document;
pub mod exemption;
mod fields;
pub mod matching;
mod object;
mod renaming;
pub mod rule;

pub use action::{Action, Mode};
pub use compile::{CompiledPolicy, PolicySet};
pub use exemption::{CompiledExemption, ExemptionSet};
pub use object::PolicyError;
pub use rule::CompiledRule;
