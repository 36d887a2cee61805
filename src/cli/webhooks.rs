//! The flags of a webhook that keeps its own webhook configurations.

use std::path::PathBuf;

use clap::Args;

use crate::cluster::webhooks::{FailurePolicy, Settings, ca_file};
use crate::label;

/// The longest that API servers wait for any webhook.
const MOST_SECONDS: i64 = 30;

/// Flags of a webhook that keeps its own webhook configurations.
#[derive(Debug, Args)]
pub(super) struct WebhookArgs {
    /// What the API server does with a pod when Plimsoll does not answer: Ignore or Fail
    #[arg(
        long,
        env = "PLIMSOLL_FAILURE_POLICY",
        value_name = "POLICY",
        default_value = FailurePolicy::Ignore.as_str(),
        requires = "kubernetes"
    )]
    failure_policy: FailurePolicy,
    /// How many seconds the API server waits for an answer
    #[arg(
        long,
        env = "PLIMSOLL_WEBHOOK_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = Settings::DEFAULT_TIMEOUT_SECONDS,
        value_parser = clap::value_parser!(u8).range(1..=MOST_SECONDS),
        requires = "kubernetes"
    )]
    webhook_timeout: u8,
    /// Namespaces whose pods are never sent here, beside kube-system and Plimsoll's own
    #[arg(
        long,
        env = "PLIMSOLL_EXCLUDE_NAMESPACES",
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = namespace,
        requires = "kubernetes"
    )]
    exclude_namespaces: Vec<String>,
    /// The CA that signed --tls-cert as PEM, for the webhook configurations; read again when it changes. Absent: the
    /// configurations are left alone
    #[arg(
        long,
        env = "PLIMSOLL_TLS_CA",
        value_name = "FILE",
        requires_all = ["kubernetes", "tls_cert"]
    )]
    tls_ca: Option<PathBuf>,
}

impl WebhookArgs {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if let Some(path) = &self.tls_ca {
            ca_file::read(path)?;
        }
        Ok(())
    }

    pub(super) fn settings(&self) -> Settings {
        // A chart or a script may set the variable to nothing.
        let names = self.exclude_namespaces.iter().filter(|name| !name.is_empty());
        Settings {
            failure_policy: self.failure_policy,
            timeout_seconds: self.webhook_timeout,
            excluded_namespaces: names.cloned().collect(),
            tls_ca: self.tls_ca.clone(),
        }
    }
}

/// The name of a namespace, as a selector can hold it.
fn namespace(text: &str) -> Result<String, String> {
    let name = text.trim();
    label::validate_value(name).map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}
