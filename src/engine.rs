//! The engine: attributes and compiled policies in, a decision out.
//!
//! Pure: no IO, no clock, no async, and no panic on any input. Every door of Plimsoll asks it.

mod about;
mod assuming;
mod blame;
mod decision;
mod embedded;
mod exempting;
mod fixing;
mod judging;
mod mirror;
mod namespaces;
mod patching;
mod settling;
mod snapshot;
mod subject;

use std::sync::Arc;

pub use about::Positions;
pub use decision::{ConflictNote, Decision, Exempted, Finding, Unreadable};
use exempting::Exemptions;
pub use fixing::LeavesOut;
use mirror::is_mirror;
pub use namespaces::Namespaces;
use settling::Failed;

use crate::cel::scene::Setting;
use crate::finding::Safety;
use crate::pod::kinds::{PodKind, ViewError};
use crate::pod::view::Pod;
use crate::pod::workload::Workload;
use crate::policy::conflicts::RuleId;
use crate::policy::document::Verb;
use crate::policy::matching::RequestFacts;
use crate::policy::{CompiledExemption, CompiledPolicy, ExemptionSet, Mode, PolicySet};
pub use crate::request::{Attributes, NamespaceFacts, Operation, User};

/// Which half of the work is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `/mutate`: patches pods that are created, judges nothing.
    Mutate,
    /// `/validate`: judges what it is given.
    Validate,
    /// Both in one: what the cluster would do with a manifest.
    Whole,
    /// What is written into a manifest so that nothing is left to say: applies the fixes of every rule, whatever its
    /// action and the mode, as far as they are this safe, and judges nothing.
    Fix(Safety),
}

/// The policies in force and what is let through beside them.
#[derive(Clone, Debug)]
pub struct Engine {
    policies: Arc<PolicySet>,
    exemptions: Arc<Exemptions>,
    default_mode: Mode,
    own_namespace: String,
    always_pull_images: Option<bool>,
}

/// One policy that is about the pod, with its position in the set.
#[derive(Clone, Copy)]
struct Matched<'e> {
    at: usize,
    policy: &'e CompiledPolicy,
}

/// What stays the same through one decision.
#[derive(Clone)]
struct Scope<'e, 'r> {
    engine: &'e Engine,
    kind: &'static PodKind,
    matched: Vec<Matched<'e>>,
    /// The rules that are exempted for this pod, in the order of policies and rules.
    exempted: Vec<(RuleId, &'e CompiledExemption)>,
    workload: Workload,
    /// Policies whose conditions could not be evaluated, and why.
    failed: Vec<Failed<'e>>,
    /// Policies of which this door cannot tell whether they are about the pod.
    undecided: Vec<Arc<str>>,
    /// What expressions see beside the pod.
    setting: Setting<'r>,
    /// Whether any of the policies looks at the object behind the pod.
    reads_object: bool,
    mode: Mode,
    request: &'r Attributes<'r>,
    /// Set where every rule mends: how far.
    fixes: Option<Safety>,
    /// The fixes that are left out all the same.
    leaves_out: Option<LeavesOut<'r>>,
}

impl Engine {
    /// The namespace Plimsoll is installed in unless told otherwise.
    pub const DEFAULT_NAMESPACE: &'static str = "plimsoll-system";

    /// An engine over a set of policies.
    pub fn new(policies: Arc<PolicySet>) -> Self {
        Self {
            policies,
            exemptions: Arc::default(),
            default_mode: Mode::default(),
            own_namespace: Self::DEFAULT_NAMESPACE.to_owned(),
            always_pull_images: None,
        }
    }

    /// The same engine with these exemptions in force, and no others.
    #[must_use]
    pub fn with_exemptions(mut self, exemptions: Arc<ExemptionSet>) -> Self {
        self.exemptions = Arc::new(Exemptions::new(exemptions, &self.policies));
        self
    }

    /// The same engine with another mode for namespaces that have no label [`Mode::LABEL`], or whose labels are
    /// not known.
    #[must_use]
    pub fn with_default_mode(mut self, mode: Mode) -> Self {
        self.default_mode = mode;
        self
    }

    /// The same engine, installed in another namespace: nothing there is judged, so that Plimsoll can
    /// always be repaired.
    #[must_use]
    pub fn in_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.own_namespace = namespace.into();
        self
    }

    /// The same engine, told whether the API server runs the admission plugin AlwaysPullImages.
    #[must_use]
    pub fn with_always_pull_images(mut self, runs: Option<bool>) -> Self {
        self.always_pull_images = runs;
        self
    }

    /// The policies in force.
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// The exemptions in force, those that have expired among them.
    pub fn exemptions(&self) -> &ExemptionSet {
        &self.exemptions.set
    }

    /// Judges a request.
    pub fn decide(&self, attributes: &Attributes<'_>, stage: Stage) -> Decision {
        self.decide_on(attributes, None, stage)
    }

    /// Judges a request whose pod has been read already, if it has.
    pub(crate) fn decide_on(
        &self,
        attributes: &Attributes<'_>,
        pod: Option<Pod<'_>>,
        stage: Stage,
    ) -> Decision {
        self.decide_but(attributes, pod, stage, None)
    }

