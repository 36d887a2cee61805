//! What `audit` and `replay` have in common: what judges pods, and how the result is told.

mod telling;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use clap::builder::FalseyValueParser;

pub(super) use telling::{Surveyed, TellingArgs};

use super::{Common, DefaultMode, Outcome, PolicyArgs, maybe_path, now};
use crate::engine::Engine;

/// Flags of `audit` and `replay`.
#[derive(Debug, Args)]
pub(super) struct SurveyArgs {
    #[command(flatten)]
    policies: PolicyArgs,
    /// Judge by the policies NEW, and tell what would change from the policies OLD: files, folders or names of
    /// built-in profiles. Exit with 1 when something reaches the line of --fail-on that did not
    #[arg(
        long,
        num_args = 2,
        value_names = ["OLD", "NEW"],
        value_parser = maybe_path(),
        conflicts_with_all = ["policies", "profile"]
    )]
    compare: Vec<PathBuf>,
    /// The namespace Plimsoll is installed in: nothing there is judged
    #[arg(
        long,
        env = "PLIMSOLL_OWN_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = Engine::DEFAULT_NAMESPACE
    )]
    own_namespace: String,
    /// The mode of namespaces that have no label plimsoll.dev/mode, or whose labels are not known
    #[arg(long, env = "PLIMSOLL_DEFAULT_MODE", value_enum, default_value_t, value_name = "MODE")]
    default_mode: DefaultMode,
    /// Say what enforcing would do to the cluster: requests, quotas, DNS, image pulls, hot nodes
    #[arg(long, env = "PLIMSOLL_FORECAST", value_parser = FalseyValueParser::new())]
    pub(super) forecast: bool,
    #[command(flatten)]
    pub(super) telling: TellingArgs,
    /// What pods were judged by, once that is known.
    #[arg(skip)]
    judged_by: Mutex<Vec<String>>,
}

impl SurveyArgs {
    /// The engine asked for, the later one where two are compared; where policies are wrong, none, and the user was
    /// told why.
    ///
    /// # Errors
    /// When the result could not be written anyway: two formats go to one place.
    pub(super) fn engine(&self, common: &Common) -> anyhow::Result<Option<Engine>> {
        self.telling.check()?;
        let policies = match &*self.compare {
            [_, new] => self.policies.instead(new),
            _ => self.policies.clone(),
        };
        self.engine_of(&policies, common)
    }

    /// The engine to compare with, where one is asked for. To be asked for after the other.
    pub(super) fn engine_before(&self, common: &Common) -> anyhow::Result<Option<Option<Engine>>> {
        let [old, _] = &*self.compare else { return Ok(Some(None)) };
        Ok(self.engine_of(&self.policies.instead(old), common)?.map(Some))
    }

    fn engine_of(&self, policies: &PolicyArgs, common: &Common) -> anyhow::Result<Option<Engine>> {
        let Some(loaded) = policies.load(common)? else { return Ok(None) };
        let always_pull_images = common.settings.always_pull_images();
        let settings = (&self.own_namespace, self.default_mode, always_pull_images);
        let digest = format!("{} {settings:?}", loaded.digest);
        let mut judged_by = self.judged_by.lock().unwrap_or_else(PoisonError::into_inner);
        judged_by.push(digest);
        let engine = Engine::new(Arc::new(loaded.policies))
            .with_exemptions(Arc::new(loaded.exemptions))
            .with_default_mode(self.default_mode.into())
            .with_always_pull_images(always_pull_images)
            .in_namespace(&self.own_namespace);
        Ok(Some(engine))
    }

    /// Tells what was found, and how the run ends.
    pub(super) fn finish(&self, surveyed: &Surveyed, common: &Common) -> anyhow::Result<Outcome> {
        let judged_by = self.judged_by.lock().unwrap_or_else(PoisonError::into_inner).join("; ");
        self.telling.finish(surveyed, (&judged_by, now()), common)
    }
}
