//! From the paths on a command line to the bytes of files, read on several threads.

pub mod folders;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ignore::WalkBuilder;

use self::folders::{Charts, Folder, Look};
use self::seen::Seen;
pub(crate) use selection::normal;
pub use selection::{GlobError, Selection};

use super::error::ManifestError;

mod seen;
mod selection;

/// The path that means standard input.
const STDIN: &str = "-";
/// The largest file that is read, in bytes; several times that is needed to hold its values.
const MAX_BYTES: u64 = 1 << 30;

/// A file that was asked for or found.
#[derive(Debug)]
pub struct SourceFile {
    /// Its path as the user wrote it, or below the folder that the user wrote; `-` is standard
    /// input.
    pub path: PathBuf,
    /// What it holds, or why it cannot be read.
    pub bytes: Result<Vec<u8>, ManifestError>,
    /// Whether this is a folder instead, which a tool has to render; there are no bytes then.
    pub folder: Option<Folder>,
}

/// Reads every file that `paths` name and hands it to `work`, on up to `threads` threads.
///
/// Files are taken as they are; folders are walked for `.yaml`, `.yml` and `.json`, leaving out
/// hidden files and what `.gitignore` names; `-` is standard input. What cannot be read is handed
/// over as an error. The results stand in the order of `paths`, and of file names within a folder,
/// whatever the threads do. At most one file per thread is in memory at a time, beside what `work`
/// keeps.
pub fn read_all<T: Send>(
    paths: &[PathBuf],
    threads: usize,
    work: impl Fn(SourceFile) -> T + Sync,
) -> Vec<T> {
    read_inputs(&find(paths, &Selection::default(), false), threads, work)
}

/// Reads every input as [`read_all`] does.
pub fn read_inputs<T: Send>(
    inputs: &[Input],
    threads: usize,
    work: impl Fn(SourceFile) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = inputs.get(index) else { return done };
            done.push((index, work(input.read())));
        }
    };
    let others = threads.min(inputs.len()).saturating_sub(1);
    let mut done = thread::scope(|scope| {
        let handles: Vec<_> = (0..others).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for handle in handles {
            match handle.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Something to read, or why there is nothing.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file that the user named.
    Named(PathBuf),
    /// A file found in a folder.
    Found(PathBuf),
    /// A folder that a tool has to render.
    Folder {
        /// What it is.
        kind: Folder,
        /// The folder.
        path: PathBuf,
        /// Whether the user named it, and not one around it.
        named: bool,
    },
    /// Nothing, and why.
    Broken(ManifestError),
}

impl Input {
    fn read(&self) -> SourceFile {
        let (path, bytes) = match self {
            Self::Stdin => {
                let path = PathBuf::from(STDIN);
                let bytes = read_stream(io::stdin().lock(), 0);
                (path.clone(), bytes.and_then(refuse_empty).map_err(|error| fail(&path, &error)))
            }
            Self::Named(path) => {
                let bytes = read_file(path).and_then(refuse_empty);
                (path.clone(), bytes.map_err(|error| fail(path, &error)))
            }
            Self::Found(path) => {
                (path.clone(), read_file(path).map_err(|error| fail(path, &error)))
            }
            Self::Folder { kind, path, .. } => {
                let (path, bytes, folder) = (path.clone(), Ok(Vec::new()), Some(*kind));
                return SourceFile { path, bytes, folder };
            }
            Self::Broken(error) => (error.file.clone().unwrap_or_default(), Err(error.clone())),
        };
        SourceFile { path, bytes, folder: None }
    }
}

/// What there is to read at `paths`, of the folders only what `selection` says. With `folders`, charts and kustomizations
/// are inputs of their own; without, they are folders like any other.
pub fn find(paths: &[PathBuf], selection: &Selection, folders: bool) -> Vec<Input> {
    let mut seen = Seen::new(paths.len() > 1);
    let mut charts = Charts::default();
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            if seen.insert(path) {
                inputs.push(Input::Stdin);
            }
            continue;
        }
        let metadata = match fs::metadata(path) {
            Ok(_) if !selection.admits(path) => continue,
            Ok(metadata) => metadata,
            Err(error) => {
                inputs.push(Input::Broken(fail(path, &error)));
                continue;
            }
        };
        let is_dir = metadata.is_dir();
        let chart = (folders && (is_dir || metadata.is_file()))
            .then(|| charts.around(path, !is_dir))
            .flatten();
        if let Some(path) = chart {
            seen.enter(&path);
            if seen.insert(&path) {
                inputs.push(Input::Folder { kind: Folder::Chart, path, named: true });
            }
            continue;
        }
        seen.enter(path);
        if is_dir {
            walk(path, selection, folders, &mut seen, &mut inputs);
        } else if seen.insert(path) {
            inputs.push(Input::Named(path.clone()));
        }
    }
    inputs
}

fn walk(
    folder: &Path,
    selection: &Selection,
    folders: bool,
    seen: &mut Seen,
    inputs: &mut Vec<Input>,
) {
    let mut special = folders::Special::default();
    let mut builder = WalkBuilder::new(folder);
    builder.follow_links(true).sort_by_file_path(Path::cmp);
    let entering = selection.clone();
    builder.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        // The folder itself is one that the user named.
        entry.depth() == 0 || entering.enters(entry.path(), is_folder)
    });
    for entry in builder.build() {
        match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                let named = entry.depth() == 0;
                let path = below_here(entry.into_path());
                match if folders { special.look(&path, is_file) } else { Look::Plain } {
                    Look::Plain => {}
                    Look::Nothing => continue,
                    Look::Folder(kind) => {
                        if selection.reads(&path.join(kind.file())) && seen.insert(&path) {
                            inputs.push(Input::Folder { kind, path, named });
                        }
                        continue;
                    }
                }
                if is_file && selection.reads(&path) && seen.insert(&path) {
                    inputs.push(Input::Found(path));
                }
            }
            Err(error) => {
                let path = path_of(&error).unwrap_or(folder);
                // A broken link that would not have been read is no one's concern.
                if (selection.reads(path) && selection.enters(path, false)) || !is_missing(&error) {
                    let path = below_here(path.to_owned());
                    inputs.push(Input::Broken(fail(&path, &words(&error))));
                }
            }
        }
    }
}

/// What is found in `.` is called as it would be without the dot.
fn below_here(path: PathBuf) -> PathBuf {
    match path.strip_prefix(".") {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => path,
    }
}

fn is_missing(error: &ignore::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

/// The error without its path, which stands in front of the message.
fn words(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => words(err),
        ignore::Error::Loop { ancestor, .. } => {
            format!("the link leads back to {}", ancestor.display())
        }
        // The first layer tells the path again.
        ignore::Error::Io(error) => innermost(error).to_string(),
        other => other.to_string(),
    }
}

fn innermost<'e>(mut error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

fn fail(path: &Path, error: &impl std::fmt::Display) -> ManifestError {
    ManifestError::new(Some(path), None, format!("cannot be read: {error}"), None::<&str>)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    // Opening a pipe that no one writes to would wait for ever; a shell's `<(…)` has a writer.
    if !metadata.is_file() && !is_descriptor(path) {
        return Err(io::Error::other("not a regular file"));
    }
    read_stream(File::open(path)?, metadata.len())
}

fn is_descriptor(path: &Path) -> bool {
    ["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|known| path.starts_with(known))
}

fn read_stream(stream: impl Read, expected: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected.min(MAX_BYTES) as usize + 1);
    stream.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("larger than 1 GiB"));
    }
    Ok(bytes)
}

fn refuse_empty(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.is_empty() { Err(io::Error::other("it is empty")) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests;
