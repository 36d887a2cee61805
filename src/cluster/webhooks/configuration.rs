//! The webhook configurations of an installation: their names and what all of them share.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::{Value, json};

/// The namespace of the control plane, which no webhook may ever hold up.
const CONTROL_PLANE: &str = "kube-system";
/// When, who and why, on a configuration: `2026-11-21T17:04:05Z alice: node pool is stuck`. While it is there, no server
/// touches the configuration.
pub const EMERGENCY_OFF: &str = "plimsoll.dev/emergency-off";
/// The webhooks as they were before, as JSON, so that they come back without a server.
pub const EMERGENCY_BEFORE: &str = "plimsoll.dev/emergency-off-webhooks";
/// The port of the Service.
pub(super) const SERVICE_PORT: u16 = 443;

/// One of the configurations that Plimsoll fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Configuration {
    /// Pods are patched.
    Mutate,
    /// Pods and templates are judged.
    Validate,
    /// Policies and exemptions are checked.
    Policies,
}

impl Configuration {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mutate, Self::Validate, Self::Policies];

    /// Its place in [`Configuration::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The kind of the object.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Mutate => "MutatingWebhookConfiguration",
            Self::Validate | Self::Policies => "ValidatingWebhookConfiguration",
        }
    }

    /// The resource, as rights and commands name it.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Mutate => "mutatingwebhookconfigurations",
            Self::Validate | Self::Policies => "validatingwebhookconfigurations",
        }
    }

    /// The name of the object in an installation.
    pub fn object_name(self, installation: &str) -> String {
        match self {
            Self::Mutate | Self::Validate => installation.to_owned(),
            Self::Policies => format!("{installation}-policies"),
        }
    }

    /// The name of the one webhook in it.
    pub const fn webhook(self) -> &'static str {
        match self {
            Self::Mutate => "mutate.plimsoll.dev",
            Self::Validate => "validate.plimsoll.dev",
            Self::Policies => "policies.plimsoll.dev",
        }
    }

    /// The path that the webhook is called at.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Mutate => "/mutate",
            Self::Validate => "/validate",
            Self::Policies => "/validate-policies",
        }
    }

    /// The name in metrics and logs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Mutate => "mutate",
            Self::Validate => "validate",
            Self::Policies => "policies",
        }
    }
}

/// What the API server does with a request when a webhook does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// It goes on without.
    #[default]
    Ignore,
    /// It refuses the request.
    Fail,
}

impl FailurePolicy {
    /// As the API names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "Ignore",
            Self::Fail => "Fail",
        }
    }
}

impl FromStr for FailurePolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "Ignore" => Ok(Self::Ignore),
            "Fail" => Ok(Self::Fail),
            _ => Err("it is Ignore or Fail".to_owned()),
        }
    }
}

/// What webhook configurations say beside the policies, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// For pods (`--failure-policy`).
    pub failure_policy: FailurePolicy,
    /// How long API servers wait (`--webhook-timeout`).
    pub timeout_seconds: u8,
    /// Beside those that always are (`--exclude-namespaces`).
    pub excluded_namespaces: BTreeSet<String>,
    /// What API servers are to trust where certificates are files (`--tls-ca`).
    pub tls_ca: Option<PathBuf>,
}

/// What the webhook configurations of an installation have in common.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name of the installation, and of its Service.
    pub name: String,
    /// Namespace of the installation: its pods are never judged, so that it can be repaired.
    pub namespace: String,
    /// For pods. Policies are always taken when nobody answers.
    pub failure_policy: FailurePolicy,
    /// How long the API server waits for an answer.
    pub timeout_seconds: u8,
    /// Namespaces whose pods are never judged, beside those of the control plane and of the installation.
    pub excluded_namespaces: BTreeSet<String>,
}

impl Settings {
    /// How long API servers wait unless told otherwise.
    pub const DEFAULT_TIMEOUT_SECONDS: u8 = 3;
}

impl Target {
    /// Of an installation, as it is asked for.
    pub fn new(name: &str, namespace: &str, settings: &Settings) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            failure_policy: settings.failure_policy,
            timeout_seconds: settings.timeout_seconds,
            excluded_namespaces: settings.excluded_namespaces.clone(),
        }
    }

    /// Namespaces whose pods are never judged.
    pub fn left_out(&self) -> BTreeSet<String> {
        let always = [CONTROL_PLANE, &self.namespace].map(str::to_owned);
        self.excluded_namespaces.iter().cloned().chain(always).collect()
    }

    /// The name that certificates are made for.
    pub fn server_name(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }

    pub(super) fn client_config(&self, configuration: Configuration, ca_bundle: &str) -> Value {
        json!({
            "service": {
                "namespace": self.namespace,
                "name": self.name,
                "path": configuration.path(),
                "port": SERVICE_PORT,
            },
            "caBundle": ca_bundle,
        })
    }
}
