//! What is found only because digests are not known here.

use std::collections::HashSet;

use super::{Attributes, Decision, Finding, Scope, Stage};
use crate::digests::{Digests, Resolution};
use crate::finding::ContainerId;
use crate::pod::view::Pod;

/// What tells findings apart, whatever they say of an image.
type Place<'f> = (&'f str, &'f str, &'f str, Option<&'f ContainerId>);

impl Scope<'_, '_> {
    /// Drops what is found of images as they are written and would not be found once the webhook has pinned them:
    /// which of the two will be, only the webhook can tell. `pod` is the pod before any patch.
    pub(super) fn forget_what_pins_mend<'a>(
        &self,
        attributes: &Attributes<'a>,
        stage: Stage,
        pod: Pod<'a>,
        decision: &mut Decision,
    ) {
        let mut assumed = Digests::default();
        // Any digest will do: it is looked at by nobody.
        assumed.assume(Resolution::Digest(format!("sha256:{}", "0".repeat(64))));
        let request = Attributes { digests: Some(&assumed), ..attributes.clone() };
        let pinned = Scope { request: &request, ..self.clone() }.decide(&request, stage, pod);
        let certain: HashSet<Place<'_>> = pinned.findings.iter().map(place).collect();
        decision.findings.retain(|finding| certain.contains(&place(finding)));
    }
}

fn place(finding: &Finding) -> Place<'_> {
    let Finding { policy, rule, violation, .. } = finding;
    (policy, rule, violation.pointer.as_str(), violation.container.as_ref())
}
