//! What an expression may cost.

use super::EvalError;

/// The cost that one expression may have (`PerCallLimit` in k8s.io/apiserver/pkg/apis/cel/config.go).
pub const PER_EXPRESSION: u64 = 1_000_000;
/// The cost that all expressions of one policy may have together (`RuntimeCELCostBudget`, as above).
pub const PER_POLICY: u64 = 10_000_000;

/// Steps for each unit. A step is a few nanoseconds.
const STEPS_PER_UNIT: u64 = 16;
/// Steps beside those: what costs nothing is evaluated by whatever budget.
const FREE_STEPS: u64 = 10_000;
/// Steps for an element that is copied: so that no more than a million are, 32 MB.
const STEPS_PER_COPY: u64 = 16;

/// Units of cost that are left.
///
/// Units are counted as Kubernetes counts them. Some of what it counts as one unit takes time or memory without bounds:
/// the comparison of two objects, the sum of two lists. That is counted in steps beside the units, of which
/// there are 16 for each unit; they run out in no expression that does something useful.
#[derive(Clone, Debug)]
pub struct Budget {
    left: u64,
    limit: u64,
    steps: u64,
    /// Whether the function that is called spent something itself, if only nothing.
    is_settled: bool,
}

impl Budget {
    /// So many units.
    pub const fn new(limit: u64) -> Self {
        let steps = limit.saturating_mul(STEPS_PER_UNIT).saturating_add(FREE_STEPS);
        Self { left: limit, limit, steps, is_settled: false }
    }

    /// What was spent so far.
    pub const fn spent(&self) -> u64 {
        self.limit.saturating_sub(self.left)
    }

    /// What counts against what expressions may cost together: units, or the steps that many units would have had.
    pub const fn worked(&self) -> u64 {
        let all = Self::new(self.limit).steps;
        let steps = all.saturating_sub(self.steps).saturating_sub(FREE_STEPS) / STEPS_PER_UNIT;
        if steps > self.spent() { steps } else { self.spent() }
    }

    /// Spends units. A function that calls this or [`Self::traverse`], if only with 0, costs what it spends; one that
    /// does not costs one unit.
    ///
    /// # Errors
    /// Where they are not left.
    pub fn spend(&mut self, units: u64) -> Result<(), EvalError> {
        self.is_settled = true;
        match self.left.checked_sub(units) {
            Some(left) => self.left = left,
            None => {
                self.left = 0;
                return Err(self.exceeded());
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

    /// Takes steps that cost nothing: looking at an element, a hundred bytes, and the like.
    ///
    /// # Errors
    /// Where they are not left.
    pub fn step(&mut self, steps: u64) -> Result<(), EvalError> {
        match self.steps.checked_sub(steps) {
            Some(left) => self.steps = left,
            None => {
                self.left = 0;
                self.steps = 0;
                return Err(self.exceeded());
            }
        }
        Ok(())
    }

    /// Takes the steps of copying elements, before memory is taken for them.
    ///
    /// # Errors
    /// Where they are not left.
    pub fn copy(&mut self, elements: usize) -> Result<(), EvalError> {
        self.step((elements as u64).saturating_mul(STEPS_PER_COPY))
    }

    /// Gives units back before they are spent.
    pub(super) fn refund(&mut self, units: u64) {
        self.left = self.left.saturating_add(units);
    }

    /// Before a function is called.
    pub(super) fn begin(&mut self) {
        self.is_settled = false;
    }

    /// After a function was called: one unit, unless it spent something itself.
    pub(super) fn settle(&mut self) -> Result<(), EvalError> {
        if self.is_settled { Ok(()) } else { self.spend(1) }
    }

    fn exceeded(&self) -> EvalError {
        EvalError::CostExceeded { limit: self.limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_count_where_units_do_not() {
        let mut budget = Budget::new(100);
        budget.spend(3).unwrap();
        budget.step(FREE_STEPS).unwrap();
        assert_eq!((budget.spent(), budget.worked()), (3, 3));
        budget.step(7 * STEPS_PER_UNIT).unwrap();
        assert_eq!((budget.spent(), budget.worked()), (3, 7));
        assert!(budget.step(u64::MAX).is_err());
        assert_eq!(budget.worked(), 100);
    }
}
