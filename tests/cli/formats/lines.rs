//! The compact format and Markdown.

use super::{pods, varied};
use crate::sandbox::{Sandbox, bad_pod};

#[test]
fn a_line_for_each_finding() {
    let sandbox = varied();
    let run = sandbox.check(["--format", "compact", "./jobs/twins.yaml"]);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 8);
    let help = "`nginx:latest`: the tag `latest` is denied";
    assert_eq!(lines[1], format!("./jobs/twins.yaml:7:12: error[all/denied] {help}"));
    assert_eq!(lines[3], format!("./jobs/twins.yaml:7:12: warning[all/warned] {help}"));
    let hostile = sandbox.check([
        "--format",
        "compact",
        "jobs/hostile.yaml",
        "jobs/broken.yaml",
        "missing.yaml",
    ]);
    let lines: Vec<_> = hostile.stdout.lines().collect();
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines[0].starts_with("jobs/broken.yaml:2:4: error "), "{}", lines[0]);
    assert!(lines[1].starts_with("missing.yaml:1:1: error "), "{}", lines[1]);
}

#[cfg(unix)]
#[test]
fn a_name_does_not_break_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("a\n\u{1b}[2J.yaml", bad_pod("x"));
    let run = sandbox.check(["--format", "compact", "a\n\u{1b}[2J.yaml"]);
    assert_eq!(run.stdout.lines().count(), 1);
    assert!(run.stdout.starts_with(r"a\n\u{1b}[2J.yaml:7:12: error["), "{}", run.stdout);
    let text = sandbox.check(["a\n\u{1b}[2J.yaml"]).stdout;
    assert!(!text.contains('\u{1b}') && text.contains(r"--> a\n\u{1b}[2J.yaml:7:12"), "{text}");
}

#[test]
fn markdown_says_how_much_and_what_first() {
    let sandbox = varied();
    let text = sandbox.check(["--format", "markdown", "jobs"]).stdout;
    assert!(text.starts_with("## Plimsoll: 17 findings, 1 error\n\n| files | pods |"), "{text}");
    assert!(text.contains("\n| 5 | 5 | 4 | 4 | 5 | 5 | 0 | 1 |\n"), "{text}");
    let first = text.lines().find(|line| line.starts_with("1. ")).unwrap();
    assert!(
        first.starts_with("1. error <code>all/denied</code>: 4 findings in 4 objects; "),
        "{first}"
    );
    // Every row has the cells of its header, whatever the names are.
    let mut cells = 0;
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let count = line.matches('|').count();
        if line.contains("---") {
            cells = count;
        } else if cells > 0 && !line.starts_with("| where") && !line.starts_with("| | where") {
            assert_eq!(count, cells, "{line}");
        }
    }
    assert!(!text.contains("<h>") && !text.contains('\u{1b}'), "{text}");
    let few = sandbox.check(["--format", "markdown", "jobs/good.yaml"]).stdout;
    assert!(!few.contains("What to do first"), "{few}");
}

#[test]
fn markdown_ends_before_github_cuts_it() {
    let sandbox = Sandbox::new();
    sandbox.write("many.yaml", pods(5_000));
    let text = sandbox.check(["--format", "markdown", "many.yaml"]).stdout;
    assert!(text.len() < 65_000, "{}", text.len());
    let rows = text.lines().filter(|line| line.starts_with("| error |")).count();
    assert!(rows > 100, "{rows}");
    let told = format!("{} of 5000 are left out here", 5_000 - rows);
    assert!(text.contains(&told), "{}", &text[text.len() - 300..]);
}
