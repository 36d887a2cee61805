//! Where policies come from: files and folders, or the ones built into the binary.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::{Document, ManifestError, parse, read_all};
use crate::policy::document::{API_VERSION, KIND};
use crate::policy::{PolicyError, PolicySet};
use crate::report::{Excerpt, Problem};

/// A file of `policies/`, built into the binary.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// The profile, a folder of `policies/`.
    pub profile: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! embedded {
    ($($profile:literal / $file:literal),* $(,)?) => {
        [$(Embedded {
            profile: $profile,
            file: $file,
            text: include_str!(concat!("../policies/", $profile, "/", $file)),
        }),*]
    };
}

/// Every file of `policies/`.
pub static EMBEDDED: [Embedded; 8] = embedded![
    "default" / "batch-dns.yaml",
    "default" / "batch-spread.yaml",
    "default" / "image-pull-policy.yaml",
    "default" / "image-tag.yaml",
    "default" / "resources.yaml",
    "observe" / "observe.yaml",
    "strict" / "image-digest.yaml",
    "strict" / "resources.yaml",
];

/// The profile that is in force when nothing else is asked for.
pub const DEFAULT_PROFILE: &str = "default";

/// Loads policies from files and folders, or the embedded default profile where none are named. `-` is standard
/// input.
///
/// # Errors
/// Everything that is wrong with any of them, each with its file and place. One bad policy refuses the whole
/// set: to run without it would let through what its author wanted stopped.
pub fn load(paths: &[PathBuf]) -> Result<PolicySet, Vec<Problem>> {
    if paths.is_empty() {
        return load_profile(DEFAULT_PROFILE);
    }
    let mut found = Loaded::default();
    let files = files(paths, &mut found.errors);
    for source in read_all(&files, 1, |source| source) {
        match source.bytes {
            Ok(bytes) => found.take(source.path, bytes),
            Err(error) => found.errors.push(error.into()),
        }
    }
    found.compile()
}

/// Loads an embedded profile.
///
/// # Errors
/// When there is no such profile: an empty set would enforce nothing.
pub fn load_profile(profile: &str) -> Result<PolicySet, Vec<Problem>> {
    let mut found = Loaded::default();
    for embedded in EMBEDDED.iter().filter(|embedded| embedded.profile == profile) {
        let file = Path::new("policies").join(embedded.profile).join(embedded.file);
        found.take(file, embedded.text.into());
    }
    if found.documents.is_empty() {
        let help = Some(format!("there are: {}", profiles().join(", ")));
        let message = format!("no profile is called `{profile}`");
        found.errors.push(ManifestError::new(None, None, message, help).into());
    }
    found.compile()
}

/// The embedded profiles.
pub fn profiles() -> Vec<&'static str> {
    let mut profiles: Vec<_> = EMBEDDED.iter().map(|file| file.profile).collect();
    profiles.dedup();
    profiles
}

/// What is wrong with the policies among `documents`, which all stand in `file`.
pub fn problems(file: &Path, documents: &[&Document]) -> Vec<Problem> {
    let place = |document: &&Document| (file.to_owned(), (*document).clone());
    let loaded = Loaded { documents: documents.iter().map(place).collect(), errors: Vec::new() };
    loaded.compile().err().unwrap_or_default()
}

/// The documents of policy files, with the files they stand in.
#[derive(Default)]
struct Loaded {
    documents: Vec<(PathBuf, Document)>,
    errors: Vec<Problem>,
}

impl Loaded {
    fn take(&mut self, file: PathBuf, bytes: Vec<u8>) {
        let manifest = parse(Some(&file), bytes);
        if manifest.documents.is_empty() && manifest.errors.is_empty() {
            let help = Some("remove the file, or write a policy into it");
            let error = ManifestError::new(Some(&file), None, "the file holds no policy", help);
            self.errors.push(error.into());
        }
        self.errors.extend(Problem::in_text(manifest.errors, manifest.text.as_str()));
        let documents = manifest.documents.into_iter();
        self.documents.extend(documents.map(|document| (file.clone(), document)));
    }

    fn compile(mut self) -> Result<PolicySet, Vec<Problem>> {
        let objects: Vec<_> = self.documents.iter().map(|(_, document)| &document.value).collect();
        match PolicySet::compile(&objects) {
            Ok(set) if self.errors.is_empty() => Ok(set),
            Ok(_) => Err(self.errors),
            Err(found) => {
                let problems = found.into_iter().filter_map(|error| self.problem(error));
                let problems: Vec<_> = problems.collect();
                self.errors.extend(problems);
                self.errors.sort_by(|a, b| {
                    (&a.error.file, a.error.place).cmp(&(&b.error.file, b.error.place))
                });
                Err(self.errors)
            }
        }
    }

    /// An error as its reader sees it: in a file, at a line.
    fn problem(&self, error: PolicyError) -> Option<Problem> {
        let (file, document) = self.documents.get(error.index)?;
        let found = document.find(error.pointer.as_str());
        let range = match found.key.clone() {
            Some(key) if error.message.starts_with("unknown field") => key,
            _ => found.highlight(),
        };
        let mut message = match error.pointer.as_str() {
            "" => error.message,
            _ => format!("{}: {}", error.pointer.field_path(), error.message),
        };
        if let Some((file, earlier)) = error.earlier.and_then(|index| self.documents.get(index)) {
            let place = earlier.locate(error.pointer.as_str());
            message.push_str(&format!(
                " (first in {}:{}:{})",
                file.display(),
                place.line,
                place.column
            ));
        }
        let excerpt = Excerpt::of(document.text().as_str(), range.clone());
        let place = document.text().place(range);
        let error = ManifestError::new(Some(file), Some(place), message, error.help);
        Some(Problem { error, excerpt: Some(excerpt) })
    }
}

/// The policy files that `paths` name, each once, in order.
fn files(paths: &[PathBuf], errors: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
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
/// `.gitignore` says does not count: a policy must not get lost.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_in_the_folder_and_the_other_way_round() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut found = Vec::new();
        for profile in fs::read_dir(&root)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
        {
            for file in fs::read_dir(profile.path()).unwrap().map(|entry| entry.unwrap()) {
                let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
                found.push((name(&profile), name(&file)));
            }
        }
        found.retain(|(_, file)| !file.ends_with(".md"));
        found.sort();
        let embedded: Vec<_> =
            EMBEDDED.iter().map(|file| (file.profile.to_owned(), file.file.to_owned())).collect();
        assert_eq!(found, embedded);
    }

    #[test]
    fn every_profile_loads_without_conflicts() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        for profile in ["default", "observe", "strict"] {
            let set = load(&[root.join(profile)]).unwrap();
            assert!(!set.policies().is_empty());
            assert!(set.conflicts().is_empty(), "{:?}", set.conflicts());
        }
    }
}
