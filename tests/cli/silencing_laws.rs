//! Whatever the manifests: a comment silences what stands on its line and nothing else, and a baseline knows its
//! findings wherever they have moved to.

use std::sync::Arc;

use plimsoll::check;
use plimsoll::engine::Engine;
use plimsoll::policy_source;
use plimsoll::report::{Diagnostic, Report, Repository, Silence, SilencedBy};
use plimsoll::silence::Silencing;
use plimsoll::silence::baseline::Ledger;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::sandbox::{DENY_LATEST, Sandbox};

const FILE: &str = "manifest.yaml";
const NINE: &str = "  - name: no-nine\n    action: Warn\n    imageTag: {deny: [\"9\"]}\n";

/// Names in comments, and the rules that they are names of.
const NAMES: &[(&str, &[&str])] = &[
    ("no-latest", &["no-latest"]),
    ("images/no-nine", &["no-nine"]),
    ("imageTag", &["no-latest", "no-nine"]),
    ("images/other", &[]),
];

/// A container: its name, its image, and the manner it is written in.
type Container = (usize, &'static str, usize);

/// A line, and whether what is put before it, or behind it, is text of a scalar.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    within: [bool; 2],
}

fn container() -> impl Strategy<Value = (&'static str, usize)> {
    (select(&["nginx:latest", "redis:9", "nginx:1.29", "redis:latest"][..]), 0..5_usize)
}

/// Pods, each with containers that have their names from their positions.
fn pods() -> impl Strategy<Value = Vec<Vec<Container>>> {
    let containers = prop::collection::vec(container(), 1..4).prop_map(|containers| {
        containers
            .into_iter()
            .enumerate()
            .map(|(at, (image, manner))| (at, image, manner))
            .collect()
    });
    prop::collection::vec(containers, 1..4)
}

fn lines_of(pod: usize, containers: &[Container]) -> Vec<Line> {
    let head = format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{pod}}}\nspec:\n\n  containers:"
    );
    let plain = |text: &str| Line { text: text.to_owned(), within: [false, false] };
    let mut lines: Vec<Line> = head.lines().map(plain).collect();
    for (name, image, manner) in containers {
        let text = match manner {
            0 => format!("  - name: c{name}\n    image: {image}"),
            1 => format!("  - {{name: c{name}, image: \"{image}\"}}"),
            2 => format!("  - {{name: c{name},\n     image: {image},\n     args: [a,\n       b]}}"),
            3 => format!(
                "  - image: '{image}'\n    args:\n    - |-\n      # text\n\n      more\n    name: c{name}"
            ),
            _ => format!(
                "  - args: [\"a\n\n      b\"]\n    image: {image}\n\n    # a comment\n    name: c{name}"
            ),
        };
        let mut container: Vec<Line> = text.lines().map(plain).collect();
        // The text of the block scalar, and the quoted one.
        let (before, behind) = match manner {
            3 => (3..6, 3..6),
            4 => (1..3, 0..2),
            _ => (0..0, 0..0),
        };
        container[before].iter_mut().for_each(|line| line.within[0] = true);
        container[behind].iter_mut().for_each(|line| line.within[1] = true);
        lines.extend(container);
    }
    lines
}

fn text_of(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{}\n", line.text)).collect()
}

fn is_content(line: &Line) -> bool {
    let text = line.text.trim_start();
    !text.is_empty() && !text.starts_with('#')
}

/// Puts a comment before a line, or behind it; gives the line, counted as before from 0, that it is about.
fn insert(lines: &mut Vec<Line>, at: usize, behind: bool, comment: &str) -> Option<usize> {
    let next = |from: usize| (from..lines.len()).find(|&at| is_content(&lines[at]));
    let about = match behind {
        _ if lines[at].within[usize::from(behind)] => None,
        true if is_content(&lines[at]) => Some(at),
        true => next(at + 1),
        false => next(at),
    };
    let below = lines[at..].iter().find(|line| !line.text.is_empty());
    let text = below.map_or("", |line| line.text.as_str());
    let indent = " ".repeat(text.len() - text.trim_start().len());
    if !behind {
        let line = Line { text: format!("{indent}{comment}"), within: [false; 2] };
        lines.insert(at, line);
    } else if lines[at].text.is_empty() {
        lines[at].text = format!("{indent}{comment}");
    } else {
        lines[at].text.push_str(&format!(" {comment}"));
    }
    about
}

struct Bench {
    sandbox: Sandbox,
    engine: Engine,
}

impl Bench {
    fn new() -> Self {
        let sandbox = Sandbox::with_policy(&format!("{DENY_LATEST}{NINE}"));
        let policies = policy_source::load(&[sandbox.path().join("policy.yaml")]).unwrap();
        Self { sandbox, engine: Engine::new(Arc::new(policies)) }
    }

    fn check(&self, text: &str, silencing: &Silencing) -> Report {
        let file = self.sandbox.write(FILE, text);
        let context = check::Context { silencing, ..check::Context::new(&self.engine) };
        let report = check::run(context, &[file], 1);
        assert!(report.errors.is_empty(), "{text}\n{:?}", report.errors);
        report
    }

    fn plainly(&self, text: &str) -> Report {
        self.check(text, &plimsoll::silence::USUAL)
    }

