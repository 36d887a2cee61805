//! The schemas for editors: what loads is valid by them, and what is refused for its form is not.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use plimsoll::config::Config;
use plimsoll::manifest::parse;
use plimsoll::policy::{ExemptionSet, PolicySet};
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn schema(kind: &str) -> Value {
    let run = Sandbox::new().run(["schema", kind]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{kind}");
    run.json()
}

fn validator(kind: &str) -> Validator {
    let schema = schema(kind);
    assert!(jsonschema::draft7::meta::is_valid(&schema), "{kind}");
    jsonschema::draft7::new(&schema).unwrap()
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Every file with a policy in it below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

fn documents(text: &str) -> Vec<Value> {
    parse(None, text.as_bytes().to_vec()).documents.into_iter().map(|found| found.value).collect()
}

#[test]
fn policies_that_load_are_valid() {
    let (policy, exemption, test) =
        (validator("policy"), validator("exemption"), validator("test"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["policies", "tests/rules"] {
        files(&root.join(folder), &mut found);
    }
    let mut seen = 0;
    for path in found {
        for document in documents(&fs::read_to_string(&path).unwrap()) {
            let (validator, loads) = match document["kind"].as_str() {
                Some("PodPolicy") => (&policy, PolicySet::compile(&[&document]).is_ok()),
                Some("PodPolicyExemption") => {
                    (&exemption, ExemptionSet::compile(&[&document]).is_ok())
                }
                Some("PolicyTest") => (&test, true),
                _ => continue,
            };
            if loads {
                let errors = errors(validator, &document);
                assert!(errors.is_empty(), "{}: {errors:?}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen} policies");
}

#[test]
fn the_policies_of_the_repository_lead_editors_to_it() {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut found);
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        let target = first.strip_prefix("# yaml-language-server: $schema=").unwrap_or_default();
        let target = path.parent().unwrap().join(target);
        assert!(target.is_file(), "{}: {first}", path.display());
        let schema: Value = serde_json::from_slice(&fs::read(target).unwrap()).unwrap();
        let kind = documents(&text)[0]["kind"].clone();
        assert_eq!(schema["title"], kind, "{}", path.display());
    }
    // Those who print or install them have no such file.
    let printed = Sandbox::new().run(["policies"]).stdout;
    assert!(!printed.contains("yaml-language-server"), "{printed}");
}

fn policy(spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"}, "spec": spec})
}

fn rule(entry: Value) -> Value {
    policy(json!({"rules": [entry]}))
}

/// Wrong in a way that a schema can tell.
fn wrong_by_form() -> Vec<Value> {
    let tag = || json!({"name": "a", "imageTag": {}});
    let with = |path: &str, value: Value| {
        let mut policy = policy(json!({"rules": [tag()]}));
        let (parent, field) = path.rsplit_once('/').unwrap();
        policy.pointer_mut(parent).unwrap()[field] = value;
        policy
    };
    vec![
        with("/apiVersion", json!("plimsoll.dev/v1")),
        with("/kind", json!("PodPolicyy")),
        with("/metadata", json!({})),
        with("/metadata/name", json!("")),
        with("/spec/rule", json!([])),
        with("/spec/rules", json!([])),
        with("/spec/rules", json!(7)),
        with("/spec/description", json!(7)),
        with("/spec/match", json!({"namespace": {}})),
        with("/spec/match", json!({"workloads": []})),
        with("/spec/match", json!({"workloads": ["Job"]})),
        with("/spec/match", json!({"operations": ["DELETE"]})),
        with("/spec/match", json!({"namespaces": {"includes": ["a"]}})),
        with("/spec/match", json!({"namespaces": {"include": [""]}})),
        with("/spec/match", json!({"podSelector": {"matchLabels": {"a": 1}}})),
        with(
            "/spec/match",
            json!({"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
        ),
        with(
            "/spec/match",
            json!({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}}),
        ),
        with(
            "/spec/match",
            json!({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}),
        ),
        rule(json!({"name": "a"})),
        rule(json!({"imageTag": {}})),
        rule(json!({"name": "", "imageTag": {}})),
        rule(json!({"name": "a", "imageTag": {}, "dns": {}})),
        rule(json!({"name": "a", "imageTagg": {}})),
        rule(json!({"name": "a", "action": "deny", "imageTag": {}})),
        rule(json!({"name": "a", "action": "Patch", "imageTag": {}})),
        rule(json!({"name": "a", "action": "Deny", "otherwise": "Warn", "imagePullPolicy": {}})),
        rule(json!({"name": "a", "otherwise": "Warn", "imagePullPolicy": {}})),
        rule(json!({"name": "a", "action": "Patch", "otherwise": "Patch", "imagePullPolicy": {}})),
        rule(json!({"name": "a", "imageTag": {"denied": []}})),
        rule(json!({"name": "a", "imageTag": "latest"})),
        rule(json!({"name": "a", "imagePullPolicy": {"deny": []}})),
        rule(json!({"name": "a", "imagePullPolicy": {"deny": ["Sometimes"]}})),
        rule(
            json!({"name": "a", "imagePullPolicy": {"deny": ["Always"], "replaceWith": "Always"}}),
        ),
        rule(json!({"name": "a", "dns": {"policy": "None"}})),
        rule(json!({"name": "a", "dns": {"policy": "Default", "nameservers": ["192.0.2.1"]}})),
        rule(json!({"name": "a", "resources": {"requests": {"cpu": {"required": "yes"}}}})),
        rule(json!({"name": "a", "topologySpread": {"constraints": []}})),
        rule(
            json!({"name": "a", "topologySpread": {"constraints": [{"topologyKey": "a", "maxSkew": 0}]}}),
        ),
    ]
}

/// Wrong because of what one value means beside another: only reading the policy tells.
fn wrong_by_meaning() -> Vec<Value> {
    vec![
        policy(json!({"rules": [{"name": "a", "imageTag": {}}, {"name": "a", "dns": {}}]})),
        policy(
            json!({"match": {"namespaces": {"include": ["{a"]}}, "rules": [{"name": "a", "imageTag": {}}]}),
        ),
        rule(json!({"name": "a", "resources": {"requests": {"cpu": {"min": "2", "max": "1"}}}})),
    ]
}

#[test]
fn schema_and_compiler_refuse_the_same() {
    let validator = validator("policy");
    let fine =
        rule(json!({"name": "a", "action": "Patch", "otherwise": "Deny", "imagePullPolicy": {}}));
    assert!(PolicySet::compile(&[&fine]).is_ok() && validator.is_valid(&fine));
    for wrong in wrong_by_form() {
        assert!(PolicySet::compile(&[&wrong]).is_err(), "the compiler takes {wrong}");
        assert!(!validator.is_valid(&wrong), "the schema takes {wrong}");
    }
    for wrong in wrong_by_meaning() {
        assert!(PolicySet::compile(&[&wrong]).is_err(), "the compiler takes {wrong}");
        assert!(validator.is_valid(&wrong), "the schema can tell this by now: {wrong}");
    }
}

#[test]
fn exemptions_alike() {
    let validator = validator("exemption");
    let with = |field: &str, value: Value| {
        let mut spec = json!({"policies": ["*"], "reason": "r", "owner": "o"});
        spec[field] = value;
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption", "metadata": {"name": "x"}, "spec": spec})
    };
    for (field, value) in [
        ("rules", json!(["imageTag"])),
        ("expires", json!("2099-12-31")),
        ("expires", json!("2099-12-31T18:00:00Z")),
        ("match", json!({"workloads": ["Batch"]})),
    ] {
        let fine = with(field, value);
        assert!(ExemptionSet::compile(&[&fine]).is_ok(), "{fine}");
        assert!(validator.is_valid(&fine), "{:?}", errors(&validator, &fine));
    }
    for (field, value) in [
        ("policies", json!([])),
        ("policies", json!("*")),
        ("rules", json!([])),
        ("reason", json!(" ")),
        ("owner", json!("")),
        ("expires", json!("tomorrow")),
        ("expires", json!("2099-12")),
        ("until", json!("2099-12-31")),
    ] {
        let wrong = with(field, value);
        assert!(ExemptionSet::compile(&[&wrong]).is_err(), "{wrong}");
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn suites_alike() {
    let validator = validator("test");
    let head = "apiVersion: plimsoll.dev/v1alpha1\nkind: PolicyTest\n";
    for fine in [
        "cases: []",
        "cases:\n- {image: nginx, deny: no-latest}",
        "profile: default\ncases:\n- {image: a, clean: true}",
        "cases:\n- {review: review.json, clean: true}",
        "cases:\n- {review: {apiVersion: admission.k8s.io/v1, request: {object: {}}}, clean: true}",
    ] {
        let found = documents(&format!("{head}{fine}\n"));
        assert!(validator.is_valid(&found[0]), "{:?}", errors(&validator, &found[0]));
    }
    for wrong in [
        "case: []",
        "cases:\n- {imag: nginx}",
        "cases: 7",
        "metadata: {nam: x}",
        "cases:\n- {image: 7}",
        "cases:\n- {review: 7}",
    ] {
        let found = documents(&format!("{head}{wrong}\n"));
        assert!(!validator.is_valid(&found[0]), "{wrong}");
    }
}

#[test]
fn configurations_alike() {
    let validator = validator("config");
    for fine in [
        json!({}),
        json!({"policies": ["a"], "failOn": "warn", "formats": ["text", "json=out.json"]}),
        json!({"cluster": "snapshot.yaml", "kubernetesVersion": "1.34", "defaultMode": "audit"}),
        json!({"cluster": {"alwaysPullImages": true, "limitRanges": [{"namespace": "a", "limits": [{"type": "Pod", "max": {"cpu": 2}}]}]}}),
        json!({"$schema": "x", "profile": "strict", "forceExclude": true}),
        json!({"render": "never", "helm": {"values": ["v.yaml"], "set": ["a=b"]}, "kustomize": {"program": "kubectl"}}),
    ] {
        assert!(Config::read(&fine).is_ok(), "{fine}");
        assert!(validator.is_valid(&fine), "{:?}", errors(&validator, &fine));
    }
    for wrong in [
        json!({"policy": ["a"]}),
        json!({"policies": "a"}),
        json!({"failOn": "Deny"}),
        json!({"kubernetesVersion": 1.3}),
        json!({"kubernetesVersion": "2.0"}),
        json!({"cluster": {"namespaces": [{}]}}),
        json!({"cluster": {"namespace": []}}),
        json!({"cluster": 7}),
        json!({"defaultMode": "off"}),
        json!({"helm": {"value": []}}),
        json!({"render": true}),
        json!({"policies": []}),
        json!({"formats": []}),
        json!({"exclude": [""]}),
        json!({"namespace": "Bad Name"}),
        json!({"helm": ["nope"]}),
        json!({"kustomize": ["foo"]}),
        json!({"cluster": {"namespaces": [["etl", {"a": "b"}]]}}),
        json!({"cluster": {"namespaces": [{"name": "UPPER_x"}]}}),
        json!({"cluster": {"limitRanges": [["etl", "a", []]]}}),
        json!({"cluster": {"limitRanges": [{"namespace": "a", "limits": [{"type": "Foo"}]}]}}),
        json!({"failOn": ["deny"]}),
        json!({"failOn": {"deny": null}}),
    ] {
        assert!(Config::read(&wrong).is_err(), "{wrong}");
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
    // What the flags of the command tell, its schema tells too.
    for wrong in [json!({"profile": "lax"}), json!({"formats": ["jsn"]})] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn every_field_is_described_for_the_editor() {
    fn walk(path: &str, schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            assert!(property["description"].is_string(), "{path}");
            walk(&path, property);
        }
        for keyword in ["items", "additionalProperties"] {
            if schema[keyword].is_object() {
                walk(&format!("{path}[]"), &schema[keyword]);
            }
        }
    }
    for kind in ["policy", "exemption", "test", "config"] {
        let schema = schema(kind);
        assert!(!schema.to_string().contains("x-kubernetes"), "{kind}");
        walk(kind, &schema);
    }
}
