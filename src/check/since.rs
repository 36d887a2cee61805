//! Findings about what a range of Git history changed, and no others.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::changes::{Changes, ChangesError};
use crate::report::Repository;

/// The changes that findings have to be about.
#[derive(Debug)]
pub struct Since {
    changes: Changes,
    repository: Repository,
}

impl Since {
    /// What the working tree has that the last common ancestor of `reference` and `HEAD` has not.
    ///
    /// # Errors
    /// As [`Changes::since`].
    pub fn new(repository: Repository, reference: &str) -> Result<Self, ChangesError> {
        let changes = Changes::since(repository.root(), reference)?;
        Ok(Self { changes, repository })
    }

    /// Whether one of these lines was changed. Of standard input nothing is known, so all of it counts.
    pub fn holds(&self, file: &Path, lines: RangeInclusive<usize>) -> bool {
        file.as_os_str() == "-" || self.changes.touch(&self.repository.relative(file), lines)
    }

    /// Whether one of these files, or a file below one of these folders, was changed.
    pub fn holds_any(&self, paths: &[PathBuf]) -> bool {
        let changed = |path: &PathBuf| {
            let path = self.repository.relative(path);
            self.changes.touch_below(&path) || self.changes.touch(&path, 1..=usize::MAX)
        };
        paths.iter().any(changed)
    }
}
