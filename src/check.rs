//! A manifest's way: documents, then the same engine the webhook asks, then findings with their places.

mod facts;
mod judge;
mod placing;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

pub use facts::Facts;

use crate::engine::Engine;
use crate::manifest::source::{SourceFile, read_all};
use crate::manifest::{ManifestError, parse};
use crate::report::Report;

/// Where an object goes that names no namespace, unless the user says otherwise.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The path that stands for standard input.
const STDIN: &str = "-";

/// Judges all manifests below `paths`, on up to `threads` threads.
pub fn run(engine: &Engine, paths: &[PathBuf], namespace: &str, threads: usize) -> Report {
    let streams = Streams::default();
    let pass = |facts: &Facts| {
        let results = read_all(paths, threads, |mut source| {
            streams.replay(&mut source);
            one(engine, source, facts, namespace)
        });
        results
            .into_iter()
            .fold((Report::default(), Facts::default()), |(report, facts), (more, found)| {
                (report.and(more), facts.and(found))
            })
    };
    // Most runs hold no Namespace and no LimitRange; only then one pass does not tell the whole.
    let (mut report, facts) = pass(&Facts::default());
    if !facts.is_empty() {
        report = pass(&facts).0;
    }
    report.sort();
    report
}

fn one(engine: &Engine, source: SourceFile, facts: &Facts, namespace: &str) -> (Report, Facts) {
    match source.bytes {
        Ok(bytes) => {
            let manifest = parse(Some(&source.path), bytes);
            let found = Facts::of(&manifest, namespace);
            (judge::judge(engine, source.path, manifest, facts, namespace), found)
        }
        Err(error) => {
            (Report { errors: vec![error.into()], ..Report::default() }, Facts::default())
        }
    }
}

/// What standard input and pipes held: they can be read only once, and a second pass needs them again.
#[derive(Default)]
struct Streams(Mutex<HashMap<PathBuf, Result<Vec<u8>, ManifestError>>>);

impl Streams {
    fn replay(&self, source: &mut SourceFile) {
        let is_file = || fs::metadata(&source.path).is_ok_and(|metadata| metadata.is_file());
        if source.path.as_os_str() != STDIN && is_file() {
            return;
        }
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match streams.remove(&source.path) {
            Some(before) => source.bytes = before,
            None => {
                streams.insert(source.path.clone(), source.bytes.clone());
            }
        }
    }
}
