//! The fixtures of the rules: `tests/rules/<rule>/{pass,fail,fix}/*.yaml`.
//!
//! A fixture is a YAML stream: policies and exemptions, then Namespaces and LimitRanges, then what is judged. Every
//! finding has a comment `# error: <rule name>` on the line it points at, `# fixed: <rule name>` where it is patched, or
//! `# exempted: <rule name>` where it is exempted; there is no other. In `fix/` the last document is the object as it is afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/texts.rs"]
mod texts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use plimsoll::admission::{Endpoint, Review};
use plimsoll::check::namespaces_of;
use plimsoll::digests::{Digests, Resolution};
use plimsoll::engine::{
    Attributes, Decision, Engine, NamespaceFacts, Namespaces, Operation, Stage,
};
use plimsoll::finding::Safety;
use plimsoll::image::Reference;
use plimsoll::manifest::{Document, parse};
use plimsoll::pod::kinds::{Object, POD_KINDS, PodKind};
use plimsoll::policy::{Action, ExemptionSet, PolicySet};
use plimsoll::policy_source::is_suite_file;
use plimsoll::rules::RULES;
use serde_json::{Value, json};

/// What registries say in the fixtures: what the suite says with which `plimsoll test` reads them.
static DIGESTS: LazyLock<Digests> = LazyLock::new(|| {
    let suite = parse(None, fs::read(root().join("rules.test.yaml")).unwrap()).documents.remove(0);
    let mut digests = Digests::default();
    digests.close("the fixtures do not name the image");
    for (image, said) in suite.value["digests"].as_object().unwrap() {
        let resolution = match said["failed"].as_str() {
            Some(why) => Resolution::Failed(why.to_owned()),
            None => Resolution::Digest(said.as_str().unwrap().to_owned()),
        };
        let image = Reference::parse(image).unwrap().normalised().to_string();
        digests.insert(image, resolution);
    }
    digests
});

struct Fixture {
    path: PathBuf,
    text: String,
    engine: Engine,
    namespaces: Namespaces,
    judged: Vec<Document>,
    /// The object as it is after the fix.
    fixed: Option<Document>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    // The suite with which `plimsoll test` reads the same fixtures.
    found.retain(|path| !is_suite_file(path));
    found.sort();
    found
}

fn fixtures() -> Vec<Fixture> {
    let sorts = children(&root()).into_iter().flat_map(|rule| children(&rule));
    sorts.flat_map(|sort| children(&sort)).map(|path| Fixture::read(&path)).collect()
}

fn values(documents: &[Document]) -> Vec<&Value> {
    documents.iter().map(|document| &document.value).collect()
}

impl Fixture {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let manifest = parse(Some(path), text.clone().into_bytes());
        assert!(manifest.errors.is_empty(), "{:?}", manifest.errors);
        let namespaces = namespaces_of(&manifest, "default");
        let is = |kind| move |document: &Document| document.kind() == Some(kind);
        let (policies, rest): (Vec<_>, Vec<_>) =
            manifest.documents.into_iter().partition(is("PodPolicy"));
        let (exemptions, mut judged): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(is("PodPolicyExemption"));
        let set = PolicySet::compile(&values(&policies))
            .unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let exemptions = ExemptionSet::compile(&values(&exemptions))
            .unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let fixed = (sort(path) == "fix").then(|| judged.pop().unwrap());
        Self {
            path: path.to_owned(),
            text,
            engine: Engine::new(Arc::new(set)).with_exemptions(Arc::new(exemptions)),
            namespaces,
            judged,
            fixed,
        }
    }

    fn decide(&self, object: &Value, stage: Stage) -> Option<Decision> {
        let version = object["apiVersion"].as_str()?;
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = PodKind::find(group, object["kind"].as_str()?)?;
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        let attributes = Attributes {
            operation: Operation::Create,
            group,
            kind: kind.kind,
            subresource: "",
            namespace,
            user: None,
            object: Some(Object::Value(object)),
            old_object: None,
            facts: self.namespaces.facts(namespace),
            digests: Some(&DIGESTS),
            now: None,
            ..Attributes::default()
        };
        let decision = self.engine.decide(&attributes, stage);
        assert!(
            decision.unreadable.is_none(),
            "{}: {:?}",
            self.path.display(),
            decision.unreadable
        );
        Some(decision)
    }

    /// (line, rule, mark) of every comment that announces a finding.
    fn announced(&self) -> BTreeSet<(usize, String, &'static str)> {
        let mut found = BTreeSet::new();
        for (at, line) in self.text.lines().enumerate() {
            for mark in ["error", "fixed", "exempted"] {
                let Some((_, names)) = line.split_once(&format!("# {mark}:")) else { continue };
                let names = names.split('#').next().unwrap_or_default();
                found.extend(names.split(',').map(|name| (at + 1, name.trim().to_owned(), mark)));
            }
        }
        found
    }

    fn found(&self) -> BTreeSet<(usize, String, &'static str)> {
        let mut found = BTreeSet::new();
        for document in &self.judged {
            let Some(decision) = self.decide(&document.value, Stage::Whole) else { continue };
            let exempted = decision.exempted.iter().map(|one| (&one.finding, "exempted"));
            let findings = decision.findings.iter().map(|finding| {
                (finding, if finding.action == Action::Patch { "fixed" } else { "error" })
            });
            found.extend(findings.chain(exempted).map(|(finding, mark)| {
                let place = document.locate(finding.violation.pointer.as_str());
                (place.line, finding.rule.to_string(), mark)
            }));
        }
        found
    }
}

