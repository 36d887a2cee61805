//! The layers of the source: arrows point down only, and the engine does no IO.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The modules from the top to the bottom. A module may use those on later lines.
const LAYERS: [&[&str]; 26] = [
    &["cli"],
    &["fix"],
    &["audit", "check", "replay", "serve"],
    &["config", "rendering"],
    &["suite"],
    &["changes", "cluster", "policy_source", "registry"],
    &["readiness"],
    &["crd"],
    &["silence"],
    &["report"],
    &["ledger", "recording"],
    &["admission"],
    &["survey"],
    &["forecast"],
    &["tally"],
    &["facts"],
    &["engine"],
    &["policy"],
    &["rules"],
    &["cel"],
    &["finding", "request"],
    &["pod"],
    &["manifest"],
    &["glob", "image", "quantity", "selector"],
    &["decode", "digests", "edit", "json", "label"],
    &["pointer"],
];

/// The modules that are pure: no IO, no clock, no threads, no async.
const PURE: [&str; 22] = [
    "cel",
    "digests",
    "request",
    "ledger",
    "admission",
    "survey",
    "forecast",
    "tally",
    "engine",
    "policy",
    "rules",
    "finding",
    "pod",
    "glob",
    "image",
    "quantity",
    "selector",
    "decode",
    "edit",
    "json",
    "label",
    "pointer",
];

const IMPURE: [&str; 14] = [
    "std::fs",
    "std::net::Tcp",
    "std::time",
    "std::env",
    "std::thread",
    "std::process",
    "std::io",
    "tokio",
    "rustls",
    "kube::",
    "hyper",
    "axum",
    "println!",
    "async fn",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found
}

/// The module a file belongs to, and its text without tests.
fn modules() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&root)
        .into_iter()
        .filter_map(|path| {
            let below = path.strip_prefix(&root).unwrap().to_owned();
            let first = below.components().next()?.as_os_str().to_str()?;
            let module = first.strip_suffix(".rs").unwrap_or(first).to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let tests = below.to_str()?.contains("tests");
            let text = text.split("#[cfg(test)]\nmod tests {").next()?.to_owned();
            (!tests && !["lib", "main"].contains(&module.as_str())).then_some((below, module, text))
        })
        .collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn every_module_has_a_layer() {
    for (path, module, _) in modules() {
        assert!(layer(&module).is_some(), "{}: say in which layer {module} is", path.display());
    }
}

/// The modules that follow `crate::`, one by one where braces hold several.
fn used_modules(text: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut used = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let Some(group) = rest.trim_start().strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0_usize;
        let mut starts = vec![0];
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts.push(at + 1),
                _ => {}
            }
        }
        used.extend(starts.into_iter().map(|start| name(&group[start..])));
    }
    used
}

#[test]
fn every_module_in_braces_is_seen() {
    let text = "use crate::{\n    json::{self, Reader},\n    pod::{a, b::{c}}, cli::d,\n};\nuse crate::edit::Edit;";
    assert_eq!(
        used_modules(text),
        ["json", "pod", "cli", "", "edit"],
        "the last comma is followed by nothing"
    );
}

#[test]
fn arrows_point_down() {
    for (path, module, text) in modules() {
        for used in used_modules(&text) {
            let (Some(from), Some(to)) = (layer(&module), layer(&used)) else { continue };
            assert!(
                used == module || from < to,
                "{}: {module} must not use {used}",
                path.display()
            );
        }
    }
}

#[test]
fn the_engine_does_no_io() {
    for (path, module, text) in modules() {
        if !PURE.contains(&module.as_str()) {
            continue;
        }
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in IMPURE {
                assert!(!line.contains(word), "{}: {word} in a pure layer: {line}", path.display());
            }
        }
    }
}

#[test]
fn files_hold_one_thing() {
    let main =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 40);
    for (path, _, text) in modules() {
        assert!(
            text.lines().count() <= 300,
            "{} has {} lines",
            path.display(),
            text.lines().count()
        );
    }
}
