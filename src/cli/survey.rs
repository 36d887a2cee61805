//! What `audit` and `replay` have in common: what judges pods, and how the result is told.

use std::io::{self, Write};
use std::sync::Arc;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::judging::FailOn;
use super::{Common, DefaultMode, Outcome, PolicyArgs, now, output};
use crate::engine::Engine;
use crate::forecast::{self, Assumptions, Surroundings};
use crate::policy::{ExemptionSet, PolicySet};
use crate::report::survey::{Cost, Overview, json};
use crate::survey::Survey;

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
    /// Exit with 1 when something is found that is at least this grave
    #[arg(
        long,
        env = "PLIMSOLL_FAIL_ON",
        value_enum,
        default_value = "deny",
        value_name = "ACTION"
    )]
    fail_on: FailOn,
    /// Say what enforcing would do to the cluster: requests, quotas, DNS, image pulls, hot nodes
    #[arg(long, env = "PLIMSOLL_FORECAST", value_parser = FalseyValueParser::new())]
    pub(super) forecast: bool,
    /// Only the findings, no summary and no progress
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    pub(super) quiet: bool,
}

/// What an audit or a replay came to.
#[derive(Debug)]
pub(super) struct Surveyed {
    /// What was looked at.
    pub(super) source: String,
    /// What was found.
    pub(super) survey: Survey,
    /// What is known of the cluster around it, for forecasts.
    pub(super) surroundings: Surroundings,
    /// What it cost the API server, where one was asked.
    pub(super) cost: Option<Cost>,
}

impl SurveyArgs {
    /// The engine asked for; where policies are wrong, none, and the user was told why.
    pub(super) fn engine(&self, common: &Common) -> anyhow::Result<Option<Engine>> {
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
    pub(super) fn finish(&self, surveyed: &Surveyed, _common: &Common) -> anyhow::Result<Outcome> {
        let Surveyed { source, survey, surroundings, cost } = surveyed;
        let forecast = survey.observations.as_ref().map(|observations| {
            forecast::forecast(&survey.tally, observations, surroundings, &Assumptions::default())
        });
        let overview = Overview {
            source,
            at: now(),
            survey,
            forecast: forecast.as_ref(),
            cost: *cost,
            fail_on: Some(self.fail_on.into()),
        };
        let mut stdout = io::stdout().lock();
        json::write(&overview, &mut stdout)?;
        stdout.flush()?;
        if !self.quiet {
            for (note, _) in survey.notes.iter() {
                let help = note.help.as_deref().map(|help| format!("; {help}"));
                let help = help.unwrap_or_default();
                output::say(format_args!("note: {}: {}{help}", note.source, note.message));
            }
        }
        Ok(if !survey.problems.is_empty() {
            Outcome::Broken
        } else if overview.fails() {
            Outcome::Findings
        } else {
            Outcome::Clean
        })
    }
}