fn sort(path: &Path) -> String {
    path.parent().and_then(Path::file_name).unwrap().to_str().unwrap().to_owned()
}

/// What the runner itself adds to every patched pod is not every fixture's business.
fn unsigned(mut object: Value) -> Value {
    if let Some(annotations) =
        object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
    {
        annotations.remove("plimsoll.dev/patched-by");
        if annotations.is_empty() {
            object["metadata"].as_object_mut().unwrap().remove("annotations");
        }
    }
    object
}

/// The identity of a finding that must not depend on the door.
fn verdicts(decisions: &[&Decision]) -> BTreeSet<(String, String, String, String)> {
    let mut verdicts = BTreeSet::new();
    for decision in decisions {
        let exempted = decision.exempted.iter();
        let exempted = exempted.map(|one| (&one.finding, format!("exempted by {}", one.exemption)));
        let findings = decision.findings.iter();
        let findings = findings.map(|finding| (finding, finding.action.name().to_owned()));
        verdicts.extend(findings.chain(exempted).map(|(finding, action)| {
            let pointer = finding.violation.pointer.as_str().to_owned();
            (finding.policy.to_string(), finding.rule.to_string(), pointer, action)
        }));
    }
    verdicts
}

#[test]
fn every_rule_has_its_folder_and_no_other() {
    let folders: BTreeSet<String> = children(&root())
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let rules: BTreeSet<String> = RULES.iter().map(|rule| rule.meta.name.to_owned()).collect();
    assert_eq!(folders, rules);
    for rule in RULES {
        let sorts: BTreeSet<String> = children(&root().join(rule.meta.name))
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let wanted = if rule.meta.fix.is_some() {
            vec!["fail", "fix", "pass"]
        } else {
            vec!["fail", "pass"]
        };
        assert_eq!(
            sorts.iter().map(String::as_str).collect::<Vec<_>>(),
            wanted,
            "{}",
            rule.meta.name
        );
    }
}

#[test]
fn findings_stand_on_the_lines_that_announce_them() {
    for fixture in fixtures() {
        assert_eq!(fixture.found(), fixture.announced(), "{}", fixture.path.display());
        if sort(&fixture.path) != "pass" {
            assert!(
                !fixture.announced().is_empty(),
                "{} announces nothing",
                fixture.path.display()
            );
        }
    }
}

