//! The files of suites, and those of the policies beside them.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::document::KIND;
use crate::manifest::{ManifestError, parse};
use crate::policy::document::API_VERSION;
use crate::policy_source::is_suite_file;
use crate::report::Problem;

/// The suite files that paths name: files as they are, folders with all that is below them.
pub(super) fn files(paths: &[PathBuf], errors: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut fail = |path: &Path, error: &dyn std::fmt::Display| {
        let message = format!("cannot be read: {error}");
        errors.push(ManifestError::new(Some(path), None, message, None::<&str>).into());
    };
    for path in paths {
        match fs::metadata(path) {
            Err(error) => fail(path, &error),
            Ok(metadata) if !metadata.is_dir() => found.push(path.clone()),
            Ok(_) => {
                let mut walk = ignore::WalkBuilder::new(path);
                walk.follow_links(true).sort_by_file_path(Path::cmp);
                for entry in walk.build() {
                    match entry {
                        Ok(entry) if is_suite_file(entry.path()) && !entry.path().is_dir() => {
                            let path = entry.into_path();
                            found.push(path.strip_prefix("./").unwrap_or(&path).to_owned());
                        }
                        Ok(_) => {}
                        Err(error) => fail(path, &error),
                    }
                }
            }
        }
    }
    found.retain(|file| seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone())));
    found
}

/// The folder of suites that `kubectl apply --filename` of the folder around it passes over.
const TESTS: &str = "tests";

/// The policies that a suite is about by where it lies: beside them, or in a folder `tests` beside them.
pub(super) fn beside(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let found = policies_for(file, folder);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match folder.canonicalize().ok().as_deref().and_then(Path::file_name) {
        Some(name) if found.is_empty() && name == TESTS => {
            policies_for(file, &joined(folder, Path::new("..")))
        }
        _ => found,
    }
}

/// The policies of a folder that a suite is about by its name, or else all of them.
fn policies_for(file: &Path, folder: &Path) -> Vec<PathBuf> {
    let stem = stem(file);
    let own = ["yaml", "yml", "json"].map(|end| folder.join(format!("{stem}.{end}")));
    let own: Vec<PathBuf> = own.into_iter().filter(|path| path.is_file()).collect();
    if !own.is_empty() {
        return own;
    }
    let entries = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(folder.join(entry.ok()?.file_name())))
        .filter(|path| !is_suite_file(path) && path.is_file() && holds_policies(path))
        .collect();
    found.sort();
    found
}

/// Whether a file beside a suite is one of policies: manifests and values lie in such folders too.
fn holds_policies(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    let is_yaml = ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    let Some(bytes) = is_yaml.then(|| fs::read(path).ok()).flatten() else { return false };
    memchr::memmem::find(&bytes, API_VERSION.as_bytes()).is_some()
        && parse(None, bytes).documents.iter().any(|document| {
            document.api_version() == Some(API_VERSION) && document.kind() != Some(KIND)
        })
}

/// A path as it is seen from a folder, without steps that lead back where they came from.
pub(super) fn joined(folder: &Path, path: &Path) -> PathBuf {
    let mut joined = PathBuf::new();
    for step in folder.join(path).components() {
        let leads_back = step == Component::ParentDir
            && matches!(joined.components().next_back(), Some(Component::Normal(_)))
            && !joined.is_symlink();
        if leads_back {
            joined.pop();
        } else if step != Component::CurDir {
            joined.push(step);
        }
    }
    joined
}

/// The name of a file without `.test.yaml`.
pub(super) fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_suffix(".test").unwrap_or(&stem).to_owned()
}
