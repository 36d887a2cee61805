//! What a range of Git history changed: `check --since REF` speaks of nothing else.

mod diff;
mod worktree;

use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The lines that differ between a commit and the working tree, by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// By path, from the root of the repository, with forward slashes.
    files: HashMap<String, Lines>,
    /// The files whose history Git knows, in submodules too.
    tracked: HashSet<String>,
}

/// The changed lines of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lines {
    /// The file is new.
    All,
    /// Sorted and apart. Lines that were only removed stand as the two lines around the gap.
    Some(Vec<RangeInclusive<usize>>),
}

/// Why changes could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum ChangesError {
    /// There is no Git here.
    #[error("--since needs git, and it cannot be run: {0}; install git, or leave --since out")]
    NoGit(#[source] io::Error),
    /// Not in a repository, an unknown commit, a history that was cut off.
    #[error("--since {reference}: git says: {words}{help}")]
    Refused {
        /// The commit, as the user named it.
        reference: String,
        /// Git's own words.
        words: String,
        /// What to do, with a semicolon in front.
        help: String,
    },
}

impl Changes {
    /// What the working tree, new files included, has that the last common ancestor of `reference` and `HEAD` has
    /// not. What only `reference` has since then is nobody's change here.
    ///
    /// `root` is the root of the repository.
    ///
    /// # Errors
    /// Where there is no Git, no repository, no such commit or no common ancestor.
    pub fn since(root: &Path, reference: &str) -> Result<Self, ChangesError> {
        // A name that starts with a dash would be taken for an option.
        let commit = format!("{reference}^{{commit}}");
        let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit];
        let known = git(root, &verify)?;
        if !known.status.success() {
            return Err(unknown(root, reference)?);
        }
        let commit = String::from_utf8_lossy(&known.stdout).trim().to_owned();
        let base = git(root, &["merge-base", &commit, "HEAD"])?;
        if !base.status.success() {
            let help = "; there is no common ancestor with HEAD: fetch more of the history (in CI, a shallow clone is the usual reason)";
            return Err(refused(reference, &base, help));
        }
        let base = String::from_utf8_lossy(&base.stdout).trim().to_owned();
        let tree = worktree::Tree::new(root, reference);
        Ok(Self { files: tree.differences(&base)?, tracked: tree.tracked()? })
    }

    /// Whether Git knows what a file was before. Of one that it does not know, every line could be new.
    pub fn know(&self, file: &str) -> bool {
        self.tracked.contains(file)
    }

    /// Whether one of these lines, which count from 1, was changed.
    pub fn touch(&self, file: &str, lines: RangeInclusive<usize>) -> bool {
        match self.files.get(file) {
            None => false,
            Some(Lines::All) => true,
            Some(Lines::Some(changed)) => {
                let after = changed.partition_point(|change| change.end() < lines.start());
                changed.get(after).is_some_and(|change| change.start() <= lines.end())
            }
        }
    }

    /// Whether a file below `folder`, a path from the root without a slash at its end, was changed.
    pub fn touch_below(&self, folder: &str) -> bool {
        self.files.keys().any(|file| {
            folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// What a hook of Git has in its environment, and is about that one repository.
const OF_ONE_REPOSITORY: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// Runs Git in a repository, which can be a submodule of the one that the environment is about.
fn git_in(root: &Path, is_module: bool, arguments: &[&str]) -> Result<Output, ChangesError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments).stdin(Stdio::null());
    if is_module {
        for name in OF_ONE_REPOSITORY {
            command.env_remove(name);
        }
    }
    command.env("GIT_OPTIONAL_LOCKS", "0");
    command.output().map_err(ChangesError::NoGit)
}

fn git(root: &Path, arguments: &[&str]) -> Result<Output, ChangesError> {
    git_in(root, false, arguments)
}

/// Why a name means no commit: there may be no repository at all.
fn unknown(root: &Path, reference: &str) -> Result<ChangesError, ChangesError> {
    let inside = git(root, &["rev-parse", "--git-dir"])?;
    if !inside.status.success() {
        return Ok(refused(reference, &inside, "; run in a Git repository"));
    }
    Ok(ChangesError::Refused {
        reference: reference.to_owned(),
        words: "there is no such commit, branch or tag here".to_owned(),
        help: "; fetch it first (`git fetch origin main`, then `--since origin/main`)".to_owned(),
    })
}

fn refused(reference: &str, output: &Output, help: impl Into<String>) -> ChangesError {
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
    let words = words.trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned();
    ChangesError::Refused { reference: reference.to_owned(), words, help: help.into() }
}

#[cfg(test)]
mod tests;
