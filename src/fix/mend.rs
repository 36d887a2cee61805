//! One file: what the engine would have in it, edits of its text, and the proof that they say the same.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::verify::{Difference, difference};
use super::{Done, Options, diff, is_stdin, nothing_fixed, write};
use crate::check::{Context, Fixed, fault_of_ours, fixes, judge};
use crate::engine::Namespaces;
use crate::manifest::source::SourceFile;
use crate::manifest::surgery::templates;
use crate::manifest::{Document, Manifest, ManifestError, Place, Refusal, Replacement, parse};
use crate::report::{Fixes, Problem, Refused, Report};
use crate::silence::Silences;

/// What starts a file that says that it is UTF-8.
const BOM: &str = "\u{feff}";

/// Edits of a file, and those that it does not get.
#[derive(Default)]
struct Plan {
    fixes: Fixes,
    /// Images whose digests the fixes lack.
    unresolved: Vec<String>,
    /// In the order of the text.
    replacements: Vec<Replacement>,
    /// The objects as they are to be, by position.
    expected: HashMap<usize, Value>,
}

/// The images of one source whose digests are lacking: for its fixes, and for what is judged when these are made. Not
/// every fix is, so that what is left can be about other images: those that admission rewrites and `fix` does not.
pub(super) fn lacking(
    context: Context<'_>,
    options: Options,
    source: SourceFile,
    namespaces: &Namespaces,
) -> Vec<String> {
    let Ok(bytes) = source.bytes else { return Vec::new() };
    let before = parse(Some(&source.path), bytes);
    let plan = plan(context, options, &source.path, &before, namespaces);
    let left = match plan.replacements.is_empty() {
        true => before,
        false => {
            let text = spliced(before.text.as_str(), &plan.replacements);
            parse(Some(&source.path), text.into_bytes())
        }
    };
    let mut lacking = plan.unresolved;
    lacking.extend(judge(context, source.path, left, namespaces, None).unresolved);
    lacking
}

/// Fixes what one source holds.
pub(super) fn file(
    context: Context<'_>,
    options: Options,
    source: SourceFile,
    namespaces: &Namespaces,
) -> Done {
    let path = source.path;
    let bytes = match source.bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            let report = Report { errors: vec![error.into()], ..Report::default() };
            return Done { report, ..Done::default() };
        }
    };
    // What goes through comes out again, whatever it is.
    let passed = (is_stdin(&path) && !options.diff && options.write).then(|| bytes.clone());
    let before = parse(Some(&path), bytes);
    let plan = plan(context, options, &path, &before, namespaces);
    if plan.replacements.is_empty() {
        let mut report = judge(context, path, before, namespaces, None);
        report.fixes = Some(plan.fixes);
        return Done { report, output: passed.unwrap_or_default(), notes: Vec::new() };
    }

    let text = spliced(before.text.as_str(), &plan.replacements);
    let after = parse(Some(&path), text.into_bytes());
    let mut output = Vec::new();
    let mut notes = Vec::new();
    let made = prove(context, options, &before, &after, &plan, namespaces)
        .map_err(|found| {
            let message = format!(
                "nothing was fixed in this file: with the fixes, {}; that is a mistake in Plimsoll",
                found.message
            );
            Box::new(in_text(&path, &before, found.place, message))
        })
        .and_then(|()| {
            let bom = if before.text.has_bom() { BOM } else { "" };
            let [old, new] = [&before, &after].map(|read| read.text.as_str());
            if options.diff {
                // A vector takes all that it is given.
                let _ =
                    diff::write(&path, &format!("{bom}{old}"), &format!("{bom}{new}"), &mut output);
            }
            let [old, new] = [old, new].map(|text| [bom.as_bytes(), text.as_bytes()]);
            match (&passed, options.write) {
                (Some(_), _) => output = new.concat(),
                (None, true) => notes.extend(put(&path, &old, &new)?),
                (None, false) => {}
            }
            Ok(())
        });
    match made {
        Ok(()) => {
            let shown = (!options.write).then_some(&before);
            let mut report = judge(context, path, after, namespaces, shown);
            report.fixes = Some(plan.fixes);
            Done { report, output, notes }
        }
        Err(problem) => {
            let mut report = judge(context, path, before, namespaces, None);
            report.errors.push(*problem);
            report.fixes = nothing_fixed();
            Done { report, output: passed.unwrap_or_default(), notes }
        }
    }
}

/// Writes the file; answers with what its user should know.
fn put(path: &Path, old: &[&[u8]], new: &[&[u8]]) -> Result<Option<String>, Box<Problem>> {
    match write::replace(path, old, new) {
        Ok(0) => Ok(None),
        Ok(others) => Ok(Some(format!(
            "{} had {others} other name{} (hard links), which keep the old text",
            path.display(),
            if others == 1 { "" } else { "s" }
        ))),
        Err(why) => {
            let message = format!("cannot be written: {why}");
            let help = Some("the file is as it was");
            Err(Box::new(ManifestError::new(Some(path), None, message, help).into()))
        }
    }
}

