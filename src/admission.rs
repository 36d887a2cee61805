//! AdmissionReview bytes in, AdmissionReview bytes out (admission.k8s.io/v1).

mod answer;
mod message;
mod policies;
mod review;

use std::borrow::Cow;
use std::sync::Arc;

pub use message::{MAX_WARNING_CHARS, MAX_WARNINGS_CHARS, denial, finding_line, warnings};
use review::Request;
pub use review::ReviewError;

use crate::engine::{
    Attributes, Decision, Engine, Exempted, Finding, NamespaceFacts, Operation, Stage, Unreadable,
};
use crate::pod::scalars::Str;
use crate::pod::view::Pod;
use crate::pod::workload::controller_reference;
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

/// A finding as logs and metrics need it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
    /// Which rule it is: `imageTag`.
    pub kind: &'static str,
    /// What happened.
    pub action: Action,
}

/// The object that manages a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller<'a> {
    /// `group/version`, or `v1`.
    pub api_version: Cow<'a, str>,
    /// Kind.
    pub kind: Cow<'a, str>,
    /// Name.
    pub name: Cow<'a, str>,
    /// The very object of that name.
    pub uid: Cow<'a, str>,
}

impl<'a> Controller<'a> {
    fn of(pod: &Pod<'a>) -> Option<Self> {
        let owner = controller_reference(pod)?;
        let text = |text: &Option<Str<'a>>| text.as_ref().map(|text| text.0.clone());
        Some(Self {
            api_version: text(&owner.api_version)?,
            kind: text(&owner.kind)?,
            name: text(&owner.name)?,
            uid: text(&owner.uid)?,
        })
    }
}

/// An exempted finding as metrics need it.
#[derive(Clone, Debug)]
pub struct RecordedExemption {
    /// Name of the exemption.
    pub exemption: Arc<str>,
    /// Name of the policy.
    pub policy: Arc<str>,
    /// Name of the rule in it.
    pub rule: Arc<str>,
}

/// A review as logs and metrics need it; nothing of the object itself.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The request's uid.
    pub uid: Cow<'a, str>,
    /// What happens to the object.
    pub operation: Operation,
    /// Kind of the object.
    pub kind: Cow<'a, str>,
    /// Namespace of the request.
    pub namespace: Cow<'a, str>,
    /// Name, or the prefix of the name to be generated.
    pub name: Cow<'a, str>,
    /// Who asked.
    pub user: Cow<'a, str>,
    /// Who manages the pod, where the object is one and it has a controller.
    pub controller: Option<Controller<'a>>,
    /// Nothing will be stored.
    pub dry_run: bool,
    /// What was answered.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Recorded>,
    /// What would have been found but for an exemption. Pods are judged at [`Endpoint::Validate`], and it is
    /// found there only.
    pub exempted: Vec<RecordedExemption>,
}

/// The answer to a review.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The response as JSON.
    pub body: Vec<u8>,
    /// What to log and count.
    pub record: Record<'a>,
}

/// A review that has been read and not answered yet: in between, a door looks up what it knows of the namespace.
#[derive(Debug)]
pub struct Review<'a>(Request<'a>);

impl<'a> Review<'a> {
    /// Reads a review.
    ///
    /// # Errors
    /// When the body is no AdmissionReview that can be answered.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        review::parse(body).map(Self)
    }

    /// The namespace of the request.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// What tells the review from others; the API server asks every webhook about one object with the same.
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
        let attributes = self.0.attributes(facts, now);
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
        let Self(mut request) = self;
        let stage = match endpoint {
            Endpoint::Mutate => Stage::Mutate,
            Endpoint::Validate => Stage::Validate,
            Endpoint::Policies => return policies::answer(engine, request, now),
        };
        let name = request.display_name();
        let pod = request.pod.take();
        let controller = pod.as_ref().and_then(Controller::of);
        let decision = decide(&request.attributes(facts, now), pod, engine, stage);
        let body = answer::render(&request.uid, &decision);
        let record = Record {
            operation: request.operation(),
            name,
            uid: request.uid.0,
            kind: request.kind.kind.0,
            namespace: request.namespace.0,
            user: request.user_info.username.0,
            controller,
            dry_run: request.dry_run,
            verdict: verdict(&decision),
            exempted: decision.exempted.into_iter().map(RecordedExemption::from).collect(),
            findings: recorded(decision.findings, decision.unreadable),
        };
        Answer { body, record }
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

fn recorded(findings: Vec<Finding>, unreadable: Option<Unreadable>) -> Vec<Recorded> {
    let unreadable = unreadable.into_iter().map(|found| Recorded {
        policy: found.policy,
        rule: found.rule,
        kind: found.kind,
        action: found.action,
    });
    let findings = findings.into_iter().map(|finding| Recorded {
        policy: finding.policy,
        rule: finding.rule,
        kind: finding.kind,
        action: finding.action,
    });
    findings.chain(unreadable).collect()
}

impl From<Exempted> for RecordedExemption {
    fn from(Exempted { exemption, finding }: Exempted) -> Self {
        Self { exemption, policy: finding.policy, rule: finding.rule }
    }
}

fn verdict(decision: &Decision) -> Verdict {
    if !decision.allowed {
        Verdict::Denied
    } else if !decision.patch.is_empty() {
        Verdict::Patched
    } else if decision.by_action(Action::Warn).next().is_some() {
        Verdict::Warned
    } else {
        Verdict::Allowed
    }
}

#[cfg(test)]
mod tests;
