//! Findings about what a range of Git history changed, and no others.

use std::fs;
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

    /// Whether one of these lines was changed. Of standard input, and of files that Git does not keep, nothing is known,
    /// so all of them count.
    pub fn holds(&self, file: &Path, lines: RangeInclusive<usize>) -> bool {
        if file.as_os_str() == "-"
            || self.changes.touch(&self.repository.relative(file), lines.clone())
        {
            return true;
        }
        // Git knows a link, and what stands behind it by its own name.
        fs::canonicalize(file).map_or(true, |file| {
            let file = self.repository.relative(&file);
            !self.changes.know(&file) || self.changes.touch(&file, lines)
        })
    }

    /// Whether one of these files, or a file below one of these folders, was changed.
    pub fn holds_any(&self, paths: &[PathBuf]) -> bool {
        let changed = |path: &PathBuf| {
            let name = self.repository.relative(path);
            self.changes.touch_below(&name)
                || match fs::canonicalize(path) {
                    Ok(own) if own.is_dir() => {
                        self.changes.touch_below(&self.repository.relative(&own))
                    }
                    _ => self.holds(path, 1..=usize::MAX),
                }
        };
        paths.iter().any(changed)
    }
}
