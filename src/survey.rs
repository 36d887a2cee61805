//! The way of one pod through an audit of a cluster, or a replay of what was recorded: read once, judged by the engine
//! that the webhook asks, attributed to its top owner, and added up.
//!
//! A survey can be made in parts, stored, and merged: all it holds adds up exactly.

mod problems;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use problems::{Problem, Problems};

use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage, User};
use crate::forecast::{Observations, Observed};
use crate::json::Reader;
use crate::pod::editing::View;
use crate::pod::kinds::{Object, PodKind};
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
    /// What was read.
    pub sources: Sources,
    /// What could not be read or judged.
    pub problems: Problems,
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
}

impl Surveyor<'_> {
    /// Judges a pod as if it were created now, and adds it to the survey.
    pub fn take(&self, seen: &Seen<'_>, owners: &impl Owners, survey: &mut Survey) {
        let Some(kind) = PodKind::find("", "Pod") else { return };
        let attributes = seen.attributes();
        let read = kind.read(Object::Json(seen.object)).ok();
        let (owner, class, name, decision) = match read {
            Some(pod) => {
                let owner = owners.top(&pod).into_owned();
                let class = Workload::of(&pod, None).class;
                let name = name(pod.metadata.as_ref()).into_owned();
                let decision = self.engine.decide_on(&attributes, Some(pod), Stage::Whole);
                (owner, Some(class), name, decision)
            }
            None => {
                let name = name(metadata(seen.object).as_ref()).into_owned();
                let decision = self.engine.decide(&attributes, Stage::Whole);
                (TopOwner::unknown(&name).into_owned(), None, name, decision)
            }
        };
        let (namespace, at) = (seen.namespace, seen.at);
        let judged =
            Judged { namespace, owner: &owner, class, name: &name, at, decision: &decision };
        survey.tally.take(judged);
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

impl Survey {
    /// An empty survey, with or without what forecasts are made from.
    pub fn new(forecasting: bool) -> Self {
        Self { observations: forecasting.then(Observations::default), ..Self::default() }
    }

    /// Adds what another survey came to.
    pub fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.sources.merge(other.sources);
        self.problems.merge(other.problems);
        self.notes.merge(other.notes);
        match (&mut self.observations, other.observations) {
            (Some(one), Some(more)) => one.merge(more),
            (one, more) => *one = one.take().or(more),
        }
    }
}

impl Sources {
    /// Adds others.
    pub const fn merge(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.records += other.records;
        self.without_content += other.without_content;
        self.refused += other.refused;
        self.others += other.others;
        self.damaged += other.damaged;
    }
}

impl<'a> Seen<'a> {
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

fn name<'p>(metadata: Option<&'p Metadata<'_>>) -> Cow<'p, str> {
    let name = metadata.and_then(|metadata| {
        let named = metadata.name.as_deref().filter(|name| !name.is_empty());
        named.or(metadata.generate_name.as_deref())
    });
    Cow::Borrowed(name.unwrap_or_default())
}

/// The metadata of a pod that cannot be read as a whole.
fn metadata(object: &str) -> Option<Metadata<'_>> {
    let mut found = None;
    let read = Reader::new(object).members(|key, reader| {
        match key {
            "metadata" => found = reader.read().ok(),
            _ => drop(reader.pass()?),
        }
        Ok(())
    });
    read.ok().and(found)
}
