//! The objects of the files that a kustomization reads, each file read once.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::{Document, parse};

/// Files that were read already.
#[derive(Debug, Default)]
pub(super) struct Originals {
    files: HashMap<PathBuf, Option<File>>,
}

/// The kind and the API version of objects.
type Type = (Option<String>, Option<String>);

/// The objects of a file.
#[derive(Debug, Default)]
struct File {
    documents: Vec<Document>,
    types: HashMap<Type, Names>,
}

/// Objects of a type by their names.
#[derive(Debug, Default)]
struct Names {
    all: HashMap<String, Vec<usize>>,
    lengths: BTreeSet<usize>,
}

impl Originals {
    /// An object as it is in the file it was read from. Prefixes and suffixes may have been added to its name since.
    pub(super) fn find(&mut self, file: &Path, rendered: &Document) -> Option<Document> {
        if !self.files.contains_key(file) {
            let read =
                fs::read(file).ok().map(|bytes| File::new(parse(Some(file), bytes).documents));
            self.files.insert(file.to_owned(), read);
        }
        let file = self.files.get(file)?.as_ref()?;
        let index =
            file.types.get(&type_of(rendered))?.find(rendered.name().unwrap_or_default())?;
        file.documents.get(index).cloned()
    }
}

fn type_of(document: &Document) -> Type {
    (document.kind().map(str::to_owned), document.api_version().map(str::to_owned))
}

impl File {
    fn new(documents: Vec<Document>) -> Self {
        let mut types: HashMap<Type, Names> = HashMap::new();
        for (index, document) in documents.iter().enumerate() {
            let names = types.entry(type_of(document)).or_default();
            let name = document.name().unwrap_or_default();
            names.lengths.insert(name.len());
            names.all.entry(name.to_owned()).or_default().push(index);
        }
        Self { documents, types }
    }
}

impl Names {
    /// The one object with the longest name that is a part of this one; none where several are.
    fn find(&self, name: &str) -> Option<usize> {
        for length in self.lengths.iter().rev().filter(|length| **length <= name.len()) {
            // Names are short: looking at each part of one takes less than looking at each name of a large file.
            let parts: BTreeSet<&str> = (0..=name.len() - length)
                .filter_map(|start| name.get(start..start + length))
                .collect();
            let mut found = parts.iter().filter_map(|part| self.all.get(*part)).flatten();
            if let Some(first) = found.next() {
                return found.next().is_none().then_some(*first);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str) -> Document {
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: '{name}'}}\n");
        parse(None, text.into_bytes()).documents.remove(0)
    }

    #[test]
    fn the_longest_name_that_is_a_part_counts_if_there_is_one() {
        let names = ["web", "web-api", "db", "db", "ü"];
        let file = File::new(names.map(document).into());
        let types = file.types.values().next().unwrap();
        assert_eq!(types.find("web"), Some(0));
        assert_eq!(types.find("dev-web-1"), Some(0));
        assert_eq!(types.find("dev-web-api-1"), Some(1));
        assert_eq!(types.find("dev-db"), None, "there are two");
        assert_eq!(types.find("xü"), Some(4));
        assert_eq!(types.find("other"), None);
    }

    #[test]
    fn a_file_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.yaml");
        fs::write(&path, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n").unwrap();
        let mut originals = Originals::default();
        assert!(originals.find(&path, &document("a")).is_some());
        fs::remove_file(&path).unwrap();
        assert!(originals.find(&path, &document("a-1")).is_some());
    }
}