#[test]
fn a_fix_gives_the_announced_object_and_then_rests() {
    for fixture in fixtures() {
        let Some(fixed) = &fixture.fixed else { continue };
        let [.., before] = fixture.judged.as_slice() else { panic!("{}", fixture.path.display()) };
        let decision = fixture.decide(&before.value, Stage::Mutate).unwrap();
        let mut after = before.value.clone();
        let patch: json_patch::Patch = serde_json::from_value(json!(decision.patch)).unwrap();
        json_patch::patch(&mut after, &patch)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.path.display()));
        assert_eq!(unsigned(after.clone()), fixed.value, "{}", fixture.path.display());

        let again = fixture.decide(&after, Stage::Mutate).unwrap();
        assert!(again.patch.is_empty(), "{}: {:?}", fixture.path.display(), again.patch);
        let left = fixture.decide(&after, Stage::Whole).unwrap();
        assert!(left.by_action(Action::Patch).next().is_none(), "{}", fixture.path.display());
    }
}

/// The object after an RFC 6902 patch.
fn patched(object: &Value, decision: &Decision) -> Value {
    let mut after = object.clone();
    let patch: json_patch::Patch = serde_json::from_value(json!(decision.patch)).unwrap();
    json_patch::patch(&mut after, &patch).unwrap();
    after
}

/// The object after the edits, one by one.
fn edited(object: &Value, decision: &Decision) -> Value {
    let mut after = object.clone();
    for edit in decision.edits() {
        assert!(edit.apply(&mut after), "{edit:?}");
    }
    after
}

/// Both back ends of fixes: what is patched in the cluster is what is written into files, and no comment is lost.
#[test]
fn texts_and_objects_are_edited_alike() {
    let mut made = 0;
    for fixture in fixtures() {
        let place = fixture.path.display();
        for document in &fixture.judged {
            let Some(decision) = fixture.decide(&document.value, Stage::Fix(Safety::Unsafe)) else {
                continue;
            };
            assert!(decision.settled, "{place}");
            let wanted = edited(&document.value, &decision);
            if document.kind() == Some("Pod") {
                assert_eq!(wanted, patched(&document.value, &decision), "{place}");
            }
            let edits: Vec<_> = decision.edits().cloned().collect();
            made += usize::from(!edits.is_empty());
            texts::assert_edited(&fixture.text, &document.value, &wanted, &edits);
            let Some(again) = fixture.decide(&wanted, Stage::Fix(Safety::Unsafe)) else { continue };
            assert!(again.findings.is_empty(), "{place}: {:?}", again.findings);
        }
    }
    assert!(made > 50, "{made}");
}

/// The same for the pod inside every workload kind, written in several manners.
#[test]
fn texts_of_every_workload_kind_are_edited_alike() {
    for fixture in fixtures() {
        for document in fixture.judged.iter().filter(|document| document.kind() == Some("Pod")) {
            for kind in POD_KINDS.iter().filter(|kind| !kind.is_pod()) {
                let lifted = lift(&document.value, kind);
                let decision = fixture.decide(&lifted, Stage::Fix(Safety::Unsafe)).unwrap();
                let wanted = edited(&lifted, &decision);
                if keeps_class(&fixture, kind) {
                    let bare = fixture.decide(&document.value, Stage::Fix(Safety::Unsafe)).unwrap();
                    let pod = lift(&patched(&document.value, &bare), kind);
                    assert_eq!(wanted, pod, "{} in a {}", fixture.path.display(), kind.kind);
                }
                let edits: Vec<_> = decision.edits().cloned().collect();
                for text in texts::manners(&lifted) {
                    texts::assert_edited(&text, &lifted, &wanted, &edits);
                }
            }
        }
    }
}

#[test]
fn manifests_and_reviews_get_the_same_verdict() {
    for fixture in fixtures() {
        for document in fixture.judged.iter().filter(|document| document.kind() == Some("Pod")) {
            let pod = &document.value;
            let whole = fixture.decide(pod, Stage::Whole).unwrap();
            let mutated = fixture.decide(pod, Stage::Mutate).unwrap();
            let mut after = pod.clone();
            let patch: json_patch::Patch = serde_json::from_value(json!(mutated.patch)).unwrap();
            json_patch::patch(&mut after, &patch).unwrap();
            let judged = fixture.decide(&after, Stage::Validate).unwrap();
            assert_eq!(
                verdicts(&[&whole]),
                verdicts(&[&mutated, &judged]),
                "{}",
                fixture.path.display()
            );
            // A review knows no LimitRange; where there is one, the engine alone is compared.
            if !fixture.text.contains("LimitRange") && !fixture.text.contains("kind: Namespace") {
                assert_eq!(
                    through_review(&fixture, pod),
                    mutated.patch.len() + judged.findings.len()
                );
            }
        }
    }
}

