//! The JSON format, version 1. Scripts rely on it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::{Diagnostic, Problem, Report, Silenced, Summary};
use crate::finding::Safety;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'r> {
    version: u32,
    findings: Vec<Finding<'r>>,
    errors: Vec<Error<'r>>,
    summary: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixes: Option<Fixes<'r>>,
    /// Names of policies.
    unmatched_policies: Vec<&'r str>,
    /// Normalised references.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    unresolved_images: &'r BTreeSet<String>,
    /// Namespaces, by the names of policies.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    undecided_policies: &'r BTreeMap<Arc<str>, BTreeSet<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'r> {
    policy: &'r str,
    rule: &'r str,
    kind: &'static str,
    action: &'static str,
    message: &'r str,
    help: &'r str,
    object: Object<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'r str>,
    path: &'r str,
    file: &'r Path,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    fixable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<&'r str>,
    /// Whether line and column are those of the rendered text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    place_is_rendered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_safety: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    api_version: &'r str,
    kind: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'r str>,
    name: &'r str,
}

#[derive(Serialize)]
struct Error<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'r Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    files: usize,
    objects: usize,
    pods: usize,
    findings: usize,
    denied: usize,
    warned: usize,
    patched: usize,
    fixable: usize,
    exempted: usize,
    unsafe_fixes: usize,
    unchanged: usize,
    silenced: Silences,
}

#[derive(Serialize)]
struct Silences {
    #[serde(flatten)]
    counts: Silenced,
    exemptions: usize,
}

/// What `plimsoll fix` did.
#[derive(Serialize)]
struct Fixes<'r> {
    /// Whether anything was written.
    written: bool,
    files: usize,
    applied: Vec<Applied<'r>>,
    refused: Vec<Refused<'r>>,
}

#[derive(Serialize)]
struct Applied<'r> {
    policy: &'r str,
    rule: &'r str,
    count: usize,
}

#[derive(Serialize)]
struct Refused<'r> {
    #[serde(flatten)]
    why: Error<'r>,
    count: usize,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let output = Output {
        version: 1,
        findings: report.findings.iter().map(finding).collect(),
        errors: report.errors.iter().map(error).collect(),
        summary: counts(report.summary),
        fixes: report.fixes.as_ref().map(fixes),
        unmatched_policies: report.unmatched.iter().map(|name| &**name).collect(),
        unresolved_images: &report.unresolved,
        undecided_policies: &report.undecided,
    };
    serde_json::to_writer_pretty(&mut *out, &output)?;
    writeln!(out)
}

fn finding(found: &Diagnostic) -> Finding<'_> {
    Finding {
        policy: &found.policy,
        rule: &found.rule,
        kind: found.kind,
        action: found.action.name(),
        message: &found.message,
        help: &found.help,
        object: Object {
            api_version: &found.object.api_version,
            kind: &found.object.kind,
            namespace: found.object.namespace.as_deref(),
            name: &found.object.name,
        },
        container: found.container.as_deref(),
        path: found.path.as_str(),
        file: &found.file,
        line: found.place.line,
        column: found.place.column,
        end_line: found.place.end_line,
        end_column: found.place.end_column,
        fixable: found.fix.is_some() && found.rendered.is_none(),
        fix: found.fix.as_deref(),
        rendered: found.rendered.as_deref(),
        place_is_rendered: found.is_place_rendered,
        fix_safety: found.fix_safety.map(Safety::name),
    }
}

fn error(problem: &Problem) -> Error<'_> {
    let error = &problem.error;
    Error {
        file: error.file.as_deref(),
        line: error.place.map(|place| place.line),
        column: error.place.map(|place| place.column),
        message: &error.message,
        help: error.help.as_deref(),
    }
}

fn fixes(fixes: &super::Fixes) -> Fixes<'_> {
    let applied = fixes.applied.iter();
    let refused = fixes.refused.iter();
    Fixes {
        written: fixes.written,
        files: fixes.files,
        applied: applied
            .map(|((policy, rule), count)| Applied { policy, rule, count: *count })
            .collect(),
        refused: refused
            .map(|refused| Refused { why: error(&refused.problem), count: refused.fixes })
            .collect(),
    }
}

fn counts(summary: Summary) -> Counts {
    let Summary {
        files,
        objects,
        pods,
        findings,
        denied,
        warned,
        patched,
        fixable,
        unsafe_fixes,
        exempted,
        unchanged,
        silenced,
    } = summary;
    let silenced = Silences { counts: silenced, exemptions: exempted };
    Counts {
        files,
        objects,
        pods,
        findings,
        denied,
        warned,
        patched,
        fixable,
        exempted,
        unsafe_fixes,
        unchanged,
        silenced,
    }
}
