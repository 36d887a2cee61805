//! What Helm complains about, at the place it means.

use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use super::super::{complaint, placed, problem, process};
use super::{CHART_FILE, Chart, dependency};
use crate::manifest::{Document, ManifestError};
use crate::report::{Excerpt, Problem};

/// `web/templates/deployment.yaml:12:20`; the column is that of Go, which counts bytes from 0, and can be absent.
static PLACE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"([^\s:()]+/templates/[^\s:()]+):(\d+)(?::(\d+))?").ok());
/// `YAML parse error on web/templates/deployment.yaml`.
static FILE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"parse error on ([^\s:()]+/templates/[^\s:()]+)").ok());
/// What Helm says before the names of dependencies that are not there.
const MISSING: &str = "missing in charts/ directory:";

/// The error for a run of Helm that failed.
pub(super) fn problem_of(
    chart: &Chart,
    about: Option<&Document>,
    output: &process::Output,
) -> Box<Problem> {
    let message = format!("helm template: {}", complaint(output));
    missing_dependency(chart, about, &message)
        .or_else(|| in_template(chart, &message))
        .unwrap_or_else(|| problem(&chart.folder.join(CHART_FILE), message, None))
}

fn missing_dependency(
    chart: &Chart,
    about: Option<&Document>,
    message: &str,
) -> Option<Box<Problem>> {
    let (_, names) = message.split_once(MISSING)?;
    let help = format!(
        "run `helm dependency build {}`, or pass --render never to leave charts out",
        chart.folder.display()
    );
    let file = chart.folder.join(CHART_FILE);
    let pointer = names.split(',').find_map(|name| dependency(about?, name.trim()));
    let place = about.zip(pointer).map(|(about, pointer)| {
        let range = about.find(&pointer).highlight();
        let text = about.text();
        (text.place(range.clone()), Excerpt::of(text.as_str(), range))
    });
    let (place, excerpt) = place.unzip();
    let error = ManifestError::new(Some(&file), place, message, Some(help));
    Some(Box::new(Problem { error, excerpt }))
}

fn in_template(chart: &Chart, message: &str) -> Option<Box<Problem>> {
    let found = PLACE.as_ref()?.captures_iter(message).last();
    let Some(found) = found else {
        let file = FILE.as_ref()?.captures(message)?.get(1)?.as_str();
        return Some(problem(&chart.file(file).0, message, None));
    };
    let (file, _) = chart.file(found.get(1)?.as_str());
    let line: usize = found.get(2)?.as_str().parse().ok()?;
    let column = found.get(3).and_then(|column| column.as_str().parse::<usize>().ok());
    let text = fs::read_to_string(&file).ok()?;
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let whole = text.get(start..)?.lines().next().unwrap_or_default();
    let range = match column.filter(|column| whole.is_char_boundary(*column)) {
        Some(column) => start + column..start + column,
        None => start + (whole.len() - whole.trim_start().len())..start + whole.trim_end().len(),
    };
    let (place, excerpt) = placed(&text, range);
    let error = ManifestError::new(Some(&file), Some(place), message, None::<String>);
    Some(Box::new(Problem { error, excerpt: Some(excerpt) }))
}