/// The operations and findings that a pod gets through both webhooks, as bytes.
fn through_review(fixture: &Fixture, pod: &Value) -> usize {
    let answer = |endpoint, object: &Value| {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or("default");
        let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
            "namespace": namespace, "userInfo": {}, "object": object}});
        let body = serde_json::to_vec(&body).unwrap();
        let review = Review::parse(&body).unwrap().with_digests(&DIGESTS);
        let answer = review.answer(&fixture.engine, endpoint, NamespaceFacts::default(), None);
        let findings = answer.record.findings.len();
        (serde_json::from_slice::<Value>(&answer.body).unwrap(), findings)
    };
    let (mutated, _) = answer(Endpoint::Mutate, pod);
    let mut after = pod.clone();
    let mut operations = 0;
    if let Some(patch) = mutated["response"]["patch"].as_str() {
        use base64::Engine as _;
        let patch = base64::engine::general_purpose::STANDARD.decode(patch).unwrap();
        let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
        operations = patch.0.len();
        json_patch::patch(&mut after, &patch).unwrap();
    }
    operations + answer(Endpoint::Validate, &after).1
}

#[test]
fn a_pod_gets_the_same_verdict_inside_every_workload_kind() {
    for fixture in fixtures() {
        for document in fixture.judged.iter().filter(|document| document.kind() == Some("Pod")) {
            let pod = &document.value;
            let expected = verdicts(&[&fixture.decide(pod, Stage::Whole).unwrap()]);
            for kind in
                POD_KINDS.iter().filter(|kind| !kind.is_pod() && keeps_class(&fixture, kind))
            {
                let lifted = lift(pod, kind);
                let found = fixture.decide(&lifted, Stage::Whole).unwrap();
                let base = kind.base().as_str().to_owned();
                let expected = expected
                    .iter()
                    .map(|(policy, rule, path, action)| {
                        (policy.clone(), rule.clone(), format!("{base}{path}"), action.clone())
                    })
                    .collect();
                assert_eq!(
                    verdicts(&[&found]),
                    expected,
                    "{} in a {}",
                    fixture.path.display(),
                    kind.kind
                );
            }
        }
    }
}

/// Rules that look at owner or class see another pod inside another kind. A Job says itself when its pods end, and what is
/// started anew never does.
fn keeps_class(fixture: &Fixture, kind: &PodKind) -> bool {
    let path = fixture.path.to_str().unwrap();
    let by_ending = path.contains("/termination/")
        && (fixture.text.contains("activeDeadline")
            || kind.pods_owned_by == Some(("batch", "Job")));
    // A DaemonSet's pods are bound, and so is a pod that says whose it is.
    let by_owner = path.contains("placement")
        && (kind.kind == "DaemonSet" || fixture.text.contains("ownerReferences"));
    let by_class = path.contains("topologySpread")
        || by_owner
        || by_ending
        || fixture.text.contains("workloads:");
    !by_class || (matches!(kind.kind, "PodTemplate") && !fixture.text.contains("ownerReferences"))
}

fn lift(pod: &Value, kind: &PodKind) -> Value {
    let mut template = pod.clone();
    let fields = template.as_object_mut().unwrap();
    fields.remove("apiVersion");
    fields.remove("kind");
    let mut object = json!({});
    for step in kind.path.iter().rev() {
        template = json!({*step: template});
    }
    object.as_object_mut().unwrap().extend(template.as_object().unwrap().clone());
    let version =
        if kind.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", kind.group) };
    object["apiVersion"] = json!(version);
    object["kind"] = json!(kind.kind);
    object["metadata"] = json!({"name": "lifted", "namespace": pod["metadata"]["namespace"].as_str().unwrap_or("default")});
    object
}
