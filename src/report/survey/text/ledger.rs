//! What replicas of the webhook did to pods that are gone.

use std::io;

use super::page::Page;
use crate::ledger::Gathered;
use crate::report::plain::printable;
use crate::report::survey::units::{many, time};

/// Owners that are shown.
const OWNERS: usize = 10;
/// Findings that are shown for each.
const FINDINGS: usize = 3;

pub(super) fn write(ledger: &Gathered, page: &mut Page<'_>) -> io::Result<()> {
    let replicas = many(ledger.replicas.len() as u64, "replica");
    let owners = many(ledger.owners.len() as u64, "owner");
    page.bold(0, &format!("pods that are gone: {owners}, as {replicas} of Plimsoll saw them"))?;
    for replica in &ledger.replicas {
        let since = time(Some(replica.since)).unwrap_or_default();
        let dropped = match replica.dropped {
            0 => String::new(),
            dropped => format!("; {} had no room", many(dropped, "owner")),
        };
        page.line(2, &format!("{} since {since}{dropped}", printable(&replica.name)))?;
    }
    for owner in ledger.owners.iter().take(OWNERS) {
        let name = format!("{}/{} {}", owner.namespace, owner.kind, owner.name);
        page.line(2, &printable(&name))?;
        for finding in owner.findings.iter().take(FINDINGS) {
            let id = format!("{}/{}", finding.policy, finding.rule);
            let pods = many(finding.count, "pod");
            let last = time(Some(finding.last_seen)).unwrap_or_default();
            let said = printable(&finding.example.message);
            let action = finding.action.name();
            page.line(4, &format!("{action} {}: {pods}, last {last}: {said}", printable(&id)))?;
        }
        if let more @ 1.. = owner.findings.len().saturating_sub(FINDINGS) {
            page.line(4, &format!("and {}", many(more as u64, "more rule")))?;
        }
    }
    if let more @ 1.. = ledger.owners.len().saturating_sub(OWNERS) {
        page.line(
            2,
            &format!("… and {} (all with --format json)", many(more as u64, "more owner")),
        )?;
    }
    page.blank()
}
