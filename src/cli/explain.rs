//! `plimsoll explain`: a rule's page in the terminal.

use std::io::Write;

use anyhow::bail;
use clap::Args;

use super::Outcome;
use crate::decode::nearest;
use crate::rules::{RULES, RuleKind};

/// Flags of `plimsoll explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule; absent: a list of all
    rule: Option<String>,
}

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    match &args.rule {
        None => {
            let width = RULES.iter().map(|rule| rule.meta.name.len()).max().unwrap_or_default();
            for rule in &RULES {
                writeln!(out, "{:width$}  {}", rule.meta.name, rule.meta.summary)?;
            }
        }
        Some(name) => {
            let Some(rule) = RuleKind::find(name) else {
                let help =
                    nearest(name, RULES.iter().map(|rule| rule.meta.name)).unwrap_or_default();
                bail!("there is no rule called `{name}`: {help}");
            };
            // The first line is a note to those who edit the file.
            let page = rule.meta.page;
            let page = page
                .strip_prefix("<!--")
                .and_then(|rest| rest.split_once("-->\n"))
                .map_or(page, |(_, rest)| rest);
            writeln!(out, "{}", page.trim())?;
        }
    }
    out.flush()?;
    Ok(Outcome::Clean)
}
