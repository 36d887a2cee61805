//! How charts and kustomizations are rendered: flags of `check`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::rendering::{DEFAULT_LIMIT, Settings};

/// The heading of these flags in the help.
const HEADING: &str = "Charts and kustomizations";

/// The tools, and what they are told.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct RenderingArgs {
    /// Whether folders with a Chart.yaml or a kustomization.yaml are rendered, or read as plain files
    #[arg(long, env = "PLIMSOLL_RENDER", value_enum, default_value_t, value_name = "WHEN")]
    render: When,
    /// The program helm; absent: the one on the PATH
    #[arg(long, env = "PLIMSOLL_HELM", value_name = "PATH")]
    helm: Option<PathBuf>,
    /// Values for the charts, a file as for helm's --values, repeatable
    #[arg(long, env = "PLIMSOLL_HELM_VALUES", value_name = "FILE", value_delimiter = ',')]
    helm_values: Vec<PathBuf>,
    /// A value for the charts, as for helm's --set, repeatable
    #[arg(long, env = "PLIMSOLL_HELM_SET", value_name = "KEY=VALUE")]
    helm_set: Vec<String>,
    /// Another argument for `helm template`, repeatable: --helm-arg=--api-versions=monitoring.coreos.com/v1
    #[arg(long, env = "PLIMSOLL_HELM_ARG", value_name = "ARG", allow_hyphen_values = true)]
    helm_arg: Vec<String>,
    /// The name of the release; absent: the name of the chart
    #[arg(long, env = "PLIMSOLL_RELEASE_NAME", value_name = "NAME")]
    release_name: Option<String>,
    /// The version of Kubernetes that charts are rendered for; absent: the one that helm was built with
    #[arg(long, env = "PLIMSOLL_KUBE_VERSION", value_name = "VERSION")]
    kube_version: Option<String>,
    /// The program kustomize or kubectl; absent: the first of the two on the PATH
    #[arg(long, env = "PLIMSOLL_KUSTOMIZE", value_name = "PATH")]
    kustomize: Option<PathBuf>,
    /// Another argument for `kustomize build`, repeatable: --kustomize-arg=--enable-helm
    #[arg(long, env = "PLIMSOLL_KUSTOMIZE_ARG", value_name = "ARG", allow_hyphen_values = true)]
    kustomize_arg: Vec<String>,
    /// How long helm or kustomize may take for one folder, in seconds
    #[arg(
        long,
        env = "PLIMSOLL_RENDER_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = DEFAULT_LIMIT.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    render_timeout: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum When {
    /// Rendered with helm, and with kustomize or kubectl
    #[default]
    Auto,
    /// Read like any other folder
    Never,
}

impl RenderingArgs {
    /// What the flags ask for; releases are in `namespace`.
    pub(super) fn settings(&self, namespace: &str) -> Arc<Settings> {
        Arc::new(Settings {
            enabled: self.render == When::Auto,
            helm: self.helm.clone(),
            kustomize: self.kustomize.clone(),
            values: self.helm_values.clone(),
            sets: self.helm_set.clone(),
            helm_args: self.helm_arg.clone(),
            kustomize_args: self.kustomize_arg.clone(),
            kube_version: self.kube_version.clone(),
            release: self.release_name.clone(),
            namespace: namespace.to_owned(),
            limit: Duration::from_secs(self.render_timeout),
        })
    }
}
