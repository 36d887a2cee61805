//! Which files are read, and in which order.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
/// written; and what of that could not be found.
pub(super) fn inputs(paths: &[PathBuf]) -> (Vec<Input>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut stdin = false;
    for path in paths {
        if path.as_os_str() == "-" {
            stdin = true;
        } else if path.is_dir() {
            let before = files.len();
            walk(path, MAX_DEPTH, &mut files, &mut problems);
            if files.len() == before {
                problems.push(problem(path, "holds no files".to_owned()));
            }
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

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>, problems: &mut Vec<Problem>) {
    let entries = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return problems.push(problem(folder, unreadable(&error))),
    };
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_file() {
            files.push(path);
        } else if path.is_dir() && depth > 0 {
            walk(&path, depth - 1, files, problems);
        }
    }
}

/// What is said of what cannot be opened or read.
pub(super) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read: {error}"),
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
        let (found, problems) = inputs(&paths);
        let file = |name| Input::File(path(name));
        assert_eq!(
            found,
            [file("one/a.log"), file("one/two/b.log"), file("missing"), Input::Stdin]
        );
        assert_eq!(problems.len(), 1);
        assert!(problems[0].source.ends_with("empty"));
    }
}
