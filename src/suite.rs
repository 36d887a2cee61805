//! Test suites of policies: what Plimsoll is to say of pods and reviews, beside what it says.
//!
//! A suite is a file `*.test.yaml` beside the policies. Its cases are judged by the same engine as everywhere else.

mod apply;
mod cases;
mod compare;
mod coverage;
mod digests;
pub mod document;
mod expectation;
mod find;
mod fixtures;
mod forms;
mod inputs;
mod judge;
mod misspelt;
mod names;
mod pods;
mod read;
mod remarks;
pub mod report;
mod rewrite;
mod run;
mod update;

use std::path::PathBuf;
use std::sync::Arc;

pub use compare::Difference;
pub use coverage::{Coverage, Covered, CoveredRule, Gap};
pub use document::{Case, KIND, PolicyTest, schema};
pub use expectation::{Expectation, FindingMatch, OneOrMany, TextMatch};
pub use read::problems;
use read::{Loader, Suite};

use crate::decode::DecodeError;
use crate::glob::Globs;
use crate::manifest::Place;
use crate::report::Problem;

/// What is run, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only cases whose names, or `SUITE/NAME`, are matched.
    pub only: Option<Globs>,
    /// Policies to test instead of those that the suites name.
    pub policies: Vec<PathBuf>,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Results {
    /// The suites, in the order of their files.
    pub suites: Vec<SuiteResult>,
    /// Suites, policies and reviews that could not be read.
    pub errors: Vec<Problem>,
    /// What the cases exercise.
    pub coverage: Coverage,
    /// The expectations that were written anew.
    pub updated: Vec<Updated>,
}

/// What came of a suite.
#[derive(Debug)]
pub struct SuiteResult {
    /// The file, as it was named or found.
    pub file: Arc<PathBuf>,
    /// The suite's name.
    pub name: String,
    /// The cases, in the order of the text, and the fixtures.
    pub cases: Vec<CaseResult>,
}

/// What came of a case.
#[derive(Debug)]
pub struct CaseResult {
    /// What it is called.
    pub name: String,
    /// The file it stands in: the suite's, or that of a fixture.
    pub file: Arc<PathBuf>,
    /// Where.
    pub place: Place,
    /// What was expected, and what is. No difference: it passed.
    pub difference: Difference,
}

/// A case whose expectations were written anew.
#[derive(Debug)]
pub struct Updated {
    /// The file.
    pub file: Arc<PathBuf>,
    /// What it is called.
    pub name: String,
    /// Where it stood.
    pub place: Place,
    /// What was expected before, and what is now.
    pub difference: Difference,
}

impl Results {
    /// All cases.
    pub fn cases(&self) -> impl Iterator<Item = &CaseResult> {
        self.suites.iter().flat_map(|suite| &suite.cases)
    }

    /// The cases that did not pass.
    pub fn failed(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases().filter(|case| !case.difference.is_none())
    }
}

/// Runs the suites that paths name: files, and folders with all `*.test.yaml` below them.
pub fn run(paths: &[PathBuf], options: &Options) -> Results {
    let mut results = Results::default();
    let mut loader = Loader::new(&options.policies);
    for file in find::files(paths, &mut results.errors) {
        for suite in loader.suites(file) {
            results.coverage.expect(&suite.rules);
            let judged = judge(&suite, options, &mut results.coverage, &mut results.errors);
            results.suites.push(judged);
        }
    }
    results.errors.append(&mut loader.errors);
    results.coverage.sort();
    results
}

/// Writes into the suites what comes of their cases, and runs them then.
pub fn update(paths: &[PathBuf], options: &Options) -> Results {
    let (mut errors, mut updated) = (Vec::new(), Vec::new());
    let mut loader = Loader::new(&options.policies);
    // What cannot be read is told of where the suites are run.
    for file in find::files(paths, &mut Vec::new()) {
        let suites = loader.suites(file);
        updated.extend(update::update(&suites, options, &mut errors));
    }
    let mut results = run(paths, options);
    results.errors.extend(errors);
    results.updated = updated;
    results
}

fn judge(
    suite: &Suite,
    options: &Options,
    coverage: &mut Coverage,
    errors: &mut Vec<Problem>,
) -> SuiteResult {
    let mut cases = Vec::new();
    let at = |index: usize| suite.document.locate(cases::place(index).as_str());
    let mut misnamed: Vec<DecodeError> = Vec::new();
    for planned in suite.cases.iter().filter(|planned| options.takes(suite, &planned.name)) {
        // Other policies than the suite's own may lack rules: what then differs is what is asked for.
        let unknown = match options.policies.is_empty() {
            true => names::unknown(suite, planned),
            false => Vec::new(),
        };
        if !unknown.is_empty() {
            misnamed.extend(unknown);
            continue;
        }
        let error = match run::run(suite, planned) {
            Ok(_) if planned.expected.is_empty() => DecodeError {
                help: Some(
                    "add `deny: RULE`, say, or have it written: plimsoll test --update".to_owned(),
                ),
                ..document::wrong("", "the case does not say what is expected")
            },
            Ok(outcome) => {
                coverage.count(&suite.rules, &outcome);
                let difference = compare::compare(&planned.expected, &outcome);
                let (file, name) = (Arc::clone(&suite.file), planned.name.clone());
                cases.push(CaseResult { name, file, place: at(planned.index), difference });
                continue;
            }
            Err(message) => document::wrong("", message),
        };
        let error = error.below(planned.index).below("cases");
        errors.push(read::problem(&suite.file, &suite.document, error));
    }
    // The cases of a matrix say the same in one place.
    misnamed.dedup();
    let told = |error| read::problem(&suite.file, &suite.document, error);
    errors.extend(misnamed.into_iter().map(told));
    for fixture in &suite.fixtures {
        let name = fixture.name(suite);
        if !options.takes(suite, &name) {
            continue;
        }
        match fixtures::run(suite, fixture) {
            Ok(difference) => {
                let place = Place { line: 1, column: 1, end_line: 1, end_column: 1 };
                cases.push(CaseResult {
                    name,
                    file: Arc::new(fixture.file.clone()),
                    place,
                    difference,
                });
            }
            Err(message) => {
                let error = document::wrong("/fixtures", message);
                errors.push(read::problem(&suite.file, &suite.document, error));
            }
        }
    }
    SuiteResult { file: Arc::clone(&suite.file), name: suite.name.clone(), cases }
}

impl Options {
    /// Whether a case is to be run.
    fn takes(&self, suite: &Suite, name: &str) -> bool {
        let whole = || format!("{}/{name}", suite.name);
        self.only.as_ref().is_none_or(|only| only.matches(name) || only.matches(&whole()))
    }
}

#[cfg(test)]
mod tests;
