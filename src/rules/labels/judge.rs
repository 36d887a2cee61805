//! What is said of one key of a pod.

use super::entry::{Default, Entry};
use super::{MAX_ANNOTATIONS, Sort, Subject};
use crate::edit::Edit;
use crate::finding::{Safety, Unmended, Violation, quoted};
use crate::label;

/// Bytes that are left free for what Plimsoll and others note on a pod after its rules.
const RESERVE: usize = 4 << 10;

pub(super) fn label(entry: &Entry, subject: &Subject<'_, '_>) -> Option<Violation> {
    let sort = Sort::Label;
    let Some(value) = subject.pod.label(&entry.key) else {
        return entry.required.then(|| missing(sort, entry, default_of(entry, subject)));
    };
    (!entry.values.take(value)).then(|| {
        let seen = format!("the label {} is {}", quoted(&entry.key), quoted(value));
        wrong(sort, entry, seen)
    })
}

/// `added` are the bytes that fixes of earlier entries add.
pub(super) fn annotation(
    entry: &Entry,
    subject: &Subject<'_, '_>,
    added: &mut usize,
) -> Option<Violation> {
    let sort = Sort::Annotation;
    if let Some(value) = subject.pod.annotation(&entry.key) {
        return (!entry.values.take(value)).then(|| {
            let seen = format!("the annotation {} has another value", quoted(&entry.key));
            wrong(sort, entry, seen)
        });
    }
    if !entry.required {
        return None;
    }
    let default = default_of(entry, subject).and_then(|value| {
        let metadata = subject.pod.metadata.as_ref();
        let present = metadata
            .and_then(|metadata| metadata.annotations.as_ref())
            .map_or(0, |annotations| annotations.size());
        let more = entry.key.len() + value.len();
        if present + *added + more + RESERVE > MAX_ANNOTATIONS {
            return Err(Lacking::Because(format!(
                "and with its default all annotations together would be too long for the {} KiB that \
                 the API server takes",
                MAX_ANNOTATIONS >> 10
            )));
        }
        *added += more;
        Ok(value)
    });
    Some(missing(sort, entry, default))
}

/// Why there is no value by default.
enum Lacking {
    /// None is asked for.
    Default,
    /// The namespace would have to say it, and is not known.
    Namespace(String),
    /// As it says.
    Because(String),
}

/// The value by default.
fn default_of(entry: &Entry, subject: &Subject<'_, '_>) -> Result<String, Lacking> {
    let Some(Default { value, from_namespace_label }) = &entry.default else {
        return Err(Lacking::Default);
    };
    let constant = value.clone();
    let Some(key) = from_namespace_label else { return constant.ok_or(Lacking::Default) };
    let name = quoted(key);
    let Some(labels) = subject.request.facts.labels else {
        return Err(Lacking::Namespace(format!(
            "and would be given what the namespace has as label {name}, which is not known here"
        )));
    };
    let Some(found) = labels.get(key).and_then(serde_json::Value::as_str) else {
        return constant.ok_or_else(|| {
            Lacking::Because(format!("and the namespace has no label {name} to take it from"))
        });
    };
    // The API server has checked it; a manifest's Namespace it has not seen yet.
    if let Err(error) = label::validate_value(found) {
        return Err(Lacking::Because(format!("and the namespace's label {name} is none: {error}")));
    }
    if !entry.values.take(found) {
        let found = quoted(found);
        return Err(Lacking::Because(format!(
            "and the namespace's label {name} is {found}, where it must be {}",
            entry.values
        )));
    }
    Ok(found.to_owned())
}

fn missing(sort: Sort, entry: &Entry, default: Result<String, Lacking>) -> Violation {
    let (noun, key) = (sort.noun(), &entry.key);
    let pointer = sort.pointer(key);
    let message = format!("the {noun} {} is missing", quoted(key));
    let help = format!("set metadata.{}[\"{key}\"] to {}", sort.field(), entry.values);
    match default {
        Ok(value) => {
            let shown = match sort {
                Sort::Label => format!("{key}={value}"),
                Sort::Annotation => key.clone(),
            };
            let edit = Edit::set(pointer.clone(), value);
            Violation::pod(pointer, message, help).with_fix(
                format!("{noun} {shown}"),
                Safety::Unsafe,
                vec![edit],
            )
        }
        Err(Lacking::Default) => Violation::pod(pointer, message, help),
        Err(Lacking::Because(why)) => Violation::pod(pointer, format!("{message}, {why}"), help),
        Err(Lacking::Namespace(why)) => Violation::pod(pointer, format!("{message}, {why}"), help)
            .where_unmended(Unmended::UnknownLabels),
    }
}

fn wrong(sort: Sort, entry: &Entry, seen: String) -> Violation {
    let message = format!("{seen}, where it must be {}", entry.values);
    let help = format!("give metadata.{}[\"{}\"] such a value", sort.field(), entry.key);
    Violation::pod(sort.pointer(&entry.key), message, help)
}
