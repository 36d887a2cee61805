//! `plimsoll manifests`: what the chart installs, as plain YAML.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::Outcome;
use crate::cluster::names::is_label;
use crate::policy_source::{DEFAULT_PROFILE, EMBEDDED, profiles};

/// The chart as Helm renders it, with `{{name}}` and the like where flags say what goes there.
const INSTALL: &str = include_str!("manifests/install.yaml");

/// The CronJob that audits, with its account and rights, likewise.
const AUDIT: &str = include_str!("manifests/audit.yaml");
/// What a name may have, so that `NAME-audit` has the 52 characters of a CronJob's at most.
const MOST_OF_AN_AUDITED_NAME: usize = 46;

const CRDS: [&str; 2] = [
    include_str!("../../charts/plimsoll/crds/podpolicies.yaml"),
    include_str!("../../charts/plimsoll/crds/podpolicyexemptions.yaml"),
];

/// The profile that holds no policy.
const NONE: &str = "none";

/// Flags of `plimsoll manifests`.
#[derive(Debug, Args)]
pub(super) struct ManifestsArgs {
    /// The namespace to install into; it is among the manifests
    #[arg(long, value_name = "NAMESPACE", default_value = "plimsoll-system", value_parser = dns_label)]
    namespace: String,
    /// The name of the objects
    #[arg(long, value_name = "NAME", default_value = "plimsoll", value_parser = dns_label)]
    name: String,
    /// The image to run
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = concat!("ghcr.io/plimsoll/plimsoll:", env!("CARGO_PKG_VERSION")),
        value_parser = image
    )]
    image: String,
    /// Which of the built-in policies to bring
    #[arg(long, default_value = DEFAULT_PROFILE, value_parser = profiles_and_none())]
    profile: String,
    /// What the API server does when no replica answers: let pods pass unjudged, or refuse them
    #[arg(long, value_enum, default_value_t, value_name = "POLICY")]
    failure_policy: FailurePolicy,
    /// A CronJob that audits the cluster every night, with rights of its own, too
    #[arg(long, conflicts_with = "crds_only")]
    audit: bool,
    /// The CustomResourceDefinitions too. Deleting these deletes every policy in the cluster
    #[arg(long)]
    include_crds: bool,
    /// Only the CustomResourceDefinitions
    #[arg(long, conflicts_with = "include_crds")]
    crds_only: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
#[value(rename_all = "PascalCase")]
enum FailurePolicy {
    #[default]
    Ignore,
    Fail,
}

impl FailurePolicy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "Ignore",
            Self::Fail => "Fail",
        }
    }
}

fn profiles_and_none() -> Vec<&'static str> {
    let mut all = profiles();
    all.push(NONE);
    all
}

/// These go into YAML as they are, so nothing may be in them that means something there.
fn dns_label(text: &str) -> Result<String, String> {
    if is_label(text) {
        return Ok(text.to_owned());
    }
    Err("lower-case letters, digits and dashes between them, at most 63".to_owned())
}

fn image(text: &str) -> Result<String, String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(known) {
        return Ok(text.to_owned());
    }
    Err("not an image: write registry.example.com/plimsoll:0.1.0, or with @sha256:…".to_owned())
}

pub(super) fn run(args: &ManifestsArgs) -> anyhow::Result<Outcome> {
    if args.audit && args.name.len() > MOST_OF_AN_AUDITED_NAME {
        anyhow::bail!(
            "--name: a CronJob's name ends early, so with --audit it has at most \
             {MOST_OF_AN_AUDITED_NAME} characters; choose a shorter one"
        );
    }
    let mut documents = Vec::new();
    if args.crds_only || args.include_crds {
        documents.extend(CRDS.map(str::to_owned));
    }
    if !args.crds_only {
        let values = [
            ("{{name}}", &*args.name),
            ("{{namespace}}", &*args.namespace),
            ("{{image}}", &*args.image),
            ("{{failurePolicy}}", args.failure_policy.as_str()),
        ];
        let fill = |text: String, (mark, value): (&str, &str)| text.replace(mark, value);
        documents.push(values.into_iter().fold(INSTALL.to_owned(), fill));
        if args.audit {
            documents.push(values.into_iter().fold(AUDIT.to_owned(), fill));
        }
        let policies = EMBEDDED.iter().filter(|file| file.profile == args.profile);
        documents.extend(policies.map(|file| file.portable().to_owned()));
    }
    let mut out = std::io::stdout().lock();
    out.write_all(documents.join("---\n").as_bytes())?;
    out.flush()?;
    Ok(Outcome::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_yaml_is_harmless() {
        for wrong in ["", "-a", "a-", "A", "a.b", "a b", "a\nb", "{{name}}", &"a".repeat(64)] {
            assert!(dns_label(wrong).is_err(), "{wrong}");
        }
        assert!(dns_label("plimsoll-2").is_ok());
        for wrong in ["", "a b", "a\"", "a\nb", "{{name}}", "-a"] {
            assert!(image(wrong).is_err(), "{wrong}");
        }
        assert!(image("registry.example.com:5000/a_b/c:1.0-x@sha256:0123").is_ok());
    }
}
