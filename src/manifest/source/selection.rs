//! Which files of a walked folder are read: globs as in a `.gitignore`, counted from a folder.

use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The names that are read where no glob says otherwise.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// What is read of the folders that are walked.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    include: Option<Include>,
    exclude: Option<Globs>,
    force: bool,
    named: Vec<PathBuf>,
}

/// A glob that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{glob}` is no glob: {message}")]
pub struct GlobError {
    /// Which of the list, from 0.
    pub index: usize,
    /// As it was written.
    pub glob: String,
    /// What is wrong.
    pub message: String,
}

/// The globs of `include`: those that tell names of files, and those that tell folders and leave the names open.
#[derive(Clone, Debug)]
struct Include {
    names: Globs,
    places: Globs,
}

/// Globs and the folder they count from.
#[derive(Clone, Debug)]
struct Globs {
    working_directory: PathBuf,
    base: PathBuf,
    globs: Gitignore,
}

impl Selection {
    /// Reads only found files that one of the globs matches, counted from the folder `base`. A glob whose last part
    /// has an extension (`*.yaml.tpl`) decides alone; any other (`deploy/`, `deploy/**`) is about `.yaml`, `.yml` and
    /// `.json`. No globs at all: every such file.
    ///
    /// # Errors
    /// At the first glob that is none.
    pub fn including(mut self, base: &Path, globs: &[String]) -> Result<Self, GlobError> {
        if globs.is_empty() {
            return Ok(self);
        }
        self.include = Some(Include {
            // What takes back counts in both.
            names: Globs::compile(base, globs, |glob| glob.starts_with('!') || names_files(glob))?,
            places: Globs::compile(base, globs, |glob| {
                glob.starts_with('!') || !names_files(glob)
            })?,
        });
        Ok(self)
    }

    /// Leaves out what one of the globs matches, files and whole folders, counted from the folder `base`.
    ///
    /// # Errors
    /// At the first glob that is none.
    pub fn excluding(mut self, base: &Path, globs: &[String]) -> Result<Self, GlobError> {
        if !globs.is_empty() {
            self.exclude = Some(Globs::compile(base, globs, |_| true)?);
        }
        Ok(self)
    }

    /// Whether files and folders that the user names are left out as well where a glob excludes them.
    #[must_use]
    pub fn forced(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Knows what the user named.
    #[must_use]
    pub fn naming(mut self, paths: &[PathBuf]) -> Self {
        self.named = paths.to_vec();
        self
    }

    /// Whether something that a tool rendered from a file is left out: a glob excludes the file or a folder above it, and
    /// the user did not name the file.
    pub fn leaves_out(&self, file: &Path) -> bool {
        self.exclude.as_ref().is_some_and(|globs| globs.match_with_parents(file, false))
            && (self.force
                || !self
                    .named
                    .iter()
                    .any(|named| file.starts_with(named) && !self.enters(named, named.is_dir())))
    }

    /// Whether something found in a folder is of this run; its parents are.
    pub fn holds(&self, path: &Path, is_folder: bool) -> bool {
        self.enters(path, is_folder)
    }

    /// Whether the folder that a file makes a kustomization or chart is of this run.
    pub fn reads_folder_of(&self, file: &Path) -> bool {
        self.reads(&file.with_extension("yaml"))
    }

    /// Whether something the user named is to be read.
    pub(super) fn admits(&self, path: &Path) -> bool {
        !self.force
            || self
                .exclude
                .as_ref()
                .is_none_or(|globs| !globs.match_with_parents(path, path.is_dir()))
    }

    /// Whether something found in a folder is to be looked at; its parents have been.
    pub(super) fn enters(&self, path: &Path, is_folder: bool) -> bool {
        self.exclude.as_ref().is_none_or(|globs| !globs.matches(path, is_folder))
    }

    /// Whether a file found in a folder is one to read.
    pub(super) fn reads(&self, path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default();
        let is_manifest = EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known));
        match &self.include {
            None => is_manifest,
            Some(include) => {
                include.names.match_with_parents(path, false)
                    || (is_manifest && include.places.match_with_parents(path, false))
            }
        }
    }
}

impl Globs {
    fn compile(
        base: &Path,
        globs: &[String],
        counts: impl Fn(&str) -> bool,
    ) -> Result<Self, GlobError> {
        let working_directory = std::path::absolute(".").unwrap_or_default();
        let base = normal(&working_directory.join(base));
        let mut builder = GitignoreBuilder::new(&base);
        // A bracket alone is a mistake, and not part of a name.
        builder.allow_unclosed_class(false);
        for (index, glob) in globs.iter().enumerate().filter(|(_, glob)| counts(glob)) {
            let fail = |message: String| GlobError { index, glob: glob.clone(), message };
            let rooted = rooted(glob, &base).map_err(|message| fail(message.to_owned()))?;
            builder.add_line(None, &rooted).map_err(|error| fail(words(&error)))?;
        }
        let fail = |error: ignore::Error| GlobError {
            index: 0,
            glob: globs.join(", "),
            message: words(&error),
        };
        Ok(Self { globs: builder.build().map_err(fail)?, working_directory, base })
    }

    fn matches(&self, path: &Path, is_folder: bool) -> bool {
        self.globs.matched(self.whole(path), is_folder).is_ignore()
    }

    fn whole(&self, path: &Path) -> PathBuf {
        normal(&self.working_directory.join(path))
    }

    /// Whether a glob matches the file or a folder above it, up to the base.
    fn match_with_parents(&self, path: &Path, is_folder: bool) -> bool {
        let path = self.whole(path);
        let above = path.ancestors().skip(1).take_while(|folder| {
            // Outside the base every folder is above it, or beside.
            *folder != self.base && folder.parent().is_some()
        });
        match self.globs.matched(&path, is_folder) {
            ignore::Match::None => {
                above.map(|folder| self.globs.matched(folder, true)).any(|found| found.is_ignore())
            }
            found => found.is_ignore(),
        }
    }
}

/// A glob as a .gitignore has it: what begins with `./`, or with the folder that globs count from, counts from there.
fn rooted(glob: &str, base: &Path) -> Result<String, &'static str> {
    let (not, mut rest) = glob.strip_prefix('!').map_or(("", glob), |rest| ("!", rest));
    if rest.trim().is_empty() {
        return Err("it is empty");
    }
    if rest.split('/').any(|part| part == "..") {
        return Err("it leads out of the folder that globs count from, where nothing is left out");
    }
    let below = base.to_str().and_then(|base| rest.strip_prefix(base));
    let below = below.filter(|below| below.is_empty() || below.starts_with('/'));
    let is_rooted = below.is_some() || rest == "." || rest.starts_with("./");
    rest = below.unwrap_or(rest);
    while let Some(further) = rest.strip_prefix("./") {
        rest = further.trim_start_matches('/');
    }
    match rest.trim_start_matches('/') {
        "" | "." if is_rooted => Err("it is the folder itself that globs count from"),
        inner if is_rooted => Ok(format!("{not}/{inner}")),
        _ => Ok(glob.to_owned()),
    }
}

/// Whether a glob says what files are called, by an extension in its last part.
fn names_files(glob: &str) -> bool {
    let last = glob.rsplit('/').next().unwrap_or_default();
    last.trim_start_matches('.').contains('.')
}

/// A path without `.` and `..`. Links are not followed: globs and reports are about names.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
}

/// The error without the glob, which stands in front of the message.
fn words(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}