/// What is to be written, as far as it can be.
fn plan(
    context: Context<'_>,
    options: Options,
    path: &Path,
    manifest: &Manifest,
    namespaces: &Namespaces,
) -> Plan {
    let mut plan = Plan::default();
    let mut silences = context.silencing.honoured.then(|| Silences::of(manifest));
    let mut wanted = Vec::new();
    let mut faulty = None;
    for (at, document) in manifest.documents.iter().enumerate() {
        let mut fixed = fixes(context, namespaces, &mut silences, document, options.safety);
        plan.unresolved.append(&mut fixed.unresolved);
        let fault = fixed.fault.as_ref().map(|fault| document.locate(fault.as_str()));
        faulty = faulty.or(fault);
        for conflict in fixed.conflicts.iter().filter(|_| !fixed.unsettled) {
            // Nothing was asked for that could be made: the other rule has its way in the cluster too.
            plan.refuse(path, manifest, document.locate(""), conflict.clone(), 0);
        }
        if !fixed.findings.is_empty() {
            wanted.push((at, document, fixed));
        }
    }
    if wanted.is_empty() {
        return plan;
    }
    let faulty = faulty.or_else(|| fault_of_ours(path, &manifest.documents));
    if let Some((place, message)) = obstacle(manifest, faulty) {
        let fixes = wanted.iter().map(|(.., fixed)| fixed.findings.len()).sum();
        plan.refuse(path, manifest, place, message.to_owned(), fixes);
        return plan;
    }
    for (at, document, fixed) in wanted {
        match edits_of(document, &fixed) {
            Ok((replacements, expected)) => {
                plan.replacements.extend(replacements);
                plan.expected.insert(at, expected);
                for finding in fixed.findings {
                    *plan.fixes.applied.entry((finding.policy, finding.rule)).or_default() += 1;
                }
            }
            Err(refusal) => {
                let kind = document.kind().unwrap_or_default();
                let name = document.name().unwrap_or_default();
                let message = format!("{kind} {name} is not fixed: {}", refusal.message);
                plan.refuse(path, manifest, refusal.place, message, fixed.findings.len());
            }
        }
    }
    plan.replacements.sort_by_key(|change| (change.range.start, change.range.end));
    plan.fixes.files = usize::from(!plan.replacements.is_empty());
    plan
}

/// What keeps a whole file from being edited.
fn obstacle(manifest: &Manifest, faulty: Option<Place>) -> Option<(Place, &'static str)> {
    let start = Place { line: 1, column: 1, end_line: 1, end_column: 1 };
    let unread = manifest.errors.first().map(|error| error.place.unwrap_or(start));
    if let Some(place) = unread.or(faulty) {
        return Some((place, "nothing is fixed in a file with an error"));
    }
    let at = template_between(manifest)?;
    let place = manifest.text.place(at..at + 2);
    Some((place, "nothing is fixed in a template, which only its engine turns into YAML"))
}

impl Plan {
    fn refuse(
        &mut self,
        path: &Path,
        manifest: &Manifest,
        place: Place,
        message: String,
        fixes: usize,
    ) {
        let problem = in_text(path, manifest, place, message);
        self.fixes.refused.push(Refused { problem, fixes });
    }
}

fn in_text(path: &Path, manifest: &Manifest, place: Place, message: String) -> Problem {
    let error = ManifestError::new(Some(path), Some(place), message, None::<&str>);
    let mut problems = Problem::in_text(vec![error.clone()], manifest.text.as_str());
    problems.pop().unwrap_or_else(|| error.into())
}

/// The changes of the text that give an object its fixes, and the object with them.
fn edits_of(document: &Document, fixed: &Fixed) -> Result<(Vec<Replacement>, Value), Refusal> {
    let refuse =
        |message: &str| Refusal { place: document.locate(""), message: message.to_owned() };
    if fixed.unsettled {
        return Err(refuse("its rules undo each other's fixes"));
    }
    let expected = fixed.object(document).ok_or_else(|| refuse("the fixes do not fit it"))?;
    Ok((document.plan(&fixed.edits)?, expected))
}

/// Where a template's action stands between the objects of a file: it could be about all of them.
fn template_between(manifest: &Manifest) -> Option<usize> {
    let text = manifest.text.as_str();
    let mut inside: Vec<_> = manifest.documents.iter().map(|one| one.find("").value).collect();
    inside.sort_by_key(|range| range.start);
    let mut from = 0;
    inside.push(text.len()..text.len());
    inside.into_iter().find_map(|range| {
        let gap = text.get(from..range.start).unwrap_or_default();
        let found = templates::action(gap).map(|at| from + at);
        from = from.max(range.end);
        found
    })
}

/// The text with its changes, which are in order and apart.
fn spliced(text: &str, changes: &[Replacement]) -> String {
    let mut new = String::with_capacity(text.len() + text.len() / 8);
    let mut done = 0;
    for Replacement { range, text: put } in changes {
        new += text.get(done..range.start).unwrap_or_default();
        new += put;
        done = range.end;
    }
    new += text.get(done..).unwrap_or_default();
    new
}

/// Shows that the new text holds what the engine asked for, all else as it was, and nothing more to fix.
fn prove(
    context: Context<'_>,
    options: Options,
    before: &Manifest,
    after: &Manifest,
    plan: &Plan,
    namespaces: &Namespaces,
) -> Result<(), Difference> {
    if let Some(found) = difference(before, after, &plan.expected) {
        return Err(found);
    }
    let mut silences = context.silencing.honoured.then(|| Silences::of(after));
    let pairs = before.documents.iter().zip(&after.documents).enumerate();
    for (_, (old, new)) in pairs.filter(|(at, _)| plan.expected.contains_key(at)) {
        let again = fixes(context, namespaces, &mut silences, new, options.safety);
        if let Some(left) = again.findings.first() {
            let (policy, rule, violation) = (&left.policy, &left.rule, &left.violation);
            let message = format!("{policy}/{rule} would still find: {}", violation.message);
            return Err(Difference { place: old.locate(violation.pointer.as_str()), message });
        }
    }
    Ok(())
}
