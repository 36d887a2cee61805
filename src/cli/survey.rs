//! What `audit` and `replay` have in common: what judges pods, and how the result is told.

mod telling;

use std::sync::Arc;

use clap::Args;
use clap::builder::FalseyValueParser;

pub(super) use telling::{Surveyed, TellingArgs};

use super::{Common, DefaultMode, Outcome, PolicyArgs};
use crate::engine::Engine;
use crate::policy::{ExemptionSet, PolicySet};

/// Flags of `audit` and `replay`.
#[derive(Debug, Args)]
pub(super) struct SurveyArgs {
    #[command(flatten)]
    policies: PolicyArgs,
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
}

impl SurveyArgs {
    /// The engine asked for; where policies are wrong, none, and the user was told why.
    ///
    /// # Errors
    /// When the result could not be written anyway: two formats go to one place.
    pub(super) fn engine(&self, common: &Common) -> anyhow::Result<Option<Engine>> {
        self.telling.check()?;
        let Some(loaded) = self.policies.load(common)? else { return Ok(None) };
        Ok(Some(self.engine_of(loaded.policies, loaded.exemptions, common)))
    }

    /// An engine over policies that come from elsewhere.
    pub(super) fn engine_of(
        &self,
        policies: PolicySet,
        exemptions: ExemptionSet,
        common: &Common,
    ) -> Engine {
        Engine::new(Arc::new(policies))
            .with_exemptions(Arc::new(exemptions))
            .with_default_mode(self.default_mode.into())
            .with_always_pull_images(common.settings.always_pull_images())
            .in_namespace(&self.own_namespace)
    }

    /// Tells what was found, and how the run ends.
    pub(super) fn finish(&self, surveyed: &Surveyed, common: &Common) -> anyhow::Result<Outcome> {
        self.telling.finish(surveyed, common)
    }
}
