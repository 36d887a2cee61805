//! `plimsoll completions`: what a shell needs to complete commands and flags.

use std::io::Write;

use clap::Args;
use clap_complete::{Shell, generate};

use super::{Outcome, settings};

/// Flags of `plimsoll completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    // The generator gives up with a panic where its output cannot be written.
    let mut text = Vec::new();
    generate(args.shell, &mut settings::command(), "plimsoll", &mut text);
    std::io::stdout().lock().write_all(&text)?;
    Ok(Outcome::Clean)
}
