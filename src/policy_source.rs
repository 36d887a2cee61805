//! Where policies come from: files and folders, or the ones built into the binary.

use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::{Document, Manifest, ManifestError, parse};
use crate::policy::PolicySet;
use crate::policy::document::{API_VERSION, KIND};

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

/// Loads policies from files and folders, or the embedded default profile where none are named.
///
/// # Errors
/// Everything that is wrong with any of them, each with its file and place. One bad policy refuses the whole
/// set: to run without it would let through what its author wanted stopped.
pub fn load(paths: &[PathBuf]) -> Result<PolicySet, Vec<ManifestError>> {
    let mut errors = Vec::new();
    let mut documents = Vec::new();
    if paths.is_empty() {
        let files = EMBEDDED.iter().filter(|embedded| embedded.profile == DEFAULT_PROFILE);
        for embedded in files {
            let file = Path::new("policies").join(embedded.profile).join(embedded.file);
            take(
                file.clone(),
                parse(Some(&file), embedded.text.into()),
                &mut documents,
                &mut errors,
            );
        }
    }
    for path in paths {
        for file in files(path, &mut errors) {
            match fs::read(&file) {
                Ok(bytes) => {
                    take(file.clone(), parse(Some(&file), bytes), &mut documents, &mut errors)
                }
                Err(error) => errors.push(unreadable(&file, &error)),
            }
        }
    }
    let objects: Vec<_> = documents.iter().map(|(_, document)| &document.value).collect();
    match PolicySet::compile(&objects) {
        Ok(set) if errors.is_empty() => Ok(set),
        Ok(_) => Err(errors),
        Err(found) => {
            errors.extend(found.into_iter().filter_map(|error| {
                let (file, document) = documents.get(error.index)?;
                let place = document.locate(error.pointer.as_str());
                let message = match error.pointer.as_str() {
                    "" => error.message,
                    _ => format!("{}: {}", error.pointer.field_path(), error.message),
                };
                Some(ManifestError::new(Some(file), Some(place), message, error.help))
            }));
            errors.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
            Err(errors)
        }
    }
}

/// Sorts what a file holds into policies and errors.
fn take(
    file: PathBuf,
    manifest: Manifest,
    documents: &mut Vec<(PathBuf, Document)>,
    errors: &mut Vec<ManifestError>,
) {
    if manifest.documents.is_empty() && manifest.errors.is_empty() {
        let help = Some("remove the file, or write a policy into it");
        errors.push(ManifestError::new(Some(&file), None, "the file holds no policy", help));
    }
    errors.extend(manifest.errors);
    documents.extend(manifest.documents.into_iter().map(|document| (file.clone(), document)));
}

/// The policy files below a path, in order.
fn files(path: &Path, errors: &mut Vec<ManifestError>) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut found = Vec::new();
    for entry in
        ignore::WalkBuilder::new(path).sort_by_file_path(Ord::cmp).follow_links(true).build()
    {
        match entry {
            Ok(entry) if is_policy_file(entry.path()) && !entry.path().is_dir() => {
                found.push(entry.into_path())
            }
            Ok(_) => {}
            Err(error) => {
                errors.push(ManifestError::new(Some(path), None, error.to_string(), None::<String>))
            }
        }
    }
    if found.is_empty() && errors.is_empty() {
        let message = "the folder holds no policy: no .yaml, .yml or .json file";
        let help = Some(format!(
            "write {KIND} objects of {API_VERSION}, or leave --policies out for the built-in ones"
        ));
        errors.push(ManifestError::new(Some(path), None, message, help));
    }
    found
}

fn is_policy_file(path: &Path) -> bool {
    matches!(
        path.extension().and_then(|extension| extension.to_str()),
        Some("yaml" | "yml" | "json")
    )
}

fn unreadable(file: &Path, error: &std::io::Error) -> ManifestError {
    let help = (error.kind() == std::io::ErrorKind::NotFound)
        .then_some("give a file or a folder of PodPolicy objects after --policies");
    ManifestError::new(Some(file), None, format!("cannot be read: {error}"), help)
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
