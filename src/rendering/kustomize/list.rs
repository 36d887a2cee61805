//! Documents that may be lists, which manifests never are: operations of a patch, notes of kustomize.

use serde_json::Value;

use super::patches;
use crate::manifest::{Document, Place, parse};
use crate::report::Excerpt;

/// Makes a list the field of a mapping.
const KEY: &str = "list";

/// A patch: part of an object, or a list of operations.
#[derive(Debug)]
pub(super) struct Patch {
    document: Document,
    /// Whether the document is that of [`KEY`], one line longer than the text.
    is_list: bool,
}

impl Patch {
    /// The patches in a text; none where it cannot be read.
    pub(super) fn parse(text: &str) -> Vec<Self> {
        let is_content = |line: &&str| {
            !line.trim().is_empty() && !line.starts_with('#') && !line.starts_with("---")
        };
        let is_list = text.lines().find(is_content).is_some_and(|line| line.starts_with('-'));
        let text = if is_list {
            // A marker of a document would end the mapping; as a comment, it is as long.
            let body: Vec<String> = text
                .lines()
                .map(
                    |line| {
                        if line.trim_end() == "---" { "#--".to_owned() } else { line.to_owned() }
                    },
                )
                .collect();
            format!("{KEY}:\n{}\n", body.join("\n"))
        } else {
            text.to_owned()
        };
        let documents = parse(None, text.into_bytes()).documents.into_iter();
        documents.map(|document| Self { document, is_list }).collect()
    }

    /// What it holds.
    pub(super) fn value(&self) -> &Value {
        let list = if self.is_list { self.document.value.get(KEY) } else { None };
        list.unwrap_or(&self.document.value)
    }

    /// The place of a field in the text.
    pub(super) fn placed(&self, pointer: &str) -> (Place, Excerpt) {
        if !self.is_list {
            return patches::placed(&self.document, pointer);
        }
        let (place, excerpt) = patches::placed(&self.document, &format!("/{KEY}{pointer}"));
        let (line, end_line) = (place.line - 1, place.end_line - 1);
        (Place { line: line.max(1), end_line: end_line.max(1), ..place }, excerpt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_places_too() {
        let text = "---\n# why\n- op: add\n  path: /a\n  value: {image: x}\n";
        let patch = Patch::parse(text).into_iter().next().unwrap();
        let (place, excerpt) = patch.placed("/0/value/image");
        assert_eq!((place.line, place.column, &*excerpt.text), (5, 18, "  value: {image: x}"));
        assert_eq!(patch.value().pointer("/0/path"), Some(&Value::from("/a")));
    }

    #[test]
    fn objects_are_taken_as_they_are() {
        let patches = Patch::parse("a: 1\n---\nb: 2\n");
        let places: Vec<_> =
            patches.iter().zip(["/a", "/b"]).map(|(patch, at)| patch.placed(at).0.line).collect();
        assert_eq!(places, [1, 3]);
    }
}
