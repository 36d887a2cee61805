//! What selectors and conditions keep back, the engine would have let through without a finding.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::condition::{Condition, Subject, Test};
use super::super::scope::Scope;
use super::{policies, target};
use crate::engine::{Attributes, Engine, NamespaceFacts, Operation, Stage, User};
use crate::pod::kinds::{Object, POD_KINDS};
use crate::policy::document::Verb;
use crate::policy::matching::RequestFacts;
use crate::policy_source;

/// As the API server evaluates what [`Condition::to_cel`] writes.
fn holds(condition: &Condition, facts: &RequestFacts<'_>) -> bool {
    match condition {
        Condition::Any(any) => any.iter().any(|one| holds(one, facts)),
        Condition::All(all) => all.iter().all(|one| holds(one, facts)),
        Condition::Not(inner) => !holds(inner, facts),
        Condition::Operation(verbs) => verbs.contains(&facts.verb),
        Condition::KnownUser => facts.user.is_some(),
        Condition::Text(Subject::Namespace, test) => passes(test, facts.namespace),
        Condition::Text(Subject::User, test) => facts.user.is_some_and(|user| passes(test, user)),
        Condition::Text(Subject::Group, test) => {
            facts.groups.iter().any(|group| passes(test, group))
        }
    }
}

fn passes(test: &Test, text: &str) -> bool {
    match test {
        Test::Among(names) => names.contains(text),
        Test::Prefix(prefix) => text.starts_with(prefix),
        Test::Suffix(suffix) => text.ends_with(suffix),
    }
}

fn globs() -> impl Strategy<Value = Value> {
    let glob = prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "a*",
        "*b",
        "*",
        "a*b",
        "?",
        "[ab]",
        "{a,é}*",
        "é",
        "?b",
        "kube-system",
        "[!a]*",
    ]);
    let list = || prop::collection::vec(glob.clone(), 0..3);
    (list(), list()).prop_map(|(include, exclude)| json!({"include": include, "exclude": exclude}))
}

fn matching() -> impl Strategy<Value = Value> {
    let maybe = || prop::option::of(globs());
    let verbs = prop::option::of(prop::sample::subsequence(vec!["CREATE", "UPDATE"], 1..=2));
    (maybe(), maybe(), maybe(), verbs).prop_map(|(namespaces, users, groups, operations)| {
        let fields = [
            ("namespaces", namespaces),
            ("users", users),
            ("groups", groups),
            ("operations", operations.map(|verbs| json!(verbs))),
        ];
        let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Value::Object(given.collect())
    })
}

const NAMESPACES: [&str; 6] = ["a", "b", "ab", "ba", "c", "kube-system"];
const PEOPLE: [&str; 6] = ["a", "b", "ab", "é", "aéb", "\n"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_request_of_a_policy(matches in prop::collection::vec(matching(), 1..4)) {
        let (set, left_out) = (policies(&matches), target().left_out());
        let scopes: Vec<_> =
            set.policies().iter().filter_map(|policy| Scope::of(policy, &left_out)).collect();
        let verbs = scopes.iter().flat_map(|scope| scope.verbs.iter().copied()).collect();
        let condition = Condition::any(scopes.iter().map(|scope| scope.condition(&verbs)));
        let named: Option<Vec<_>> = scopes.iter().map(|scope| scope.namespaces.as_ref()).collect();
        for verb in [Verb::Create, Verb::Update] {
            for namespace in NAMESPACES {
                for user in PEOPLE.map(Some).into_iter().chain([None]) {
                    for groups in [&[][..], &["a"], &["c", "b"], &["é", "aéb"]] {
                        let facts = RequestFacts { verb, namespace, namespace_labels: None, user, groups };
                        let wanted = set.policies().iter().any(|policy| policy.matcher.matches_request(&facts));
                        let selected = !left_out.contains(namespace)
                            && named.as_ref().is_none_or(|all| all.iter().any(|names| names.contains(namespace)));
                        let sent = selected && verbs.contains(&verb) && holds(&condition, &facts);
                        prop_assert!(sent || !wanted || left_out.contains(namespace), "{facts:?}: {}", condition.to_cel());
                    }
                }
            }
        }
    }
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// An object with other labels, annotations and owners, and nothing else changed.
fn disguised(object: &Value) -> [Value; 4] {
    let changed = |field: &str, value: Value| {
        let mut changed = object.clone();
        changed["metadata"][field] = value;
        changed
    };
    [
        changed("labels", json!({})),
        changed("labels", json!({"spark-role": "driver", "spark-app-selector": "x", "app": "y"})),
        changed("ownerReferences", json!([])),
        changed(
            "ownerReferences",
            json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "1", "controller": true}]),
        ),
    ]
}

#[test]
fn no_update_that_leaves_the_pod_alone_has_a_finding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = Vec::new();
    json_files(&root.join("workloads"), &mut files);
    let engines: Vec<Engine> = policy_source::profiles()
        .iter()
        .map(|profile| Engine::new(policy_source::load_profile(profile).unwrap().into()))
        .collect();
    let mut judged = 0;
    for file in files {
        let object: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        for kind in POD_KINDS.iter().filter(|kind| object["kind"] == kind.kind) {
            for (new, engine) in
                disguised(&object).iter().flat_map(|new| engines.iter().map(move |e| (new, e)))
            {
                let mut attributes = Attributes {
                    operation: Operation::Update,
                    group: kind.group,
                    kind: kind.kind,
                    subresource: "",
                    namespace: "default",
                    user: Some(User { name: "u", groups: Vec::new(), ..User::default() }),
                    object: Some(Object::Value(new)),
                    old_object: Some(Object::Value(&object)),
                    facts: NamespaceFacts::default(),
                    now: None,
                    ..Attributes::default()
                };
                let decision = engine.decide(&attributes, Stage::Validate);
                assert!(
                    decision.findings.is_empty(),
                    "{}: {:?}",
                    file.display(),
                    decision.findings
                );
                attributes.operation = Operation::Create;
                judged += engine.decide(&attributes, Stage::Validate).findings.len();
            }
        }
    }
    assert!(judged > 50, "only {judged} findings on create: the test shows nothing");
}
