//! Which policies a request is about, whether they find anything or not.

use std::sync::Arc;

use super::{Attributes, Engine, Stage};
use crate::pod::workload::Workload;
use crate::policy::CompiledPolicy;
use crate::policy::document::Verb;
use crate::policy::matching::RequestFacts;

impl Engine {
    /// The policies in force that are about the pod of a request, in the order of the set; none where the request
    /// is not judged, or where its pod cannot be read.
    pub fn policies_about(&self, attributes: &Attributes<'_>) -> Vec<Arc<CompiledPolicy>> {
        let Some((kind, verb)) = self.judged(attributes, Stage::Whole) else { return Vec::new() };
        let Some(Ok(pod)) = attributes.object.map(|object| kind.read(object)) else {
            return Vec::new();
        };
        if super::is_mirror(&pod, attributes.user.as_ref()) {
            return Vec::new();
        }
        let request = request(attributes, verb);
        let workload = Workload::of(&pod, kind.pods_owned_by);
        let about = |policy: &&Arc<CompiledPolicy>| {
            policy.matcher.matches_request(&request)
                && policy.matcher.matches_pod(|key| pod.label(key), &workload)
        };
        self.policies.policies().iter().filter(about).map(Arc::clone).collect()
    }
}

/// What a request says before its object is read.
pub(super) fn request<'r>(attributes: &'r Attributes<'_>, verb: Verb) -> RequestFacts<'r> {
    let groups: &[&str] = attributes.user.as_ref().map_or(&[], |user| user.groups.as_slice());
    RequestFacts {
        verb,
        namespace: attributes.namespace,
        namespace_labels: attributes.facts.labels,
        user: attributes.user.as_ref().map(|user| user.name),
        groups,
    }
}
