//! What is to be written into an object so that nothing is left to fix.

use std::path::Path;

use serde_json::Value;

use super::judge::{attributes, is_judged};
use super::{Context, placing};
use crate::edit::Edit;
use crate::engine::{Attributes, Decision, Finding, Namespaces};
use crate::facts::limit_range;
use crate::finding::Safety;
use crate::manifest::{Document, Place};
use crate::pod::kinds::PodKind;
use crate::pod::shapes;
use crate::pointer::Pointer;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::silence::{Said, Silences};
use crate::{policy_source, suite};

/// The fixes of an object.
#[derive(Default)]
pub(crate) struct Fixed {
    /// What they mend.
    pub(crate) findings: Vec<Finding>,
    /// What they change, in order, from the root of the object.
    pub(crate) edits: Vec<Edit>,
    /// Rules that gave way to others, for people.
    pub(crate) conflicts: Vec<String>,
    /// Images whose digests the fixes lack.
    pub(crate) unresolved: Vec<String>,
    /// Whether rules undo each other's fixes.
    pub(crate) unsettled: bool,
    /// A field that the API server would not take, from the root of the object.
    pub(crate) fault: Option<Pointer>,
}

/// The fixes of the pods in a document that are as safe as `safety`, and that nobody silenced.
pub(crate) fn fixes(
    context: Context<'_>,
    namespaces: &Namespaces,
    silences: &mut Option<Silences>,
    document: &Document,
    safety: Safety,
) -> Fixed {
    let mut fixed = Fixed { fault: fault(document), ..Fixed::default() };
    if !is_judged(document) {
        return fixed;
    }
    if let Some(silences) = silences {
        silences.enter(document);
    }
    let attributes = attributes(context, namespaces, document);
    let engine = context.engine;
    match PodKind::find(attributes.group, attributes.kind) {
        Some(_) => {
            let silenced = silenced(silences, document);
            fixed.add(engine.fix(&attributes, safety, &silenced));
        }
        // Places that pods share are edited for none of them, so each can be asked by itself.
        None => {
            for pod in shapes::find(&document.value) {
                let namespace = pod.namespace().unwrap_or(attributes.namespace);
                let facts = namespaces.facts(namespace);
                let attributes = Attributes { namespace, facts, ..attributes.clone() };
                let silenced = silenced(silences, document);
                fixed.add(engine.fix_embedded(&pod, &attributes, safety, &silenced));
            }
        }
    }
    fixed
}

/// What is wrong with an object before anybody looks for pods in it.
fn fault(document: &Document) -> Option<Pointer> {
    let error = match placing::fault(document) {
        None if document.is_object() => limit_range(document).err(),
        None if !document.base.is_empty() => return Some(Pointer::default()),
        found => found,
    };
    error.map(|error| error.pointer)
}

/// Where the first policy, exemption or suite is wrong.
pub(crate) fn fault_of_ours(file: &Path, documents: &[Document]) -> Option<Place> {
    let ours =
        || documents.iter().filter(|one| is_judged(one) && one.api_version() == Some(API_VERSION));
    let of_kinds = |kinds: &[&str]| -> Vec<&Document> {
        ours().filter(|one| one.kind().is_some_and(|kind| kinds.contains(&kind))).collect()
    };
    let suites = of_kinds(&[suite::KIND]).into_iter().flat_map(|one| suite::problems(file, one));
    let policies = of_kinds(&[KIND, EXEMPTION_KIND]);
    let problems = suites.chain(policy_source::problems(file, &policies));
    problems.filter_map(|problem| problem.error.place).min()
}

/// Whether a comment or an annotation keeps a finding quiet.
fn silenced<'s>(
    silences: &'s Option<Silences>,
    document: &'s Document,
) -> impl Fn(&Finding) -> bool + 's {
    move |finding| {
        let place = document.locate(finding.violation.pointer.as_str());
        let said = Said::new(finding, place);
        silences.as_ref().is_some_and(|silences| silences.covers(said).is_some())
    }
}

impl Fixed {
    fn add(&mut self, decision: Decision) {
        self.edits.extend(decision.edits().cloned());
        self.unsettled |= !decision.settled;
        let unreadable = decision.unreadable.map(|unreadable| unreadable.error.pointer);
        self.fault = self.fault.take().or(unreadable);
        self.unresolved.extend(decision.unresolved);
        self.findings.extend(decision.findings);
        self.conflicts.extend(decision.conflicts.into_iter().map(|note| note.message));
    }

    /// The object with its fixes; none where they do not fit it.
    pub(crate) fn object(&self, document: &Document) -> Option<Value> {
        let mut object = document.value.clone();
        self.edits.iter().all(|edit| edit.apply(&mut object)).then_some(object)
    }
}
