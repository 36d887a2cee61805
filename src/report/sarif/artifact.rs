//! Files and the regions of them.

use std::path::Path;

use super::log::{Artifact, ContextRegion, Message, Region};
use crate::manifest::Place;
use crate::report::{Excerpt, Repository, uri};

/// The name of the folder that relative addresses start from.
pub(super) const ROOT: &str = "%SRCROOT%";

/// A file: relative to the repository where it is inside, and whole where it is not.
pub(super) fn location(repository: &Repository, file: &Path) -> Artifact {
    let path = repository.relative(file);
    if path.starts_with('/') {
        Artifact { uri: uri::file(&path), uri_base_id: None }
    } else {
        Artifact { uri: uri::encode(&path), uri_base_id: Some(ROOT) }
    }
}

/// Lines and columns alone.
pub(super) const fn bare(place: Place) -> Region<'static> {
    Region {
        start_line: place.line,
        start_column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        snippet: None,
    }
}

/// A region with its text. An excerpt may hold only a part of it, and a snippet has to be the whole.
pub(super) fn region(place: Place, excerpt: &Excerpt) -> Region<'_> {
    let marked = excerpt.text.get(excerpt.marked.clone()).unwrap_or_default();
    let is_whole = place.line == place.end_line
        && !marked.is_empty()
        && marked.chars().count() == place.end_column.saturating_sub(place.column);
    Region { snippet: is_whole.then_some(Message::text(marked)), ..bare(place) }
}

/// The region of a notification.
pub(super) fn notified(place: Place, excerpt: Option<&Excerpt>) -> Region<'_> {
    excerpt.map_or_else(|| bare(place), |excerpt| region(place, excerpt))
}

/// The line that a region is on, where the excerpt holds all of it.
pub(super) fn context(place: Place, excerpt: &Excerpt) -> Option<ContextRegion<'_>> {
    let text = &*excerpt.text;
    let before = text.get(..excerpt.marked.start)?.chars().count();
    let is_whole =
        place.line == place.end_line && before + 1 == place.column && !text.ends_with('…');
    is_whole.then(|| ContextRegion { start_line: place.line, snippet: Message::text(text) })
}
