//! Links, flags and variables on the pages exist.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::markdown::{Page, code_spans, pages, root};

#[test]
fn links_lead_to_files_and_headings() {
    for page in pages() {
        let prose = page.prose();
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            let target = target.0;
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.path.clone(),
                file => page.path.parent().unwrap_or(Path::new("")).join(file),
            };
            let place = format!("{}: {target}", page.path.display());
            assert!(root().join(&path).exists(), "{place} leads nowhere");
            if !anchor.is_empty() {
                let headings = headings(&Page::read(&path));
                assert!(headings.contains(anchor), "{place}: there are {headings:?}");
            }
        }
    }
}

/// The headings as links name them.
fn headings(page: &Page) -> BTreeSet<String> {
    let prose = page.prose();
    let titles = prose.lines().filter(|line| line.starts_with('#'));
    titles
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

/// The help of every command.
fn help() -> String {
    let run = |args: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(args).arg("--help").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let all = run(&[]);
    let commands = all.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.split_whitespace().next());
    let each: String = names.filter(|name| *name != "help").map(|name| run(&[name])).collect();
    all.clone() + &each
}

/// Flags of other programs that stand alone in the text.
const FOREIGN_FLAGS: [&str; 2] = ["--no-default-features", "--user"];

#[test]
fn flags_exist() {
    let help = help();
    let known: BTreeSet<&str> = words(&help).collect();
    for page in pages() {
        let prose = page.prose();
        let spans = code_spans(&prose).into_iter().filter(|span| span.starts_with("--"));
        let blocks = page.blocks();
        let lines = blocks.iter().flat_map(|block| block.text.lines());
        // Helm, kubectl and docker are told of things called plimsoll, with flags of their own.
        let parts = lines.flat_map(|line| line.split('|')).filter(|part| {
            let command = part.trim_start().trim_start_matches("$ ");
            !["helm ", "kubectl ", "docker "].iter().any(|other| command.starts_with(other))
        });
        let lines = parts.filter_map(|part| part.split_once("plimsoll ").map(|(_, rest)| rest));
        for flag in spans.chain(lines).flat_map(words) {
            let found = known.contains(flag) || FOREIGN_FLAGS.contains(&flag);
            assert!(found, "{}: there is no {flag}", page.path.display());
        }
    }
}

/// The long flags in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| word.len() > 3 && word.starts_with("--") && !word.starts_with("---"))
}

#[test]
fn variables_exist() {
    let help = help();
    let sources = [
        "tests/support/cluster.rs",
        "tests/support/usage.rs",
        "tests/generated.rs",
        "examples/cluster.rs",
        "docs/ci/gitlab.yml",
    ]
    .map(|path| std::fs::read_to_string(root().join(path)).unwrap())
    .concat();
    for page in pages() {
        for rest in page.text.split("PLIMSOLL_").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            let name = format!("PLIMSOLL_{name}");
            assert!(
                help.contains(&name) || sources.contains(&name) || name == "PLIMSOLL_",
                "{}: nothing reads {name}",
                page.path.display()
            );
        }
    }
}