    /// The report under a baseline, with what is stale in that.
    fn under_baseline(&self, text: &str, records: bool) -> (Report, Vec<String>) {
        let folder = self.sandbox.path();
        let (baseline, repository) = (folder.join("baseline.json"), Repository::around(folder));
        let make = if records { Ledger::recording } else { Ledger::read };
        let ledger = Some(make(&baseline, repository).unwrap());
        let silencing = Silencing { honoured: true, kept: false, ledger };
        let report = self.check(text, &silencing);
        let paths = [folder.join(FILE)];
        let ledger = silencing.ledger.unwrap();
        let stale = ledger.stale(&paths).into_iter().map(|stale| stale.message).collect();
        if records {
            ledger.write(&paths).unwrap();
        }
        (report, stale)
    }
}

/// What a finding is about, however its line is called.
fn about(found: &Diagnostic) -> (String, String, String) {
    let container = found.container.as_deref().unwrap_or_default();
    (found.object.name.clone(), container.to_owned(), (*found.rule).to_owned())
}

fn whole(pods: &[Vec<Container>]) -> Vec<Line> {
    pods.iter().enumerate().flat_map(|(at, containers)| lines_of(at, containers)).collect()
}

/// The manifest with its pods and containers in another order, and with lines between that say nothing.
fn moved(pods: &[Vec<Container>], places: &[(Index, bool)], turn: usize) -> String {
    let mut documents: Vec<_> = pods
        .iter()
        .enumerate()
        .map(|(at, containers)| {
            let mut containers = containers.clone();
            let by = turn % containers.len();
            containers.rotate_left(by);
            lines_of(at, &containers)
        })
        .collect();
    let by = turn % documents.len();
    documents.rotate_left(by);
    let mut lines = documents.concat();
    for (at, blank) in places {
        let free: Vec<_> = (0..lines.len()).filter(|&at| !lines[at].within[0]).collect();
        let text = if *blank { "" } else { "# a word" };
        lines
            .insert(free[at.index(free.len())], Line { text: text.to_owned(), within: [false; 2] });
    }
    text_of(&lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_comment_silences_its_rule_on_its_line_and_nothing_else(
        pods in pods(),
        at in any::<Index>(),
        behind in any::<bool>(),
        (name, rules) in select(NAMES),
    ) {
        let bench = Bench::new();
        let mut lines = whole(&pods);
        let before = bench.plainly(&text_of(&lines));
        let at = at.index(lines.len());
        let line = insert(&mut lines, at, behind, &format!("# plimsoll: ignore[{name}] why"));
        let text = text_of(&lines);
        let after = bench.check(&text, &Silencing { honoured: true, kept: true, ledger: None });
        let is_silent = |found: &&Diagnostic| {
            line.is_some_and(|line| found.place.line == line + 1) && rules.contains(&&*found.rule)
        };
        let silenced: Vec<_> = before.findings.iter().filter(is_silent).map(about).collect();
        let silent = silenced.len();
        let expected: Vec<_> =
            before.findings.iter().filter(|found| !is_silent(found)).map(about).collect();
        prop_assert_eq!(after.findings.iter().map(about).collect::<Vec<_>>(), expected, "{}", text);
        prop_assert_eq!(after.summary.silenced.comments, silent);
        prop_assert_eq!(after.silenced.iter().map(|(found, _)| about(found)).collect::<Vec<_>>(), silenced);
        let because = |silence: &Silence| (silence.by, &*silence.reason) == (SilencedBy::Comment, "why");
        prop_assert!(after.silenced.iter().all(|(_, silence)| because(silence)));
        let is_comment = !whole(&pods)[at].within[usize::from(behind)];
        prop_assert_eq!(after.warnings.len(), usize::from(is_comment && silent == 0), "{}", text);
    }

    #[test]
    fn a_baseline_knows_its_findings_wherever_they_move(
        pods in pods(),
        places in prop::collection::vec((any::<Index>(), any::<bool>()), 0..6),
        turn in 0..4_usize,
        chosen in any::<Index>(),
    ) {
        let bench = Bench::new();
        let count = bench.plainly(&text_of(&whole(&pods))).findings.len();
        let (report, _) = bench.under_baseline(&text_of(&whole(&pods)), true);
        prop_assert_eq!((report.findings.len(), report.summary.silenced.baseline), (0, count));
        prop_assert_eq!((report.summary.denied, report.summary.warned), (0, 0));

        let text = moved(&pods, &places, turn);
        let (report, stale) = bench.under_baseline(&text, false);
        prop_assert_eq!(report.findings.len(), 0, "{}", text);
        prop_assert_eq!(stale.len(), 0);

        let bad: Vec<(usize, usize)> = pods
            .iter()
            .enumerate()
            .flat_map(|(pod, containers)| containers.iter().map(move |found| (pod, found)))
            .filter(|(_, (_, image, _))| *image != "nginx:1.29")
            .map(|(pod, (container, ..))| (pod, *container))
            .collect();
        prop_assume!(!bad.is_empty());
        let (pod, container) = bad[chosen.index(bad.len())];
        let mut fixed = pods.clone();
        fixed[pod][container].1 = "nginx:1.29";
        let (report, stale) = bench.under_baseline(&moved(&fixed, &places, turn), false);
        prop_assert_eq!(report.findings.len(), 0);
        prop_assert_eq!(stale.len(), 1);
        let told = format!("of Pod p{pod} in {FILE} is no longer there");
        prop_assert!(stale[0].contains(&told), "{}", stale[0]);

        let mut doubled = pods.clone();
        doubled[pod].push(pods[pod][container]);
        let (report, stale) = bench.under_baseline(&moved(&doubled, &places, turn), false);
        prop_assert_eq!((report.findings.len(), stale.len()), (1, 0));
        prop_assert_eq!(about(&report.findings[0]).0, format!("p{pod}"));
    }
}
