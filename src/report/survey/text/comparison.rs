//! What changes from one set of policies to another: the sum, then the owners for whose pods something changes.

use std::io;

use super::page::Page;
use crate::policy::Action;
use crate::report::plain::printable;
use crate::report::survey::units::many;
use crate::survey::comparison::{Cases, Changed, Comparison};

/// Owners that are named; JSON names all.
const OWNERS: usize = 50;

pub(super) fn write(comparison: &Comparison, page: &mut Page<'_>) -> io::Result<()> {
    let pods = many(comparison.pods, "pod");
    page.bold(
        0,
        &format!("from the old policies to the new: {} of {pods}", sum(&comparison.total)),
    )?;
    page.blank()?;
    let owners = comparison.by_owner();
    for (namespace, owner, changed) in owners.iter().take(OWNERS) {
        let name = owner.map_or_else(
            || format!("other owners in namespace {namespace}"),
            |owner| format!("{} {namespace}/{}", owner.kind, owner.name),
        );
        page.bold(0, &printable(&name))?;
        changes(changed, page)?;
        page.blank()?;
    }
    if let more @ 1.. = owners.len().saturating_sub(OWNERS) {
        let more = many(more as u64, "more owner");
        page.line(0, &format!("… and {more} (all with --format json)"))?;
        page.blank()?;
    }
    Ok(())
}

fn changes(changed: &Changed, page: &mut Page<'_>) -> io::Result<()> {
    for (change, cases) in changed.verdicts() {
        page.line(2, &format!("{} -> {}: {}", change.from, change.to, example(cases)))?;
    }
    if let Some(cases) = &changed.patches {
        page.line(2, &format!("another patch: {}", example(cases)))?;
    }
    for (rule, count) in changed.rules() {
        let does = |action: Option<Action>| action.map_or("nothing", Action::name);
        let id = format!("{}/{}", rule.policy, rule.rule);
        let (id, from, to) = (printable(&id), does(rule.from), does(rule.to));
        page.line(4, &format!("by {id}: {from} -> {to} in {}", many(count, "pod")))?;
    }
    if changed.other_rules > 0 {
        page.line(4, &format!("by other rules, {} times", changed.other_rules))?;
    }
    Ok(())
}

fn sum(total: &Changed) -> String {
    let changes = total.verdicts();
    let changes = changes
        .iter()
        .map(|(change, cases)| format!("{} -> {} in {}", change.from, change.to, cases.count));
    let patches = total.patches.as_ref().map(|cases| format!("another patch in {}", cases.count));
    let parts: Vec<String> = changes.chain(patches).collect();
    if parts.is_empty() { "nothing changes in any".to_owned() } else { parts.join(", ") }
}

fn example(cases: &Cases) -> String {
    let Cases { count, example } = cases;
    let why = match &*example.message {
        "" => String::new(),
        message => format!(": {}", printable(message)),
    };
    format!("{}, such as {}{why}", many(*count, "pod"), printable(&example.name))
}
