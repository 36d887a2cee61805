//! `plimsoll emergency-off` and `emergency-on`: what to do when webhooks must not matter.

use std::io::{IsTerminal, Write};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use super::{Outcome, output};
use crate::cluster::client;
use crate::cluster::webhooks::emergency::{self, Done, Mode, Switch};

/// Flags of `plimsoll emergency-off`.
#[derive(Debug, Args)]
pub(super) struct OffArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// How far: the API server goes on without webhooks that do not answer, or does not ask them
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    mode: OffMode,
    /// Why; kept on the configurations and in an Event
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Flags of `plimsoll emergency-on`.
#[derive(Debug, Args)]
pub(super) struct OnArgs {
    #[command(flatten)]
    which: WhichArgs,
}

#[derive(Debug, Args)]
struct WhichArgs {
    /// Name of the installation; absent: whatever carries the label app.kubernetes.io/name=plimsoll
    #[arg(long, env = "PLIMSOLL_NAME", value_name = "NAME")]
    name: Option<String>,
    /// Do not ask, on a terminal either
    #[arg(long)]
    yes: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OffMode {
    /// Webhooks are asked still, and denials count; one that does not answer holds nothing up
    Ignore,
    /// Webhooks are not asked
    #[default]
    Remove,
}

pub(super) fn off(args: &OffArgs) -> anyhow::Result<Outcome> {
    let mode = match args.mode {
        OffMode::Ignore => Mode::Ignore,
        OffMode::Remove => Mode::Remove,
    };
    run(&args.which, Some((mode, args.reason.as_deref())))
}

pub(super) fn on(args: &OnArgs) -> anyhow::Result<Outcome> {
    run(&args.which, None)
}

fn run(which: &WhichArgs, off: Option<(Mode, Option<&str>)>) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(work(which, off))
}

async fn work(which: &WhichArgs, off: Option<(Mode, Option<&str>)>) -> anyhow::Result<Outcome> {
    let client = client::connect().await?;
    let name = which.name.as_deref().filter(|name| !name.is_empty());
    let found = emergency::find(&client, name).await.map_err(|error| anyhow!(error))?;
    if found.is_empty() {
        let by = name.map_or_else(
            || {
                "with the label app.kubernetes.io/name=plimsoll; name the installation with --name"
                    .to_owned()
            },
            |name| format!("called {name}; leave --name out to find it by its label"),
        );
        return Err(anyhow!("there is no webhook configuration {by}"));
    }
    let names: Vec<String> = found.iter().map(emergency::Found::name).collect();
    let verb = if off.is_some() { "off" } else { "on" };
    if !which.dry_run && !which.yes && !agreed(verb, &names)? {
        output::say(format_args!("nothing was done"));
        return Ok(Outcome::Clean);
    }
    let switch = match off {
        Some((mode, reason)) => {
            Switch::Off { mode, record: emergency::record(&client, reason).await }
        }
        None => Switch::On,
    };
    let mut done = Vec::new();
    let mut failed = false;
    for one in &found {
        // One that cannot be changed must not keep the others as they are.
        match emergency::throw(&client, one, &switch, which.dry_run).await {
            Ok(what) => done.push(what),
            Err(error) => {
                failed = true;
                output::say(format_args!("error: {error}"));
            }
        }
    }
    show(&done, which.dry_run)?;
    if which.dry_run {
        return Ok(if failed { Outcome::Broken } else { Outcome::Clean });
    }
    leave_a_record(&client, &done, &switch).await;
    let next = match (&switch, name) {
        (Switch::Off { .. }, None) => "undo: plimsoll emergency-on".to_owned(),
        (Switch::Off { .. }, Some(name)) => format!("undo: plimsoll emergency-on --name {name}"),
        (Switch::On, _) => "check: plimsoll doctor".to_owned(),
    };
    writeln!(std::io::stdout(), "{next}")?;
    Ok(if failed { Outcome::Broken } else { Outcome::Clean })
}

/// Asks, where there is somebody to ask.
fn agreed(verb: &str, names: &[String]) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "Switch {verb}: {}? [y/N] ", names.join(", "))?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn show(done: &[Done], dry_run: bool) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout();
    for one in done {
        let verb = match (one.changed, dry_run) {
            (false, _) => "unchanged",
            (true, false) => "changed",
            (true, true) => "would be changed",
        };
        writeln!(stdout, "{} {verb}", one.object)?;
        for line in &one.lines {
            writeln!(stdout, "  {line}")?;
        }
    }
    Ok(())
}

/// An Event on each Deployment behind what was changed. Nothing depends on it.
async fn leave_a_record(client: &kube::Client, done: &[Done], switch: &Switch) {
    let changed = done.iter().filter(|one| one.changed);
    let mut services: Vec<_> = changed.filter_map(|one| one.service.as_ref()).collect();
    services.sort();
    services.dedup();
    for (namespace, name) in services {
        let objects: Vec<&str> =
            done.iter().filter(|one| one.changed).map(|one| one.object.as_str()).collect();
        let objects = objects.join(", ");
        let (reason, message) = match switch {
            Switch::Off { record, .. } => {
                ("EmergencyOff", format!("Webhooks switched off ({objects}): {record}"))
            }
            Switch::On => {
                let record = emergency::record(client, Some("emergency-on")).await;
                ("EmergencyOn", format!("Webhooks switched on again ({objects}): {record}"))
            }
        };
        if let Err(error) = emergency::tell(client, (namespace, name), reason, &message).await {
            output::say(format_args!("note: no Event was left in namespace {namespace}: {error}"));
        }
    }
}
