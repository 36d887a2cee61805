//! Law 1 and law 3 against a real API server: every fixture gets the same verdict at every door, and whatever the
//! server accepted before, it accepts patched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll::manifest::parse;
use plimsoll::pod::kinds::PodKind;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::cluster::{Cluster, skipped};
use crate::placement::make_classes;
use crate::webhook::Guarded;

#[path = "../support/pods.rs"]
mod pods;

/// A pod or a workload of a fixture, under the name it has here.
struct Case {
    fixture: PathBuf,
    is_pod: bool,
    object: Value,
}

/// (policy, rule, field or nothing for what was patched)
type Verdict = (String, String, String);

/// All fixtures' policies and exemptions, each for its own pods alone, and those pods.
fn cases() -> (Vec<Value>, Vec<Case>) {
    let (mut policies, mut cases) = (Vec::new(), Vec::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<PathBuf> = ignore::Walk::new(root)
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    for (at, fixture) in files.into_iter().enumerate() {
        let manifest = parse(Some(&fixture), fs::read(&fixture).unwrap());
        let text = fs::read_to_string(&fixture).unwrap();
        // The webhook is not told of namespaces and LimitRanges, and one match cannot be narrowed by another.
        if ["kind: LimitRange", "kind: Namespace", "podSelector", "namespaces:"]
            .iter()
            .any(|word| text.contains(word))
        {
            continue;
        }
        let mark = format!("fixture-{at}");
        let after_the_fix = fixture.components().any(|part| part.as_os_str() == "fix");
        let mut documents = manifest.documents;
        if after_the_fix {
            documents.pop();
        }
        for (number, document) in documents.into_iter().enumerate() {
            let mut value = document.value;
            match value["kind"].as_str() {
                Some("PodPolicy") => {
                    let name = format!("{mark}-{}", value["metadata"]["name"].as_str().unwrap());
                    value["metadata"]["name"] = json!(name);
                    value["spec"]["match"]["podSelector"] =
                        json!({"matchLabels": {"fixture": mark}});
                    policies.push(value);
                }
                Some("PodPolicyExemption") => {
                    let name = format!("{mark}-{}", value["metadata"]["name"].as_str().unwrap());
                    value["metadata"]["name"] = json!(name);
                    for policy in value["spec"]["policies"].as_array_mut().unwrap() {
                        *policy = json!(format!("{mark}-{}", policy.as_str().unwrap()));
                    }
                    policies.push(value);
                }
                kind => {
                    let group = value["apiVersion"].as_str().unwrap().split_once('/');
                    let Some(kind) =
                        PodKind::find(group.map_or("", |group| group.0), kind.unwrap())
                    else {
                        continue;
                    };
                    let metadata = value["metadata"].as_object_mut().unwrap();
                    metadata.insert("name".to_owned(), json!(format!("{mark}-{number}")));
                    metadata.remove("namespace");
                    metadata.remove("generateName");
                    let pod = value.pointer_mut(kind.base().as_str()).unwrap();
                    pod["metadata"]["labels"]["fixture"] = json!(mark);
                    cases.push(Case {
                        fixture: fixture.clone(),
                        is_pod: kind.is_pod(),
                        object: value,
                    });
                }
            }
        }
    }
    (policies, cases)
}

/// What `check` says of every pod.
fn checked(guarded: &Guarded, cases: &[Case]) -> Vec<BTreeSet<Verdict>> {
    let pods: Vec<Value> = cases.iter().map(|case| guarded.placed(&case.object)).collect();
    let file = guarded.cluster.folder().join("doors.json");
    fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string())
        .unwrap();
    // As the webhook, which is told of none.
    let registries = guarded.cluster.folder().join("no-registries.yaml");
    fs::write(&registries, "allow: []\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(["check", "--format=json", "--resolve-digests", "--registries"]).arg(&registries);
    command.arg(&file);
    for policy in &guarded.served.policies {
        command.arg("--policies").arg(policy);
    }
    let output: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    assert_eq!(output["errors"], json!([]));
    let mut verdicts = vec![BTreeSet::new(); cases.len()];
    for finding in output["findings"].as_array().unwrap() {
        let name = finding["object"]["name"].as_str().unwrap();
        let at = cases.iter().position(|case| case.object["metadata"]["name"] == name).unwrap();
        let text = |field: &str| finding[field].as_str().unwrap().to_owned();
        let path = text("path").split_off(format!("/items/{at}").len());
        let field = match finding["action"].as_str().unwrap() {
            "Audit" => continue,
            // A workload is not patched, its pods are.
            "Patch" if !cases[at].is_pod => continue,
            "Patch" => String::new(),
            _ => plimsoll::pointer::Pointer::new(path).field_path(),
        };
        verdicts[at].insert((text("policy"), text("rule"), field));
    }
    verdicts
}

/// What kubectl shows of the API server's answer.
fn read(stderr: &str) -> BTreeSet<Verdict> {
    let mut verdicts = BTreeSet::new();
    for line in stderr.lines() {
        if let Some((_, rest)) = line.split_once("patched by ") {
            let (policy, rest) = rest.split_once('/').unwrap();
            let rule = rest.split(':').next().unwrap();
            verdicts.insert((policy.to_owned(), rule.to_owned(), String::new()));
        } else if let Some((_, rest)) = line.split_once("policy ") {
            let Some((policy, rest)) = rest.split_once(", rule ") else { continue };
            let (rule, rest) = rest.split_once(": ").unwrap();
            let rest = match rest.strip_prefix("container ") {
                Some(rest) => rest.split_once(", ").unwrap().1,
                None => rest,
            };
            // What is about the pod as a whole names no place.
            let place = rest.split_once(": ").map_or("", |(place, _)| place);
            let is_place = ["spec", "metadata"].iter().any(|root| place.starts_with(root));
            let field = if is_place { place } else { "" };
            verdicts.insert((policy.to_owned(), rule.to_owned(), field.to_owned()));
        }
    }
    verdicts
}

#[test]
fn every_fixture_gets_the_same_verdict_at_every_door() {
    if skipped("every_fixture_gets_the_same_verdict_at_every_door") {
        return;
    }
    let (policies, cases) = cases();
    let policies = json!({"apiVersion": "v1", "kind": "List", "items": policies}).to_string();
    make_classes(Cluster::shared().unwrap());
    let guarded = Guarded::by("doors", &[&policies]);
    let checked = checked(&guarded, &cases);
    let mut compared = 0;
    for (case, expected) in cases.iter().zip(&checked) {
        let args = ["create", "--dry-run=server", "-f", "-", "-n", &guarded.namespace];
        let pod = guarded.placed(&case.object).to_string();
        let output = guarded.cluster.kubectl_with(&args, &pod).unwrap();
        if !output.success() && !output.stderr.contains("denied the request") {
            let elsewhere = ["create", "--dry-run=server", "-f", "-", "-n", "default"];
            let plain = guarded.cluster.kubectl_with(&elsewhere, &case.object.to_string()).unwrap();
            assert!(
                !plain.success(),
                "{} became invalid: {}",
                case.fixture.display(),
                output.stderr
            );
            continue;
        }
        // Where a pod is refused, its warnings come first and its denial last, both on stderr.
        assert_eq!(
            &read(&output.stderr),
            expected,
            "{}\n{}",
            case.fixture.display(),
            output.stderr
        );
        compared += 1;
    }
    assert!(
        compared * 10 >= cases.len() * 8,
        "only {compared} of {} pods are valid by themselves",
        cases.len()
    );
}

#[test]
fn what_was_valid_stays_valid() {
    if skipped("what_was_valid_stays_valid") {
        return;
    }
    make_classes(Cluster::shared().unwrap());
    let guarded = Guarded::by(
        "valid",
        &[r#"
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: everything}
spec:
  rules:
  - name: pull
    action: Patch
    imagePullPolicy: {deny: [Always]}
  - name: resources
    action: Patch
    resources:
      requests: {cpu: {required: true, default: 100m}, memory: {required: true, default: 128Mi}}
      limits: {memory: {required: true, default: 256Mi, maxLimitRequestRatio: "2"}, cpu: {required: true, default: "1"}}
  - name: dns
    action: Patch
    dns: {policy: Default, options: [{name: ndots, value: "2"}]}
  - name: spread
    action: Patch
    topologySpread:
      constraints:
      - {topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway}
      - {topologyKey: topology.kubernetes.io/zone, maxSkew: 5, whenUnsatisfiable: DoNotSchedule}
  - name: nodes
    action: Patch
    placement:
      nodeSelector: {node-pool: steady}
      tolerations:
      - {key: dedicated, operator: Equal, value: steady, effect: NoSchedule}
      - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
      nodeAffinity:
        required: [{key: cores, operator: Gt, values: ["7"]}]
        preferred: [{weight: 100, matchExpressions: [{key: zone, operator: In, values: [a]}]}]
      priorityClassName: batch-low
      schedulerName: volcano
      disruption: Avoid
"#],
    );
    let mut runner = TestRunner::deterministic();
    let pods: Vec<Value> = (0..250)
        .map(|at| {
            let mut pod = pods::pod().new_tree(&mut runner).unwrap().current();
            pod["metadata"]["name"] = json!(format!("generated-{at}"));
            pod
        })
        .collect();
    let accepted = |namespace: &str| {
        let items: Vec<Value> = pods
            .iter()
            .cloned()
            .map(|mut pod| {
                pod["metadata"]["namespace"] = json!(namespace);
                pod
            })
            .collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let args = ["create", "--dry-run=server", "-f", "-", "-o", "name"];
        let output = guarded.cluster.kubectl_with(&args, &list).unwrap();
        let names: BTreeSet<String> = output.stdout.lines().map(str::to_owned).collect();
        (names, output.stderr)
    };
    let (before, _) = accepted("default");
    let (after, errors) = accepted(&guarded.namespace);
    assert!(before.len() > 150, "only {} of {} generated pods are valid", before.len(), pods.len());
    let lost: Vec<_> = before.difference(&after).collect();
    let why: Vec<&str> =
        errors.lines().filter(|line| !line.starts_with("Warning")).take(5).collect();
    assert!(lost.is_empty(), "no longer valid: {lost:?}\n{}", why.join("\n"));
}
