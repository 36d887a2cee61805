//! AdmissionReview bytes in, AdmissionReview bytes out (admission.k8s.io/v1).

mod answer;
mod message;
mod policies;
mod record;
mod review;

use std::borrow::Cow;

pub use message::{MAX_WARNING_CHARS, MAX_WARNINGS_CHARS, denial, finding_line, warnings};
pub use record::{Controller, Record, Recorded, RecordedExemption};
use record::{Unshown, recorded, verdict};
use review::Request;
pub use review::ReviewError;

use crate::digests::Digests;
use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Stage};
use crate::pod::view::Pod;
use crate::policy::Action;

/// The webhook a review was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/mutate`: only patches.
    Mutate,
    /// `/validate`: only judges.
    Validate,
    /// `/validate-policies`: judges the policies themselves.
    Policies,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing to say.
    Allowed,
    /// Allowed with a patch.
    Patched,
    /// Allowed with warnings.
    Warned,
    /// Refused.
    Denied,
}

/// The answer to a review.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The response as JSON.
    pub body: Vec<u8>,
    /// What to log and count.
    pub record: Record<'a>,
    /// Images whose digests fixes need and the review did not hold ([`Review::with_digests`]). A door that asks
    /// registries answers again with them.
    pub unresolved: Vec<String>,
}

/// A review that has been read and not answered yet: in between, a door looks up what it knows of the namespace.
#[derive(Debug)]
pub struct Review<'a>(Request<'a>, Option<&'a Digests>);

impl<'a> Review<'a> {
    /// Reads a review.
    ///
    /// # Errors
    /// When the body is no AdmissionReview that can be answered.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        review::parse(body).map(|request| Self(request, None))
    }

    /// The same review, by a door that asked registries for the digests of images.
    #[must_use]
    pub fn with_digests(self, digests: &'a Digests) -> Self {
        Self(self.0, Some(digests))
    }

    /// The namespace of the request.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// What tells the review from all others, those of other webhooks about the same object among them.
    pub fn uid(&self) -> &str {
        &self.0.uid
    }

    /// The name of the object, or the prefix of the name to be generated.
    pub fn name(&self) -> Cow<'a, str> {
        self.0.display_name()
    }

    /// Whether nothing will be stored.
    pub fn is_dry_run(&self) -> bool {
        self.0.dry_run
    }

    /// What the engine would be asked, by a door that knows nothing of the namespace.
    pub fn attributes(&self) -> Attributes<'_> {
        self.0.attributes(NamespaceFacts::default(), None)
    }

    /// What a webhook decides and [`Self::answer`] tells in short, for who needs all of it; `judged` is handed what
    /// the engine was asked. Reviews of policies are not for it.
    pub fn decide(
        mut self,
        engine: &Engine,
        stage: Stage,
        facts: NamespaceFacts<'_>,
        now: Option<i64>,
        judged: impl FnOnce(&Attributes<'_>),
    ) -> Decision {
        let pod = self.0.pod.take();
        let attributes = Attributes { digests: self.1, ..self.0.attributes(facts, now) };
        judged(&attributes);
        decide(&attributes, pod, engine, stage)
    }

    /// Answers the review. `now` is the time in seconds since 1970, by which exemptions expire.
    pub fn answer(
        self,
        engine: &Engine,
        endpoint: Endpoint,
        facts: NamespaceFacts<'_>,
        now: Option<i64>,
    ) -> Answer<'a> {
        let Self(mut request, digests) = self;
        let stage = match endpoint {
            Endpoint::Mutate => Stage::Mutate,
            Endpoint::Validate => Stage::Validate,
            Endpoint::Policies => return policies::answer(engine, request, now),
        };
        let name = request.display_name();
        let pod = request.pod.take();
        let controller = pod.as_ref().and_then(Controller::of);
        let text = pod.as_ref().and(request.object);
        let mut decision = {
            let attributes = Attributes { digests, ..request.attributes(facts, now) };
            decide(&attributes, pod, engine, stage)
        };
        let unresolved = std::mem::take(&mut decision.unresolved);
        let body = answer::render(&request.uid, &decision);
        let record = Record {
            operation: request.operation(),
            name,
            uid: request.uid.0,
            kind: request.kind.kind.0,
            namespace: request.namespace.0,
            user: request.user_info.username.0,
            controller,
            pod: text.map(Unshown),
            dry_run: request.dry_run,
            verdict: verdict(&decision),
            exempted: decision.exempted.into_iter().map(RecordedExemption::from).collect(),
            findings: recorded(decision.findings, decision.unreadable),
        };
        Answer { body, record, unresolved }
    }
}

/// Decides as a webhook does: `/mutate` refuses nothing, and `/validate` patches nothing.
fn decide(
    attributes: &Attributes<'_>,
    pod: Option<Pod<'_>>,
    engine: &Engine,
    stage: Stage,
) -> Decision {
    let mut decision = engine.decide_on(attributes, pod, stage);
    if stage == Stage::Mutate {
        decision.allowed = true;
    } else {
        // A template is judged as the pods it will make; what is mended in them is mended there.
        decision.findings.retain(|finding| finding.action != Action::Patch);
    }
    decision
}

/// Answers a review of which nothing is known beside it: neither its namespace nor the time.
///
/// # Errors
/// When the body is no AdmissionReview that can be answered; everything else is a decision.
pub fn review<'a>(
    engine: &Engine,
    endpoint: Endpoint,
    body: &'a [u8],
) -> Result<Answer<'a>, ReviewError> {
    Ok(Review::parse(body)?.answer(engine, endpoint, NamespaceFacts::default(), None))
}

#[cfg(test)]
mod tests;
