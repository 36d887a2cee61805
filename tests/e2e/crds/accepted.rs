//! What `plimsoll check` takes as a file, the API server takes as an object, and nothing of it is lost.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll::manifest::parse;
use plimsoll::policy::{CompiledExemption, CompiledPolicy};
use serde_json::{Value, json};

use super::guarded;
use crate::cluster::skipped;

const LABEL: &str = "crds-accepted";

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// Every policy of the library, the fixtures and the pages that compiles, under a name of its own.
fn policies() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut manifests, mut pages) = (Vec::new(), vec![root.join("README.md")]);
    files(&root.join("policies"), "yaml", &mut manifests);
    files(&root.join("tests/rules"), "yaml", &mut manifests);
    files(&root.join("docs"), "md", &mut pages);
    let mut texts: Vec<String> =
        manifests.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for page in pages.iter().map(|path| fs::read_to_string(path).unwrap()) {
        let blocks = page.split("```yaml\n").skip(1);
        texts.extend(blocks.filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())));
    }
    let documents = texts.into_iter().flat_map(|text| parse(None, text.into_bytes()).documents);
    let policies = documents.map(|document| document.value);
    policies
        .filter(|policy| policy["kind"] == "PodPolicy" && CompiledPolicy::compile(policy).is_ok())
        .enumerate()
        .map(|(at, mut policy)| {
            policy["metadata"]["name"] = json!(format!("accepted-{at}"));
            policy["metadata"]["labels"] = json!({ LABEL: "yes" });
            policy
        })
        .collect()
}

/// Whether everything in `wanted` is in `found`, which may hold more.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (_, Value::Null) => true,
        (Value::Object(found), Value::Object(wanted)) => wanted.iter().all(|(field, wanted)| {
            wanted.is_null() || found.get(field).is_some_and(|found| holds(found, wanted))
        }),
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| holds(a, b))
        }
        _ => found == wanted,
    }
}

#[test]
fn every_policy_is_taken_and_means_the_same() {
    if skipped("every_policy_is_taken_and_means_the_same") {
        return;
    }
    let policies = policies();
    assert!(policies.len() > 100, "{} policies", policies.len());
    let list = json!({"apiVersion": "v1", "kind": "List", "items": policies});
    let created = guarded().kubectl_with(&["create", "-f", "-"], &list.to_string()).unwrap();
    assert!(created.success(), "{}", created.stderr);
    let selector = format!("{LABEL}=yes");
    let stored = guarded().get_json(&["podpolicies", "-l", &selector]).unwrap();
    for policy in &policies {
        let name = &policy["metadata"]["name"];
        let stored = stored["items"].as_array().unwrap();
        let stored = stored.iter().find(|found| found["metadata"]["name"] == *name).unwrap();
        assert!(holds(&stored["spec"], &policy["spec"]), "{policy}\nis stored as\n{stored}");
        let [as_file, as_object] =
            [policy, stored].map(CompiledPolicy::compile).map(Result::unwrap);
        assert_eq!(format!("{as_file:?}"), format!("{as_object:?}"), "{stored}");
    }
    let applied = guarded().kubectl_with(
        &["apply", "--server-side", "--force-conflicts", "-f", "-"],
        &list.to_string(),
    );
    assert!(applied.as_ref().unwrap().success(), "{applied:?}");
    // In one request: one for each would take longer than kubectl may.
    let path = format!("/apis/plimsoll.dev/v1alpha1/podpolicies?labelSelector={LABEL}%3Dyes");
    guarded().kubectl_ok(&["delete", "--raw", &path]).unwrap();
}

#[test]
fn an_exemption_is_taken_and_means_the_same() {
    if skipped("an_exemption_is_taken_and_means_the_same") {
        return;
    }
    let wanted = super::exemption(
        "whole",
        json!({
        "policies": ["a-*"], "rules": ["dns", "imageTag"], "reason": "It moves in spring.", "owner": "team-a",
        "expires": "2999-12-31T18:00:00.5+01:00",
        "match": {"namespaces": {"include": ["etl-*"]}, "workloads": ["Airflow"], "operations": ["CREATE"],
                  "podSelector": {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["", "b"]}]}}}),
    );
    let stored = guarded().create(&wanted).unwrap();
    assert_eq!(stored["spec"], wanted["spec"]);
    let [as_file, as_object] =
        [&wanted, &stored].map(|found| format!("{:?}", CompiledExemption::compile(found).unwrap()));
    assert_eq!(as_file, as_object);
    guarded().kubectl_ok(&["delete", "podpolx", "whole"]).unwrap();
}

/// What compiles to the same thing is not all: what is left out must be what the API server fills in.
#[test]
fn defaults_are_those_of_the_compiler() {
    if skipped("defaults_are_those_of_the_compiler") {
        return;
    }
    let spec = json!({"rules": [
        {"name": "tag", "imageTag": {}},
        {"name": "pull", "imagePullPolicy": {}},
        {"name": "dns", "dns": {"policy": "Default"}},
        {"name": "spread", "topologySpread": {"constraints": [{"topologyKey": "a", "maxSkew": 1}]}},
        {"name": "nodes", "placement": {"disruption": "Avoid"}},
    ]});
    let stored = guarded().create(&super::policy("defaults", spec.clone())).unwrap();
    let rules = &stored["spec"]["rules"];
    for (pointer, wanted) in [
        ("/0/action", json!("Warn")),
        ("/1/imagePullPolicy/deny", json!(["Always"])),
        ("/1/imagePullPolicy/replaceWith", json!("IfNotPresent")),
        ("/1/imagePullPolicy/mutableTags", json!(["latest"])),
        ("/2/dns/clusterNames", json!("Keep")),
        ("/4/placement/boundPods", json!("Ignore")),
        ("/3/topologySpread/over", json!("Crowd")),
        ("/3/topologySpread/constraints/0/whenUnsatisfiable", json!("ScheduleAnyway")),
    ] {
        assert_eq!(rules.pointer(pointer), Some(&wanted), "{pointer} in {stored}");
    }
    assert_eq!(rules[0].get("otherwise"), None);
    assert_eq!(
        rules[0]["imageTag"],
        json!({}),
        "what only says what absence says is not filled in"
    );
    let [bare, filled] = [&super::policy("defaults", spec), &stored]
        .map(|policy| format!("{:?}", CompiledPolicy::compile(policy).unwrap()));
    assert_eq!(bare, filled);
    guarded().kubectl_ok(&["delete", "podpolicy", "defaults"]).unwrap();
}
