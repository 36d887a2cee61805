//! `plimsoll schema`: JSON Schema of what people write, for editors.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::format::Format;
use crate::report::survey;
use crate::suite::document::PolicyTest;
use crate::{config, crd};

/// Flags of `plimsoll schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The kind of file
    kind: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A PodPolicy
    Policy,
    /// A PodPolicyExemption
    Exemption,
    /// A PolicyTest, a suite for `plimsoll test`
    Test,
    /// The configuration file plimsoll.yaml
    Config,
    /// What `audit` and `replay` write with `--format json`
    Survey,
}

pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<Outcome> {
    let schema = match args.kind {
        Kind::Policy => crd::policy_schema(),
        Kind::Exemption => crd::exemption_schema(),
        Kind::Test => crd::plain_schema_of::<PolicyTest>(
            "PolicyTest",
            "Tests of policies: pods and reviews, and what Plimsoll has to say of each.",
        ),
        Kind::Config => {
            let formats: Vec<_> = Format::value_variants()
                .iter()
                .filter_map(|format| format.to_possible_value())
                .map(|value| value.get_name().to_owned())
                .collect();
            config::schema(&formats.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Kind::Survey => survey::json::schema(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string_pretty(&schema)?)?;
    Ok(Outcome::Clean)
}
