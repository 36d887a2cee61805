//! Manifests that announce in comments what is found in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::apply::apply_edits;
use super::compare::Difference;
use super::document::{Fixtures, wrong};
use super::inputs::read_manifest;
use super::judge::{Judged, holds_pod, judge};
use super::read::Suite;
use crate::decode::DecodeError;
use crate::engine::{Decision, Engine, Namespaces};
use crate::manifest::Document;
use crate::policy::document::{EXEMPTION_KIND, KIND};
use crate::policy::{Action, ExemptionSet, PolicyError, PolicySet};

/// What a fixture is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Pass,
    Fail,
    Fix,
}

/// A file of a fixture folder.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) sort: Sort,
    pub(super) file: PathBuf,
}

impl Fixture {
    /// What it is called: its path from the suite's folder.
    pub(super) fn name(&self, suite: &Suite) -> String {
        let folder = suite.file.parent().unwrap_or(Path::new(""));
        self.file.strip_prefix(folder).unwrap_or(&self.file).display().to_string()
    }
}

/// The marks in comments, and what they announce.
const MARKS: [&str; 3] = ["error", "fixed", "exempted"];

/// The files of the folders that a suite names.
///
/// # Errors
/// When a folder holds no manifest.
pub(super) fn find(fixtures: &Fixtures, folder: &Path) -> Result<Vec<Fixture>, DecodeError> {
    let mut found = Vec::new();
    let sorts = [
        ("pass", Sort::Pass, &fixtures.pass),
        ("fail", Sort::Fail, &fixtures.fail),
        ("fix", Sort::Fix, &fixtures.fix),
    ];
    for (field, sort, written) in sorts {
        let Some(written) = written else { continue };
        let files = files(folder, written);
        if files.is_empty() {
            let message = format!("no .yaml, .yml or .json file is in {written}");
            return Err(wrong(&format!("/fixtures/{field}"), message));
        }
        found.extend(files.into_iter().map(|file| Fixture { sort, file }));
    }
    Ok(found)
}

