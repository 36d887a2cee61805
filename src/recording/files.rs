//! The files of a recording: a new one at a sixteenth of the bound, and the oldest go.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The share of the bound at which a new file is begun.
const FILES: u64 = 16;
/// How every file is called: `reviews-20261121T233313Z-4711-0001.jsonl`. The names sort by age.
const PREFIX: &str = "reviews-";
const SUFFIX: &str = ".jsonl";
/// How often it is looked whether the file is still there.
const LOOK: Duration = Duration::from_secs(1);

/// The files of a recording.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    max_bytes: u64,
    begun: u32,
    current: Option<Current>,
}

/// The file that is written.
#[derive(Debug)]
struct Current {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    written: u64,
    /// Bytes of the files that were there before it.
    others: u64,
    looked: Instant,
}

impl Files {
    pub(super) fn new(folder: PathBuf, max_bytes: u64) -> Self {
        Self { folder, max_bytes, begun: 0, current: None }
    }

    /// Writes a line in one piece, so that a process that is killed leaves whole lines.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let length = line.len() as u64;
        let mut current = match self.current.take().and_then(|it| it.taking(length, self.max_bytes))
        {
            Some(current) => current,
            None => self.begin(length)?,
        };
        let written = current.file.write_all(line);
        match written {
            Ok(()) => current.written += length,
            // What is there of the line goes, so that the next one begins where a line does.
            Err(_) => current.file.set_len(current.written)?,
        }
        self.current = Some(current);
        written
    }

    /// Waits until everything is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.current.as_ref().map_or(Ok(()), |current| current.file.sync_data())
    }

    /// Begins another file, and makes room for this much in it.
    fn begin(&mut self, length: u64) -> io::Result<Current> {
        if !self.folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        }
        let others = self.make_room((self.max_bytes / FILES).max(length))?;
        self.begun = self.begun.wrapping_add(1);
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let (process, number) = (std::process::id(), self.begun);
        let path = self.folder.join(format!("{PREFIX}{now}-{process}-{number:04}{SUFFIX}"));
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        // The mask of the process may have taken rights, and must not add any.
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(Current { file, path, written: 0, others, looked: Instant::now() })
    }

    /// Removes the oldest files until there is room for this much; answers with the bytes of those that stay.
    fn make_room(&self, length: u64) -> io::Result<u64> {
        let mut files = Vec::new();
        for entry in self.folder.read_dir()? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(is_ours) {
                // One that has just been removed by another replica has no bytes.
                let bytes = entry.metadata().map_or(0, |file| file.len());
                files.push((name, bytes));
            }
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
        for (name, bytes) in files {
            if total.saturating_add(length) <= self.max_bytes {
                break;
            }
            match std::fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => total -= bytes,
            }
        }
        Ok(total)
    }
}

impl Current {
    /// The file, if a line of this length goes into it.
    fn taking(mut self, length: u64, max_bytes: u64) -> Option<Self> {
        let after = self.written.saturating_add(length);
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            is_there(&self.path).then_some(())?;
        }
        let has_room = after <= max_bytes / FILES && self.others.saturating_add(after) <= max_bytes;
        has_room.then_some(self)
    }
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}
