//! The baseline file: JSON that a person can read in a diff.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Known;
use crate::decode::{DecodeError, decode};
use crate::manifest::{Document, ManifestError, Place, parse};
use crate::pointer::Pointer;
use crate::report::{Excerpt, Problem};

/// The version of the format, and of fingerprints: other versions cannot be compared.
const VERSION: u64 = 1;
/// What is broken is never overwritten: a run knows nothing of the files that it does not judge.
const REWRITE: &str = "mend it, or remove it and write it anew with --write-baseline";

/// A known finding. The order of the fields is that of the file, and of its entries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, from the root of the repository.
    pub file: String,
    /// The object, for people: `Deployment prod/web`.
    pub object: String,
    /// The container, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Name of the policy.
    pub policy: String,
    /// Name of the rule in it.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// How many equal findings are known.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: usize,
    /// What it is recognised by; all else is for people.
    pub fingerprint: String,
}

const fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u64,
    findings: Vec<Entry>,
}

/// Reads the entries of a baseline.
pub(super) fn read(file: &Path) -> Result<Vec<Known>, Vec<Problem>> {
    let refuse = |message: String, help: &str| {
        vec![Problem::from(ManifestError::new(Some(file), None, message, Some(help)))]
    };
    let bytes = fs::read(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => refuse(
            "there is no such baseline".to_owned(),
            "write it with --write-baseline, or leave --baseline out",
        ),
        _ => refuse(
            format!("the baseline cannot be read: {error}"),
            "check the path after --baseline",
        ),
    })?;
    let manifest = parse(Some(file), bytes);
    if !manifest.errors.is_empty() {
        let errors = manifest.errors.into_iter().map(|error| ManifestError {
            message: format!("the baseline cannot be read: {}", error.message),
            help: Some(REWRITE.to_owned()),
            ..error
        });
        return Err(Problem::in_text(errors.collect(), manifest.text.as_str()));
    }
    let [document] = manifest.documents.as_slice() else {
        return Err(refuse("this is no baseline".to_owned(), REWRITE));
    };
    let entries = entries(document).map_err(|error| vec![problem(file, document, error)])?;
    Ok(merged(entries.into_iter().enumerate().map(|(at, entry)| {
        let pointer = Pointer::default().join("findings").join(at).join("file");
        Known { entry, place: start(document.locate(pointer.as_str())) }
    })))
}

fn entries(document: &Document) -> Result<Vec<Entry>, DecodeError> {
    let at = |pointer: Pointer, message: String, help: &str| DecodeError {
        pointer,
        message,
        help: Some(help.to_owned()),
    };
    let pointer = Pointer::default().join("version");
    match document.value.get("version") {
        Some(version) if version.as_u64() == Some(VERSION) => {}
        Some(version) => {
            let message = format!(
                "this baseline is of version {version}, and this plimsoll reads version {VERSION}"
            );
            let help = "remove it and write it anew with --write-baseline, or use the plimsoll that wrote it";
            return Err(at(pointer, message, help));
        }
        None => {
            return Err(at(
                pointer,
                "this is no baseline: it has no `version`".to_owned(),
                "check the path after --baseline",
            ));
        }
    }
    let Content { findings, .. } = decode(&document.value)?;
    if let Some(none) = findings.iter().position(|entry| entry.count == 0) {
        let pointer = Pointer::default().join("findings").join(none).join("count");
        return Err(at(
            pointer,
            "an entry is of one finding at least".to_owned(),
            "remove the entry",
        ));
    }
    Ok(findings)
}

fn problem(file: &Path, document: &Document, error: DecodeError) -> Problem {
    let range = document.find(error.pointer.as_str()).highlight();
    let excerpt = Excerpt::of(document.text().as_str(), range.clone());
    let field = error.pointer.field_path();
    let DecodeError { message, help, .. } = error;
    let message = if field.is_empty() || field == "version" {
        message
    } else {
        format!("{field}: {message}")
    };
    let place = document.text().place(range);
    Problem {
        error: ManifestError::new(
            Some(file),
            Some(place),
            message,
            help.or_else(|| Some(REWRITE.to_owned())),
        ),
        excerpt: Some(excerpt),
    }
}

/// One entry of each fingerprint: merges of branches can leave several, each of findings of its own.
fn merged(entries: impl Iterator<Item = Known>) -> Vec<Known> {
    let mut positions = HashMap::new();
    let mut merged: Vec<Known> = Vec::new();
    for known in entries {
        let at = *positions.entry(known.entry.fingerprint.clone()).or_insert(merged.len());
        match merged.get_mut(at) {
            Some(first) => {
                first.entry.count = first.entry.count.saturating_add(known.entry.count);
            }
            None => merged.push(known),
        }
    }
    merged
}

const fn start(place: Place) -> Place {
    Place { end_line: place.line, end_column: place.column, ..place }
}

/// Replaces the file in one step.
pub(super) fn write(file: &Path, findings: Vec<Entry>) -> io::Result<()> {
    // What a link leads to is replaced, and the link stays.
    let target = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".plimsoll-baseline-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder)?;
    let mut out = io::BufWriter::new(temporary.as_file_mut());
    serde_json::to_writer_pretty(&mut out, &Content { version: VERSION, findings })?;
    writeln!(out)?;
    out.flush()?;
    drop(out);
    if let Ok(before) = fs::metadata(&target) {
        fs::set_permissions(temporary.path(), before.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|error| error.error)?;
    Ok(())
}
