//! Settings, checked and made ready.

use regex::RegexBuilder;

use super::entry::{self, Entry, Values};
use super::settings::{MAX_ENTRIES, MAX_VALUE, Settings, WrittenDefault, WrittenEntry};
use super::{Labels, Sort};
use crate::finding::quoted;
use crate::glob::{Globs, MAX_PATTERN, Slash};
use crate::label;
use crate::pod::view::Annotations;
use crate::pointer::Pointer;
use crate::rules::SettingsError;

/// The largest automaton that is built for a regular expression, in bytes.
const MAX_AUTOMATON: usize = 1 << 20;

/// Keys that Kubernetes' controllers and the kubelet set on pods, which they or selectors need (core/v1, apps/v1 and
/// batch/v1 `types.go`; pkg/kubelet/types/pod_update.go), and Plimsoll's own.
const SET_BY_THE_SYSTEM: [&str; 19] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "job-name",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-index-failure-count",
    "batch.kubernetes.io/job-index-ignored-failure-count",
    "batch.kubernetes.io/cronjob-scheduled-timestamp",
    "kubernetes.io/config.hash",
    "kubernetes.io/config.seen",
    "kubernetes.io/config.source",
    "kubernetes.io/limit-ranger",
    Annotations::MIRROR,
    Annotations::PATCHED_BY,
];

pub(super) fn is_set_by_the_system(key: &str) -> bool {
    SET_BY_THE_SYSTEM.contains(&key)
}

pub(super) fn compile(settings: Settings) -> Result<Labels, SettingsError> {
    let Settings { labels, annotations, forbidden } = settings;
    let lists = [labels.len(), annotations.len()];
    if lists == [0, 0] && forbidden.labels.is_empty() && forbidden.annotations.is_empty() {
        return Err(refused(
            Pointer::default(),
            "the rule asks for nothing",
            "name keys in `labels` or `annotations`, or globs in `forbidden`",
        ));
    }
    let place = Pointer::new("/forbidden");
    check_forbidden(&forbidden.labels, &place.clone().join("labels"))?;
    check_forbidden(&forbidden.annotations, &place.clone().join("annotations"))?;
    let forbidden_labels = globs(&forbidden.labels, &place.clone().join("labels"))?;
    let forbidden_annotations = globs(&forbidden.annotations, &place.join("annotations"))?;
    Ok(Labels {
        labels: entries(labels, Sort::Label, forbidden_labels.as_ref())?,
        annotations: entries(annotations, Sort::Annotation, forbidden_annotations.as_ref())?,
        forbidden_labels,
        forbidden_annotations,
    })
}

fn check_forbidden(list: &[String], place: &Pointer) -> Result<(), SettingsError> {
    let mut keys = list.iter().enumerate();
    if let Some((index, key)) = keys.find(|(_, key)| is_set_by_the_system(key)) {
        return Err(refused(
            place.clone().join(index),
            format!("{} is set by Kubernetes or Plimsoll", quoted(key)),
            "remove it here: such keys are never forbidden",
        ));
    }
    Ok(())
}

fn globs(list: &[String], place: &Pointer) -> Result<Option<Globs>, SettingsError> {
    if list.is_empty() {
        return Ok(None);
    }
    let compiled = Globs::compile(list, &[], Slash::Crossed).map_err(|error| {
        refused(
            place.clone().join(error.index),
            format!("the glob {} is malformed: {}", quoted(&error.pattern), error.message),
            "`legacy.example.com/*` is such a glob",
        )
    })?;
    Ok(Some(compiled))
}

fn entries(
    written: Vec<WrittenEntry>,
    sort: Sort,
    forbidden: Option<&Globs>,
) -> Result<Vec<Entry>, SettingsError> {
    let place = Pointer::default().join(sort.field());
    if written.len() > MAX_ENTRIES {
        let message = format!("these are {} entries, {MAX_ENTRIES} at most", written.len());
        return Err(refused(place, message, "make two rules of it"));
    }
    let mut entries: Vec<Entry> = Vec::with_capacity(written.len());
    for (index, one) in written.into_iter().enumerate() {
        let place = place.clone().join(index);
        check_key(&one, sort, &place)?;
        let key = quoted(&one.key);
        if entries.iter().any(|other| other.key == one.key) {
            return Err(refused(
                place.join("key"),
                format!("{key} stands here twice"),
                "keep one of them",
            ));
        }
        if one.required && forbidden.is_some_and(|globs| globs.matches(&one.key)) {
            return Err(refused(
                place.join("key"),
                format!("{key} is forbidden as well"),
                "remove it here, or from `forbidden`",
            ));
        }
        let values = values(&one, sort, &place)?;
        let default = default(&one, sort, &values, &place)?;
        entries.push(Entry { key: one.key, required: one.required, values, default });
    }
    Ok(entries)
}

