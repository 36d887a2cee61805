//! Charts and kustomizations: rendered with the user's own tools, and led back to the lines that people wrote.
//!
//! [`plan`] says what of a run is rendered, [`render`] renders a folder, and [`Rendered::trace`] finds for a place in the
//! rendered text the place in the template or base that it came from. Where that cannot be known, it says so: a wrong
//! line would be worse than none.

mod blocks;
mod helm;
mod kustomize;
mod owners;
mod path;
mod plan;
mod process;
mod tags;
mod template;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use plan::{Plan, Purpose, plan};

use crate::manifest::source::folders::Folder;
use crate::manifest::{ManifestError, Place};
use crate::pointer::Pointer;
use crate::report::{Excerpt, Problem};

/// How long a tool may take, unless the user says otherwise.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(120);

/// How charts and kustomizations are rendered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether they are at all. If not, their files are read like any other.
    pub enabled: bool,
    /// The program `helm`; absent: the one on the PATH.
    pub helm: Option<PathBuf>,
    /// The program `kustomize` or `kubectl`; absent: the first of them on the PATH.
    pub kustomize: Option<PathBuf>,
    /// Files of values, for every chart.
    pub values: Vec<PathBuf>,
    /// Single values, as `--set` takes them.
    pub sets: Vec<String>,
    /// More arguments for `helm template`.
    pub helm_args: Vec<String>,
    /// More arguments for `kustomize build`.
    pub kustomize_args: Vec<String>,
    /// The version of Kubernetes that charts are rendered for; absent: the one that Helm was built with.
    pub kube_version: Option<String>,
    /// The name of the release; absent: that of the chart.
    pub release: Option<String>,
    /// The namespace of the release.
    pub namespace: String,
    /// How long a tool may take for one folder.
    pub limit: Duration,
}

impl Settings {
    /// Renders nothing.
    pub const fn never() -> Self {
        Self {
            enabled: false,
            helm: None,
            kustomize: None,
            values: Vec::new(),
            sets: Vec::new(),
            helm_args: Vec::new(),
            kustomize_args: Vec::new(),
            kube_version: None,
            release: None,
            namespace: String::new(),
            limit: DEFAULT_LIMIT,
        }
    }
}

/// What became of a folder.
#[derive(Debug)]
pub enum Outcome {
    /// Manifests.
    Rendered(Rendered),
    /// Nothing, for a reason that is no error.
    PassedOver(String),
}

/// What a tool made of a folder.
#[derive(Debug)]
pub struct Rendered {
    text: Vec<u8>,
    tracer: Tracer,
}

#[derive(Debug)]
enum Tracer {
    Helm(Box<helm::Tracer>),
    Kustomize(Box<kustomize::Tracer>),
}

/// A place in rendered text.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'s> {
    /// Lines and columns.
    pub place: Place,
    /// The field from the root of its document, where it is about one.
    pub path: Option<&'s Pointer>,
}

/// Where rendered text came from.
#[derive(Debug)]
pub struct Origin {
    /// The template or the base; where that is not known, as much of it as is.
    pub file: PathBuf,
    /// The place in the file and the line to show, where they are known. If not, those in the rendered text are the
    /// only ones there are.
    pub place: Option<(Place, Excerpt)>,
    /// What to tell of how it was rendered.
    pub note: Arc<str>,
}

impl Rendered {
    /// The manifests.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The files that places in the text can be led back to, as the user would write them.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.tracer {
            Tracer::Helm(tracer) => tracer.files(),
            Tracer::Kustomize(tracer) => tracer.files(),
        }
    }

    /// The files and folders that the text depends on.
    pub fn sources(&self) -> Vec<PathBuf> {
        match &self.tracer {
            Tracer::Helm(tracer) => tracer.sources(),
            Tracer::Kustomize(tracer) => tracer.files(),
        }
    }

    /// Where a place in the text came from.
    pub fn trace(&self, spot: Spot<'_>) -> Origin {
        match &self.tracer {
            Tracer::Helm(tracer) => tracer.trace(spot),
            Tracer::Kustomize(tracer) => tracer.trace(spot),
        }
    }
}

