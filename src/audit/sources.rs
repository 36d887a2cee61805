//! What the problems of an audit are about, and so which namespaces were not judged as a whole.

use std::collections::BTreeSet;

use super::STOPPED;
use crate::survey::{Problems, Survey};

/// The labels of namespaces that are not listed.
pub(super) const NAMESPACES: &str = "namespaces";
/// The LimitRanges of all namespaces.
pub(super) const RANGES: &str = "LimitRanges";
const PODS_OF: &str = "pods in namespace ";
const IN: &str = " in namespace ";

/// The pods of a namespace, or of all.
pub(super) fn pods(namespace: Option<&str>) -> String {
    namespace.map_or_else(
        || "pods of all namespaces".to_owned(),
        |namespace| format!("{PODS_OF}{namespace}"),
    )
}

/// The labels of a namespace.
pub(super) fn labels(namespace: &str) -> String {
    format!("namespace {namespace}")
}

/// The LimitRanges of a namespace.
pub(super) fn ranges(namespace: &str) -> String {
    format!("{RANGES}{IN}{namespace}")
}

/// One LimitRange.
pub(super) fn range(name: &str, namespace: &str) -> String {
    format!("LimitRange {name}{IN}{namespace}")
}

/// The namespaces whose pods were not all judged, or not by all that is known of them where they are admitted; none
/// where that may be any.
pub(super) fn partly_judged(survey: &Survey) -> Option<BTreeSet<&str>> {
    if survey.problems.untold() > 0 {
        return None;
    }
    let mut found: BTreeSet<&str> =
        survey.tally.undecided.values().flatten().map(|name| &**name).collect();
    for (problem, _) in survey.problems.iter() {
        let source = &*problem.source;
        let is_of = |kind: &str| source.starts_with(kind);
        if ["pods ", "namespace ", "LimitRange ", "LimitRanges "].into_iter().any(is_of) {
            let within = source.split_once(IN).map(|(_, namespace)| namespace);
            found.insert(within.or_else(|| source.strip_prefix("namespace "))?);
        } else if [STOPPED, NAMESPACES, RANGES].contains(&source)
            || ["policy ", "exemption "].into_iter().any(is_of)
        {
            return None;
        }
    }
    Some(found)
}

/// Whether all pods were read, as far as these tell.
pub(super) fn pods_are_whole(problems: &Problems) -> bool {
    let is_of_pods = |source: &str| source.starts_with("pods ") || source == STOPPED;
    problems.untold() == 0 && !problems.iter().any(|(problem, _)| is_of_pods(&problem.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Problem;

    fn survey(sources: &[&str]) -> Survey {
        let mut survey = Survey::default();
        for source in sources {
            let (line, help, message) = (None, None, "lost".to_owned());
            survey.problems.add(Problem { source: (*source).into(), line, message, help });
        }
        survey
    }

    fn told(survey: &Survey) -> Option<String> {
        partly_judged(survey).map(|names| names.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn namespaces_that_were_judged_only_in_part_are_known() {
        let of = |sources: &[&str]| told(&survey(sources));
        assert_eq!(of(&[]).as_deref(), Some(""));
        assert_eq!(of(&[&pods(Some("b")), &pods(Some("a"))]).as_deref(), Some("a b"));
        let facts = [labels("d"), ranges("c"), range("r", "e")];
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        assert_eq!(of(&facts).as_deref(), Some("c d e"));
        for of_any in [&*pods(None), STOPPED, NAMESPACES, RANGES, "policy p", "exemption e"] {
            assert_eq!(of(&[&pods(Some("b")), of_any]), None, "{of_any}");
        }
        let beside = ["nodes", "ledgers in namespace plimsoll-system", "/api/v1/resourcequotas"];
        assert_eq!(of(&beside).as_deref(), Some(""), "no pod is judged by them");
        let many: Vec<String> = (0..1_000).map(|at| pods(Some(&format!("n{at}")))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many), None, "not all of them are told");
    }

    #[test]
    fn pods_that_were_not_read_are_told_from_other_problems() {
        let whole = |sources: &[&str]| pods_are_whole(&survey(sources).problems);
        assert!(whole(&["nodes", &labels("a"), RANGES]));
        assert!(!whole(&[&pods(None)]) && !whole(&[&pods(Some("a"))]) && !whole(&[STOPPED]));
    }

    #[test]
    fn where_a_policy_was_not_applied_judging_is_partial() {
        let mut survey = survey(&[]);
        survey.tally.undecided.entry("p".into()).or_default().insert("a".into());
        survey.tally.namespaces.entry("b".into()).or_default().denied = 1;
        assert_eq!(told(&survey).as_deref(), Some("a"));
    }
}
