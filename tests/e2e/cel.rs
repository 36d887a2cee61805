//! The corpus of expressions, as the ValidatingAdmissionPolicy of a real API server answers it.
//!
//! Each topic is one policy. It is made twice: once to see which expressions are refused and of which types the others
//! are, then with those that are not refused. Each of them is guarded by a label, so that one request asks one
//! expression; its value comes back as the message of the denial. Type checking with schemas is the controllers'.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{Cluster, Options, skipped};

#[path = "cel/asking.rs"]
mod asking;
#[path = "../cel/corpus.rs"]
mod corpus;

use asking::evaluate;
use corpus::{Answer, Case, LABEL, NAMESPACE, Objects, TOPIC};

const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn cel_is_answered_as_recorded() {
    if skipped("cel_is_answered_as_recorded") {
        return;
    }
    let options = Options { controllers: true, ..Options::default() };
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start(&options).unwrap()));
    let corpus = corpus::corpus();
    let objects = make_objects(cluster);
    let mut answers: BTreeMap<String, Vec<Answer>> =
        corpus.iter().map(|(topic, cases)| (topic.clone(), types(cluster, cases))).collect();
    for (topic, cases) in &corpus {
        install(cluster, topic, cases, answers.get_mut(topic).unwrap());
    }
    evaluate(cluster, &corpus, &objects, &mut answers);
    check_types(cluster, &corpus, &mut answers);

    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        corpus::record(&answers, &objects);
        return;
    }
    let recorded = corpus::answers();
    for (topic, found) in &answers {
        let wanted = &recorded[topic];
        assert_eq!(found.len(), wanted.len(), "{topic}: run with PLIMSOLL_UPDATE=1");
        for (found, wanted) in found.iter().zip(wanted) {
            assert_eq!(found, wanted, "{topic}: the API server answers otherwise than recorded");
        }
    }
}

/// Makes the pods that are to be changed, and sees how the API server shows all of them.
fn make_objects(cluster: &Cluster) -> Objects {
    cluster
        .apply(
            &json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": NAMESPACE, "labels": {"team": "data", "tier.example.com/level": "3"},
                    "annotations": {"owner": "ops@example.com"}},
            })
            .to_string(),
        )
        .unwrap();
    let mut objects = Objects {
        namespace: cluster.get_json(&["namespace", NAMESPACE]).unwrap(),
        ..Objects::default()
    };
    let until = Instant::now() + PATIENCE;
    while cluster.get_json(&["-n", NAMESPACE, "serviceaccount", "default"]).is_err() {
        assert!(Instant::now() < until, "no service account");
        std::thread::sleep(Duration::from_millis(100));
    }
    for (name, mut pod) in corpus::pods() {
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["namespace"] = json!(NAMESPACE);
        let mut created = cluster.create(&pod).unwrap();
        let mut updated = created.clone();
        updated["spec"]["containers"][0]["image"] = json!("registry.example.com/changed:2");
        updated["metadata"]["annotations"]["changed"] = json!("yes");
        for object in [&mut created, &mut updated] {
            // Without it the API server takes what comes for the newest.
            object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        }
        objects.created.insert(name.clone(), created);
        objects.updated.insert(name, updated);
    }
    objects
}

fn policy(topic: &str, validations: &[Value]) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": format!("cel-{topic}")},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
                "objectSelector": {"matchLabels": {TOPIC: topic}},
                "resourceRules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
                    "operations": ["CREATE", "UPDATE"],
                }],
            },
            "validations": validations,
        },
    })
}

/// Which expressions are refused, and the types of the others.
fn types(cluster: &Cluster, cases: &[Case]) -> Vec<Answer> {
    let validations: Vec<Value> =
        cases.iter().map(|case| json!({"expression": case.expression()})).collect();
    let body = policy("types", &validations).to_string();
    let output = cluster.kubectl_with(&["create", "--dry-run=server", "-f", "-"], &body).unwrap();
    assert!(!output.success(), "no expression is refused");
    let mut answers: Vec<Answer> = cases
        .iter()
        .map(|case| Answer {
            expr: case.expr.clone(),
            static_type: Some("bool".to_owned()),
            ..Answer::default()
        })
        .collect();
    for (number, text) in field_errors(&output.stderr) {
        let answer = &mut answers[number];
        if let Some((_, found)) = text.split_once("must evaluate to bool but got ") {
            answer.static_type = Some(found.lines().next().unwrap().trim().to_owned());
        } else {
            answer.static_type = None;
            answer.refused = Some(refusal(text));
        }
    }
    answers
}