/// Renders a folder.
///
/// # Errors
/// What the tool said, or why there is none.
pub fn render(
    kind: Folder,
    folder: &Path,
    settings: &Arc<Settings>,
) -> Result<Outcome, Box<Problem>> {
    match kind {
        Folder::Chart => helm::render(folder, settings),
        Folder::Kustomization => kustomize::render(folder, settings),
    }
}

/// Bytes of a text as a place with its line.
fn placed(text: &str, range: Range<usize>) -> (Place, Excerpt) {
    (crate::manifest::text::place(text, range.clone()), Excerpt::of(text, range))
}

/// An error about a file.
fn problem(file: &Path, message: impl Into<String>, help: Option<String>) -> Box<Problem> {
    Box::new(ManifestError::new(Some(file), None, message, help).into())
}

/// What a tool said, on one line and of a length that a title can have.
fn words(stderr: &str) -> String {
    const LONGEST: usize = 2000;
    let lines: Vec<&str> = stderr.lines().map(str::trim).collect();
    // Warnings and notes of what was done come first.
    let is_error = |line: &&str| line.starts_with("Error:") || line.starts_with("error:");
    let first = lines.iter().position(is_error).unwrap_or_default();
    let told = lines.iter().skip(first).copied();
    let told = told.filter(|line| !line.is_empty() && !line.starts_with("Use --debug"));
    let all = told.collect::<Vec<_>>().join(" ");
    let all = ["Error: ", "error: "]
        .iter()
        .fold(all.as_str(), |all, head| all.strip_prefix(head).unwrap_or(all));
    match all.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", all.get(..at).unwrap_or_default()),
        None => all.to_owned(),
    }
}

/// What a tool said when it failed. One that was killed says little; then it is told what ended it.
fn complaint(output: &process::Output) -> String {
    let said = words(&output.stderr);
    if output.status.code().is_some() && !said.is_empty() {
        return said;
    }
    // `signal: 9 (SIGKILL)`, `exit status: 3`.
    let ended = format!("it ended with {}", output.status.to_string().replacen(": ", " ", 1));
    if said.is_empty() { ended } else { format!("{ended}: {said}") }
}

/// Why a second rendering, the one that tells lines of templates and bases, gave nothing.
fn second(result: Result<process::Output, process::Failure>) -> Result<process::Output, String> {
    match result {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => Err(format!("fails: {}", complaint(&output))),
        Err(process::Failure::Late(limit)) => Err(format!(
            "took longer than {} s, which --render-timeout can make more",
            limit.as_secs()
        )),
        Err(process::Failure::Large) => Err("wrote more than 1 GiB".to_owned()),
        Err(process::Failure::Missing) => Err("found no program".to_owned()),
        Err(process::Failure::Broken(error)) => Err(format!("cannot be run: {error}")),
    }
}

/// Why a tool gave no answer, in words; `name` is what the tool is called, `flag` names another.
fn failure(folder: &Path, (name, flag): (&str, &str), failure: process::Failure) -> Box<Problem> {
    let off = "or pass --render never to read the files as they are";
    match failure {
        process::Failure::Missing => problem(
            folder,
            format!("{name} is needed to render this folder, and is not found"),
            Some(format!("install it, name it with {flag} PATH, {off}")),
        ),
        process::Failure::Broken(error) => problem(
            folder,
            format!("{name} cannot be run: {error}"),
            Some(format!("check {flag}, {off}")),
        ),
        process::Failure::Late(limit) => problem(
            folder,
            format!("{name} was stopped: it took longer than {} s", limit.as_secs()),
            Some("a higher --render-timeout gives it more time".to_owned()),
        ),
        process::Failure::Large => {
            problem(folder, format!("{name} was stopped: it wrote more than 1 GiB"), None)
        }
    }
}
