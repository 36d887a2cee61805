//! Counters of findings, resolved once per set of policies.

use std::collections::HashMap;
use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::labels::Label;
use crate::admission::Recorded;
use crate::engine::Engine;
use crate::policy::Action;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct FindingLabels {
    policy: String,
    rule: String,
    action: &'static str,
}

impl FindingLabels {
    fn new(policy: &str, rule: &str, action: Action) -> FindingLabels {
        FindingLabels { policy: policy.into(), rule: rule.into(), action: action.label() }
    }
}

type PerAction = [Counter; Action::ALL.len()];

/// One counter per rule and action: policy, then rule.
#[derive(Clone, Debug, Default)]
pub(in crate::serve) struct FindingCounters(Arc<Counters>);

type Counters = HashMap<Arc<str>, HashMap<Arc<str>, PerAction>>;

impl FindingCounters {
    pub(super) fn resolve(
        family: &Family<FindingLabels, Counter>,
        engine: &Engine,
        before: Option<&FindingCounters>,
    ) -> FindingCounters {
        let mut policies = HashMap::new();
        for policy in engine.policies().policies() {
            let rules = policy.rules.iter().map(|rule| {
                let counters = Action::ALL.map(|action| {
                    family.get_or_create_owned(&FindingLabels::new(
                        &policy.name,
                        &rule.name,
                        action,
                    ))
                });
                (Arc::clone(&rule.name), counters)
            });
            policies.insert(Arc::clone(&policy.name), rules.collect());
        }
        let resolved = FindingCounters(Arc::new(policies));
        for (policy, rule) in before.into_iter().flat_map(FindingCounters::names) {
            if resolved.find(policy, rule).is_none() {
                for action in Action::ALL {
                    family.remove(&FindingLabels::new(policy, rule, action));
                }
            }
        }
        resolved
    }

    pub(in crate::serve) fn count(&self, finding: &Recorded) {
        if let Some(counters) = self.find(&finding.policy, &finding.rule) {
            counters[finding.action.index()].inc();
        }
    }

    fn find(&self, policy: &str, rule: &str) -> Option<&PerAction> {
        self.0.get(policy)?.get(rule)
    }

    fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(policy, rules)| rules.keys().map(|rule| (&**policy, &**rule)))
    }
}