/// The manifests at a path whose steps may be globs.
fn files(folder: &Path, written: &str) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for step in written.split('/').filter(|step| !step.is_empty() && *step != ".") {
        found = found
            .into_iter()
            .flat_map(|base| match step.contains('*') {
                true => children(&base).into_iter().filter(|path| is_named(path, step)).collect(),
                false => vec![base.join(step)],
            })
            .collect();
    }
    let mut files = Vec::new();
    while let Some(path) = found.pop() {
        if path.is_dir() {
            found.extend(children(&path));
        } else if is_manifest(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let name = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(name).into_iter().flatten().flatten();
    entries.map(|entry| folder.join(entry.file_name())).collect()
}

fn is_named(path: &Path, pattern: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    super::expectation::matches(pattern, &name)
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// A fixture judged: what it announces beside what is found.
///
/// # Errors
/// When it cannot be read, or its policies are wrong.
pub(super) fn run(suite: &Suite, fixture: &Fixture) -> Result<Difference, String> {
    let (documents, namespaces) = read_manifest(&fixture.file)?;
    let text = documents.first().map(|document| document.text().as_str().to_owned());
    let is = |kind| move |document: &Document| document.kind() == Some(kind);
    let (policies, rest): (Vec<_>, Vec<_>) = documents.into_iter().partition(is(KIND));
    let (exemptions, mut judged): (Vec<_>, Vec<_>) = rest.into_iter().partition(is(EXEMPTION_KIND));
    let engine =
        engine(suite, &policies, &exemptions).map_err(|errors| said(&fixture.file, &errors))?;
    judged.retain(|document| holds_pod(&document.value));
    let after = (fixture.sort == Sort::Fix).then(|| judged.pop()).flatten();
    if judged.is_empty() {
        let wants = if fixture.sort == Sort::Fix {
            "one pod and the same after its patch"
        } else {
            "one pod"
        };
        return Err(format!("{}: it holds less than {wants}", fixture.file.display()));
    }
    let namespaces = suite.namespaces.clone().and(namespaces);
    let announced = announced(text.as_deref().unwrap_or_default());
    let mut found = BTreeSet::new();
    let mut last = None;
    for document in &judged {
        let decisions = decide(&engine, &document.value, &namespaces, suite);
        found.extend(decisions.iter().flat_map(|decision| marks(document, decision)));
        last = Some((document, decisions));
    }
    let mut difference = Difference {
        expected: announced.iter().map(line).collect(),
        actual: found.iter().map(line).collect(),
    };
    let is_error = |marks: &BTreeSet<Mark>| marks.iter().any(|(_, mark, _)| *mark == "error");
    if fixture.sort == Sort::Fail && announced.is_empty() {
        difference
            .expected
            .push("something is announced in a comment, since this is to fail".to_owned());
    }
    if fixture.sort == Sort::Pass && is_error(&announced) {
        difference
            .expected
            .push("nothing is announced as an error, since this is to pass".to_owned());
    }
    if let (Some(after), Some((before, decisions))) = (after, last) {
        let edits = decisions.iter().flat_map(Decision::edits);
        let patched = apply_edits(&before.value, edits)?;
        difference.expected.extend(pretty(&after.value));
        difference.actual.extend(pretty(&unsigned(patched.clone())));
        let again = decide(&engine, &patched, &namespaces, suite);
        if again.iter().any(|again| again.by_action(Action::Patch).next().is_some()) {
            difference.actual.push("patched once more, it changes again".to_owned());
        }
    }
    Ok(difference)
}

/// Line, mark and rule.
type Mark = (usize, &'static str, String);

fn line((line, mark, rule): &Mark) -> String {
    format!("line {line}: {mark}: {rule}")
}

/// What the comments of a text announce.
fn announced(text: &str) -> BTreeSet<Mark> {
    let mut found = BTreeSet::new();
    for (at, line) in text.lines().enumerate() {
        for mark in MARKS {
            let Some((_, names)) = line.split_once(&format!("# {mark}:")) else { continue };
            let names = names.split('#').next().unwrap_or_default().split(',');
            found.extend(names.map(|name| (at + 1, mark, name.trim().to_owned())));
        }
    }
    found
}

/// What is found, as comments would announce it.
fn marks(document: &Document, decision: &Decision) -> Vec<Mark> {
    let exempted = decision.exempted.iter().map(|one| (&one.finding, "exempted"));
    let findings = decision
        .findings
        .iter()
        .map(|finding| (finding, if finding.action == Action::Patch { "fixed" } else { "error" }));
    let unreadable = decision.unreadable.iter().map(|found| {
        let place = document.locate(found.error.pointer.as_str());
        (place.line, "error", found.rule.to_string())
    });
    let findings = findings.chain(exempted).map(|(finding, mark)| {
        let place = document.locate(finding.violation.pointer.as_str());
        (place.line, mark, finding.rule.to_string())
    });
    findings.chain(unreadable).collect()
}

/// The engine of the policies and exemptions in the file, or of the suite where it has none.
fn engine(
    suite: &Suite,
    policies: &[Document],
    exemptions: &[Document],
) -> Result<Engine, Vec<PolicyError>> {
    let values = |documents: &[Document]| -> Vec<Value> {
        documents.iter().map(|document| document.value.clone()).collect()
    };
    let mut engine = suite.rules.engine.clone();
    if !policies.is_empty() {
        let values = values(policies);
        let set = PolicySet::compile(&values.iter().collect::<Vec<_>>())?;
        engine = Engine::new(Arc::new(set));
    }
    if !exemptions.is_empty() {
        let values = values(exemptions);
        let set = ExemptionSet::compile(&values.iter().collect::<Vec<_>>())?;
        engine = engine.with_exemptions(Arc::new(set));
    }
    Ok(engine)
}

fn said(file: &Path, errors: &[PolicyError]) -> String {
    let first =
        errors.first().map(|error| format!("{}: {}", error.pointer.field_path(), error.message));
    format!("{}: {}", file.display(), first.unwrap_or_default())
}

/// As in `check`: what the file does not say of its namespaces is not known.
fn decide(engine: &Engine, value: &Value, namespaces: &Namespaces, suite: &Suite) -> Vec<Decision> {
    let around = (suite.now, &suite.digests);
    let judged = judge(engine, value, around, |namespace| namespaces.facts(namespace));
    judged.into_iter().map(|Judged { decision, .. }| decision).collect()
}

/// Without the annotation that names who patched the pod.
fn unsigned(mut object: Value) -> Value {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let is_empty = annotations.is_some_and(|annotations| {
        annotations.remove("plimsoll.dev/patched-by");
        annotations.is_empty()
    });
    if let (true, Some(Value::Object(metadata))) = (is_empty, object.get_mut("metadata")) {
        metadata.remove("annotations");
    }
    object
}

/// A value in lines, whatever the order of its fields.
fn pretty(value: &Value) -> Vec<String> {
    let sorted = sorted(value);
    let text = serde_json::to_string_pretty(&sorted).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            Value::Object(
                keys.into_iter().map(|key| (key.clone(), sorted(&fields[key.as_str()]))).collect(),
            )
        }
        Value::Array(items) => json!(items.iter().map(sorted).collect::<Vec<_>>()),
        other => other.clone(),
    }
}
