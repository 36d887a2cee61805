//! `plimsoll emergency-off` and `emergency-on`: what to do when webhooks must not matter.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use super::choice::ClusterArgs;
use super::{Outcome, output};
use crate::cluster::client;
use crate::cluster::webhooks::emergency::{self, Done, Found, Mode, Switch};

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
    /// Name of the installation; absent: every one, as the label app.kubernetes.io/name=plimsoll shows
    #[arg(long, env = "PLIMSOLL_NAME", value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Do not ask. Without --name, and where there is no terminal to ask on, this is needed
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
    let client = client::connect_to(&which.cluster.choice()).await?;
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
    let verb = if off.is_some() { "off" } else { "on" };
    if name.is_none() {
        output::say(format_args!("{}", counted(&emergency::installations(&found))));
    }
    if !which.dry_run && !which.yes {
        match ask(verb, &found)? {
            Some(true) => {}
            Some(false) => {
                output::say(format_args!("nothing was done"));
                return Ok(Outcome::Clean);
            }
            None if name.is_some() => {}
            None => {
                return Err(anyhow!(
                    "nothing was done: there is no terminal to ask on; name the installation with --name, or say --yes \
                     to switch {verb} all that were found"
                ));
            }
        }
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
    writeln!(std::io::stdout(), "{next}{}", which.cluster.again())?;
    Ok(if failed { Outcome::Broken } else { Outcome::Clean })
}

/// `2 installations: a, b`
fn counted(installations: &BTreeSet<String>) -> String {
    let plural = if installations.len() == 1 { "" } else { "s" };
    let names: Vec<&str> = installations.iter().map(String::as_str).collect();
    format!("{} installation{plural}: {}", names.len(), names.join(", "))
}

/// Asks; `None` where there is nobody to ask.
fn ask(verb: &str, found: &[Found]) -> anyhow::Result<Option<bool>> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    let names: Vec<String> = found.iter().map(Found::name).collect();
    let mut stderr = std::io::stderr();
    write!(stderr, "Switch {verb}: {}? [y/N] ", names.join(", "))?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(Some(matches!(answer.trim(), "y" | "Y" | "yes")))
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
