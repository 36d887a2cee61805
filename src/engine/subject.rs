//! What rules are shown.

use std::collections::BTreeSet;

use super::Scope;
use crate::pod::view::{Pod, Spec};
use crate::rules::Subject;

impl Scope<'_, '_> {
    /// The images that a door must ask registries about before this decision is final.
    pub(super) fn images_to_resolve(&self, pod: &Pod<'_>) -> Vec<String> {
        let mut images = BTreeSet::new();
        if self.request.digests.is_some() {
            let empty = Spec::default();
            let subject = self.subject(pod, &empty);
            let rules = self.matched.iter().flat_map(|matched| &matched.policy.rules);
            rules.for_each(|rule| rule.rule.images_to_resolve(&subject, &mut images));
        }
        images.into_iter().collect()
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