/// Keys of annotations are compared with the grammar in lower case (`ValidateAnnotations`).
fn check_key(one: &WrittenEntry, sort: Sort, place: &Pointer) -> Result<(), SettingsError> {
    let checked = match sort {
        Sort::Label => label::validate_key(&one.key),
        Sort::Annotation => label::validate_key(&one.key.to_lowercase()),
    };
    checked.map_err(|error| {
        let help = "a key is a name, or a domain, a slash and a name: example.com/team";
        refused(place.clone().join("key"), error.to_string(), help)
    })
}

fn check_value(value: &str, sort: Sort, place: Pointer) -> Result<(), SettingsError> {
    let problem = match sort {
        Sort::Label => label::validate_value(value).err().map(|error| error.to_string()),
        Sort::Annotation => (value.len() > MAX_VALUE)
            .then(|| format!("the value has {} bytes, {MAX_VALUE} at most", value.len())),
    };
    match problem {
        Some(problem) => Err(refused(place, problem, "write a value that pods can have")),
        None => Ok(()),
    }
}

fn values(one: &WrittenEntry, sort: Sort, place: &Pointer) -> Result<Values, SettingsError> {
    match (&one.one_of, &one.glob, &one.regex) {
        (None, None, None) if !one.required => Err(refused(
            place.clone().join("required"),
            format!("nothing is asked of {}", quoted(&one.key)),
            "say with `oneOf`, `glob` or `regex` which values count, or remove the entry",
        )),
        (None, None, None) => Ok(Values::Any),
        (Some(list), None, None) => {
            let place = place.clone().join("oneOf");
            if list.is_empty() {
                let help = "leave `oneOf` out for any value";
                return Err(refused(place, "an empty list takes no value", help));
            }
            for (index, value) in list.iter().enumerate() {
                check_value(value, sort, place.clone().join(index))?;
            }
            Ok(Values::OneOf(list.clone()))
        }
        (None, Some(glob), None) => {
            let globs = globs(std::slice::from_ref(glob), &Pointer::default())
                .map_err(|error| SettingsError { pointer: place.clone().join("glob"), ..error })?;
            Ok(Values::Glob(glob.clone(), globs.unwrap_or_default()))
        }
        (None, None, Some(text)) => {
            let place = place.clone().join("regex");
            let build = |text: &str| RegexBuilder::new(text).size_limit(MAX_AUTOMATON).build();
            if text.len() > MAX_PATTERN {
                let message = format!("it has more than {MAX_PATTERN} bytes");
                return Err(refused(place, message, "use a shorter one, or a glob"));
            }
            // By itself first: `a)|(b` would be one within the parentheses.
            let whole = build(text).and_then(|_| build(&format!("^(?:{text})$")));
            let regex = whole.map_err(|error| {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let message = format!("the regular expression is malformed: {last}");
                refused(place, message, "`[a-z]+-[0-9]{1,4}` is such an expression")
            })?;
            Ok(Values::Regex(text.clone(), regex))
        }
        _ => Err(refused(
            place.clone(),
            "an entry has one of `oneOf`, `glob` and `regex`",
            "keep the one that is meant",
        )),
    }
}

fn default(
    one: &WrittenEntry,
    sort: Sort,
    values: &Values,
    place: &Pointer,
) -> Result<Option<entry::Default>, SettingsError> {
    let place = place.clone().join("default");
    let Some(WrittenDefault { value, from_namespace_label }) = one.default.clone() else {
        return Ok(None);
    };
    let problem = if !one.required {
        Some((
            "a default has a meaning only for a key that is required",
            "remove it, or `required: false`",
        ))
    } else if is_set_by_the_system(&one.key) {
        Some(("the key is set by Kubernetes or Plimsoll", "remove the default"))
    } else if value.is_none() && from_namespace_label.is_none() {
        Some(("the default says nothing", "set `value` or `fromNamespaceLabel`"))
    } else {
        None
    };
    if let Some((message, help)) = problem {
        return Err(refused(place, message, help));
    }
    if let Some(value) = &value {
        let place = place.clone().join("value");
        check_value(value, sort, place.clone())?;
        if !values.take(value) {
            let message = format!("{} is not {values}", quoted(value));
            return Err(refused(place, message, "write a value that the entry takes"));
        }
    }
    if let Some(key) = &from_namespace_label {
        label::validate_key(key).map_err(|error| {
            let place = place.join("fromNamespaceLabel");
            refused(place, error.to_string(), "it is the key of a label: example.com/team")
        })?;
    }
    Ok(Some(entry::Default { value, from_namespace_label }))
}

fn refused(pointer: Pointer, message: impl Into<String>, help: impl Into<String>) -> SettingsError {
    SettingsError { pointer, message: message.into(), help: Some(help.into()) }
}
