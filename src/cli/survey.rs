//! What `audit` and `replay` have in common: what judges pods, and how the result is told.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::format::write_file;
use super::judging::FailOn;
use super::{Common, DefaultMode, Outcome, PolicyArgs, maybe_path, now};
use crate::engine::Engine;
use crate::forecast::{self, Assumptions, Surroundings};
use crate::report::survey::{Cost, Overview, json, partial};
use crate::survey::Survey;

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
    #[command(flatten)]
    pub(super) telling: TellingArgs,
    /// Say what enforcing would do to the cluster: requests, quotas, DNS, image pulls, hot nodes
    #[arg(long, env = "PLIMSOLL_FORECAST", value_parser = FalseyValueParser::new())]
    pub(super) forecast: bool,
    /// Only the findings, no summary and no progress
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    pub(super) quiet: bool,
    /// What pods were judged by, once that is known.
    #[arg(skip)]
    judged_by: Mutex<Vec<String>>,
}

/// Flags of every command that tells what was found in many pods.
#[derive(Debug, Args)]
pub(super) struct TellingArgs {
    /// Exit with 1 when something is found that is at least this grave
    #[arg(
        long,
        env = "PLIMSOLL_FAIL_ON",
        value_enum,
        default_value = "deny",
        value_name = "ACTION"
    )]
    fail_on: FailOn,
    /// Write the result to FILE, to be added up with others by `plimsoll report --merge`; nothing else is told
    #[arg(long, env = "PLIMSOLL_PARTIAL", value_name = "FILE", value_parser = maybe_path())]
    partial: Option<PathBuf>,
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
    /// The engine asked for, the later one where two are compared; where policies are wrong, none, and the user was
    /// told why.
    pub(super) fn engine(&self, common: &Common) -> anyhow::Result<Option<Engine>> {
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
        self.telling.tell(surveyed, (&judged_by, now()), common)
    }
}

impl TellingArgs {
    /// The file that is to be added up with others.
    pub(super) fn partial(&self) -> Option<&Path> {
        self.partial.as_deref().filter(|file| !file.as_os_str().is_empty())
    }

    /// Tells what was found in pods that were judged by what has this digest, and when; and how the run ends.
    pub(super) fn tell(
        &self,
        surveyed: &Surveyed,
        (judged_by, at): (&str, i64),
        _common: &Common,
    ) -> anyhow::Result<Outcome> {
        let Surveyed { source, survey, surroundings, cost } = surveyed;
        let forecast = survey.observations.as_ref().map(|observations| {
            forecast::forecast(&survey.tally, observations, surroundings, &Assumptions::default())
        });
        let overview = Overview {
            source,
            at,
            survey,
            forecast: forecast.as_ref(),
            cost: *cost,
            fail_on: Some(self.fail_on.into()),
        };
        if let Some(file) = self.partial() {
            let write =
                |out: &mut dyn Write| partial::write(&overview, judged_by, surroundings, out);
            write_file(file, write)?;
            // What is wrong is told, and is the outcome, where all parts are added up. A part that is written is done:
            // a Job would only make it again.
            return Ok(Outcome::Clean);
        }
        let mut stdout = io::stdout().lock();
        json::write(&overview, &mut stdout)?;
        stdout.flush()?;
        Ok(if !survey.problems.is_empty() {
            Outcome::Broken
        } else if overview.fails() {
            Outcome::Findings
        } else {
            Outcome::Clean
        })
    }
}
