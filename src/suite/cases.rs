//! The cases of a suite, one by one: matrices multiplied, files read, pods written out.

use std::path::Path;

use serde_json::{Map, Value};

use super::document::{Case, PodForm, PolicyTest, Source, wrong};
use super::expectation::Expectation;
use super::inputs::{Input, inputs};
use super::pods;
use crate::decode::DecodeError;
use crate::manifest::Document;
use crate::pointer::Pointer;

/// Cases that one matrix may come to.
const MAX_MATRIX: usize = 10_000;
/// A case that can be run.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    /// Which case of the suite; those of a matrix and of a file share one.
    pub(super) index: usize,
    pub(super) input: Input,
    pub(super) expected: Expectation,
}

/// A case as it is written, with all of its matrix.
#[derive(Debug)]
pub(super) struct Written {
    index: usize,
    case: Case,
    name: Option<String>,
}

/// Where a case stands.
pub(super) fn place(index: usize) -> Pointer {
    Pointer::new("/cases").join(index)
}

/// The cases as they are written, and everything that is wrong with their form.
pub(super) fn forms(suite: &PolicyTest) -> (Vec<Written>, Vec<DecodeError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (index, value) in suite.cases.iter().enumerate() {
        let mut fail = |error: DecodeError| errors.push(error.below(index).below("cases"));
        match Case::read(value) {
            Err(all) => all.into_iter().for_each(fail),
            Ok(Case { matrix: None, name, .. }) if name.as_deref() == Some("") => {
                fail(wrong("/name", "the name is empty"));
            }
            Ok(case) => {
                let matrix = case.matrix.clone();
                match matrix.map(|matrix| multiply(value, &matrix)) {
                    None => {
                        let name = case.name.clone();
                        if let Err(error) = check(&case) {
                            fail(error);
                        }
                        found.push(Written { index, name, case });
                    }
                    Some(Err(error)) => fail(error),
                    Some(Ok(members)) => {
                        for (values, member) in members {
                            match Case::read(&member).and_then(|case| {
                                check(&case).map_err(|error| vec![error])?;
                                Ok(case)
                            }) {
                                Ok(case) => {
                                    let name = case.name.as_ref();
                                    let name = name.map(|name| format!("{name} [{values}]"));
                                    found.push(Written { index, name, case });
                                }
                                Err(mut all) => {
                                    // The values of a matrix have places of their own; that it is the matrix's is enough.
                                    let first = all.swap_remove(0);
                                    let inner = first.pointer.as_str();
                                    let pointer = Pointer::new(format!("/matrix{inner}"));
                                    fail(DecodeError { pointer, ..first });
                                    break;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    (found, errors)
}

/// Every combination of a matrix's values, each with what it is called.
fn multiply(
    case: &Value,
    matrix: &Map<String, Value>,
) -> Result<Vec<(String, Value)>, DecodeError> {
    let mut plain = case.clone();
    if let Value::Object(fields) = &mut plain {
        fields.remove("matrix");
    }
    let mut all = vec![(String::new(), plain)];
    for (field, values) in matrix {
        let at = Pointer::new("/matrix").join(field);
        let values = values.as_array().filter(|values| !values.is_empty());
        let Some(values) = values else {
            let message = "a matrix has a list of values for each field";
            return Err(wrong(at.as_str(), message));
        };
        if case.get(field).is_some() {
            let message = format!("`{field}` stands beside the matrix and in it");
            return Err(wrong(at.as_str(), message));
        }
        if all.len().saturating_mul(values.len()) > MAX_MATRIX {
            let message = format!("the matrix comes to more than {MAX_MATRIX} cases");
            return Err(wrong(at.as_str(), message));
        }
        let mut next = Vec::with_capacity(all.len() * values.len());
        for (name, before) in all {
            for value in values {
                let mut member = before.clone();
                member[field.as_str()] = value.clone();
                let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let comma = if name.is_empty() { "" } else { ", " };
                next.push((format!("{name}{comma}{said}"), member));
            }
        }
        all = next;
    }
    Ok(all)
}

/// What cannot be meant.
fn check(case: &Case) -> Result<(), DecodeError> {
    let Source { object, file, review, old } = &case.source;
    let sources =
        [("object", object.is_some()), ("file", file.is_some()), ("review", review.is_some())];
    let mut given = sources.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    if let Some(first) = given.next() {
        let second = given.next().or(old.is_some().then_some("old"));
        if let Some(second) = second {
            let message =
                format!("a case has one input, and this one has `{first}` and `{second}`");
            return Err(wrong(&format!("/{second}"), message));
        }
        let form = &case.pod;
        let allowed =
            PodForm { user: form.user.clone(), groups: form.groups.clone(), ..PodForm::default() };
        let is_written_out = pods::title(&allowed) == pods::title(form);
        if !is_written_out || (first != "object" && (form.user.is_some() || form.groups.is_some()))
        {
            let message = format!("`{first}` is the whole input; nothing is laid over it");
            return Err(wrong(&format!("/{first}"), message));
        }
    }
    if case.expected.clean == Some(true)
        && case.expected.by_action().iter().any(|(.., list)| list.is_some())
    {
        return Err(wrong("/clean", "what is clean has no findings, and this case names some"));
    }
    pods::object(&case.pod).map(|_| ())
}

/// The cases of a suite, and everything that is wrong with them.
pub(super) fn cases(
    suite: &PolicyTest,
    document: &Document,
    folder: &Path,
) -> (Vec<Planned>, Vec<DecodeError>) {
    let (forms, mut errors) = forms(suite);
    // What is wrong with the defaults is not the fault of each case.
    let defaults = match pods::object(&suite.defaults) {
        Ok(_) => suite.defaults.clone(),
        Err(error) => {
            errors.push(error.below("defaults"));
            PodForm::default()
        }
    };
    let mut planned = Vec::with_capacity(forms.len());
    for written in forms {
        let Written { index, case, name } = written;
        match inputs(&case, &defaults, folder) {
            Ok(inputs) => planned.extend(inputs.into_iter().map(|(title, input)| {
                let name = match (&name, &case.source.file) {
                    (Some(name), Some(_)) => format!("{name}: {title}"),
                    (Some(name), None) => name.clone(),
                    (None, _) => title,
                };
                Planned { name, index, input, expected: case.expected.clone() }
            })),
            Err(error) => errors.push(error.below(index).below("cases")),
        }
    }
    errors.sort_by_key(|error| document.find(error.pointer.as_str()).value.start);
    // The form of a case and its pod may tell of the same.
    errors.dedup();
    (planned, errors)
}
