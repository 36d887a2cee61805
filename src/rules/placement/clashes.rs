//! Terms of the required node affinity that no node could meet beside what is asked for.
//!
//! Terms are alternatives (`nodeSelectorTerms` are ORed, core/v1 NodeSelector), so such a term is a way that the pod's
//! author left open, and a requirement added to it would close it for good.

use std::collections::BTreeMap;

use super::nodes::{Nodes, REQUIRED, domain};
use super::settings::{NodeOperator, NodeRequirement};
use super::texts;
use crate::finding::Violation;
use crate::pod::view;
use crate::pointer::Pointer;

/// The most terms of a pod that are told one by one; the rest is counted. Authors write a few; a review of 3 MiB has room
/// for fifty thousand.
const TOLD: usize = 16;

/// One violation for each term that is at odds with the requirements.
pub(super) fn violations(nodes: &Nodes<'_>, wanted: &[&NodeRequirement]) -> Vec<Violation> {
    let mut by_key: BTreeMap<&str, Vec<&NodeRequirement>> = BTreeMap::new();
    for one in wanted {
        by_key.entry(&one.key).or_default().push(one);
    }
    let mut clashing = nodes.terms.iter().filter_map(|(at, term)| {
        let clash = |(key, wanted): (&&str, &Vec<&NodeRequirement>)| {
            clashes(term, key, wanted).then(|| violation(*at, term, key, wanted))
        };
        by_key.iter().find_map(clash)
    });
    let mut violations: Vec<Violation> = clashing.by_ref().take(TOLD).collect();
    let more = clashing.count();
    if more > 0 {
        violations.push(Violation::pod(
            Pointer::new(REQUIRED).join("nodeSelectorTerms"),
            format!(
                "{more} more terms of the required node affinity take none of the wanted nodes"
            ),
            "change or remove these terms",
        ));
    }
    violations
}

/// Whether no node meets the term and all of these, which are about one label.
fn clashes(term: &view::NodeSelectorTerm<'_>, key: &str, wanted: &[&NodeRequirement]) -> bool {
    let mut own = domain(term, key);
    wanted.iter().for_each(|one| one.narrow(&mut own));
    own.is_empty()
}

fn violation(
    at: usize,
    term: &view::NodeSelectorTerm<'_>,
    key: &str,
    wanted: &[&NodeRequirement],
) -> Violation {
    let told = |all: &[&NodeRequirement]| {
        all.iter().map(|one| texts::requirement(one)).collect::<Vec<_>>().join(" and ")
    };
    // One of them mostly is at odds by itself; else it is all of them together.
    let one = wanted.iter().find(|one| clashes(term, key, &[one]));
    let asked = one.map_or_else(|| told(wanted), |one| texts::requirement(one));
    let own: Vec<_> = term
        .match_expressions
        .iter()
        .flatten()
        .enumerate()
        .filter(|(_, own)| own.key.as_deref() == Some(key))
        .collect();
    let culprit = own.iter().find(|(_, own)| excludes(own, wanted));
    let shown = match culprit {
        Some((_, one)) => texts::requirement_of_pod(one),
        None => texts::requirements_of_pod(own.iter().map(|(_, one)| *one)),
    };
    let place = Pointer::new(REQUIRED).join("nodeSelectorTerms").join(at);
    let place = match culprit.or(own.first()) {
        Some((number, _)) => place.join("matchExpressions").join(number),
        None => place,
    };
    Violation::pod(
        place,
        format!(
            "nodeSelectorTerms[{at}] of the required node affinity takes nodes with `{shown}`, and none of them meets \
             `{asked}`"
        ),
        format!(
            "change the term so that it allows `{asked}`, or remove it; until then nothing is added to nodeSelector and the terms"
        ),
    )
}

/// Whether this requirement of a pod alone leaves no node that is wanted.
fn excludes(own: &view::NodeRequirement<'_>, wanted: &[&NodeRequirement]) -> bool {
    let Some(operator) = own.operator.as_deref().and_then(NodeOperator::of) else { return false };
    let mut domain = super::domain::Domain::any();
    domain.narrow(operator, own.values.iter().flatten().map(|value| &**value));
    wanted.iter().for_each(|one| one.narrow(&mut domain));
    domain.is_empty()
}