    fn decide_but(
        &self,
        attributes: &Attributes<'_>,
        pod: Option<Pod<'_>>,
        stage: Stage,
        leaves_out: Option<LeavesOut<'_>>,
    ) -> Decision {
        let Some((kind, verb)) = self.judged(attributes, stage) else { return Decision::allowed() };
        let request = about::request(attributes, verb);
        let candidates: Vec<Matched<'_>> = self
            .policies
            .policies()
            .iter()
            .enumerate()
            .filter(|(_, policy)| policy.matcher.matches_request(&request))
            .map(|(at, policy)| Matched { at, policy })
            .collect();
        let Some(object) = attributes.object else { return Decision::allowed() };
        let mut decision = if candidates.is_empty() {
            Decision::allowed()
        } else {
            let pod = pod.map_or_else(|| kind.read(object), Ok);
            self.judge(attributes, &request, (stage, leaves_out), kind, candidates, pod)
        };
        let policies = self.policies.policies().iter();
        let undecided = policies.filter(|policy| policy.matcher.is_undecided(&request));
        decision.undecided.extend(undecided.map(|policy| Arc::clone(&policy.name)));
        decision
    }

    /// Judges a request that policies may be about.
    fn judge(
        &self,
        attributes: &Attributes<'_>,
        request: &RequestFacts<'_>,
        (stage, leaves_out): (Stage, Option<LeavesOut<'_>>),
        kind: &'static PodKind,
        candidates: Vec<Matched<'_>>,
        pod: Result<Pod<'_>, ViewError>,
    ) -> Decision {
        let label = attributes.facts.labels.and_then(|labels| labels.get(Mode::LABEL));
        let mode = label.map_or(self.default_mode, Mode::from_label);
        let mut scope = Scope {
            engine: self,
            kind,
            reads_object: candidates.iter().any(|candidate| candidate.policy.reads_object),
            matched: candidates,
            failed: Vec::new(),
            undecided: Vec::new(),
            setting: Setting::new(attributes, kind),
            exempted: Vec::new(),
            workload: Workload::UNKNOWN,
            mode,
            request: attributes,
            fixes: match stage {
                Stage::Fix(safety) => Some(safety),
                Stage::Mutate | Stage::Validate | Stage::Whole => None,
            },
            leaves_out,
        };
        let mut pod = match pod {
            Ok(pod) => pod,
            Err(error) => return scope.unreadable(error),
        };
        if is_mirror(&pod, attributes.user.as_ref()) {
            return Decision::allowed();
        }
        scope.show(&mut pod, attributes.object);
        scope.settle_on(&pod);
        scope.exempt(&pod, request, attributes.now);
        scope.decide(attributes, stage, pod)
    }

    /// The kind and verb of a request that is to be judged at all.
    fn judged(
        &self,
        attributes: &Attributes<'_>,
        stage: Stage,
    ) -> Option<(&'static PodKind, Verb)> {
        let kind = PodKind::find(attributes.group, attributes.kind)?;
        let verb = match attributes.operation {
            Operation::Create => Verb::Create,
            Operation::Update => Verb::Update,
            Operation::Delete | Operation::Connect => return None,
        };
        let judged = match attributes.subresource {
            "" => true,
            // Debug containers and in-place resizes arrive as updates of a whole pod.
            "ephemeralcontainers" | "resize" => kind.is_pod(),
            _ => false,
        };
        let patched_here =
            kind.is_pod() && verb == Verb::Create && attributes.subresource.is_empty();
        let own = attributes.namespace == self.own_namespace && !self.own_namespace.is_empty();
        (judged && !own && (stage != Stage::Mutate || patched_here)).then_some((kind, verb))
    }
}

impl Scope<'_, '_> {
    fn decide<'a>(self, attributes: &Attributes<'a>, stage: Stage, mut pod: Pod<'a>) -> Decision {
        let mut decision = Decision { about: self.about(), ..Decision::allowed() };
        decision.undecided.clone_from(&self.undecided);
        if self.matched.is_empty() && self.failed.is_empty() {
            return decision;
        }
        let created_pod = self.kind.is_pod() && attributes.operation == Operation::Create;
        // A template is judged as the pods that will come of it, and those will be patched.
        let patches = match stage {
            Stage::Mutate | Stage::Fix(_) => true,
            Stage::Validate => !self.kind.is_pod(),
            Stage::Whole => created_pod || !self.kind.is_pod(),
        };
        let judges = matches!(stage, Stage::Validate | Stage::Whole);
        let asks = judges && attributes.digests.is_none() && self.engine.policies.asks_registries();
        let untouched = asks.then(|| pod.clone());
        if patches {
            self.patch(&mut pod, &mut decision);
        }
        decision.unresolved = self.images_to_resolve(&pod);
        if judges {
            self.judge(&pod, stage, &mut decision);
            let found = !decision.findings.is_empty() || !decision.exempted.is_empty();
            if attributes.operation == Operation::Update && found {
                self.forget_what_was_there(attributes, &pod, &mut decision);
            }
            if let Some(pod) = untouched.filter(|_| !decision.unresolved.is_empty()) {
                self.forget_what_pins_mend(attributes, stage, pod, &mut decision);
            }
        }
        decision.settle();
        decision
    }
}
