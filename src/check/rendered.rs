//! Charts and kustomizations: judged as they are rendered, and told of where people wrote them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Context, judge};
use crate::engine::Namespaces;
use crate::facts::namespaces_of;
use crate::manifest::parse;
use crate::manifest::source::folders::Folder;
use crate::rendering::{Outcome, Rendered, Settings, Spot, render};
use crate::report::{Diagnostic, Problem, Report};

/// What became of a folder, once it was rendered.
type Slot = Arc<OnceLock<Result<Outcome, Box<Problem>>>>;

/// Folders that are rendered in a run, each once however often it is judged.
pub(super) struct Folders {
    settings: Arc<Settings>,
    rendered: Mutex<HashMap<PathBuf, Slot>>,
}

impl Folders {
    pub(super) fn new(settings: &Arc<Settings>) -> Self {
        Self { settings: Arc::clone(settings), rendered: Mutex::default() }
    }

    /// Judges what a folder renders to.
    pub(super) fn judge(
        &self,
        context: Context<'_>,
        (kind, folder): (Folder, PathBuf),
        namespaces: &Namespaces,
    ) -> (Report, Namespaces) {
        let slot = {
            let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(rendered.entry(folder.clone()).or_default())
        };
        let mut report = Report::default();
        match slot.get_or_init(|| render(kind, &folder, &self.settings)) {
            Ok(Outcome::Rendered(rendered)) => {
                return judge_text(context, folder, rendered, namespaces);
            }
            Ok(Outcome::PassedOver(reason)) => {
                report.notes.push(format!("{}: {reason}", folder.display()));
            }
            Err(problem) => report.errors.push(Problem::clone(problem)),
        }
        (report, Namespaces::default())
    }
}

fn judge_text(
    context: Context<'_>,
    folder: PathBuf,
    rendered: &Rendered,
    namespaces: &Namespaces,
) -> (Report, Namespaces) {
    let manifest = parse(Some(&folder), rendered.text().to_vec());
    let found = namespaces_of(&manifest, context.namespace);
    // What a fix would write has no place in the files.
    let context = Context { with_replacements: false, rendered: Some(rendered), ..context };
    let mut report = judge::judge(context, folder, manifest, namespaces, None);
    report.bare.clear();
    for problem in &mut report.errors {
        lead_problem_back(problem, rendered);
    }
    for warning in &mut report.warnings {
        let Some(place) = warning.error.place else { continue };
        let origin = rendered.trace(Spot { place, path: None });
        warning.error.file = Some(origin.file);
        // A line of the rendered text is none of that file.
        warning.error.place = origin.place.map(|(place, _)| place);
    }
    (report, found)
}

/// Puts a finding where people wrote what it is about.
pub(super) fn lead_back(finding: &mut Diagnostic, rendered: &Rendered) {
    let origin = rendered.trace(Spot { place: finding.place, path: Some(&finding.path) });
    finding.file = Arc::new(origin.file);
    finding.rendered = Some(origin.note);
    finding.is_place_rendered = origin.place.is_none();
    if let Some((place, excerpt)) = origin.place {
        (finding.place, finding.excerpt) = (place, excerpt);
    }
}

fn lead_problem_back(problem: &mut Problem, rendered: &Rendered) {
    let Some(place) = problem.error.place else { return };
    let origin = rendered.trace(Spot { place, path: None });
    problem.error.file = Some(origin.file);
    match origin.place {
        Some((place, excerpt)) => {
            (problem.error.place, problem.excerpt) = (Some(place), Some(excerpt));
        }
        None => {
            // A line of the rendered text is none of that file.
            problem.error.place = None;
            let excerpt = problem.excerpt.take();
            let help =
                problem.error.help.take().map(|help| format!("{help}; ")).unwrap_or_default();
            let shown = excerpt.map(|excerpt| excerpt.text.trim().to_owned());
            let shown = shown.filter(|shown| !shown.is_empty());
            let shown = shown.map(|shown| format!(", `{shown}`")).unwrap_or_default();
            problem.error.help =
                Some(format!("{help}{} (line {}{shown})", origin.note, place.line));
        }
    }
}

/// Tells once what several kustomizations bring from one base.
pub(super) fn merge(report: &mut Report) {
    let findings = std::mem::take(&mut report.findings);
    for finding in findings {
        // They are sorted: equal ones stand in a row, but for those of other fields on the same line.
        let same = |earlier: &&mut Diagnostic| is_same(earlier, &finding);
        let place = |earlier: &&mut Diagnostic| {
            earlier.file == finding.file && earlier.place.line == finding.place.line
        };
        let earlier = match finding.rendered {
            Some(_) => report.findings.iter_mut().rev().take_while(place).find(same),
            None => None,
        };
        match earlier {
            Some(earlier) => {
                report.summary.findings -= 1;
                add_note(earlier, &finding);
            }
            None => report.findings.push(finding),
        }
    }
}

/// Whether two findings are about the same line of a base, for the same reason.
fn is_same(a: &Diagnostic, b: &Diagnostic) -> bool {
    let through = |finding: &Diagnostic| {
        finding.rendered.as_deref().is_some_and(|note| note.starts_with(THROUGH))
    };
    through(a)
        && through(b)
        && !a.is_place_rendered
        && !b.is_place_rendered
        && (&a.file, a.place, &a.policy, &a.rule, &a.message, &a.container, &a.action)
            == (&b.file, b.place, &b.policy, &b.rule, &b.message, &b.container, &b.action)
}

/// What a note on a kustomization starts with.
const THROUGH: &str = "rendered through ";

/// Notes the kustomization of another finding too.
fn add_note(finding: &mut Diagnostic, other: &Diagnostic) {
    let (Some(note), Some(more)) = (finding.rendered.as_deref(), other.rendered.as_deref()) else {
        return;
    };
    let names = |note: &str| -> Vec<String> {
        let names = note.strip_prefix(THROUGH).unwrap_or(note);
        names.split(", ").map(str::to_owned).collect()
    };
    let mut all = [names(note), names(more)].concat();
    all.sort();
    all.dedup();
    finding.rendered = Some(format!("{THROUGH}{}", all.join(", ")).into());
}
