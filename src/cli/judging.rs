//! What judges manifests: the flags that `check` and `fix` share.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{Common, DefaultMode, PolicyArgs, maybe_path, output};
use crate::check::DEFAULT_NAMESPACE;
use crate::config;
use crate::engine::{Engine, Namespaces};
use crate::policy::{Action, CompiledPolicy};
use crate::report::Report;

/// The gravity from which on a finding fails the run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    Deny,
    Warn,
    Patch,
    Audit,
}

impl From<FailOn> for Action {
    fn from(line: FailOn) -> Self {
        match line {
            FailOn::Deny => Self::Deny,
            FailOn::Warn => Self::Warn,
            FailOn::Patch => Self::Patch,
            FailOn::Audit => Self::Audit,
        }
    }
}

/// The policies, and what is taken to hold around the manifests.
#[derive(Debug, Args)]
pub(super) struct JudgingArgs {
    #[command(flatten)]
    policies: PolicyArgs,
    /// The namespace of objects that name none
    #[arg(long, short, env = "PLIMSOLL_NAMESPACE", default_value = DEFAULT_NAMESPACE)]
    pub(super) namespace: String,
    /// The namespace Plimsoll is installed in: nothing there is judged
    #[arg(
        long,
        env = "PLIMSOLL_OWN_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = Engine::DEFAULT_NAMESPACE
    )]
    own_namespace: String,
    /// The mode of namespaces that are not among the manifests, or have no label plimsoll.dev/mode
    #[arg(long, env = "PLIMSOLL_DEFAULT_MODE", value_enum, default_value_t, value_name = "MODE")]
    default_mode: DefaultMode,
    /// Namespaces and LimitRanges of the cluster, as `kubectl get namespaces,limitranges -A -o yaml` prints them
    #[arg(long, env = "PLIMSOLL_CLUSTER", value_name = "FILE", value_parser = maybe_path())]
    cluster: Option<PathBuf>,
}

impl JudgingArgs {
    /// The policies in force that the user named, and that a run found to be about none of its pods. Nobody can tell
    /// that of policies that ask for labels of a namespace which are not known; and that a built-in policy is about
    /// other pods is nothing odd.
    pub(super) fn unmatched<'e>(
        &self,
        engine: &'e Engine,
        report: &Report,
    ) -> Vec<&'e CompiledPolicy> {
        if !self.policies.are_named() || report.summary.pods == 0 {
            return Vec::new();
        }
        let policies = engine.policies().policies().iter().map(Arc::as_ref).enumerate();
        policies
            .filter(|(at, policy)| {
                !report.about.contains(*at) && !report.undecided.contains_key(&policy.name)
            })
            .map(|(_, policy)| policy)
            .collect()
    }

    /// The engine asked for; where policies are wrong, none, and the user was told why.
    pub(super) fn engine(&self, common: &Common) -> anyhow::Result<Option<Engine>> {
        let Some(loaded) = self.policies.load(common)? else { return Ok(None) };
        let engine = Engine::new(Arc::new(loaded.policies))
            .with_exemptions(Arc::new(loaded.exemptions))
            .with_default_mode(self.default_mode.into())
            .with_always_pull_images(common.settings.always_pull_images())
            .in_namespace(&self.own_namespace);
        Ok(Some(engine))
    }

    /// What is known of namespaces before any manifest is read; where that is wrong, none, and the user was told why.
    pub(super) fn known(&self, common: &Common) -> Option<Namespaces> {
        let named = self.cluster.as_deref().filter(|file| !file.as_os_str().is_empty());
        let of_file = named.map_or_else(|| Ok(Namespaces::default()), config::snapshot);
        let told = common.settings.namespaces();
        match (of_file, told) {
            (Ok(of_file), Ok(told)) => Some(of_file.and(told)),
            (of_file, told) => {
                let errors = [of_file, told].into_iter().filter_map(Result::err).flatten();
                output::errors(errors.collect(), common.color);
                output::say(format_args!(
                    "what is known of the cluster is wrong; nothing was done"
                ));
                None
            }
        }
    }
}
