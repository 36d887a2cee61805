//! The rules that a run judged by: formats for machines list them beside what they found.

use std::sync::Arc;

use crate::policy::{Action, PolicySet};

/// A rule of a policy in force.
#[derive(Clone, Debug)]
pub struct RuleInForce {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// What an unmet requirement does.
    pub action: Action,
    /// What the policy's author says of the policy.
    pub description: Option<Arc<str>>,
}

/// Every rule of every policy, by policy, and in the order their authors wrote them.
pub fn rules_in_force(policies: &PolicySet) -> Vec<RuleInForce> {
    let mut rules = Vec::new();
    for policy in policies.policies() {
        let description: Option<Arc<str>> = policy.description.as_deref().map(Arc::from);
        rules.extend(policy.rules.iter().map(|rule| RuleInForce {
            policy: Arc::clone(&policy.name),
            rule: Arc::clone(&rule.name),
            kind: rule.kind.meta.name,
            action: rule.action,
            description: description.clone(),
        }));
    }
    rules
}