/// What is said of which validation.
fn field_errors(text: &str) -> Vec<(usize, &str)> {
    let parts = text.split("spec.validations[").skip(1);
    let split = |part: &'_ str| -> (usize, usize) {
        let end = part.find(']').unwrap();
        (part[..end].parse().unwrap(), end + 1)
    };
    parts
        .map(|part| {
            let (number, start) = split(part);
            (number, &part[start..])
        })
        .collect()
}

/// `ERROR: <input>:1:5: undeclared …` as `1:5: undeclared …`, or what else is said.
fn refusal(text: &str) -> String {
    let mut found: Vec<&str> = text
        .split("ERROR: <input>:")
        .skip(1)
        .map(|part| part.lines().next().unwrap().trim())
        .collect();
    if found.is_empty() {
        let text = text.rsplit_once("\": ").map_or(text, |(_, text)| text);
        found = vec![text.lines().next().unwrap().trim()];
    }
    found.join("\n")
}

fn guard(case: &Case) -> String {
    format!("object.metadata.labels['{LABEL}'] == '{}'", case.id())
}

/// Puts the expressions of a topic in force that are not refused.
fn install(cluster: &Cluster, topic: &str, cases: &[Case], answers: &mut [Answer]) {
    let name = format!("cel-{topic}");
    loop {
        let asked: Vec<&Case> =
            cases.iter().filter(|case| answers[case.number].refused.is_none()).collect();
        let validations: Vec<Value> = asked.iter().map(|case| validation(case)).collect();
        let body = policy(topic, &validations).to_string();
        let output = cluster.kubectl_with(&["create", "-f", "-"], &body).unwrap();
        if output.success() {
            break;
        }
        // Constant parts are evaluated when a policy is made, once all types are right.
        let mut found = false;
        for (number, text) in field_errors(&output.stderr) {
            let (_, why) = text.split_once("program instantiation failed").expect(text);
            let why = format!("program instantiation failed{}", why.lines().next().unwrap());
            answers[asked[number].number].refused = Some(why);
            found = true;
        }
        assert!(found, "{}", output.stderr);
    }
    cluster
        .create(&json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        }))
        .unwrap();
}

/// Denies the pod that is made for a case, with the value.
fn validation(case: &Case) -> Value {
    let expression = case.expression();
    let mut validation = json!({
        "expression": format!("!({}) || size([{expression}\n]) == 0", guard(case)),
    });
    // Messages may not ask the authorizer.
    if !expression.contains("authorizer") {
        validation["messageExpression"] = json!(format!(
            "!({}) ? '' : ('«{} ' + {} + '»').replace('\\n', '⏎')",
            guard(case),
            case.id(),
            corpus::shown(&expression),
        ));
    }
    validation
}

/// What type checking says, which the controllers do.
fn check_types(
    cluster: &Cluster,
    corpus: &BTreeMap<String, Vec<Case>>,
    answers: &mut BTreeMap<String, Vec<Answer>>,
) {
    let until = Instant::now() + PATIENCE;
    for (topic, cases) in corpus {
        let name = format!("cel-{topic}");
        let checked = loop {
            let policy = cluster.get_json(&["validatingadmissionpolicy", name.as_str()]).unwrap();
            if policy["status"]["observedGeneration"].is_u64() {
                break policy["status"]["typeChecking"].clone();
            }
            assert!(Instant::now() < until, "no type checking of {topic}");
            std::thread::sleep(Duration::from_millis(500));
        };
        let answers = answers.get_mut(topic).unwrap();
        let asked: Vec<usize> = cases
            .iter()
            .map(|case| case.number)
            .filter(|n| answers[*n].refused.is_none())
            .collect();
        for warning in checked["expressionWarnings"].as_array().into_iter().flatten() {
            let field = warning["fieldRef"].as_str().unwrap();
            let Some(number) = field
                .strip_prefix("spec.validations[")
                .and_then(|rest| rest.strip_suffix("].expression"))
            else {
                continue;
            };
            let number = asked[number.parse::<usize>().unwrap()];
            let text = refusal(warning["warning"].as_str().unwrap());
            // Columns are those of the guarded expression.
            let text: Vec<&str> =
                text.lines().map(|line| line.split_once(": ").map_or(line, |(_, t)| t)).collect();
            answers[number].typed = Some(without_numbers(&text.join("\n")));
        }
    }
}

/// The checker gives the type of pods a name with a number that is another one each time.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split("Pod");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |made, part| {
        made + "Pod" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}
