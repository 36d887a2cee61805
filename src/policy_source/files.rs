//! The files that paths name.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::ManifestError;
use crate::policy::document::{API_VERSION, KIND};
use crate::report::Problem;

/// The files that `paths` name and that were not seen before, each once, in order.
pub(super) fn files(
    paths: &[PathBuf],
    seen: &mut HashSet<PathBuf>,
    errors: &mut Vec<Problem>,
) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        let more = if path.is_dir() { walk(path, errors) } else { vec![path.clone()] };
        found.extend(more.into_iter().filter(|file| {
            // A folder and a file in it, or two links to one file, are no two policies.
            seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone()))
        }));
    }
    found
}

/// The policy files below a folder. Hidden ones are left out, as those that a ConfigMap's files link to are; what
/// `.gitignore` says does not count: a policy must not get lost. Test suites are no policies.
fn walk(folder: &Path, errors: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let before = errors.len();
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.standard_filters(false).hidden(true).follow_links(true).sort_by_file_path(Ord::cmp);
    for entry in walk.build() {
        match entry {
            Ok(entry) if is_policy_file(entry.path()) && !entry.path().is_dir() => {
                found.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!("cannot be read: {error}");
                let error = ManifestError::new(Some(folder), None, message, None::<String>);
                errors.push(error.into());
            }
        }
    }
    if found.is_empty() && errors.len() == before {
        let message = "the folder holds no policy: no .yaml, .yml or .json file";
        let help = Some(format!(
            "write {KIND} objects of {API_VERSION}, or leave --policies out for the built-in ones"
        ));
        errors.push(ManifestError::new(Some(folder), None, message, help).into());
    }
    found
}

fn is_policy_file(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        && !is_suite_file(path)
}

/// Whether a file holds tests of policies, by its name: `image-tag.test.yaml` stands beside `image-tag.yaml`.
pub fn is_suite_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = name.to_ascii_lowercase();
    [".test.yaml", ".test.yml", ".test.json"].iter().any(|end| name.ends_with(end))
}
