//! A policy: where it is from, whom it is about, and what each of its rules does.

use std::io::{self, Write};
use std::path::PathBuf;

use super::matching::words;
use super::page::heading;
use crate::manifest::Document;
use crate::policy::rule::CompiledRule;
use crate::policy::{Action, CompiledPolicy};

/// What is to be told.
pub(super) struct Explained<'l> {
    pub(super) policy: &'l CompiledPolicy,
    /// One rule alone.
    pub(super) rule: Option<String>,
    /// The policy as it is written, with its file.
    pub(super) written: Option<&'l (PathBuf, Document)>,
}

/// Writes it.
pub(super) fn write(explained: &Explained<'_>, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let policy = explained.policy;
    writeln!(out, "{}", heading(&format!("Policy {}", policy.name), color))?;
    if let Some((file, document)) = explained.written {
        let place = document.locate("/metadata/name");
        writeln!(out, "  {}:{}", file.display(), place.line)?;
    }
    if let Some(description) = &policy.description {
        writeln!(out)?;
        for line in description.trim().lines() {
            writeln!(out, "  {}", line.trim_end())?;
        }
    }
    writeln!(out, "\n{}", heading("It is about pods", color))?;
    let about = words(policy.matcher.written());
    if about.is_empty() && policy.conditions.is_empty() {
        writeln!(out, "  of every kind, in every namespace")?;
    }
    for line in about {
        writeln!(out, "  - {line}")?;
    }
    for condition in policy.conditions.written() {
        let expression = condition.expression.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(out, "  - for which {} holds: {expression}", condition.name)?;
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        if explained.rule.as_deref().is_some_and(|wanted| wanted != &*rule.name) {
            continue;
        }
        writeln!(out, "\n{}", heading(&format!("Rule {}", rule.name), color))?;
        writeln!(out, "  {}", rule.kind.meta.summary)?;
        writeln!(out, "  {}", consequence(rule))?;
        if let Some((_, document)) = explained.written {
            let kind = rule.kind.meta.name;
            let text = settings(document, &format!("/spec/rules/{index}/{kind}"));
            writeln!(out, "\n  {kind}:")?;
            for line in text.lines() {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out, "\n  More: plimsoll explain {}", rule.kind.meta.name)?;
    }
    Ok(())
}

/// What admission does with a pod that does not meet a rule.
fn consequence(rule: &CompiledRule) -> String {
    let unpatched = match rule.action_unpatched() {
        Action::Deny => "the request is refused",
        Action::Warn => "the pod is taken, and the user is warned",
        Action::Audit | Action::Patch => "the pod is taken, and that is recorded",
    };
    match (&rule.kind.meta.fix, rule.action) {
        (Some(fix), Action::Patch) => format!(
            "Patch: admission {}; where that is not possible or was undone, {unpatched}.",
            fix.summary
        ),
        (_, action) => format!("{action}: {unpatched}."),
    }
}

/// The settings as they are written, moved to the left.
fn settings(document: &Document, pointer: &str) -> String {
    let range = document.find(pointer).value;
    let column = document.text().place(range.clone()).column;
    let text = document.text().as_str().get(range).unwrap_or_default();
    let mut lines = text.trim_end().lines();
    let mut moved = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        moved.push('\n');
        moved.push_str(line.get(indent.min(column.saturating_sub(1))..).unwrap_or_default());
    }
    moved
}
