//! `plimsoll doctor`: what is wrong with an installation, and how it is mended.

use std::io::Write;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::choice::ClusterArgs;
use super::{Common, Outcome};
use crate::cluster::client;
use crate::cluster::doctor::{Diagnosis, Level, examine, gather};
use crate::engine::Engine;

/// Flags of `plimsoll doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Name of the installation
    #[arg(long, env = "PLIMSOLL_NAME", value_name = "NAME", default_value = "plimsoll")]
    name: String,
    /// Namespace of the installation
    #[arg(
        long,
        short,
        env = "PLIMSOLL_OWN_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = Engine::DEFAULT_NAMESPACE
    )]
    namespace: String,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

pub(super) fn run(args: &DoctorArgs, _common: &Common) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let facts = runtime.block_on(async {
        let client = client::connect_to(&args.cluster.choice()).await?;
        anyhow::Ok(gather(&client, &args.name, &args.namespace).await)
    })?;
    if let Err(error) = &facts.server_version {
        return Err(anyhow!("{error}"));
    }
    let all = examine(&facts);
    let mut stdout = std::io::stdout().lock();
    match args.format {
        Format::Text => text(&mut stdout, &all)?,
        Format::Json => {
            let worst = all.iter().map(|one| one.level).max().unwrap_or(Level::Ok);
            let report = json!({"version": 1, "level": worst, "checks": all});
            writeln!(stdout, "{}", serde_json::to_string_pretty(&report)?)?;
        }
    }
    let failed = all.iter().any(|one| one.level >= Level::Warn);
    Ok(if failed { Outcome::Findings } else { Outcome::Clean })
}

fn text(out: &mut impl Write, all: &[Diagnosis]) -> std::io::Result<()> {
    for Diagnosis { check, level, message, fix } in all {
        writeln!(out, "{:7} {check}: {message}", level.name())?;
        if let Some(fix) = fix {
            writeln!(out, "        -> {fix}")?;
        }
    }
    let count = |level| all.iter().filter(|one| one.level == level).count();
    writeln!(
        out,
        "{} ok, {} to look after, {} wrong, {} unknown",
        count(Level::Ok),
        count(Level::Warn),
        count(Level::Fail),
        count(Level::Unknown)
    )
}
