//! Which files are read, and in which order.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::survey::Problem;

/// Folders are followed that deep.
const MAX_DEPTH: usize = 16;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A file, or what behaves like one.
    File(PathBuf),
}

impl Input {
    /// As it is named to people.
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::Stdin => "standard input".into(),
            Self::File(path) => path.to_string_lossy().into(),
        }
    }
}

/// The files that paths name, folders walked, each once, from the oldest of a rotated set to the one that is being
/// written; and what of that could not be found. `interrupted` ends the walk.
pub(super) fn inputs(paths: &[PathBuf], interrupted: &AtomicBool) -> (Vec<Input>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut stdin = false;
    for path in paths {
        if path.as_os_str() == "-" {
            stdin = true;
        } else if path.is_dir() {
            let mut walk =
                Walk { interrupted, visited: HashSet::new(), files: Vec::new(), problems };
            walk.folder(path, MAX_DEPTH);
            problems = walk.problems;
            if interrupted.load(Ordering::Relaxed) {
                let message = "interrupted: not all files of the folder were found".to_owned();
                problems.push(problem(path, message));
            } else if walk.files.is_empty() {
                problems.push(problem(path, "the folder holds no files".to_owned()));
            }
            files.append(&mut walk.files);
        } else {
            // One that is not there is told of when it is opened.
            files.push(path.clone());
        }
    }
    let mut seen = HashSet::new();
    files.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    files.sort_by_cached_key(|path| age(path));
    let stdin = stdin.then_some(Input::Stdin);
    (files.into_iter().map(Input::File).chain(stdin).collect(), problems)
}

/// What is found in a folder that the user named, and in those below it.
struct Walk<'w> {
    interrupted: &'w AtomicBool,
    /// Folders that were walked: symbolic links may lead to one again, and to the one that they are in.
    visited: HashSet<PathBuf>,
    files: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) {
        let entries = fs::canonicalize(folder).and_then(|place| match self.visited.insert(place) {
            true => fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect(),
            false => Ok(Vec::new()),
        });
        let mut entries: Vec<PathBuf> = match entries {
            Ok(entries) => entries,
            Err(error) => return self.problems.push(problem(folder, unreadable(&error))),
        };
        entries.sort();
        for path in entries {
            if self.interrupted.load(Ordering::Relaxed) {
                return;
            }
            let name = path.file_name().unwrap_or_default();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            if path.is_file() {
                self.files.push(path);
            } else if path.is_dir() && depth > 0 {
                self.folder(&path, depth - 1);
            } else if path.is_dir() {
                let message = format!("folders are read {MAX_DEPTH} deep, and this one is deeper");
                self.problems.push(problem(&path, message));
            }
        }
    }
}

/// What is said of what cannot be opened or read.
pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}

fn problem(path: &Path, message: String) -> Problem {
    Problem { source: path.to_string_lossy().into(), line: None, message, help: None }
}

/// Files with a time in their name come first, by that time (the API server's own rotation:
/// `audit-2026-11-21T23-33-12.345.log`), then those with a number, the highest first (logrotate: `audit.log.2.gz`), then
/// the others.
fn age(path: &Path) -> (u8, String, Reverse<u64>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(time) = time(&name) {
        return (0, time, Reverse(0));
    }
    let plain = [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end));
    let (_, last) = plain.unwrap_or(&name).rsplit_once('.').unwrap_or_default();
    match last.parse() {
        Ok(number) => (1, String::new(), Reverse(number)),
        Err(_) => (2, String::new(), Reverse(0)),
    }
}

/// The digits of a time in a name: year, month and day, and what more there is.
fn time(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let start = (0..bytes.len()).find(|&at| {
        let date = bytes.get(at..at + 10).unwrap_or_default();
        let dashed = date.len() == 10
            && date.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let packed = bytes
            .get(at..at + 8)
            .is_some_and(|date| date.starts_with(b"20") && date.iter().all(u8::is_ascii_digit));
        (dashed || packed) && !at.checked_sub(1).is_some_and(|at| bytes[at].is_ascii_digit())
    })?;
    let rest = name.get(start..)?;
    Some(rest.chars().filter(char::is_ascii_digit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_comes_first() {
        let mut names = [
            "audit.log",
            "audit.log.1",
            "audit.log.10.gz",
            "audit.log.2.zst",
            "audit-2026-11-21T23-33-12.345.log",
            "audit-2026-11-21T23-33-12.340.log.gz",
            "audit-2025-12-31T00-00-00.000.log",
            "audit.log-20240105.gz",
        ];
        names.sort_by_cached_key(|name| age(Path::new(name)));
        assert_eq!(
            names,
            [
                "audit.log-20240105.gz",
                "audit-2025-12-31T00-00-00.000.log",
                "audit-2026-11-21T23-33-12.340.log.gz",
                "audit-2026-11-21T23-33-12.345.log",
                "audit.log.10.gz",
                "audit.log.2.zst",
                "audit.log.1",
                "audit.log",
            ]
        );
    }

    #[test]
    fn each_file_is_read_once_and_folders_are_walked() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("one/two")).unwrap();
        fs::create_dir(path("empty")).unwrap();
        for name in ["one/a.log", "one/two/b.log", "one/.hidden"] {
            fs::write(path(name), "").unwrap();
        }
        let paths = [path("one"), path("one/./a.log"), path("empty"), "-".into(), path("missing")];
        let (found, problems) = inputs(&paths, &AtomicBool::new(false));
        let file = |name| Input::File(path(name));
        assert_eq!(
            found,
            [file("one/a.log"), file("one/two/b.log"), file("missing"), Input::Stdin]
        );
        assert_eq!(problems.len(), 1);
        assert!(problems[0].source.ends_with("empty"));
    }

    #[cfg(unix)]
    #[test]
    fn links_that_loop_are_followed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("logs/deep")).unwrap();
        fs::write(path("logs/deep/a.log"), "").unwrap();
        for name in ["logs/l1", "logs/l2", "logs/l3", "logs/deep/up"] {
            std::os::unix::fs::symlink(path("logs"), path(name)).unwrap();
        }
        // Each folder once; without that these are some 4^16 paths.
        let (found, problems) = inputs(&[path("logs"), path("logs")], &AtomicBool::new(false));
        assert_eq!((found, problems.len()), (vec![Input::File(path("logs/deep/a.log"))], 0));

        let (found, problems) = inputs(&[path("logs")], &AtomicBool::new(true));
        assert_eq!((found.len(), problems.len()), (0, 1), "{problems:?}");
        assert!(problems[0].message.starts_with("interrupted"), "{problems:?}");
    }

    #[test]
    fn folders_that_are_too_deep_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let deep: PathBuf = (0..=MAX_DEPTH).map(|_| "d").collect();
        fs::create_dir_all(folder.path().join(&deep)).unwrap();
        fs::write(folder.path().join("a.log"), "").unwrap();
        let (found, problems) = inputs(&[folder.path().to_owned()], &AtomicBool::new(false));
        assert_eq!((found.len(), problems.len()), (1, 1), "{problems:?}");
    }
}
