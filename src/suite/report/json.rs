//! The JSON format, version 1. Scripts rely on it.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::report::Problem;
use crate::suite::{CaseResult, Coverage, Results, SuiteResult};

/// Writes the results.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let failed = results.failed().count();
    let output = json!({
        "version": 1,
        "suites": results.suites.iter().map(suite).collect::<Vec<_>>(),
        "errors": results.errors.iter().map(error).collect::<Vec<_>>(),
        "updated": results.updated.iter().map(|change| json!({
            "file": change.file.display().to_string(), "name": change.name, "line": change.place.line,
        })).collect::<Vec<_>>(),
        "coverage": coverage(&results.coverage),
        "summary": {
            "suites": results.suites.len(),
            "cases": results.cases().count(),
            "passed": results.cases().count() - failed,
            "failed": failed,
            "errors": results.errors.len(),
        },
    });
    serde_json::to_writer_pretty(&mut *out, &output)?;
    writeln!(out)
}

fn suite(suite: &SuiteResult) -> Value {
    json!({
        "file": suite.file.display().to_string(),
        "name": suite.name,
        "cases": suite.cases.iter().map(case).collect::<Vec<_>>(),
    })
}

fn case(case: &CaseResult) -> Value {
    let passed = case.difference.is_none();
    let mut value = json!({
        "name": case.name,
        "file": case.file.display().to_string(),
        "line": case.place.line,
        "column": case.place.column,
        "outcome": if passed { "passed" } else { "failed" },
    });
    if !passed {
        value["expected"] = json!(case.difference.expected);
        value["actual"] = json!(case.difference.actual);
    }
    value
}

fn error(problem: &Problem) -> Value {
    let error = &problem.error;
    json!({
        "file": error.file.as_ref().map(|file| file.display().to_string()),
        "line": error.place.map(|place| place.line),
        "column": error.place.map(|place| place.column),
        "message": error.message,
        "help": error.help,
    })
}

fn coverage(coverage: &Coverage) -> Value {
    let policies = coverage.policies.iter().map(|policy| {
        let rules = policy.rules.iter().map(|rule| {
            json!({"name": rule.name, "line": rule.place.line, "found": rule.found, "silent": rule.silent})
        });
        json!({
            "name": policy.name,
            "file": policy.file.display().to_string(),
            "line": policy.place.line,
            "matched": policy.matched,
            "excluded": policy.excluded,
            "rules": rules.collect::<Vec<_>>(),
        })
    });
    json!({
        "percent": coverage.percent(),
        "covered": coverage.covered(),
        "total": coverage.total(),
        "policies": policies.collect::<Vec<_>>(),
    })
}
