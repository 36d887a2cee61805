//! JUnit XML: one test suite for each suite, as CI systems show it.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::text_of;
use crate::suite::{CaseResult, Results};

/// Writes the results.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("plimsoll test");
    for suite in &results.suites {
        let file = suite.file.display().to_string();
        let mut tests = TestSuite::new(suite.name.as_str());
        tests.extra.insert("file".into(), file.as_str().into());
        tests.add_test_cases(suite.cases.iter().map(|found| case(found, &file)));
        report.add_test_suite(tests);
    }
    if !results.errors.is_empty() {
        let mut broken = TestSuite::new("suites that cannot be run");
        broken.add_test_cases(results.errors.iter().map(|problem| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(problem.error.to_string());
            let file = problem.error.file.as_ref().map(|file| file.display().to_string());
            TestCase::new(file.unwrap_or_else(|| "plimsoll test".to_owned()), status)
        }));
        report.add_test_suite(broken);
    }
    report.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

fn case(found: &CaseResult, suite: &str) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !found.difference.is_none() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message("expected and actual differ");
        status.set_type("difference");
        let place = format!("{}:{}:{}", found.file.display(), found.place.line, found.place.column);
        status.set_description(format!("{place}\n{}", text_of(&found.difference)));
    }
    let mut case = TestCase::new(found.name.as_str(), status);
    case.set_classname(suite);
    case.extra.insert("file".into(), found.file.display().to_string().into());
    case.extra.insert("line".into(), found.place.line.to_string().into());
    case
}
