//! `plimsoll man`: manual pages, one per command.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use clap_mangen::Man;

use super::{Outcome, settings};
use crate::decode::nearest;

/// Flags of `plimsoll man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command; absent: the page of plimsoll itself
    #[arg(conflicts_with = "dir")]
    command: Option<String>,
    /// Write the pages of all commands into this folder, plimsoll.1 and so on
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> anyhow::Result<Outcome> {
    let pages = pages()?;
    if let Some(folder) = &args.dir {
        let fail = |path: &PathBuf| format!("{}: cannot be written", path.display());
        fs::create_dir_all(folder).with_context(|| fail(folder))?;
        for (name, page) in &pages {
            let path = folder.join(format!("{name}.1"));
            fs::write(&path, page).with_context(|| fail(&path))?;
        }
        return Ok(Outcome::Clean);
    }
    let wanted = match &args.command {
        None => "plimsoll".to_owned(),
        Some(command) => format!("plimsoll-{command}"),
    };
    let Some((_, page)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let command = args.command.as_deref().unwrap_or_default();
        let known = pages.iter().filter_map(|(name, _)| name.strip_prefix("plimsoll-"));
        bail!("there is no command `{command}`: {}", nearest(command, known).unwrap_or_default());
    };
    std::io::stdout().lock().write_all(page)?;
    Ok(Outcome::Clean)
}

/// The pages by name, that of plimsoll itself first.
fn pages() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut whole = settings::command().disable_help_subcommand(true);
    // What is global stands on every page, and pages are called by the whole name.
    whole.build();
    let mut commands = vec![("plimsoll".to_owned(), whole.clone())];
    commands.extend(whole.get_subcommands().map(|command| {
        let name = format!("plimsoll-{}", command.get_name());
        (name.clone(), command.clone().display_name(name))
    }));
    let page = |(name, command): (String, clap::Command)| {
        let mut text = Vec::new();
        // A command has no version of its own, and the page is called by it.
        let source = concat!("plimsoll ", env!("CARGO_PKG_VERSION"));
        Man::new(command).source(source).render(&mut text)?;
        Ok((name, text))
    };
    commands.into_iter().map(page).collect()
}
