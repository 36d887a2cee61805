//! What differs between a commit and the files that lie there, in submodules too.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{ChangesError, Lines, diff, git_in, refused};

/// How Git tells of changes, whatever the user's configuration says.
const PLAIN: [&str; 7] = [
    "-c",
    "core.quotePath=false",
    "-c",
    "diff.noprefix=false",
    "-c",
    "diff.mnemonicPrefix=false",
    "diff",
];
const EXACT: [&str; 5] =
    ["--no-color", "--no-ext-diff", "--no-renames", "--no-relative", "--ignore-submodules=none"];
const LINES: [&str; 6] = [
    "--unified=0",
    "--inter-hunk-context=0",
    "--no-textconv",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];
/// How `--raw` marks a submodule.
const GITLINK: &str = "160000";

/// A working tree: that of the repository, or of a submodule.
pub(super) struct Tree<'r> {
    root: PathBuf,
    is_module: bool,
    /// What the user compares with.
    reference: &'r str,
}

impl<'r> Tree<'r> {
    pub(super) fn new(root: &Path, reference: &'r str) -> Self {
        Self { root: root.to_owned(), is_module: false, reference }
    }

    /// The files that Git keeps, those of submodules too.
    pub(super) fn tracked(&self) -> Result<HashSet<String>, ChangesError> {
        Ok(names(&self.git(&["ls-files", "-z", "--recurse-submodules"])?).collect())
    }

    /// The files that differ from a commit, new ones included, by path from the root. Those that are gone have no lines.
    pub(super) fn differences(&self, base: &str) -> Result<HashMap<String, Lines>, ChangesError> {
        let compare =
            |how: &[&str]| self.git(&[&PLAIN[..], &EXACT[..], how, &[base, "--"]].concat());
        let mut files = diff::read(&compare(&LINES)?);
        // Attributes can call text binary, and then there is no telling which lines changed.
        for entry in names(&compare(&["--numstat", "-z"])?) {
            let mut fields = entry.splitn(3, '\t');
            if let (Some(added), Some(_), Some(name)) =
                (fields.next(), fields.next(), fields.next())
            {
                let lines = if added == "-" { Lines::All } else { Lines::Some(Vec::new()) };
                files.entry(name.to_owned()).or_insert(lines);
            }
        }
        let others = self.git(&["ls-files", "-z", "--others", "--exclude-standard"])?;
        files.extend(names(&others).map(|name| (name, Lines::All)));
        if self.root.join(".gitmodules").exists() {
            for (name, old) in submodules(&compare(&["--raw", "--no-abbrev", "-z"])?) {
                let root = self.root.join(&name);
                // One that was not checked out has no files.
                if root.join(".git").exists() {
                    let module = Tree { root, is_module: true, reference: self.reference };
                    let inside = match old {
                        Some(old) => module.differences(&old)?,
                        None => module.tracked()?.into_iter().map(|f| (f, Lines::All)).collect(),
                    };
                    let inside = inside.into_iter();
                    files.extend(inside.map(|(file, lines)| (format!("{name}/{file}"), lines)));
                }
            }
        }
        Ok(files)
    }

    /// What a command of Git says that has no reason to fail.
    fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, ChangesError> {
        let output = git_in(&self.root, self.is_module, arguments)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let help = match self.is_module {
            true => {
                format!("; in the submodule {}: fetch more of its history", self.root.display())
            }
            false => String::new(),
        };
        Err(refused(self.reference, &output, help))
    }
}

/// The submodules that differ, with their commits before; new ones had none.
fn submodules(raw: &[u8]) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut entries = names(raw);
    while let (Some(about), Some(name)) = (entries.next(), entries.next()) {
        let fields: Vec<&str> = about.trim_start_matches(':').split(' ').collect();
        if let [before, GITLINK, old, ..] = fields.as_slice() {
            found.push((name, (*before == GITLINK).then(|| (*old).to_owned())));
        }
    }
    found
}

/// What `-z` separates.
fn names(bytes: &[u8]) -> impl Iterator<Item = String> {
    let parts = bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    parts.map(|part| String::from_utf8_lossy(part).into_owned())
}
