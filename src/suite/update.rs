//! What comes of cases, written into their suite: only what differs, in the form its author chose.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::cases::{Planned, place};
use super::compare::compare;
use super::read::{Suite, problem};
use super::remarks::{replaced, with_comments};
use super::rewrite::{Fields, fields};
use super::{Options, Updated, document, run};
use crate::edit::Edit;
use crate::manifest::{ManifestError, Replacement};
use crate::report::Problem;

/// Writes the expectations of the suites of one file anew, where cases do not pass. Where the text cannot be edited,
/// or the file cannot be written, it stays as it is, and an error says why.
pub(super) fn update(
    suites: &[Suite],
    options: &Options,
    errors: &mut Vec<Problem>,
) -> Vec<Updated> {
    let (mut updated, mut replacements) = (Vec::new(), Vec::new());
    for suite in suites {
        let mut by_index: BTreeMap<usize, Vec<&Planned>> = BTreeMap::new();
        for planned in suite.cases.iter().filter(|planned| options.takes(suite, &planned.name)) {
            by_index.entry(planned.index).or_default().push(planned);
        }
        for (index, members) in by_index {
            match plan(suite, index, &members) {
                Ok((planned, changes)) => {
                    replacements.extend(planned);
                    updated.extend(changes);
                }
                Err(error) => errors.push(*error),
            }
        }
    }
    let Some(suite) = suites.first().filter(|_| !replacements.is_empty()) else { return updated };
    let text = suite.document.text();
    let bom = if text.has_bom() { "\u{feff}" } else { "" };
    replacements.sort_by_key(|replacement| replacement.range.start);
    let new = format!("{bom}{}", replaced(text.as_str(), &replacements));
    match write(&suite.file, &new) {
        Ok(()) => updated,
        Err(error) => {
            let message = format!("cannot be written: {error}");
            errors.push(ManifestError::new(Some(&suite.file), None, message, None::<&str>).into());
            Vec::new()
        }
    }
}

/// The changes of the text of one case, and what they are about.
fn plan(
    suite: &Suite,
    index: usize,
    members: &[&Planned],
) -> Result<(Vec<Replacement>, Vec<Updated>), Box<Problem>> {
    let (fields, changes) = wanted(suite, index, members).map_err(|message| {
        let error = document::wrong("", message).below(index).below("cases");
        Box::new(problem(&suite.file, &suite.document, error))
    })?;
    // What is new stands where something was, if it can.
    let (set, removed): (Vec<_>, Vec<_>) =
        fields.into_iter().partition(|(_, value)| value.is_some());
    let edits = set.into_iter().chain(removed).map(|(field, value)| {
        let pointer = place(index).join(field);
        match value {
            Some(value) => Edit::set(pointer, value),
            None => Edit::remove(pointer),
        }
    });
    let edits: Vec<Edit> = edits.collect();
    if edits.is_empty() {
        return Ok((Vec::new(), changes));
    }
    let planned = suite.document.plan(&edits).map_err(|refusal| {
        let message = format!("the case cannot be updated: {}", refusal.message);
        let help = Some("write what is expected by hand");
        let error = ManifestError::new(Some(&suite.file), Some(refusal.place), message, help);
        Box::new(Problem::from(error))
    })?;
    let column = column(suite, index);
    Ok((with_comments(&suite.document, planned, column), changes))
}

/// Where the fields of a case begin on their lines.
fn column(suite: &Suite, index: usize) -> usize {
    let case = suite.document.find(place(index).as_str()).value;
    suite.document.text().place(case).column - 1
}

/// Writes the whole file or nothing, through links, with the permissions it has.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let file = fs::canonicalize(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(fs::metadata(&file)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&file).map(drop).map_err(|error| error.error)
}

/// The fields of a case that are to change, and what they are about.
fn wanted(
    suite: &Suite,
    index: usize,
    members: &[&Planned],
) -> Result<(Fields, Vec<Updated>), String> {
    let raw = suite.document.value.pointer(place(index).as_str()).unwrap_or(&Value::Null);
    let mut all = Vec::new();
    let mut updated = Vec::new();
    for planned in members {
        let outcome = run::run(suite, planned)?;
        let mut difference = compare(&planned.expected, &outcome);
        let fields = fields(&planned.expected, &outcome, raw, suite);
        if planned.expected.is_empty() {
            let written = fields.iter().filter_map(|(field, value)| Some((field, value.as_ref()?)));
            difference.actual = written.map(|(field, value)| format!("{field}: {value}")).collect();
        }
        all.push(fields);
        if !difference.is_none() {
            updated.push(Updated {
                file: suite.file.clone(),
                name: planned.name.clone(),
                place: suite.document.locate(place(index).as_str()),
                difference,
            });
        }
    }
    let first = all.pop().unwrap_or_default();
    if updated.is_empty() {
        return Ok((Fields::new(), updated));
    }
    if all.iter().any(|other| *other != first) {
        return Err("these cases come to different ends, and are written once: make several of it"
            .to_owned());
    }
    Ok((first, updated))
}
