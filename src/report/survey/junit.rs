//! JUnit XML: a suite for each namespace, a case for each owner.
//!
//! A case fails for what makes the run fail: what admission would refuse, or what `--fail-on` names. All else stands in
//! its output. What could not be read is an error in a suite of its own.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use super::units::{many, time};
use super::{Overview, in_order};
use crate::policy::Action;
use crate::report::gravity;
use crate::report::junit::serialize;
use crate::report::plain::{printable, word};
use crate::survey::Problem;
use crate::tally::{FindingKey, Found, Owned, Owner};

/// The suite of what could not be read.
const PROBLEMS: &str = "plimsoll";

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = Suites::new("plimsoll");
    let problems = &overview.survey.problems;
    if !problems.is_empty() {
        let mut suite = TestSuite::new(PROBLEMS);
        suite.add_test_cases(problems.iter().map(|(problem, count)| error(problem, count)));
        suites.add_test_suite(suite);
    }
    let line = overview.fail_on.unwrap_or(Action::Deny);
    let mut owners = overview.survey.tally.by_owner();
    // Those that are not told apart stand at the end of them all.
    owners.sort_by_key(|(namespace, ..)| *namespace);
    for of_namespace in owners.chunk_by(|a, b| a.0 == b.0) {
        let Some((namespace, ..)) = of_namespace.first() else { continue };
        let mut suite = TestSuite::new(printable(namespace).into_owned());
        suite.add_test_cases(
            of_namespace.iter().map(|(_, owner, owned)| case(namespace, *owner, owned, line)),
        );
        suites.add_test_suite(suite);
    }
    serialize(&suites, out)
}

fn case(namespace: &str, owner: Option<&Owner>, owned: &Owned, line: Action) -> TestCase {
    let (grave, light): (Vec<_>, Vec<_>) =
        in_order(owned).partition(|(_, found)| gravity(found.action) >= gravity(line));
    let status = match grave.first() {
        None => TestCaseStatus::success(),
        Some((key, found)) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let first = printable(&found.example.message);
            let message = match grave.len() {
                1 => first.into_owned(),
                count => format!("{}: {first}", many(count as u64, "finding")),
            };
            status.set_message(message);
            status.set_type(printable(&format!("{}/{}", key.policy, key.rule)));
            status.set_description(described(&grave));
            status
        }
    };
    let name = match owner {
        Some(owner) => format!("{} {}", owner.kind, owner.name),
        None => "owners that are not told apart".to_owned(),
    };
    let mut case = TestCase::new(printable(&name), status);
    case.set_classname(printable(namespace));
    if !light.is_empty() {
        case.set_system_out(described(&light));
    }
    case
}

/// Findings as text: what, where, how often, and what to do.
fn described(found: &[(&FindingKey, &Found)]) -> String {
    let mut text = String::new();
    for (key, found) in found {
        let example = &found.example;
        let id = format!("{}/{}", key.policy, key.rule);
        text.push_str(&format!(
            "{}[{}] {}\n",
            word(found.action),
            printable(&id),
            printable(&example.message)
        ));
        if let Some(container) = &key.container {
            text.push_str(&format!("  container {}\n", printable(container)));
        }
        let seen = match (time(found.seen.first), time(found.seen.last)) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let pods = many(found.count, "pod");
        text.push_str(&format!("  {pods}{seen}, such as {}\n", printable(&example.name)));
        if !example.help.is_empty() {
            text.push_str(&format!("  help: {}\n", printable(&example.help)));
        }
        if let (Action::Patch, Some(fix)) = (found.action, &example.fix) {
            text.push_str(&format!("  admission changes it: {}\n", printable(fix)));
        }
    }
    text
}

fn error(problem: &Problem, count: u64) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(printable(&problem.message)).set_type("error");
    let place = match problem.line {
        Some(line) => format!("{}:{line}", problem.source),
        None => problem.source.to_string(),
    };
    let place = printable(&place).into_owned();
    let mut text = format!("{place}: {}", printable(&problem.message));
    if count > 1 {
        text = format!("{text} ({})", many(count, "time"));
    }
    if let Some(help) = &problem.help {
        text = format!("{text}\n{}", printable(help));
    }
    status.set_description(text);
    let mut case = TestCase::new(place, status);
    case.set_classname(PROBLEMS);
    case
}
