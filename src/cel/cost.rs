//! What an expression may cost.

use super::EvalError;

/// The cost that one expression may have (`PerCallLimit` in k8s.io/apiserver/pkg/apis/cel/config.go).
pub const PER_EXPRESSION: u64 = 1_000_000;
/// The cost that all expressions of one policy may have together (`RuntimeCELCostBudget`, as above).
pub const PER_POLICY: u64 = 10_000_000;

/// Units of cost that are left.
#[derive(Clone, Debug)]
pub struct Budget {
    left: u64,
    limit: u64,
}

impl Budget {
    /// So many units.
    pub const fn new(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// What was spent so far.
    pub const fn spent(&self) -> u64 {
        self.limit - self.left
    }

    /// Spends units.
    ///
    /// # Errors
    /// Where they are not left.
    pub fn spend(&mut self, units: u64) -> Result<(), EvalError> {
        match self.left.checked_sub(units) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                return Err(EvalError::CostExceeded { limit: self.limit });
            }
        }
        Ok(())
    }

    /// Spends what it costs to walk over a text or bytes of this length: a tenth of a unit each, rounded up
    /// (`StringTraversalCostFactor` in cel-go's common/cost.go).
    ///
    /// # Errors
    /// As [`Self::spend`].
    pub fn traverse(&mut self, length: usize) -> Result<(), EvalError> {
        self.spend((length as u64).div_ceil(10))
    }
}
