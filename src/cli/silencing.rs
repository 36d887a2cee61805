//! What keeps findings quiet: comments and annotations in the manifests, and a baseline.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use clap::builder::FalseyValueParser;

use super::{Common, maybe_path, output};
use crate::report::{Report, Repository};
use crate::silence::Silencing;
use crate::silence::baseline::{DEFAULT_FILE, Ledger, Stale, Written};

/// Entries of a baseline that are named one by one.
const TOLD: usize = 10;

/// The flags about silences.
#[derive(Debug, Args)]
pub(super) struct SilencingArgs {
    /// Leave out the findings that this file knows
    #[arg(
        long,
        env = "PLIMSOLL_BASELINE",
        value_name = "FILE",
        value_parser = maybe_path()
    )]
    baseline: Option<PathBuf>,
    #[arg(
        long,
        env = "PLIMSOLL_WRITE_BASELINE",
        value_parser = FalseyValueParser::new(),
        help = format!("Write all findings to the baseline, {DEFAULT_FILE} unless --baseline names another file")
    )]
    write_baseline: bool,
    /// Report what comments, annotations and the baseline silence
    #[arg(
        long,
        env = "PLIMSOLL_IGNORE_SILENCES",
        value_parser = FalseyValueParser::new(),
        conflicts_with = "write_baseline"
    )]
    ignore_silences: bool,
}

impl SilencingArgs {
    /// The silences asked for; where the baseline cannot be read, none, and the user was told why.
    pub(super) fn load(&self, common: &Common) -> anyhow::Result<Option<Silencing>> {
        if self.ignore_silences {
            return Ok(Some(Silencing { honoured: false, kept: false, ledger: None }));
        }
        let file = self.baseline.as_deref().filter(|file| !file.as_os_str().is_empty());
        let ledger = match (file, self.write_baseline) {
            (None, false) => {
                return Ok(Some(Silencing { honoured: true, kept: false, ledger: None }));
            }
            (file, true) => {
                let file = file.unwrap_or(Path::new(DEFAULT_FILE));
                Ledger::recording(file, repository_of(file)?)
            }
            (Some(file), false) => Ledger::read(file, repository_of(file)?),
        };
        match ledger {
            Ok(ledger) => Ok(Some(Silencing { honoured: true, kept: false, ledger: Some(ledger) })),
            Err(problems) => {
                output::errors(problems, common.color);
                output::say(format_args!("the baseline is wrong; nothing was done"));
                Ok(None)
            }
        }
    }
}

pub(super) fn repository() -> anyhow::Result<Repository> {
    Ok(Repository::around(&working_directory()?))
}

/// What the paths in a baseline count from.
fn repository_of(baseline: &Path) -> anyhow::Result<Repository> {
    Ok(Repository::of_file(&working_directory()?, baseline))
}

fn working_directory() -> anyhow::Result<PathBuf> {
    env::current_dir().context("the working directory cannot be found")
}

/// Writes the baseline, if this run does, and tells what is odd about silences. `tells_stale` where the findings of the
/// run are those of the files: what `fix` would mend and does not write is still there.
pub(super) fn finish(
    silencing: &Silencing,
    report: &Report,
    paths: &[PathBuf],
    quiet: bool,
    tells_stale: bool,
) -> anyhow::Result<()> {
    for warning in report.warnings.iter().filter(|warning| !(quiet && warning.minor)) {
        let error = &warning.error;
        match &error.help {
            Some(help) => output::say(format_args!("warning: {error}; {help}")),
            None => output::say(format_args!("warning: {error}")),
        }
    }
    let Some(ledger) = &silencing.ledger else { return Ok(()) };
    if ledger.records() {
        write(ledger, paths, quiet)?;
    } else if tells_stale && !quiet {
        tell_stale(ledger, paths);
    }
    Ok(())
}

fn write(ledger: &Ledger, paths: &[PathBuf], quiet: bool) -> anyhow::Result<()> {
    let file = ledger.file().display();
    let written = ledger.write(paths).with_context(|| {
        format!("{file}: the baseline cannot be written; the old one is as it was")
    })?;
    if !quiet {
        let Written { findings, added, removed } = written;
        let plural = if findings == 1 { "" } else { "s" };
        output::say(format_args!(
            "{file} holds {findings} finding{plural} now: {added} added, {removed} removed"
        ));
    }
    Ok(())
}

fn tell_stale(ledger: &Ledger, paths: &[PathBuf]) {
    let file = ledger.file().display();
    let stale = ledger.stale(paths);
    for Stale { place, message } in stale.iter().take(TOLD) {
        let (line, column) = (place.line, place.column);
        output::say(format_args!("warning: {file}:{line}:{column}: {message}"));
    }
    if stale.is_empty() {
        return;
    }
    let more = match stale.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("{more} more entries of {file} no longer apply; "),
    };
    output::say(format_args!(
        "warning: {more}--write-baseline with the same paths takes out what no longer applies"
    ));
}
