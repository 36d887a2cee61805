//! A manifest's way: documents, then the same engine the webhook asks, then findings with their places.

mod facts;
mod judge;

use std::path::PathBuf;
use std::sync::OnceLock;

pub use facts::Facts;

use crate::engine::Engine;
use crate::manifest::source::{SourceFile, read_all};
use crate::manifest::{ManifestError, parse};
use crate::report::{Problem, Report};

/// Where an object goes that names no namespace, unless the user says otherwise.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Judges all manifests below `paths`, on up to `threads` threads.
pub fn run(engine: &Engine, paths: &[PathBuf], namespace: &str, threads: usize) -> Report {
    let stdin = OnceLock::new();
    let pass = |facts: &Facts| {
        let results = read_all(paths, threads, |mut source| {
            replay_stdin(&mut source, &stdin);
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
            let found = Facts::of(&manifest);
            (judge::judge(engine, source.path, manifest, facts, namespace), found)
        }
        Err(error) => (unreadable(error), Facts::default()),
    }
}

/// Standard input can be read only once, and a second pass needs it again.
fn replay_stdin(source: &mut SourceFile, stdin: &OnceLock<Result<Vec<u8>, ManifestError>>) {
    if source.path.as_os_str() == "-" {
        source.bytes = stdin.get_or_init(|| source.bytes.clone()).clone();
    }
}

fn unreadable(error: ManifestError) -> Report {
    Report { errors: vec![Problem { error, excerpt: None }], ..Report::default() }
}
