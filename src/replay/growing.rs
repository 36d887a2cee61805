//! A log that is being written: it grows, is renamed and begun anew, or is emptied in place.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::source::{LONGEST, is_plain};

/// How often a file is looked at that does not grow.
const PAUSE: Duration = Duration::from_millis(100);

/// A file that may grow.
#[derive(Debug)]
pub(super) struct Growing {
    path: PathBuf,
    pub(super) file: File,
    /// Bytes that were read of it.
    pub(super) position: u64,
}

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is the same, or is renamed and not begun anew yet.
    None,
    /// Its name stands for another file.
    Replaced,
    /// It is shorter than what was read of it.
    Emptied,
}

impl Growing {
    /// Opens a file; none where it is no plain text that could grow.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let mut head = Vec::new();
        (&mut file).take(LONGEST as u64).read_to_end(&mut head)?;
        if !is_plain(&head) {
            return Ok(None);
        }
        file.rewind()?;
        Ok(Some(Self { path: path.to_owned(), file, position: 0 }))
    }

    /// What has become of it.
    pub(super) fn change(&self) -> Change {
        let (Ok(named), Ok(open)) = (fs::metadata(&self.path), self.file.metadata()) else {
            return Change::None;
        };
        if !is_same(&named, &open) {
            Change::Replaced
        } else if open.len() < self.position {
            Change::Emptied
        } else {
            Change::None
        }
    }

    /// Goes on with what there is now.
    ///
    /// # Errors
    /// When the new file cannot be opened, or the old one not rewound.
    pub(super) fn turn(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::None => return Ok(()),
            Change::Emptied => self.file.rewind()?,
            Change::Replaced => self.file = File::open(&self.path)?,
        }
        self.position = 0;
        Ok(())
    }

    /// Lets a moment pass.
    pub(super) fn wait(&self) {
        thread::sleep(PAUSE);
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}
