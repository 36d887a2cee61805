//! `plimsoll policies`: the built-in policies, to start from.

use std::io::Write;

use clap::Args;

use super::Outcome;
use crate::policy_source::{DEFAULT_PROFILE, EMBEDDED, profiles};

/// Flags of `plimsoll policies`.
#[derive(Debug, Args)]
pub(super) struct PoliciesArgs {
    /// The profile to print
    #[arg(long, default_value = DEFAULT_PROFILE, value_parser = profiles())]
    profile: String,
    /// Only the names of the files
    #[arg(long)]
    list: bool,
}

pub(super) fn run(args: &PoliciesArgs) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    let files = EMBEDDED.iter().filter(|file| file.profile == args.profile);
    for (at, embedded) in files.enumerate() {
        if args.list {
            writeln!(out, "{}/{}", embedded.profile, embedded.file)?;
        } else {
            let separator = if at == 0 { "" } else { "---\n" };
            write!(out, "{separator}{}", embedded.portable())?;
        }
    }
    out.flush()?;
    Ok(Outcome::Clean)
}
