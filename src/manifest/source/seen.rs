//! What a run has found already.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::below_here;

/// What has been found. Of several paths that were named, each may lead to the same files by names of its own; where they
/// lead is asked once for each, and not for every file below it.
pub(super) struct Seen {
    several: bool,
    /// The path that was named, and where it leads.
    root: Option<(PathBuf, PathBuf)>,
    all: HashSet<PathBuf>,
}

impl Seen {
    pub(super) fn new(several: bool) -> Self {
        Self { several, root: None, all: HashSet::new() }
    }

    /// Goes on to a path that was named.
    pub(super) fn enter(&mut self, path: &Path) {
        if self.several {
            self.root = path.canonicalize().ok().map(|own| (below_here(path.to_owned()), own));
        }
    }

    /// Whether this is new: the path that was named, or one below it.
    pub(super) fn insert(&mut self, path: &Path) -> bool {
        let own = self.root.as_ref().and_then(|(root, own)| {
            let path = below_here(path.to_owned());
            // What is found in `.` is called so without it.
            let below = if root == Path::new(".") && path.is_relative() {
                path.strip_prefix(".").unwrap_or(&path)
            } else {
                path.strip_prefix(root).ok()?
            };
            Some(if below.as_os_str().is_empty() { own.clone() } else { own.join(below) })
        });
        self.all.insert(own.unwrap_or_else(|| path.to_owned()))
    }
}
