//! What judges manifests: the flags that `check` and `fix` share.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{Common, DefaultMode, PolicyArgs};
use crate::check::DEFAULT_NAMESPACE;
use crate::engine::Engine;
use crate::policy::Action;

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
}

impl JudgingArgs {
    /// The engine asked for; where policies are wrong, none, and the user was told why.
    pub(super) fn engine(&self, common: &Common) -> anyhow::Result<Option<Engine>> {
        let Some(loaded) = self.policies.load(common)? else { return Ok(None) };
        let engine = Engine::new(Arc::new(loaded.policies))
            .with_exemptions(Arc::new(loaded.exemptions))
            .with_default_mode(self.default_mode.into())
            .in_namespace(&self.own_namespace);
        Ok(Some(engine))
    }
}
