//! Fixes written into manifests.
//!
//! The engine decides what is mended, as it does for the webhook. The text is then edited, and nothing of it but what
//! has to change; what comes of that is read again and compared with the engine's own result before it is written. An
//! object gets all of its fixes or none.

mod diff;
mod mend;
mod verify;
mod write;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::check::{Context, Streams, gather, namespaces_of};
use crate::engine::Namespaces;
use crate::finding::Safety;
use crate::manifest::source::folders::{self, Folder};
use crate::manifest::source::{Input, SourceFile, find};
use crate::manifest::{ManifestError, parse, text};
use crate::rendering::{self, Purpose};
use crate::report::{Fixes, Problem, Report, rules_in_force};

/// The path that stands for standard input.
const STDIN: &str = "-";

/// Which fixes are made, and what becomes of them.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How safe a fix has to be.
    pub safety: Safety,
    /// Whether files are changed.
    pub write: bool,
    /// Whether to say what changes, as a unified diff.
    pub diff: bool,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Done {
    /// What is left, and what was fixed.
    pub report: Report,
    /// Unified diffs, or else the text of standard input with its fixes.
    pub output: Vec<u8>,
    /// What a user should know beside, one sentence each.
    pub notes: Vec<String>,
}

impl Done {
    fn and(mut self, other: Self) -> Self {
        self.report = self.report.and(other.report);
        self.output.extend(other.output);
        self.notes.extend(other.notes);
        self
    }
}

/// Fixes all manifests below `paths`, on up to `threads` threads. A file that several of them lead to is fixed once.
pub fn run(context: Context<'_>, options: Options, paths: &[PathBuf], threads: usize) -> Done {
    let streams = Streams::default();
    let inputs = find(paths, context.selection, true);
    let planned = rendering::plan(inputs, context.selection, Purpose::Fix);
    let (inputs, mut notes) = plain(planned.inputs);
    notes.extend(planned.notes);
    // Nothing may be written before all is known that the manifests say of their namespaces.
    let looked = context.each(&inputs, threads, |mut source| {
        streams.replay(&mut source);
        look(context, source)
    });
    let mut namespaces = context.known.clone();
    let mut files = Vec::new();
    for (file, found) in looked {
        files.extend(file);
        namespaces = namespaces.and(found);
    }
    let twins = twins(files);
    let digests = context.registries.map(|registries| {
        gather(registries, |digests| {
            let context = Context { digests: Some(digests), progress: None, ..context };
            let lacking = context.each(&inputs, threads, |mut source| {
                streams.replay(&mut source);
                mend::lacking(context, options, source, &namespaces)
            });
            lacking.into_iter().flatten().collect()
        })
    });
    let context = Context { digests: digests.as_ref(), ..context };
    if let Some(ledger) = &context.silencing.ledger {
        ledger.begin();
    }
    let done = context.each(&inputs, threads, |mut source| {
        streams.replay(&mut source);
        if twins.contains(&source.path) {
            return Done::default();
        }
        mend::file(context, options, source, &namespaces)
    });
    let mut done = done.into_iter().fold(Done::default(), Done::and);
    done.notes.extend(notes);
    done.report.errors.extend(paths.iter().filter_map(|path| template(path)));
    let fixes = done.report.fixes.get_or_insert_default();
    fixes.written = options.write;
    fixes.unsafe_too = options.safety == Safety::Unsafe;
    done.report.rules = rules_in_force(context.engine.policies());
    done.report.sort();
    done
}

/// What people wrote as it is applied, and a note on each folder that a tool renders.
fn plain(inputs: Vec<Input>) -> (Vec<Input>, Vec<String>) {
    let (mut plain, mut notes) = (Vec::new(), Vec::new());
    for input in inputs {
        match input {
            Input::Folder { kind, path, .. } => {
                let (what, parts) = match kind {
                    Folder::Chart => ("chart", "templates"),
                    Folder::Kustomization => ("kustomization", "bases and patches"),
                };
                notes.push(format!(
                    "{}: nothing in this {what} was fixed: its manifests are made of {parts}; `plimsoll check` names the \
                     lines to change",
                    path.display()
                ));
            }
            other => plain.push(other),
        }
    }
    (plain, notes)
}

/// Why a template that was named is not fixed, at the first action in it.
fn template(path: &Path) -> Option<Problem> {
    let chart = folders::chart_of_template(path)?;
    if !path.is_file() {
        return None;
    }
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.unwrap_or_default();
    let at = text.find("{{").unwrap_or_default();
    let place = text::place(&text, at..at);
    let message = format!(
        "this is a template of the chart {}, which only Helm turns into YAML; nothing in it was fixed",
        chart.display()
    );
    let help = Some("`plimsoll check` names the lines to change");
    let error = ManifestError::new(Some(path), Some(place), message, help);
    Problem::in_text(vec![error], &text).pop()
}

/// A file by the name it was found under and by its own.
type Names = (PathBuf, PathBuf);

/// What a file says of namespaces. Few say anything, and only those are parsed.
fn look(context: Context<'_>, source: SourceFile) -> (Option<Names>, Namespaces) {
    let own = fs::canonicalize(&source.path).ok();
    let names = own.map(|own| (source.path.clone(), own));
    let namespaces = match source.bytes {
        Ok(bytes) if may_tell_of_namespaces(&bytes) => {
            namespaces_of(&parse(Some(&source.path), bytes), context.namespace)
        }
        _ => Namespaces::default(),
    };
    (names, namespaces)
}

/// Whether the kinds can be among the text: literally, or in escapes, which nobody uses there.
fn may_tell_of_namespaces(bytes: &[u8]) -> bool {
    let has = |needle: &str| memchr::memmem::find(bytes, needle.as_bytes()).is_some();
    let is_hidden = || {
        memchr::memchr_iter(b'\\', bytes)
            .any(|at| matches!(bytes.get(at + 1), Some(b'x' | b'u' | b'U' | b'\r' | b'\n')))
    };
    has("Namespace") || has("LimitRange") || is_hidden()
}

/// The names under which a file was found that has been found before.
fn twins(files: Vec<Names>) -> HashSet<PathBuf> {
    let mut first: HashMap<PathBuf, PathBuf> = HashMap::new();
    let mut twins = HashSet::new();
    for (path, own) in files {
        match first.get(&own) {
            Some(known) if *known != path => {
                twins.insert(path);
            }
            Some(_) => {}
            None => {
                first.insert(own, path);
            }
        }
    }
    twins
}

/// The first path of a run is what standard input is called.
fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// How a run that changed nothing reports its fixes.
fn nothing_fixed() -> Option<Fixes> {
    Some(Fixes::default())
}
