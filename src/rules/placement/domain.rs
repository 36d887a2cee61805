//! What is known of one label of the nodes that a pod can run on.
//!
//! Source: `Requirement.Matches` in `k8s.io/apimachinery/pkg/labels/selector.go`, by which the scheduler judges
//! nodeSelector and node affinity (`k8s.io/component-helpers/scheduling/corev1/nodeaffinity`).

use std::collections::BTreeSet;

use super::settings::NodeOperator;

/// The values that a label can have on the nodes that meet some requirements.
#[derive(Clone, Debug)]
pub(super) struct Domain<'r> {
    /// The label may be absent.
    absent: bool,
    /// The label may be there.
    present: bool,
    /// It has one of these.
    only: Option<BTreeSet<&'r str>>,
    /// It has none of these.
    not: BTreeSet<&'r str>,
    /// It is an integer above.
    above: Option<i64>,
    /// It is an integer below.
    below: Option<i64>,
}

impl<'r> Domain<'r> {
    /// Of nodes of which nothing is asked.
    pub(super) const fn any() -> Self {
        Self {
            absent: true,
            present: true,
            only: None,
            not: BTreeSet::new(),
            above: None,
            below: None,
        }
    }

    /// Adds a requirement.
    pub(super) fn narrow(
        &mut self,
        operator: NodeOperator,
        values: impl Iterator<Item = &'r str> + Clone,
    ) {
        let is_numeric = matches!(operator, NodeOperator::Gt | NodeOperator::Lt);
        let number = values.clone().next().and_then(|value| value.parse::<i64>().ok());
        match (operator, number) {
            (NodeOperator::In, _) => {
                self.absent = false;
                let named: BTreeSet<&str> = values.collect();
                match &mut self.only {
                    Some(only) => only.retain(|one| named.contains(one)),
                    None => self.only = Some(named),
                }
            }
            (NodeOperator::NotIn, _) => self.not.extend(values),
            (NodeOperator::Exists, _) => self.absent = false,
            (NodeOperator::DoesNotExist, _) => self.present = false,
            (NodeOperator::Gt, Some(number)) => {
                self.above = Some(self.above.map_or(number, |now| now.max(number)));
            }
            (NodeOperator::Lt, Some(number)) => {
                self.below = Some(self.below.map_or(number, |now| now.min(number)));
            }
            // A bound that is no integer is a parse error, and its term matches no node.
            (NodeOperator::Gt | NodeOperator::Lt, None) => self.present = false,
        }
        if is_numeric {
            self.absent = false;
        }
    }

    /// Whether no node can have it.
    pub(super) fn is_empty(&self) -> bool {
        !self.absent && !self.has_value()
    }

    /// Whether every node that has it meets the requirement.
    pub(super) fn implies<'v>(
        &self,
        operator: NodeOperator,
        mut values: impl Iterator<Item = &'v str> + Clone,
    ) -> bool {
        if self.is_empty() {
            return true;
        }
        let among = |one: &str| values.clone().any(|value| value == one);
        let bound = values.clone().next().and_then(|value| value.parse::<i64>().ok());
        match operator {
            NodeOperator::In => !self.absent && self.listed().is_some_and(|mut all| all.all(among)),
            NodeOperator::NotIn => match self.listed() {
                Some(mut all) => !all.any(among),
                None => !self.present || !values.any(|value| self.admits(value)),
            },
            NodeOperator::Exists => !self.absent,
            NodeOperator::DoesNotExist => !self.has_value(),
            NodeOperator::Gt => bound.is_some_and(|bound| {
                let holds = |value: &str| value.parse::<i64>().is_ok_and(|value| value > bound);
                let beyond = self.above.is_some_and(|above| above >= bound);
                !self.absent && (beyond || self.listed().is_some_and(|mut all| all.all(holds)))
            }),
            NodeOperator::Lt => bound.is_some_and(|bound| {
                let holds = |value: &str| value.parse::<i64>().is_ok_and(|value| value < bound);
                let beyond = self.below.is_some_and(|below| below <= bound);
                !self.absent && (beyond || self.listed().is_some_and(|mut all| all.all(holds)))
            }),
        }
    }

    /// The values that are left, where they are named.
    fn listed(&self) -> Option<impl Iterator<Item = &'r str>> {
        let only = self.only.as_ref()?;
        Some(only.iter().copied().filter(|value| self.present && self.admits(value)))
    }

    fn has_value(&self) -> bool {
        if !self.present {
            return false;
        }
        match &self.only {
            Some(only) => only.iter().any(|value| self.admits(value)),
            None => match (self.above, self.below) {
                (None, None) => true,
                (above, below) => {
                    // A label value begins with a letter or digit, so no integer in one is negative. Each can be written
                    // with more zeros in front, so no list of other values takes the last one away.
                    let least = above.map_or(0, |above| above.saturating_add(1).max(0));
                    above != Some(i64::MAX) && below.is_none_or(|below| least < below)
                }
            },
        }
    }

    fn admits(&self, value: &str) -> bool {
        let number = || value.parse::<i64>().ok();
        !self.not.contains(value)
            && self.above.is_none_or(|above| number().is_some_and(|number| number > above))
            && self.below.is_none_or(|below| number().is_some_and(|number| number < below))
    }
}
