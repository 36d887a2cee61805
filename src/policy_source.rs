//! Where policies and exemptions come from: files and folders, or the policies built into the binary.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::manifest::{Document, ManifestError, parse, read_all};
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy::{ExemptionSet, PolicyError, PolicySet};
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

/// What is to be loaded. `-` is standard input.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'s> {
    /// Files and folders of policies and exemptions; where none are named, a profile counts.
    pub policies: &'s [PathBuf],
    /// The embedded profile.
    pub profile: &'s str,
    /// Files and folders of exemptions alone.
    pub exemptions: &'s [PathBuf],
}

/// What was loaded.
#[derive(Debug)]
pub struct Loaded {
    /// The policies.
    pub policies: PolicySet,
    /// The exemptions from them.
    pub exemptions: ExemptionSet,
}

/// Loads policies and exemptions.
///
/// # Errors
/// Everything that is wrong with any of them, each with its file and place. One bad policy refuses the whole
/// set: to run without it would let through what its author wanted stopped. So does a bad exemption.
pub fn load_all(sources: Sources<'_>) -> Result<Loaded, Vec<Problem>> {
    let mut found = Found::default();
    if sources.policies.is_empty() {
        found.take_profile(sources.profile);
    }
    let mut seen = HashSet::new();
    for (paths, all_exemptions) in [(sources.policies, false), (sources.exemptions, true)] {
        let files = files(paths, &mut seen, &mut found.errors);
        for source in read_all(&files, 1, |source| source) {
            match source.bytes {
                Ok(bytes) => found.take(source.path, bytes, all_exemptions),
                Err(error) => found.errors.push(error.into()),
            }
        }
    }
    if found.policies.is_empty() && found.errors.is_empty() {
        let message = "--policies names exemptions alone, and no policy";
        let help =
            "name the policies as well, or use --exemptions for exemptions from the built-in ones";
        found.errors.push(ManifestError::new(None, None, message, Some(help)).into());
    }
    found.compile()
}

/// Loads policies from files and folders, or the embedded default profile where none are named.
///
/// # Errors
/// As [`load_all`].
pub fn load(paths: &[PathBuf]) -> Result<PolicySet, Vec<Problem>> {
    let sources = Sources { policies: paths, profile: DEFAULT_PROFILE, exemptions: &[] };
    Ok(load_all(sources)?.policies)
}

/// Loads an embedded profile.
///
/// # Errors
/// When there is no such profile: an empty set would enforce nothing.
pub fn load_profile(profile: &str) -> Result<PolicySet, Vec<Problem>> {
    Ok(load_all(Sources { policies: &[], profile, exemptions: &[] })?.policies)
}

/// The embedded profiles.
pub fn profiles() -> Vec<&'static str> {
    let mut profiles: Vec<_> = EMBEDDED.iter().map(|file| file.profile).collect();
    profiles.dedup();
    profiles
}

/// What is wrong with policies and exemptions that all stand in `file`.
pub fn problems(file: &Path, documents: &[&Document]) -> Vec<Problem> {
    let mut found = Found::default();
    for document in documents {
        found.keep(file, (*document).clone(), false);
    }
    found.compile().err().unwrap_or_default()
}

/// Documents with the files they stand in.
type Documents = Vec<(PathBuf, Document)>;

/// The documents of policy files.
#[derive(Default)]
struct Found {
    policies: Documents,
    exemptions: Documents,
    errors: Vec<Problem>,
}

impl Found {
    fn take_profile(&mut self, profile: &str) {
        for embedded in EMBEDDED.iter().filter(|embedded| embedded.profile == profile) {
            let file = Path::new("policies").join(embedded.profile).join(embedded.file);
            self.take(file, embedded.text.into(), false);
        }
        if self.policies.is_empty() {
            let help = Some(format!("there are: {}", profiles().join(", ")));
            let message = format!("no profile is called `{profile}`");
            self.errors.push(ManifestError::new(None, None, message, help).into());
        }
    }

    fn take(&mut self, file: PathBuf, bytes: Vec<u8>, all_exemptions: bool) {
        let manifest = parse(Some(&file), bytes);
        if manifest.documents.is_empty() && manifest.errors.is_empty() {
            let (one, a) = if all_exemptions { ("exemption", "an") } else { ("policy", "a") };
            let help = Some(format!("remove the file, or write {a} {one} into it"));
            let message = format!("the file holds no {one}");
            self.errors.push(ManifestError::new(Some(&file), None, message, help).into());
        }
        self.errors.extend(Problem::in_text(manifest.errors, manifest.text.as_str()));
        for document in manifest.documents {
            self.keep(&file, document, all_exemptions);
        }
    }

    fn keep(&mut self, file: &Path, document: Document, all_exemptions: bool) {
        let is_exemption = all_exemptions || document.kind() == Some(EXEMPTION_KIND);
        let list = if is_exemption { &mut self.exemptions } else { &mut self.policies };
        list.push((file.to_owned(), document));
    }

    fn compile(mut self) -> Result<Loaded, Vec<Problem>> {
        let policies = PolicySet::compile(&values(&self.policies));
        let policies = self.or_told(policies, |found| &found.policies);
        let exemptions = ExemptionSet::compile(&values(&self.exemptions));
        let exemptions = self.or_told(exemptions, |found| &found.exemptions);
        match (policies, exemptions) {
            (Some(policies), Some(exemptions)) if self.errors.is_empty() => {
                Ok(Loaded { policies, exemptions })
            }
            _ => {
                self.errors.sort_by(|a, b| {
                    (&a.error.file, a.error.place).cmp(&(&b.error.file, b.error.place))
                });
                Err(self.errors)
            }
        }
    }

    /// What was compiled, or none where errors were added instead.
    fn or_told<T>(
        &mut self,
        compiled: Result<T, Vec<PolicyError>>,
        list: impl Fn(&Self) -> &Documents,
    ) -> Option<T> {
        let errors = match compiled {
            Ok(set) => return Some(set),
            Err(errors) => errors,
        };
        let documents = list(self);
        let told: Vec<_> =
            errors.into_iter().filter_map(|error| problem(documents, error)).collect();
        self.errors.extend(told);
        None
    }
}

fn values(documents: &Documents) -> Vec<&Value> {
    documents.iter().map(|(_, document)| &document.value).collect()
}

/// An error as its reader sees it: in a file, at a line.
fn problem(documents: &Documents, error: PolicyError) -> Option<Problem> {
    let (file, document) = documents.get(error.index)?;
    let found = document.find(error.pointer.as_str());
    let range = match found.key.clone() {
        Some(key) if error.message.starts_with("unknown field") => key,
        _ => found.highlight(),
    };
    let mut message = match error.pointer.as_str() {
        "" => error.message,
        _ => format!("{}: {}", error.pointer.field_path(), error.message),
    };
    if let Some((file, earlier)) = error.earlier.and_then(|index| documents.get(index)) {
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

/// The files that `paths` name and that were not seen before, each once, in order.
fn files(
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
