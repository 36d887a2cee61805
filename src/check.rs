//! A manifest's way: documents, then the same engine the webhook asks, then findings with their places.

mod asking;
mod embedded;
mod fault;
mod fixes;
mod judge;
mod placing;
mod progress;
mod rendered;
mod since;
mod tell;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

pub use crate::facts::namespaces_of;
pub use asking::Ask;
pub(crate) use asking::gather;
pub(crate) use fixes::{Fixed, fault_of_ours, fixes};
pub(crate) use judge::judge;
pub use progress::Progress;
pub use since::Since;

use crate::digests::Digests;
use crate::engine::{Engine, Namespaces};
use crate::manifest::source::{Input, Selection, SourceFile, find, read_inputs};
use crate::manifest::{ManifestError, parse};
use crate::rendering::{self, Purpose, Rendered, Settings};
use crate::report::{Report, rules_in_force};
use crate::silence::{self, Silencing};

/// Where an object goes that names no namespace, unless the user says otherwise.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The path that stands for standard input.
const STDIN: &str = "-";

/// How manifests are judged.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// What judges them.
    pub engine: &'c Engine,
    /// Where objects go that name no namespace.
    pub namespace: &'c str,
    /// The time, in seconds since 1970, by which exemptions expire.
    pub now: Option<i64>,
    /// Namespaces that are known before any manifest is read; what the manifests say of them counts instead.
    pub known: &'c Namespaces,
    /// What asks registries for the digests that rules need; none where no registry is asked.
    pub registries: Option<&'c dyn Ask>,
    /// What registries said so far.
    pub digests: Option<&'c Digests>,
    /// What is read of the folders that are walked.
    pub selection: &'c Selection,
    /// Whether findings are to say what their fixes write into the files.
    pub with_replacements: bool,
    /// How charts and kustomizations are rendered.
    pub rendering: &'c Arc<Settings>,
    /// What the text that is judged was rendered from, where it is none that the user wrote.
    pub rendered: Option<&'c Rendered>,
    /// Whether the report is to name every object that was judged.
    pub with_judged: bool,
    /// What keeps findings quiet.
    pub silencing: &'c Silencing,
    /// The changes that findings have to be about; none where all are told.
    pub since: Option<&'c Since>,
    /// Where it is counted how far the run is, for whoever asks.
    pub progress: Option<&'c Progress>,
}

impl<'c> Context<'c> {
    /// Nothing known beforehand, no time, objects without a namespace in [`DEFAULT_NAMESPACE`], and nothing rendered.
    pub fn new(engine: &'c Engine) -> Self {
        static NONE: LazyLock<Namespaces> = LazyLock::new(Namespaces::default);
        static ALL: LazyLock<Selection> = LazyLock::new(Selection::default);
        static NEVER: LazyLock<Arc<Settings>> = LazyLock::new(|| Arc::new(Settings::never()));
        Self {
            engine,
            namespace: DEFAULT_NAMESPACE,
            now: None,
            known: &NONE,
            registries: None,
            digests: None,
            selection: &ALL,
            with_replacements: false,
            rendering: &NEVER,
            rendered: None,
            with_judged: false,
            silencing: &silence::USUAL,
            since: None,
            progress: None,
        }
    }

    /// Works on every input, and counts them meanwhile.
    pub(crate) fn each<T: Send>(
        self,
        inputs: &[Input],
        threads: usize,
        work: impl Fn(SourceFile) -> T + Sync,
    ) -> Vec<T> {
        let Some(progress) = self.progress else { return read_inputs(inputs, threads, work) };
        progress.begin(inputs.len());
        read_inputs(inputs, threads, |source| {
            let result = work(source);
            progress.advance();
            result
        })
    }
}

/// Judges all manifests below `paths`, on up to `threads` threads.
pub fn run(context: Context<'_>, paths: &[PathBuf], threads: usize) -> Report {
    let streams = Streams::default();
    let folders = rendered::Folders::new(context.rendering);
    let mut inputs = find(paths, context.selection, context.rendering.enabled);
    let mut notes = Vec::new();
    if context.rendering.enabled {
        let plan = rendering::plan(inputs, context.selection, Purpose::Judge);
        (inputs, notes) = (plan.inputs, plan.notes);
    }
    let pass = |context: Context<'_>, namespaces: &Namespaces| {
        if let Some(ledger) = &context.silencing.ledger {
            ledger.begin();
        }
        let results = context.each(&inputs, threads, |mut source| {
            if let Some(kind) = source.folder {
                return folders.judge(context, (kind, source.path), namespaces);
            }
            streams.replay(&mut source);
            one(context, source, namespaces)
        });
        results
            .into_iter()
            .fold((Report::default(), Namespaces::default()), |(report, all), (more, found)| {
                (report.and(more), all.and(found))
            })
    };
    // Most runs hold no Namespace and no LimitRange; only then one pass does not tell the whole.
    let (mut report, found) = pass(context, context.known);
    let is_known = found.is_empty();
    let namespaces = context.known.clone().and(found);
    if !is_known {
        report = pass(context, &namespaces).0;
    }
    if let Some(registries) = context.registries.filter(|_| !report.unresolved.is_empty()) {
        // All images of all files at once, so that no registry is asked twice for one.
        let mut first = Some(report);
        let mut last = Report::default();
        let digests = gather(registries, |digests| {
            last = first.take().unwrap_or_else(|| {
                pass(Context { digests: Some(digests), ..context }, &namespaces).0
            });
            std::mem::take(&mut last.unresolved)
        });
        report = match digests.is_empty() {
            true => last,
            false => pass(Context { digests: Some(&digests), ..context }, &namespaces).0,
        };
    }
    report.notes.extend(notes);
    report.rules = rules_in_force(context.engine.policies());
    report.sort();
    rendered::merge(&mut report);
    report
}

fn one(context: Context<'_>, source: SourceFile, namespaces: &Namespaces) -> (Report, Namespaces) {
    match source.bytes {
        Ok(bytes) => {
            let manifest = parse(Some(&source.path), bytes);
            let found = namespaces_of(&manifest, context.namespace);
            (judge(context, source.path, manifest, namespaces, None), found)
        }
        Err(error) => {
            (Report { errors: vec![error.into()], ..Report::default() }, Namespaces::default())
        }
    }
}

/// What standard input and pipes held: they can be read only once, and further passes need them again.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<PathBuf, Result<Vec<u8>, ManifestError>>>);

impl Streams {
    /// Gives a source that can be read only once what it held the first time.
    pub(crate) fn replay(&self, source: &mut SourceFile) {
        let is_file = || fs::metadata(&source.path).is_ok_and(|metadata| metadata.is_file());
        if source.path.as_os_str() != STDIN && is_file() {
            return;
        }
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match streams.get(&source.path) {
            Some(before) => source.bytes.clone_from(before),
            None => {
                streams.insert(source.path.clone(), source.bytes.clone());
            }
        }
    }
}
