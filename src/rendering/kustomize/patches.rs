//! The line of a kustomization, or of a patch it names, that gave a field its value.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::Kustomization;
use super::follow::{Followed, follow};
use super::inline;
use super::list::Patch;
use crate::manifest::{Document, Place};
use crate::report::Excerpt;

/// A place in a file; the path is absolute.
pub(super) type Found = (PathBuf, (Place, Excerpt));

/// A field of a rendered object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'f> {
    pub(super) object: &'f Value,
    pub(super) pointer: &'f str,
}

impl<'f> Field<'f> {
    pub(super) fn value(self) -> Option<&'f Value> {
        self.object.pointer(self.pointer)
    }
}

/// The place of a field of a document.
pub(super) fn placed(document: &Document, pointer: &str) -> (Place, Excerpt) {
    let range = document.find(pointer).highlight();
    let text = document.text();
    (text.place(range.clone()), Excerpt::of(text.as_str(), range))
}

/// The patch that gave a field its value, the last one of several.
pub(super) fn patch(file: &Path, field: Field<'_>) -> Option<Found> {
    let kustomization = Kustomization::read_file(file)?;
    let document = kustomization.document();
    let mut found = None;
    for list in ["patchesStrategicMerge", "patches", "patchesJson6902"] {
        let entries = document.value.get(list).and_then(Value::as_array);
        for (index, entry) in entries.into_iter().flatten().enumerate() {
            let base = format!("/{list}/{index}");
            let (path, inline, base) = match entry {
                Value::String(text) if text.contains('\n') => (None, Some(text.as_str()), base),
                Value::String(path) => (Some(path.as_str()), None, base),
                entry => {
                    let text = |name| entry.get(name).and_then(Value::as_str);
                    (text("path"), text("patch"), format!("{base}/patch"))
                }
            };
            if let Some(path) =
                path.and_then(|path| kustomization.folder.join(path).canonicalize().ok())
                && let Ok(text) = fs::read_to_string(&path)
            {
                let patches = Patch::parse(&text);
                let place = patches.iter().filter_map(|patch| in_patch(patch, field)).next_back();
                found = place.map(|place| (path, place)).or(found);
            }
            if let Some(text) = inline {
                let patches = Patch::parse(text);
                let place = patches.iter().filter_map(|patch| in_patch(patch, field)).next_back();
                let place = place.map(|(place, _)| inline::place(document, &base, text, place));
                found = place.map(|place| (file.to_owned(), place)).or(found);
            }
        }
    }
    found
}

/// The place in a patch of the value that a field has.
fn in_patch(patch: &Patch, field: Field<'_>) -> Option<(Place, Excerpt)> {
    match patch.value() {
        Value::Array(operations) => {
            let pointers = operations.iter().enumerate();
            let pointer =
                pointers.filter_map(|(index, one)| in_operation(one, index, field)).next_back()?;
            Some(patch.placed(&pointer))
        }
        value => {
            let same = |name: &str| value.get(name) == field.object.get(name);
            if value.get("kind").is_some() && !same("kind") {
                return None;
            }
            match follow(field.object, field.pointer, value) {
                Followed::Same(pointer) => Some(patch.placed(pointer.as_str())),
                // About an item that this patch brings, and not about what it does not speak of.
                Followed::AbsentInBoth(pointer) if in_list(&pointer, value) => {
                    Some(patch.placed(pointer.as_str()))
                }
                _ => None,
            }
        }
    }
}

/// Whether as much of a pointer as there is leads through an item of a list.
fn in_list(pointer: &crate::pointer::Pointer, value: &Value) -> bool {
    let mut at = Some(value);
    let mut seen = false;
    for token in pointer.as_str().split('/').skip(1) {
        let Some(now) = at else { break };
        at = match now {
            Value::Array(items) => {
                let item = token.parse::<usize>().ok().and_then(|index| items.get(index));
                seen |= item.is_some();
                item
            }
            now => now.get(token.replace("~1", "/").replace("~0", "~")),
        };
    }
    seen
}

/// The pointer in a list of operations to the value that one of them gave to a field.
fn in_operation(operation: &Value, index: usize, field: Field<'_>) -> Option<String> {
    let text = |name| operation.get(name).and_then(Value::as_str);
    if !["add", "replace"].contains(&text("op")?) {
        return None;
    }
    let (path, value) = (text("path")?, operation.get("value")?);
    // The item that was added to a list is the one that is equal.
    let (at, rest) = match path.strip_suffix("/-") {
        Some(list) => {
            let below = field.pointer.strip_prefix(list)?.strip_prefix('/')?;
            let item = below.split('/').next().unwrap_or_default();
            let at = format!("{list}/{item}");
            let is_it = field.object.pointer(&at) == Some(value);
            let rest = field.pointer.strip_prefix(&at)?.to_owned();
            is_it.then_some((at, rest))?
        }
        None => (path.to_owned(), field.pointer.strip_prefix(path)?.to_owned()),
    };
    let is_below = rest.is_empty() || rest.starts_with('/');
    let same = match field.value() {
        Some(now) => value.pointer(&rest) == Some(now),
        // What is absent is so in what was put there, if that is all there still.
        None => field.object.pointer(&at) == Some(value),
    };
    (is_below && same).then(|| format!("/{index}/value{rest}"))
}

/// The entry of `images` that gave an image its name or tag; `before` is the image as it was.
pub(super) fn image(file: &Path, before: &str, field: Field<'_>) -> Option<Found> {
    let now = field.value()?.as_str()?;
    let kustomization = Kustomization::read_file(file)?;
    let document = kustomization.document();
    let entries = document.value.get("images")?.as_array()?;
    let (name, rest) = split(before);
    let (index, entry) = entries
        .iter()
        .enumerate()
        .find(|(_, entry)| entry.get("name").and_then(Value::as_str) == Some(name))?;
    let text = |name| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let renamed = text("newName").unwrap_or(name);
    let tag = text("newTag").map(|tag| format!(":{tag}"));
    let digest = text("digest").map(|digest| format!("@{digest}"));
    let whole = match (&tag, &digest) {
        (None, None) => format!("{renamed}{rest}"),
        (tag, digest) => format!(
            "{renamed}{}{}",
            tag.as_deref().unwrap_or_default(),
            digest.as_deref().unwrap_or_default()
        ),
    };
    if whole != now {
        return None;
    }
    let key = [("newTag", tag.is_some()), ("digest", digest.is_some()), ("newName", true)];
    let key = key.iter().find(|(_, is_set)| *is_set).map_or("name", |(key, _)| key);
    Some((file.to_owned(), placed(document, &format!("/images/{index}/{key}"))))
}

/// The name of an image, and its tag and digest.
fn split(image: &str) -> (&str, &str) {
    let digest = image.find('@').unwrap_or(image.len());
    let start = image.get(..digest).and_then(|head| head.rfind('/')).unwrap_or_default();
    let tag = image.get(start..digest).and_then(|last| last.find(':')).map(|at| start + at);
    image.split_at(tag.unwrap_or(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_cut_at_the_tag() {
        for (image, name, rest) in [
            ("nginx", "nginx", ""),
            ("nginx:1", "nginx", ":1"),
            ("a:5000/nginx", "a:5000/nginx", ""),
            ("a:5000/n/g:1@sha256:0", "a:5000/n/g", ":1@sha256:0"),
            ("a@sha256:0", "a", "@sha256:0"),
        ] {
            assert_eq!(split(image), (name, rest));
        }
    }
}
