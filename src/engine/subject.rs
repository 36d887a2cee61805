//! What rules are shown.

use std::collections::BTreeSet;

use super::Scope;
use crate::pod::view::{Pod, Spec};
use crate::policy::CompiledRule;
use crate::policy::conflicts::RuleId;
use crate::request::Operation;
use crate::rules::Subject;

impl Scope<'_, '_> {
    /// The images whose digests the fixes of this pod still lack.
    pub(super) fn images_to_resolve(&self, pod: &Pod<'_>) -> Vec<String> {
        if !self.engine.policies.asks_registries() {
            return Vec::new();
        }
        let empty = Spec::default();
        let subject = self.subject(pod, &empty);
        let mut images = BTreeSet::new();
        for matched in &self.matched {
            for (at, rule) in matched.policy.rules.iter().enumerate() {
                let id = RuleId { policy: matched.at, rule: at };
                if rule.rule.asks_registries() && self.could_mend(id, rule) {
                    rule.rule.images_to_resolve(&subject, &mut images);
                }
            }
        }
        images.into_iter().collect()
    }

    /// Whether what a rule finds is mended, here or where the pod is created.
    pub(super) fn could_mend(&self, id: RuleId, rule: &CompiledRule) -> bool {
        let is_running = self.kind.is_pod() && self.request.operation != Operation::Create;
        !is_running && self.patches(rule) && self.exemption_of(id).is_none()
    }

    /// The pod as rules see it.
    pub(super) fn subject<'p, 'a>(
        &'p self,
        pod: &'p Pod<'a>,
        empty: &'p Spec<'a>,
    ) -> Subject<'p, 'a> {
        Subject {
            pod,
            spec: pod.spec.as_ref().unwrap_or(empty),
            workload: self.workload,
            request: self.request,
            always_pull_images: self.engine.always_pull_images,
            setting: &self.setting,
        }
    }
}
