//! JUnit XML: a suite for each file, a case for each object with pods.
//!
//! A case fails for what makes the run fail: what admission would refuse, or what `--fail-on` names. Everything else
//! the cluster takes, so the case passes and the rest stands in its output. To call such a case skipped would tell that
//! nobody looked. That is told where it is so: of images whose digests are not known, and of policies that could not be
//! applied, in skipped cases that are about no file.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use super::plain::{plural, printable, word};
use super::{Diagnostic, ObjectId, Problem, Report, Repository};
use crate::policy::Action;

/// The suite of what is about no file.
const NO_FILE: &str = "plimsoll";

/// Writes the report. No times stand in it, so that the same files give the same bytes.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, repository: &Repository, out: &mut dyn Write) -> io::Result<()> {
    let mut suites = Suites::new("plimsoll");
    let mut files = files(report);
    let unjudged = unjudged(report);
    if !unjudged.is_empty() {
        files.entry(None).or_default();
    }
    for (file, content) in files {
        let name = file.map_or_else(|| NO_FILE.to_owned(), |file| repository.relative(file));
        let mut suite = suite(&printable(&name), &content, report);
        if file.is_none() {
            suite.add_test_cases(unjudged.iter().cloned());
        }
        suites.add_test_suite(suite);
    }
    serialize(&suites, out)
}

/// Writes XML; what failed is the writer's error.
pub(super) fn serialize(suites: &Suites, out: &mut dyn Write) -> io::Result<()> {
    let mut out = Remembering { out, failure: None };
    suites.serialize(&mut out).map_err(|error| match out.failure {
        Some(kind) => io::Error::new(kind, error),
        None => io::Error::other(error),
    })
}

/// A writer that remembers why it failed: the error of the XML library does not tell a reader that went away from a
/// full disk.
struct Remembering<'w> {
    out: &'w mut dyn Write,
    failure: Option<io::ErrorKind>,
}

impl Remembering<'_> {
    fn remember<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &done {
            self.failure = Some(error.kind());
        }
        done
    }
}

impl Write for Remembering<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.remember(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.remember(done)
    }
}

/// What is told of a file.
#[derive(Default)]
struct Content<'r> {
    cases: Vec<(&'r ObjectId, Vec<&'r Diagnostic>)>,
    /// Where the case of an object stands.
    at: HashMap<*const ObjectId, usize>,
    errors: Vec<&'r Problem>,
}

impl<'r> Content<'r> {
    fn case(&mut self, object: &'r Arc<ObjectId>) -> Option<&mut Vec<&'r Diagnostic>> {
        let next = self.cases.len();
        let at = *self.at.entry(Arc::as_ptr(object)).or_insert(next);
        if at == next {
            self.cases.push((object, Vec::new()));
        }
        self.cases.get_mut(at).map(|(_, found)| found)
    }
}

/// The files by name, each with its objects in their order.
fn files(report: &Report) -> BTreeMap<Option<&PathBuf>, Content<'_>> {
    let mut files: BTreeMap<Option<&PathBuf>, Content<'_>> = BTreeMap::new();
    for judged in &report.judged {
        files.entry(Some(&judged.file)).or_default().case(&judged.object);
    }
    for found in &report.findings {
        let content = files.entry(Some(&found.file)).or_default();
        if let Some(case) = content.case(&found.object) {
            case.push(found);
        }
    }
    for problem in &report.errors {
        files.entry(problem.error.file.as_ref()).or_default().errors.push(problem);
    }
    files
}

fn suite(file: &str, content: &Content<'_>, report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(file);
    suite.add_test_cases(content.errors.iter().map(|problem| error(file, problem)));
    let cases = content.cases.iter();
    suite.add_test_cases(cases.map(|(object, found)| case(file, object, found, report)));
    suite
}

fn case(file: &str, object: &ObjectId, found: &[&Diagnostic], report: &Report) -> TestCase {
    let (grave, light): (Vec<_>, Vec<_>) =
        found.iter().copied().partition(|found| report.fails(found));
    let status = match grave.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let message = match grave.len() {
                1 => printable(&first.message).into_owned(),
                count => format!("{}: {}", plural(count, "finding"), printable(&first.message)),
            };
            let kind = format!("{}/{}", first.policy, first.rule);
            status.set_message(message).set_type(printable(&kind));
            status.set_description(described(file, &grave));
            status
        }
    };
    let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/"));
    let name = format!("{} {}{}", object.kind, namespace.unwrap_or_default(), object.name);
    let mut case = named(file, &name, status);
    if !light.is_empty() {
        case.set_system_out(described(file, &light));
    }
    case
}

/// What nobody looked at, because too little was known.
fn unjudged(report: &Report) -> Vec<TestCase> {
    let skipped = |name: &str, message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(printable(message));
        let mut case = TestCase::new(printable(name), status);
        case.set_classname(NO_FILE);
        case
    };
    let images = report.unresolved.iter().map(|image| {
        let message = "not judged by the rules that pin images: its digest is not known, and --resolve-digests was not \
                       given";
        skipped(&format!("image {image}"), message)
    });
    let policies = report.undecided.iter().map(|(policy, namespaces)| {
        let namespaces: Vec<_> = namespaces.iter().map(String::as_str).collect();
        let message = format!("not applied in {}: too little is known here", namespaces.join(", "));
        skipped(&format!("policy {policy}"), &message)
    });
    images.chain(policies).collect()
}

fn error(file: &str, problem: &Problem) -> TestCase {
    let error = &problem.error;
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(printable(&error.message)).set_type("error");
    let at = error.place.map(|place| format!("{}:{}", place.line, place.column));
    let mut text = match &at {
        Some(at) => format!("{file}:{at}: {}", printable(&error.message)),
        None => format!("{file}: {}", printable(&error.message)),
    };
    if let Some(help) = &error.help {
        text = format!("{text}\n{}", printable(help));
    }
    status.set_description(text);
    let name = at.map_or_else(|| "error".to_owned(), |at| format!("error at {at}"));
    named(file, &name, status)
}

/// A case of a file. Jenkins takes what is behind the last dot of a class for its name, so there the ending is left out.
fn named(file: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(printable(name), status);
    let class = ["yaml", "yml", "json"].iter().find_map(|ending| {
        file.strip_suffix(ending)?.strip_suffix('.').filter(|class| !class.is_empty())
    });
    case.set_classname(class.unwrap_or(file));
    case.extra.insert("file".into(), file.into());
    case
}

/// Findings as text: where, what, and what to do.
fn described(file: &str, found: &[&Diagnostic]) -> String {
    let mut text = String::new();
    for found in found {
        let id = format!("{}/{}", found.policy, found.rule);
        let at = found.place_in_file().map(|at| format!(":{}:{}", at.line, at.column));
        text.push_str(&format!(
            "{file}{}: {}[{}] {}\n",
            at.unwrap_or_default(),
            word(found.action),
            printable(&id),
            printable(&found.message)
        ));
        if let Some(note) = found.rendered.as_ref().filter(|_| found.is_place_rendered) {
            text.push_str(&format!("  {} (line {})\n", printable(note), found.place.line));
        }
        if let Some(container) = &found.container {
            text.push_str(&format!("  container {}\n", printable(container)));
        }
        if !found.help.is_empty() {
            text.push_str(&format!("  help: {}\n", printable(&found.help)));
        }
        if let (Action::Patch, Some(fix)) = (found.action, &found.fix) {
            text.push_str(&format!("  admission changes it: {}\n", printable(fix)));
        }
    }
    text
}
