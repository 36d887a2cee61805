//! Which exemption holds for which rule, looked up once when the engine is made.

use std::sync::Arc;

use super::{Engine, Matched, Scope};
use crate::pod::view::Pod;
use crate::policy::conflicts::RuleId;
use crate::policy::matching::RequestFacts;
use crate::policy::{CompiledExemption, CompiledPolicy, CompiledRule, ExemptionSet, PolicySet};

/// The exemptions in force, with those that are about each rule.
#[derive(Debug, Default)]
pub(super) struct Exemptions {
    pub(super) set: Arc<ExemptionSet>,
    /// By policy, then by rule: positions in the set, in its order. Empty where there is no exemption.
    rules: Vec<Vec<Vec<usize>>>,
}

impl Exemptions {
    pub(super) fn new(set: Arc<ExemptionSet>, policies: &PolicySet) -> Self {
        let about = |policy: &CompiledPolicy, rule: &CompiledRule| {
            let all = set.exemptions().iter().enumerate();
            all.filter(|(_, one)| one.covers(policy, rule)).map(|(at, _)| at).collect()
        };
        let of_policy = |policy: &CompiledPolicy| {
            let rules: Vec<Vec<usize>> =
                policy.rules.iter().map(|rule| about(policy, rule)).collect();
            if rules.iter().all(Vec::is_empty) { Vec::new() } else { rules }
        };
        let rules = match set.exemptions() {
            [] => Vec::new(),
            _ => policies.policies().iter().map(|policy| of_policy(policy)).collect(),
        };
        Self { set, rules }
    }

    /// Every exemption with the rules it is about, by their positions.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&CompiledExemption, RuleId)> {
        self.rules.iter().enumerate().flat_map(move |(policy, rules)| {
            rules.iter().enumerate().flat_map(move |(rule, about)| {
                about.iter().filter_map(move |at| {
                    Some((&**self.set.exemptions().get(*at)?, RuleId { policy, rule }))
                })
            })
        })
    }
}

impl Engine {
    /// Every exemption with each rule that it is about, whatever the pod.
    pub fn exempted_rules(
        &self,
    ) -> impl Iterator<Item = (&CompiledExemption, &CompiledPolicy, &CompiledRule)> {
        self.exemptions.pairs().filter_map(|(exemption, id)| {
            let policy = self.policies.policies().get(id.policy)?;
            Some((exemption, &**policy, policy.rules.get(id.rule)?))
        })
    }
}

impl Engine {
    /// The same engine with other policies in force. Exemptions are looked up per policy: set them afterwards.
    #[must_use]
    pub fn with_policies(mut self, policies: Arc<PolicySet>) -> Self {
        self.policies = policies;
        self.exemptions = Arc::default();
        self
    }
}

impl<'e> Scope<'e, '_> {
    /// Finds the exemption of each rule of the matched policies: the first by name that is about the pod.
    pub(super) fn exempt(&mut self, pod: &Pod<'_>, request: &RequestFacts<'_>, now: Option<i64>) {
        let Exemptions { set, rules } = &*self.engine.exemptions;
        let all = set.exemptions();
        let mut known: Vec<Option<bool>> = Vec::new();
        let failed = self.failed.iter().map(|failed| &failed.matched);
        for matched in self.matched.iter().chain(failed) {
            for (rule, about) in rules.get(matched.at).into_iter().flatten().enumerate() {
                // Most exemptions are about many rules, and a pod is asked once about each.
                known.resize(all.len(), None);
                let mut holds = |at: usize| {
                    let (Some(one), Some(known)) = (all.get(at), known.get_mut(at)) else {
                        return false;
                    };
                    *known.get_or_insert_with(|| {
                        !one.is_expired(now)
                            && one.matches_request(request)
                            && one.matcher.matches_pod(|key| pod.label(key), &self.workload)
                    })
                };
                let first = about.iter().copied().find(|at| holds(*at));
                if let Some(one) = first.and_then(|at| all.get(at)) {
                    self.exempted.push((RuleId { policy: matched.at, rule }, &**one));
                }
            }
        }
        if !self.failed.is_empty() {
            self.exempted.sort_by_key(|(id, _)| *id);
        }
    }

    /// The exemption of a rule, for this pod.
    pub(super) fn exemption(&self, matched: &Matched<'_>, rule: usize) -> Option<&'e Arc<str>> {
        self.exemption_of(RuleId { policy: matched.at, rule })
    }

    /// The same by positions. The list is in the order of policies and rules.
    pub(super) fn exemption_of(&self, id: RuleId) -> Option<&'e Arc<str>> {
        let found = self.exempted.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.exempted.get(found).map(|(_, exemption)| &exemption.name)
    }
}
