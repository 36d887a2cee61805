//! The flags of a webhook that lives in a cluster.

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use super::webhooks::WebhookArgs;
use crate::cluster::Settings;

/// The name of an installation unless told otherwise: that of the chart.
const DEFAULT_NAME: &str = "plimsoll";
/// Where Linux says what the machine, or the pod, is called.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Flags of a webhook that lives in a cluster.
#[derive(Debug, Args)]
pub(super) struct KubernetesArgs {
    /// Take policies, exemptions and namespaces from the cluster (KUBECONFIG, ~/.kube/config, or the pod's
    /// ServiceAccount), and keep up with them
    #[arg(
        long,
        env = "PLIMSOLL_KUBERNETES",
        value_parser = BoolishValueParser::new(),
        conflicts_with_all = ["policies", "profile", "exemptions"]
    )]
    pub(super) kubernetes: bool,
    /// What the installation is called: the name of its Lease, Service and webhook configurations
    #[arg(
        long,
        env = "PLIMSOLL_NAME",
        value_name = "NAME",
        default_value = DEFAULT_NAME,
        requires = "kubernetes"
    )]
    pub(super) name: String,
    /// What this replica is called among the others; no two may share it [default: the host's name]
    #[arg(long, env = "PLIMSOLL_IDENTITY", value_name = "NAME", requires = "kubernetes")]
    identity: Option<String>,
    /// Whether refused pods are told of as Events on their owners
    #[arg(
        long,
        env = "PLIMSOLL_EVENTS",
        value_enum,
        value_name = "WHETHER",
        default_value_t,
        requires = "kubernetes"
    )]
    events: Switch,
    #[command(flatten)]
    webhooks: WebhookArgs,
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Switch {
    #[default]
    On,
    Off,
}

impl KubernetesArgs {
    /// Finds out what cannot work before anything is begun.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.webhooks.check()
    }

    /// What this replica is called among the others.
    pub(super) fn replica(&self) -> String {
        self.identity.clone().filter(|name| !name.is_empty()).unwrap_or_else(hostname)
    }

    /// Who this replica is, where it lives in a cluster.
    pub(super) fn settings(&self, own_namespace: &str) -> Option<Settings> {
        self.kubernetes.then(|| Settings {
            name: self.name.clone(),
            own_namespace: own_namespace.to_owned(),
            identity: self.replica(),
            events: self.events == Switch::On,
            webhooks: self.webhooks.settings(),
        })
    }
}

/// The host's name; in a pod, the pod's. A number where there is none: it only has to differ from the others.
fn hostname() -> String {
    let named = std::fs::read_to_string(HOSTNAME).ok();
    let named = named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    named.unwrap_or_else(|| format!("plimsoll-{}", std::process::id()))
}
