//! The rules, and what every rule is.
//!
//! To add one: write `src/rules/<rule>.rs`, give it a folder `tests/rules/<rule>/`, and add its two lines here.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cel::scene::Setting;
use crate::decode::{DecodeError, decode};
use crate::finding::{Claim, Renaming, Violation};
use crate::pod::view::{Pod, Spec};
use crate::pod::workload::Workload;
use crate::request::Attributes;

mod dns;
mod expression;
mod image_digest;
mod image_pull_policy;
mod image_registry;
mod image_tag;
mod images;
mod labels;
mod narrowing;
mod placement;
mod resources;
mod termination;
mod topology_spread;

/// Every rule, in the order in which they are listed to people.
pub static RULES: &[RuleKind] = &[
    register::<image_tag::ImageTag>(),
    register::<image_pull_policy::ImagePullPolicy>(),
    register::<image_registry::ImageRegistry>(),
    register::<image_digest::ImageDigest>(),
    register::<resources::Resources>(),
    register::<dns::Dns>(),
    register::<topology_spread::TopologySpread>(),
    register::<placement::Placement>(),
    register::<termination::Termination>(),
    register::<labels::Labels>(),
    register::<expression::ExpressionRule>(),
];

/// A requirement on a pod.
pub trait Rule: fmt::Debug + Send + Sync + Sized + 'static {
    /// What people are told about it.
    const META: Meta;

    /// Whether its fixes need what registries say. They are then made after those of all other rules, on the images
    /// that come of them.
    const ASKS_REGISTRIES: bool = false;

    /// The settings as a policy's author writes them; unknown fields are refused.
    type Settings: DeserializeOwned + JsonSchema;

    /// Turns settings into what is evaluated: globs, sets and quantities are made here, never per pod.
    ///
    /// # Errors
    /// When the settings contradict themselves or each other.
    fn compile(settings: Self::Settings, origin: &Origin<'_>) -> Result<Self, SettingsError>;

    /// Reports what is unmet. A fix must leave the rule silent and the pod valid.
    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>);

    /// Names the images whose digests it needs and `subject.request.digests` does not hold, by normalised reference.
    /// Asked only of a rule that [asks registries](Self::ASKS_REGISTRIES), where its fixes would be made.
    fn images_to_resolve(&self, _subject: &Subject<'_, '_>, _images: &mut BTreeSet<String>) {}

    /// The fields its fixes write, with the values wanted there.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }

    /// What it wants images renamed to.
    fn renamings(&self) -> Vec<Renaming> {
        Vec::new()
    }

    /// Whether it looks at the object behind the pod, which is then kept up to date with every fix.
    fn reads_object(&self) -> bool {
        false
    }
}

/// What people are told about a rule.
#[derive(Debug)]
pub struct Meta {
    /// The name policies use: `imageTag`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What its fix does; none where nothing can be mended.
    pub fix: Option<FixMeta>,
    /// The user's page, generated from the head of the rule's own source file.
    pub page: &'static str,
}

/// What people are told about a rule's fix.
#[derive(Debug)]
pub struct FixMeta {
    /// One line.
    pub summary: &'static str,
    /// Which of the fixes are [`Safe`](crate::finding::Safety::Safe): one line.
    pub safety: &'static str,
}

/// Where settings stand.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name of the policy.
    pub policy: &'a str,
    /// Name of the rule in it.
    pub rule: &'a str,
}

/// Settings that cannot be compiled. The pointer is relative to the settings.
pub type SettingsError = DecodeError;

/// The pod under judgement and what is known around it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'p, 'a> {
    /// The pod.
    pub pod: &'p Pod<'a>,
    /// Its spec.
    pub spec: &'p Spec<'a>,
    /// Its class and system.
    pub workload: Workload,
    /// What the door was asked, with what it knows of the namespace. Its object is as it came in: what rules changed
    /// since stands in `pod`.
    pub request: &'p Attributes<'p>,
    /// Whether the API server runs the admission plugin AlwaysPullImages, where that is known.
    pub always_pull_images: Option<bool>,
    /// What expressions see beside the pod.
    pub setting: &'p Setting<'p>,
}

type Compile = fn(&Value, &Origin<'_>) -> Result<Box<dyn Compiled>, SettingsError>;

/// A rule in the table: its description and the way to make one from settings.
#[derive(Debug)]
pub struct RuleKind {
    /// What people are told about it.
    pub meta: &'static Meta,
    compile: Compile,
    /// The JSON schema of its settings.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl RuleKind {
    /// The rule of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        RULES.iter().find(|kind| kind.meta.name == name)
    }

    /// Compiles settings.
    ///
    /// # Errors
    /// Where they are not what the rule takes.
    pub fn compile(
        &self,
        settings: &Value,
        origin: &Origin<'_>,
    ) -> Result<Box<dyn Compiled>, SettingsError> {
        (self.compile)(settings, origin)
    }
}

/// A compiled rule whose type is no longer known.
pub trait Compiled: fmt::Debug + Send + Sync {
    /// See [`Rule::evaluate`].
    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>);

    /// See [`Rule::ASKS_REGISTRIES`].
    fn asks_registries(&self) -> bool;

    /// See [`Rule::images_to_resolve`].
    fn images_to_resolve(&self, subject: &Subject<'_, '_>, images: &mut BTreeSet<String>);

    /// See [`Rule::claims`].
    fn claims(&self) -> Vec<Claim>;

    /// See [`Rule::renamings`].
    fn renamings(&self) -> Vec<Renaming>;

    /// See [`Rule::reads_object`].
    fn reads_object(&self) -> bool;
}

impl<R: Rule> Compiled for R {
    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        Rule::evaluate(self, subject, violations);
    }

    fn asks_registries(&self) -> bool {
        R::ASKS_REGISTRIES
    }

    fn images_to_resolve(&self, subject: &Subject<'_, '_>, images: &mut BTreeSet<String>) {
        Rule::images_to_resolve(self, subject, images);
    }

    fn claims(&self) -> Vec<Claim> {
        Rule::claims(self)
    }

    fn renamings(&self) -> Vec<Renaming> {
        Rule::renamings(self)
    }

    fn reads_object(&self) -> bool {
        Rule::reads_object(self)
    }
}

const fn register<R: Rule>() -> RuleKind {
    RuleKind {
        meta: &R::META,
        compile: |settings, origin| Ok(Box::new(R::compile(decode(settings)?, origin)?)),
        schema: |generator| generator.subschema_for::<R::Settings>(),
    }
}
