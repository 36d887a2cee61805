//! What is written into manifests.

use super::{Attributes, Decision, Engine, Finding, Stage};
use crate::finding::Safety;

/// Whether a finding is left as it is though it has a fix.
pub type LeavesOut<'f> = &'f dyn Fn(&Finding) -> bool;

impl Engine {
    /// As [`Stage::Fix`] has it, but for some of the fixes.
    pub fn fix(
        &self,
        attributes: &Attributes<'_>,
        safety: Safety,
        leaves_out: LeavesOut<'_>,
    ) -> Decision {
        self.decide_but(attributes, None, Stage::Fix(safety), Some(leaves_out))
    }
}
