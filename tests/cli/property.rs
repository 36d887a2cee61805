//! Whatever is read, reading, judging and reporting end without a panic.

use std::path::Path;
use std::sync::Arc;

use plimsoll::check;
use plimsoll::engine::Engine;
use plimsoll::policy_source;
use plimsoll::report::{
    Report, Repository, compact, github, gitlab, json, junit, markdown, sarif, text,
};
use proptest::prelude::*;

use crate::sandbox::{DENY_LATEST, Sandbox};

const MANIFEST: &str = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: &n nightly, namespace: etl}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        metadata: {labels: {app: *n}}\n        spec:\n          initContainers: null\n          containers:\n          - &c\n            name: \"té\"\n            image: nginx:latest\n            args: [\"-c\", |-\n              x]\n          - <<: *c\n            name: b\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: etl, labels: {plimsoll.dev/mode: warn}}\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: \"x:latest\"}]}}\n";

/// Pieces that mean something to YAML, JSON or Kubernetes.
const PIECES: [&str; 28] = [
    "\n", "\r\n", "\r", "\t", " ", "  ", "---\n", "...", ": ", "- ", "[", "]", "{", "}", "&a ",
    "*a", "<<: ", "|\n", ">-\n", "\"", "'", "# ", "null", "\u{feff}", "é日", "\u{0}", "\u{85}",
    "1e999",
];

/// A text with some of its characters replaced by pieces.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let change = (0..text.len(), 0..40_usize, prop::sample::select(&PIECES[..]));
    prop::collection::vec(change, 1..6).prop_map(|changes| {
        let mut text = text.to_owned();
        for (at, length, piece) in changes {
            let floor =
                |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
            let (start, end) = (floor(at).unwrap(), floor(at + length).unwrap());
            text.replace_range(start..end, piece);
        }
        text
    })
}

fn context(engine: &Engine) -> check::Context<'_> {
    check::Context::new(engine)
}

/// Checks a manifest the way the command does and writes every format; whatever is in it, those for machines can be
/// read.
fn run(sandbox: &Sandbox, manifest: &[u8], threads: usize) -> (String, String) {
    let policy = sandbox.path().join("policy.yaml");
    let engine = Engine::new(Arc::new(policy_source::load(&[policy]).unwrap()));
    let file = sandbox.write("manifest.yaml", manifest);
    let context = check::Context {
        with_judged: true,
        with_replacements: true,
        ..check::Context::new(&engine)
    };
    let report = check::run(context, &[file], threads);
    let (mut plain, mut structured) = (Vec::new(), Vec::new());
    text::write(&report, text::Style::default(), &mut plain).unwrap();
    text::write(&report, text::Style { color: true, quiet: false, links: true }, &mut Vec::new())
        .unwrap();
    json::write(&report, &mut structured).unwrap();
    for_machines(&report, &Repository::around(sandbox.path()));
    let structured = String::from_utf8(structured).unwrap();
    let value: serde_json::Value = serde_json::from_str(&structured).unwrap();
    for found in value["findings"].as_array().unwrap() {
        let at = |field: &str| found[field].as_u64().unwrap();
        assert!(at("line") >= 1 && at("column") >= 1);
        assert!((at("endLine"), at("endColumn")) >= (at("line"), at("column")));
    }
    (String::from_utf8(plain).unwrap(), structured)
}

fn for_machines(report: &Report, repository: &Repository) {
    let written = |write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let log = written(&|out| sarif::write(report, repository, out));
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    crate::formats::sarif::validate(&log);
    let entries = written(&|out| gitlab::write(report, repository, out));
    let entries: Vec<serde_json::Value> = serde_json::from_str(&entries).unwrap();
    let all = report.findings.len() + report.errors.len();
    assert_eq!(entries.len(), all);
    crate::formats::junit::read(&written(&|out| junit::write(report, repository, out)));
    let told = written(&|out| github::write(report, repository, out));
    let overflow = usize::from(told.contains(" in all. GitHub shows"));
    assert_eq!(crate::formats::github::commands(&told).len(), all + overflow);
    assert_eq!(written(&|out| compact::write(report, out)).lines().count(), all);
    assert!(written(&|out| markdown::write(report, repository, out)).len() < 65_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        run(&Sandbox::new(), &bytes, 1);
    }

    #[test]
    fn any_mixture_of_pieces(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        run(&Sandbox::new(), pieces.concat().as_bytes(), 1);
    }

    #[test]
    fn mutated_manifests(manifest in mutated(MANIFEST)) {
        let sandbox = Sandbox::new();
        let once = run(&sandbox, manifest.as_bytes(), 1);
        prop_assert_eq!(once, run(&sandbox, manifest.as_bytes(), 4));
    }

    #[test]
    fn mutated_policies(policy in mutated(DENY_LATEST)) {
        let sandbox = Sandbox::with_policy(&policy);
        let path = sandbox.path().join("policy.yaml");
        if let Err(problems) = policy_source::load(&[path]) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(problem.error.file.as_deref().is_some_and(Path::is_absolute));
                prop_assert!(!problem.error.message.is_empty());
            }
        }
    }
}

#[test]
fn thread_counts_change_nothing() {
    let sandbox = Sandbox::new();
    for at in 0..30 {
        sandbox.write(&format!("all/{at}.yaml"), MANIFEST.replace("nightly", &format!("n{at}")));
    }
    let engine =
        Engine::new(Arc::new(policy_source::load(&[sandbox.path().join("policy.yaml")]).unwrap()));
    let report = |threads| {
        let report = check::run(context(&engine), &[sandbox.path().join("all")], threads);
        let mut text = Vec::new();
        json::write(&report, &mut text).unwrap();
        text
    };
    let one = report(1);
    for threads in [2, 3, 8, 64] {
        assert!(report(threads) == one, "{threads} threads");
    }
}
