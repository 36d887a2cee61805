//! What a `kustomization.yaml` names.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::manifest::source::folders::KUSTOMIZATION_FILES;
use crate::manifest::{Document, parse};

/// Fields that hold paths, or objects with one in the field that is named.
const PATHS: [(&str, &str); 15] = [
    ("resources", ""),
    ("bases", ""),
    ("components", ""),
    ("crds", ""),
    ("configurations", ""),
    ("generators", ""),
    ("transformers", ""),
    ("validators", ""),
    ("patches", "path"),
    ("patchesStrategicMerge", ""),
    ("patchesJson6902", "path"),
    ("replacements", "path"),
    ("helmCharts", "valuesFile"),
    ("configMapGenerator", "files"),
    ("secretGenerator", "files"),
];

/// The file of a kustomization.
#[derive(Debug)]
pub(in super::super) struct Kustomization {
    /// The folder, absolute and without links.
    pub(in super::super) folder: PathBuf,
    document: Document,
}

/// The file that makes a folder a kustomization.
pub(in super::super) fn file_of(folder: &Path) -> Option<PathBuf> {
    KUSTOMIZATION_FILES.iter().map(|name| folder.join(name)).find(|file| file.is_file())
}

impl Kustomization {
    /// The kustomization in a folder, if it can be read; the tool says why it cannot.
    pub(in super::super) fn read(folder: &Path) -> Option<Self> {
        Self::read_file(&file_of(folder)?)
    }

    pub(super) fn read_file(file: &Path) -> Option<Self> {
        let folder = file.parent()?.canonicalize().ok()?;
        let manifest = parse(Some(file), fs::read(file).ok()?);
        let document = manifest.documents.into_iter().next()?;
        Some(Self { folder, document })
    }

    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// Whether it is one that only others can build.
    pub(in super::super) fn is_component(&self) -> bool {
        self.document.kind() == Some("Component")
    }

    /// The files of the kustomization in a folder and of those it builds on, absolute and without links.
    pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut seen = HashSet::new();
        let mut waiting: Vec<PathBuf> = folder.canonicalize().into_iter().collect();
        while let Some(path) = waiting.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            if path.is_dir() {
                files.extend(file_of(&path));
                waiting.extend(Self::read(&path).iter().flat_map(Self::parts));
            } else {
                files.push(path);
            }
        }
        files.sort();
        files
    }

    /// The files and folders it is made of, absolute and without links; those that are not there are not among them.
    pub(in super::super) fn parts(&self) -> Vec<PathBuf> {
        self.named_in(&PATHS)
    }

    /// Those of its parts that are applied as they are written, but for what else it does to them.
    pub(in super::super) fn resources(&self) -> Vec<PathBuf> {
        let whole = |(field, _): &(&str, &str)| ["resources", "bases"].contains(field);
        self.named_in(&PATHS.into_iter().filter(whole).collect::<Vec<_>>())
    }

    fn named_in(&self, fields: &[(&str, &str)]) -> Vec<PathBuf> {
        let mut parts = Vec::new();
        for (field, inner) in fields {
            let Some(Value::Array(entries)) = self.document.value.get(*field) else { continue };
            for entry in entries {
                let named = if inner.is_empty() { Some(entry) } else { entry.get(*inner) };
                for text in strings(named) {
                    // `key=file` in a generator.
                    let paths = [Some(text), text.split_once('=').map(|(_, file)| file)];
                    let found = paths.into_iter().flatten().map(|path| self.folder.join(path));
                    parts.extend(found.filter_map(|path| path.canonicalize().ok()));
                }
            }
        }
        parts
    }
}

/// The texts that a value is or holds.
fn strings(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
