//! What could not be told, from several parts of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Report;

type Undecided = BTreeMap<Arc<str>, BTreeSet<String>>;
type Lacking = BTreeMap<(Arc<str>, &'static str), BTreeSet<String>>;

/// Adds what another part of the run says.
pub(super) fn merge(report: &mut Report, undecided: Undecided, lacking: Lacking) {
    for (policy, namespaces) in undecided {
        report.undecided.entry(policy).or_default().extend(namespaces);
    }
    for (what, namespaces) in lacking {
        report.lacking.entry(what).or_default().extend(namespaces);
    }
}
