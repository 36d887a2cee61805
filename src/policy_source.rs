//! Where policies and exemptions come from: files and folders, or the policies built into the binary.

pub(crate) mod digest;
mod files;
mod found;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use files::files;
pub use files::is_suite_file;
use found::Found;

use crate::manifest::{Document, ManifestError, read_all};
use crate::policy::{ExemptionSet, PolicySet};
use crate::report::Problem;

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

impl Embedded {
    /// Its text for those who have it elsewhere: without the line that leads editors to the schema, a path that holds
    /// in this repository alone.
    pub fn portable(&self) -> &'static str {
        match self.text.split_once('\n') {
            Some((first, rest)) if first.starts_with("# yaml-language-server:") => rest,
            _ => self.text,
        }
    }
}

macro_rules! embedded {
    ($($profile:literal / $file:literal),* $(,)?) => {
        &[$(Embedded {
            profile: $profile,
            file: $file,
            text: include_str!(concat!("../policies/", $profile, "/", $file)),
        }),*]
    };
}

/// Every file of `policies/`.
pub static EMBEDDED: &[Embedded] = embedded![
    "batch-hygiene" / "batch-endings.yaml",
    "default" / "batch-dns.yaml",
    "default" / "batch-spread.yaml",
    "default" / "image-pull-policy.yaml",
    "default" / "image-tag.yaml",
    "default" / "resources.yaml",
    "mirror" / "docker-hub.yaml",
    "mirror" / "image-digest.yaml",
    "observe" / "observe.yaml",
    "steady-nodes" / "batch.yaml",
    "steady-nodes" / "coordinators.yaml",
    "steady-nodes" / "services.yaml",
    "steady-nodes" / "uninterrupted.yaml",
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
    /// The documents of the policies, with their files.
    pub documents: Vec<(PathBuf, Document)>,
    /// Hexadecimal digits that differ where any of it says something else; comments, layout and the order of files do
    /// not count.
    pub digest: String,
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

#[cfg(test)]
mod tests {
    use std::fs;

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
        found.retain(|(profile, file)| {
            !file.ends_with(".md") && root.join(profile).join(file).is_file()
        });
        found.sort();
        let embedded: Vec<_> =
            EMBEDDED.iter().map(|file| (file.profile.to_owned(), file.file.to_owned())).collect();
        assert_eq!(found, embedded);
    }

    #[test]
    fn every_profile_loads_without_conflicts() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        for profile in ["batch-hygiene", "default", "mirror", "observe", "steady-nodes", "strict"] {
            let set = load(&[root.join(profile)]).unwrap();
            assert!(!set.policies().is_empty());
            assert!(set.conflicts().is_empty(), "{:?}", set.conflicts());
        }
    }
}
