//! The way of one pod through an audit of a cluster, or a replay of what was recorded: read once, judged by the engine
//! that the webhook asks, attributed to its top owner, and added up.
//!
//! A survey can be made in parts, stored, and merged: all it holds adds up exactly.

mod begun;
pub mod comparison;
pub mod partial;
mod parts;
mod problems;

use std::borrow::Cow;

use comparison::{Comparison, Twice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use parts::{MAX_SHARDS, Parts, Shard};
pub use problems::{Problem, Problems};

use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage, User};
use crate::forecast::{Observations, Observed};
use crate::pod::editing::View;
use crate::pod::kinds::{Object, PodKind, metadata_of};
use crate::pod::top_owner::TopOwner;
use crate::pod::view::{Metadata, Pod};
use crate::pod::workload::Workload;
use crate::tally::{Judged, Tally};

/// What many pods came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Survey {
    /// What was found, by owner.
    pub tally: Tally,
    /// What forecasts are made from; none where none was asked for.
    pub observations: Option<Observations>,
    /// What changes from other policies to these; none where nothing was compared.
    pub comparison: Option<Comparison>,
    /// What was read.
    pub sources: Sources,
    /// What could not be read or judged.
    pub problems: Problems,
    /// Which parts of what was to be read these are.
    pub parts: Parts,
    /// What is less exact than it could be, though everything was judged.
    #[serde(default, skip_serializing_if = "Problems::is_empty")]
    pub notes: Problems,
}

/// What was read to find the pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sources {
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines of logs, reviews, or pages of lists.
    pub records: u64,
    /// Pods that were created without their content being recorded (audit level `Metadata`).
    pub without_content: u64,
    /// Pods that the API server refused then; they are not judged.
    pub refused: u64,
    /// Records that are about something else.
    pub others: u64,
    /// Records that are damaged.
    pub damaged: u64,
}

/// A pod, as it was seen.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The pod as JSON text.
    pub object: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The name it was given, where the object itself has none: one that the API server generated.
    pub name: Option<&'a str>,
    /// Who created it, where that is known.
    pub user: Option<User<'a>>,
    /// What is known of its namespace.
    pub facts: NamespaceFacts<'a>,
    /// When it was created, in seconds since 1970.
    pub at: Option<i64>,
    /// The time by which exemptions expire, in seconds since 1970.
    pub now: Option<i64>,
}

/// Who knows more of owners than pods tell.
pub trait Owners {
    /// The top owner of a pod.
    fn top<'o>(&'o self, pod: &'o Pod<'_>) -> TopOwner<'o>;
}

/// Nobody: what the pod tells is all there is.
#[derive(Clone, Copy, Debug)]
pub struct AsPodsTell;

impl Owners for AsPodsTell {
    fn top<'o>(&'o self, pod: &'o Pod<'_>) -> TopOwner<'o> {
        TopOwner::of(pod)
    }
}

/// Judges pods.
#[derive(Clone, Copy, Debug)]
pub struct Surveyor<'e> {
    /// What judges them.
    pub engine: &'e Engine,
    /// What judged them before, where that is to be compared.
    pub before: Option<&'e Engine>,
}

impl Surveyor<'_> {
    /// Judges a pod as if it were created now, and adds it to the survey.
    pub fn take(&self, seen: &Seen<'_>, owners: &impl Owners, survey: &mut Survey) {
        let Some(kind) = PodKind::find("", "Pod") else { return };
        let attributes = seen.attributes();
        let mut read = kind.read(Object::Json(seen.object)).ok();
        if let Some(pod) = &mut read {
            begun::as_created(pod, seen.object);
        }
        let before =
            self.before.map(|engine| engine.decide_on(&attributes, read.clone(), Stage::Whole));
        let (owner, class, name, decision) = match read {
            Some(pod) => {
                let owner = owners.top(&pod).into_owned();
                let class = Workload::of(&pod, None).class;
                let name = seen.name(pod.metadata.as_ref()).to_owned();
                let decision = self.engine.decide_on(&attributes, Some(pod), Stage::Whole);
                (owner, Some(class), name, decision)
            }
            None => {
                let name = seen.name(metadata_of(seen.object).as_ref()).to_owned();
                let decision = self.engine.decide(&attributes, Stage::Whole);
                (TopOwner::unknown(&name).into_owned(), None, name, decision)
            }
        };
        if !decision.unresolved.is_empty() {
            survey.notes.add(unasked());
        }
        let (namespace, at) = (seen.namespace, seen.at);
        let judged =
            Judged { namespace, owner: &owner, class, name: &name, at, decision: &decision };
        survey.tally.take(judged);
        if let Some(before) = &before {
            let comparison = survey.comparison.get_or_insert_default();
            let (owner, name, after) = (&owner, &*name, &decision);
            comparison.take(Twice { namespace, owner, name, at, before, after });
        }
        if let Some(observations) = &mut survey.observations
            && let Some(class) = class
            && let Ok(before) = kind.read(Object::Json(seen.object))
        {
            let after = patched(before.clone(), &decision);
            observations.take(&Observed {
                namespace,
                owner: &owner,
                class,
                at,
                object: seen.object,
                before: &before,
                after: &after,
                decision: &decision,
            });
        }
    }
}

