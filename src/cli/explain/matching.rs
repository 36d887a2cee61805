//! Whom a policy is about, in words.

use crate::glob::GlobList;
use crate::policy::document::Match;
use crate::selector::LabelSelector;

/// One line for each part of a `match`; all of them must hold.
pub(in crate::cli) fn words(matching: &Match) -> Vec<String> {
    let mut lines = Vec::new();
    let mut globs = |what: &str, list: &Option<GlobList>| {
        if let Some(GlobList { include, exclude }) = list {
            if !include.is_empty() {
                lines.push(format!("{what} {}", any_of(include)));
            }
            if !exclude.is_empty() {
                lines.push(format!("not {what} {}", any_of(exclude)));
            }
        }
    };
    globs("in namespaces called", &matching.namespaces);
    globs("of users called", &matching.users);
    globs("of users in groups called", &matching.groups);
    lines.extend(selector("in namespaces whose label", &matching.namespace_selector));
    lines.extend(selector("whose label", &matching.pod_selector));
    if let Some(workloads) = &matching.workloads {
        lines.push(format!("of workloads: {}", any_of(workloads)));
    }
    if let Some(verbs) = &matching.operations {
        let verbs: Vec<_> = verbs.iter().map(|verb| verb.as_str().to_lowercase()).collect();
        lines.push(format!("when the operation is {}", any_of(&verbs)));
    }
    lines
}

fn selector(what: &str, selector: &Option<LabelSelector>) -> Vec<String> {
    let Some(LabelSelector { match_labels, match_expressions }) = selector else {
        return Vec::new();
    };
    let labels = match_labels.iter().map(|(key, value)| format!("{what} {key} is {value}"));
    let expressions = match_expressions.iter().map(|one| {
        let (key, values) = (&one.key, any_of(&one.values));
        match one.operator.as_str() {
            "In" => format!("{what} {key} is {values}"),
            "NotIn" => format!("{what} {key} is absent, or is not {values}"),
            "Exists" => format!("{what} {key} is there"),
            _ => format!("{what} {key} is absent"),
        }
    });
    labels.chain(expressions).collect()
}

/// `a, b or c`
fn any_of<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_part_is_said() {
        let matching: Match = serde_json::from_value(json!({
            "namespaces": {"include": ["airflow-*", "spark"], "exclude": ["kube-*"]},
            "namespaceSelector": {"matchLabels": {"team": "data"}},
            "podSelector": {"matchExpressions": [
                {"key": "tier", "operator": "NotIn", "values": ["a", "b"]},
                {"key": "x", "operator": "Exists"},
                {"key": "y", "operator": "DoesNotExist"},
                {"key": "z", "operator": "In", "values": ["c"]},
            ]},
            "workloads": ["Batch", "Bare", "Ray"],
            "operations": ["CREATE"],
            "users": {"include": ["system:*"]},
            "groups": {"exclude": ["admins"]},
        }))
        .unwrap();
        assert_eq!(
            words(&matching),
            [
                "in namespaces called airflow-* or spark",
                "not in namespaces called kube-*",
                "of users called system:*",
                "not of users in groups called admins",
                "in namespaces whose label team is data",
                "whose label tier is absent, or is not a or b",
                "whose label x is there",
                "whose label y is absent",
                "whose label z is c",
                "of workloads: Batch, Bare or Ray",
                "when the operation is create",
            ]
        );
        assert!(words(&Match::default()).is_empty());
    }
}
