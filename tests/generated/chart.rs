//! What the chart is made of that stands elsewhere too, and what is made of the chart.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use plimsoll::manifest::parse;
use plimsoll::policy_source::EMBEDDED;
use serde_json::Value;
use tempfile::TempDir;

use crate::{check, check_part, go};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Helm packs a chart's folder only, so the policies are in it once more.
#[test]
fn profiles_of_the_chart() {
    let mut wanted = BTreeSet::new();
    for file in EMBEDDED {
        let path = format!("charts/plimsoll/policies/{}/{}", file.profile, file.file);
        fs::create_dir_all(root().join(&path).parent().unwrap()).unwrap();
        check(&path, file.portable());
        wanted.insert(path);
    }
    let folder = root().join("charts/plimsoll/policies");
    for profile in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(profile).unwrap().map(|entry| entry.unwrap().path()) {
            let below = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            assert!(wanted.contains(&below), "{below} is of no profile: remove it");
        }
    }
}

#[test]
fn the_chart_has_the_version_of_the_program() {
    let chart = parse(None, read("charts/plimsoll/Chart.yaml").into_bytes()).documents;
    for field in ["version", "appVersion"] {
        assert_eq!(chart[0].value[field], env!("CARGO_PKG_VERSION"), "Chart.yaml: {field}");
    }
}

/// A line of values.yaml that names a value.
struct Row {
    path: String,
    described: String,
}

/// The values that have a comment above them, and fail for those that should.
fn rows(text: &str, values: &Value) -> Vec<Row> {
    let (mut rows, mut above, mut path) = (Vec::new(), Vec::new(), Vec::<(usize, String)>::new());
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(comment) = line.trim_start().strip_prefix("# ") {
            above.push(comment.to_owned());
            continue;
        }
        if line.is_empty() {
            above.clear();
        }
        let Some((key, rest)) = line.trim_start().split_once(':') else { continue };
        path.retain(|(deep, _)| *deep < indent);
        path.push((indent, key.to_owned()));
        let keys: Vec<_> = path.iter().map(|(_, key)| key.as_str()).collect();
        let described = std::mem::take(&mut above).join(" ");
        let value = keys.iter().fold(values, |value, key| &value[*key]);
        let group = rest.trim().is_empty() && value.is_object();
        // A value inside of one that is described as a whole needs no words of its own.
        let inside =
            rows.iter().any(|row: &Row| keys.join(".").starts_with(&format!("{}.", row.path)));
        assert!(group || inside || !described.is_empty(), "values.yaml: {keys:?} has no comment");
        if !described.is_empty() {
            rows.push(Row { path: keys.join("."), described });
        }
    }
    rows
}

#[test]
fn values_of_the_chart() {
    let text = read("charts/plimsoll/values.yaml");
    let values = parse(None, text.clone().into_bytes()).documents[0].value.clone();
    let body = text.split_once("\n\n").unwrap().1;
    let mut table = String::from("| value | default | what it is |\n| --- | --- | --- |\n");
    for Row { path, described } in rows(body, &values) {
        let value = path.split('.').fold(&values, |value, key| &value[key]);
        let described = described.replace('|', "\\|");
        table += &format!("| `{path}` | `{value}` | {described} |\n");
    }
    check_part("charts/plimsoll/README.md", "values", &table);
}

/// Where there is no Go, and so no Helm, the text stays unchecked, and that is said.
fn helm() -> Option<std::path::PathBuf> {
    let skip = std::env::var("PLIMSOLL_SKIP_CLUSTER_TESTS").is_ok_and(|v| !matches!(&*v, "" | "0"));
    if skip {
        let text = "plimsoll tests: SKIPPED plain_manifests: PLIMSOLL_SKIP_CLUSTER_TESTS is set.";
        drop(writeln!(std::io::stderr(), "{text}"));
        return None;
    }
    Some(go::tool("helm").unwrap())
}

/// Names that are in no text of the chart.
const PLACEHOLDERS: [&str; 3] = ["name-goes-here", "namespace-goes-here", "image-goes-here"];

/// The chart's objects as text, without what is Helm's, none of them empty.
fn rendered(helm: &Path, more: &[&str]) -> Vec<String> {
    let home = TempDir::new().unwrap();
    let [name, namespace, image] = PLACEHOLDERS;
    let output = Command::new(helm)
        .args(["template", name, "charts/plimsoll", "--namespace", namespace])
        .args(["--set", &format!("fullnameOverride={name},policies.profile=none")])
        .args(["--set", &format!("image.repository={image}")])
        .args(more)
        .current_dir(root())
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rendered = String::from_utf8(output.stdout).unwrap();
    let theirs = ["# Source: ", "helm.sh/chart: ", "app.kubernetes.io/managed-by: "];
    let documents = rendered.split("---\n").map(|document| {
        let lines = document.lines().map(str::trim_end);
        let kept = lines.filter(|line| {
            let line = line.trim_start();
            !line.is_empty() && !theirs.iter().any(|mark| line.starts_with(mark))
        });
        kept.map(|line| format!("{line}\n")).collect::<String>()
    });
    documents.filter(|document| !document.is_empty()).collect()
}

/// The text with marks where flags say what goes there.
fn marked(text: String, more: &[(&str, &str)]) -> String {
    let [name, namespace, image] = PLACEHOLDERS;
    let image = format!("{image}:{}", env!("CARGO_PKG_VERSION"));
    let marks = [(name, "{{name}}"), (namespace, "{{namespace}}"), (&*image, "{{image}}")];
    // `namespace-goes-here` holds no `name-goes-here`: the order does not matter.
    let text = marks.iter().chain(more).fold(text, |text, (found, mark)| {
        assert!(text.contains(found), "{found} is not in the chart's manifests");
        text.replace(found, mark)
    });
    format!("# Made by tests/generated.rs from charts/plimsoll; edit that.\n{text}")
}

#[test]
fn plain_manifests() {
    let Some(helm) = helm() else { return };
    let [name, namespace, _] = PLACEHOLDERS;
    // Deleting goes by the order of the file, and what calls Plimsoll has to go before Plimsoll.
    let (webhooks, others): (Vec<_>, Vec<_>) = rendered(&helm, &[])
        .into_iter()
        .partition(|document| document.contains("WebhookConfiguration\n"));
    assert_eq!(webhooks.len(), 3);
    let own_namespace = format!(
        "# The pods meet the strictest of Kubernetes' own standards.\n\
         apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n  labels:\n    \
         app.kubernetes.io/name: plimsoll\n    app.kubernetes.io/instance: {name}\n    \
         pod-security.kubernetes.io/enforce: restricted\n"
    );
    let all: Vec<_> = webhooks.into_iter().chain([own_namespace]).chain(others).collect();
    let policy = [("--failure-policy=Ignore", "--failure-policy={{failurePolicy}}")];
    check("src/cli/manifests/install.yaml", &marked(all.join("---\n"), &policy));
}

#[test]
fn plain_manifests_of_audits() {
    let Some(helm) = helm() else { return };
    let templates = ["templates/audit.yaml", "templates/audit-rbac.yaml"];
    let only = templates.iter().flat_map(|template| ["--show-only", template]);
    let args: Vec<&str> = ["--set", "audit.enabled=true"].into_iter().chain(only).collect();
    let all = rendered(&helm, &args).join("---\n");
    check("src/cli/manifests/audit.yaml", &marked(all, &[]));
}