/// What is said of pods whose images admission would pin.
fn unasked() -> Problem {
    Problem {
        source: "registries".into(),
        line: None,
        message: "images of a pod are named by tag, and the rules that pin them were not judged"
            .to_owned(),
        help: Some(
            "no registry is asked here; `plimsoll check --resolve-digests` asks them for manifests"
                .to_owned(),
        ),
    }
}

impl Survey {
    /// An empty survey, with or without what forecasts are made from.
    pub fn new(forecasting: bool) -> Self {
        Self { observations: forecasting.then(Observations::default), ..Self::default() }
    }

    /// Adds a pod that is not judged to what forecasts are made from: it stays as it is.
    pub fn pass(&mut self, seen: &Seen<'_>, owners: &impl Owners) {
        let Some(observations) = &mut self.observations else { return };
        let Some(kind) = PodKind::find("", "Pod") else { return };
        // One that cannot be read is no fault of what is judged.
        let Ok(pod) = kind.read(Object::Json(seen.object)) else { return };
        let owner = owners.top(&pod).into_owned();
        observations.take(&Observed {
            namespace: seen.namespace,
            owner: &owner,
            class: Workload::of(&pod, None).class,
            at: seen.at,
            object: seen.object,
            before: &pod,
            after: &pod,
            decision: &Decision::allowed(),
        });
    }

    /// Adds what another survey came to.
    pub fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.sources.merge(other.sources);
        self.problems.merge(other.problems);
        self.parts.merge(other.parts);
        self.notes.merge(other.notes);
        merge_what_is_there(&mut self.observations, other.observations, Observations::merge);
        merge_what_is_there(&mut self.comparison, other.comparison, Comparison::merge);
    }
}

/// Also the first is merged, so that what was read is bounded.
fn merge_what_is_there<T: Default>(
    one: &mut Option<T>,
    more: Option<T>,
    merge: impl FnOnce(&mut T, T),
) {
    if let Some(more) = more {
        merge(one.get_or_insert_default(), more);
    }
}

impl Sources {
    /// Adds others.
    pub const fn merge(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.records = self.records.saturating_add(other.records);
        self.without_content = self.without_content.saturating_add(other.without_content);
        self.refused = self.refused.saturating_add(other.refused);
        self.others = self.others.saturating_add(other.others);
        self.damaged = self.damaged.saturating_add(other.damaged);
    }
}

impl<'a> Seen<'a> {
    /// Its name, or the prefix of the name that it was given.
    fn name<'p>(&'p self, metadata: Option<&'p Metadata<'_>>) -> &'p str {
        let own = metadata.and_then(|metadata| metadata.name.as_deref());
        let prefix = metadata.and_then(|metadata| metadata.generate_name.as_deref());
        own.filter(|name| !name.is_empty()).or(self.name).or(prefix).unwrap_or_default()
    }

    fn attributes(&self) -> Attributes<'a> {
        Attributes {
            operation: Operation::Create,
            group: "",
            kind: "Pod",
            subresource: "",
            namespace: self.namespace,
            user: self.user.clone(),
            object: Some(Object::Json(self.object)),
            old_object: None,
            facts: self.facts,
            now: self.now,
            ..Attributes::default()
        }
    }
}

/// The pod as it would be stored.
fn patched<'a>(mut pod: Pod<'a>, decision: &Decision) -> Pod<'a> {
    for edit in decision.edits() {
        let tokens: Vec<Cow<'_, str>> = edit.pointer.tokens().collect();
        let path: Vec<&str> = tokens.iter().map(AsRef::as_ref).collect();
        // The engine applied it to this very view.
        let _ = pod.apply(&path, &edit.change);
    }
    pod
}
