//! Judging pods that stand in objects of other kinds: as the templates they are, with every place in the object.

use super::{Attributes, Decision, Engine, Finding, LeavesOut, Stage};
use crate::finding::Safety;
use crate::pod::shapes::{Embedded, Projection};

impl Engine {
    /// Judges an embedded pod as the pods that will come of it. `within` is about the object it stands in. Pointers
    /// and edits of the decision start at the root of that object; a fix that the object has no place for is left
    /// out, and the help says where the system takes the field from.
    pub fn decide_embedded(&self, embedded: &Embedded<'_>, within: &Attributes<'_>) -> Decision {
        let projection = embedded.project();
        let (group, kind) = Projection::KIND;
        let attributes = Attributes {
            group,
            kind,
            subresource: "",
            object: Some(projection.object()),
            old_object: None,
            ..within.clone()
        };
        let mut decision = self.decide(&attributes, Stage::Whole);
        decision.findings.retain(|finding| projection.is_judged(&finding.violation.pointer));
        decision.exempted.retain(|one| projection.is_judged(&one.finding.violation.pointer));
        for finding in &mut decision.findings {
            translate(finding, &projection);
        }
        for exempted in &mut decision.exempted {
            translate(&mut exempted.finding, &projection);
        }
        translate_unreadable(&mut decision, &projection);
        decision.settle();
        decision
    }

    /// As [`Engine::fix`] has it: the fixes that the object has a place for, with edits from its root.
    pub fn fix_embedded(
        &self,
        embedded: &Embedded<'_>,
        within: &Attributes<'_>,
        safety: Safety,
        leaves_out: LeavesOut<'_>,
    ) -> Decision {
        let projection = embedded.project();
        let (group, kind) = Projection::KIND;
        let attributes = Attributes {
            group,
            kind,
            subresource: "",
            object: Some(projection.object()),
            old_object: None,
            ..within.clone()
        };
        let stays = |finding: &Finding| {
            let mut there = finding.clone();
            translate(&mut there, &projection);
            // One without a place has lost its fix.
            !projection.is_judged(&finding.violation.pointer)
                || there.violation.fix.is_none()
                || leaves_out(&there)
        };
        let mut decision = self.fix(&attributes, safety, &stays);
        for finding in &mut decision.findings {
            translate(finding, &projection);
        }
        translate_unreadable(&mut decision, &projection);
        decision
    }
}

/// Moves what cannot be read to the object, or forgets it where it is no part of that.
fn translate_unreadable(decision: &mut Decision, projection: &Projection) {
    let found = decision.unreadable.take();
    decision.unreadable =
        found.filter(|found| projection.is_judged(&found.error.pointer)).map(|mut found| {
            found.error.pointer = projection.place(&found.error.pointer).pointer;
            found
        });
}

/// Moves a finding from the projection to the object.
fn translate(finding: &mut Finding, projection: &Projection) {
    let violation = &mut finding.violation;
    let mut without_place = None;
    if let Some(fix) = &mut violation.fix {
        for edit in &mut fix.edits {
            match projection.to_object(&edit.pointer) {
                Some(pointer) => edit.pointer = pointer,
                None => without_place = Some(edit.pointer.clone()),
            }
        }
    }
    if let Some(pointer) = without_place {
        violation.fix = None;
        let place = projection
            .elsewhere(&pointer)
            .unwrap_or_else(|| "the object has no field of its own for it".to_owned());
        violation.help = format!("{}; {place}", violation.help);
    } else if violation.fix.is_none()
        && let Some(place) = projection.elsewhere(&violation.pointer)
    {
        violation.help = format!("{}; {place}", violation.help);
    }
    violation.pointer = projection.place(&violation.pointer).pointer;
}
