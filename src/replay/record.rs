//! What one record is: an event of an audit log, many of them, or a review.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::cutter::MAX_RECORD;
use super::event::Event;
use crate::admission::Review;
use crate::engine::{Operation, User};
use crate::json::Reader;
use crate::pod::kinds::Object;
use crate::pod::scalars::Str;

/// The only version of audit events that is read: the API server has written no other since Kubernetes 1.24.
const AUDIT: &str = "audit.k8s.io/v1";
const REVIEW: &str = "admission.k8s.io/v1";

/// What a record comes to.
#[derive(Debug)]
pub(super) enum Record<'a> {
    /// A pod was created.
    Pod(Created<'a>),
    /// A pod was created, and what was in it is not recorded.
    WithoutContent,
    /// A pod that the API server did not take.
    Refused,
    /// Something else.
    Other,
}

/// A pod that was created.
#[derive(Debug, Default)]
pub(super) struct Created<'a> {
    /// The pod as JSON text.
    pub(super) object: Cow<'a, str>,
    /// Its name, where that is known beside the pod.
    pub(super) name: Option<Cow<'a, str>>,
    /// Its namespace.
    pub(super) namespace: Cow<'a, str>,
    /// Who created it.
    pub(super) user: Option<Creator<'a>>,
    /// When, in seconds since 1970.
    pub(super) at: Option<i64>,
    /// The record tells when, in a way that cannot be read.
    pub(super) is_time_lost: bool,
}

/// Who creates a pod.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Creator<'a> {
    #[serde(default)]
    username: Option<Str<'a>>,
    #[serde(default)]
    groups: Option<Vec<Str<'a>>>,
}

impl Creator<'_> {
    pub(super) fn as_user(&self) -> User<'_> {
        User {
            name: self.username.as_deref().unwrap_or_default(),
            groups: self.groups.iter().flatten().map(|group| &**group).collect(),
            ..User::default()
        }
    }
}

/// Why a record is none that can be judged, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

impl Unusable {
    fn new(message: impl Into<String>, help: Option<&'static str>) -> Self {
        Self { message: message.into(), help }
    }

    /// Bytes that are no UTF-8, which JSON is.
    pub(super) fn no_text() -> Self {
        Self::new("the record is damaged: it is no UTF-8 text", None)
    }

    /// More than is ever read at once.
    pub(super) fn too_long() -> Self {
        let limit = MAX_RECORD >> 20;
        let help = "the API server writes no event that long: is it an audit log?";
        Self::new(format!("the record is longer than {limit} MiB, and was passed over"), Some(help))
    }

    /// Why text is no JSON, with the place that `serde_json` gives.
    pub(super) fn of(text: &str, otherwise: &dyn std::fmt::Display) -> Self {
        let trimmed = text.trim_ascii_end();
        if !trimmed.trim_ascii_start().starts_with('{') {
            let help = "audit logs are JSON, one event on each line (--audit-log-format=json)";
            return Self::new("this is no JSON object", Some(help));
        }
        match serde_json::from_str::<IgnoredAny>(trimmed) {
            Err(error) if error.is_eof() => {
                Self::new("the record is cut: its JSON does not end", None)
            }
            Err(error) => {
                // A record over many lines has a place of its own.
                let text = error.to_string();
                let place = format!(" at line {} column {}", error.line(), error.column());
                let message = text.strip_suffix(&place).unwrap_or(&text);
                let place = match error.line() {
                    0 | 1 => format!("column {}", error.column()),
                    line => format!("line {line} of the record, column {}", error.column()),
                };
                Self::new(format!("the record is damaged: {message} ({place})"), None)
            }
            Ok(_) => Self::new(format!("the record is damaged: {otherwise}"), None),
        }
    }
}

/// Reads a record, and hands on what it comes to: an `EventList` holds many.
pub(super) fn read<'a>(text: &'a str, mut found: impl FnMut(Result<Record<'a>, Unusable>)) {
    let envelope = match Envelope::read(text) {
        Ok(envelope) => envelope,
        Err(unusable) => return found(Err(unusable)),
    };
    match (&*envelope.api_version, &*envelope.kind) {
        (AUDIT, "Event") => found(envelope.event.record()),
        (AUDIT, "EventList") => each(text, envelope.items, found),
        (REVIEW, "AdmissionReview") => found(review(text, envelope.is_answer)),
        _ => found(Err(envelope.stranger())),
    }
}

/// The events of a list. What they are is said of the list, which the API server's own type sees to; items that say it
/// all the same are believed.
fn each<'a>(
    text: &'a str,
    items: Option<&'a str>,
    mut found: impl FnMut(Result<Record<'a>, Unusable>),
) {
    let items = match serde_json::from_str::<Option<Vec<&RawValue>>>(items.unwrap_or("null")) {
        Ok(items) => items.unwrap_or_default(),
        Err(error) => return found(Err(Unusable::of(text, &error))),
    };
    for item in items {
        found(match Envelope::read(item.get()) {
            Ok(envelope) => match (&*envelope.api_version, &*envelope.kind) {
                ("" | AUDIT, "" | "Event") => envelope.event.record(),
                _ => Err(envelope.stranger()),
            },
            Err(unusable) => Err(unusable),
        });
    }
}

fn review(text: &str, is_answer: bool) -> Result<Record<'_>, Unusable> {
    let review = match Review::parse(text.as_bytes()) {
        Ok(review) => review,
        // Whoever captures both writes the answer down, too.
        Err(_) if is_answer => return Ok(Record::Other),
        Err(error) => return Err(Unusable::new(error.to_string(), None)),
    };
    if !is_created_pod(&review) {
        return Ok(Record::Other);
    }
    let attributes = review.attributes();
    let user = attributes.user.as_ref().map(|user| Creator {
        username: Some(Str(user.name.to_owned().into())),
        groups: Some(user.groups.iter().map(|group| Str((*group).to_owned().into())).collect()),
    });
    let Some(Object::Json(object)) = attributes.object else { return Ok(Record::WithoutContent) };
    Ok(Record::Pod(Created {
        object: Cow::Owned(object.to_owned()),
        name: Some(review.name().into_owned().into())
            .filter(|name: &Cow<'_, str>| !name.is_empty()),
        namespace: Cow::Owned(attributes.namespace.to_owned()),
        user,
        at: None,
        is_time_lost: false,
    }))
}

/// Whether it asks about a pod that comes into being.
pub(super) fn is_created_pod(review: &Review<'_>) -> bool {
    let asked = review.attributes();
    asked.operation == Operation::Create
        && (asked.group, asked.kind, asked.subresource) == ("", "Pod", "")
        && !review.is_dry_run()
}

/// The members of a record, as far as any kind of record has a use for them.
#[derive(Debug, Default)]
struct Envelope<'a> {
    api_version: Str<'a>,
    kind: Str<'a>,
    items: Option<&'a str>,
    /// A review without a question.
    is_answer: bool,
    event: Event<'a>,
}

impl<'a> Envelope<'a> {
    fn read(text: &'a str) -> Result<Self, Unusable> {
        let mut envelope = Self::default();
        let (mut asks, mut answers) = (false, false);
        let mut reader = Reader::new(text);
        let read = reader.members(|key, reader| {
            match key {
                "apiVersion" => envelope.api_version = reader.read()?,
                "kind" => envelope.kind = reader.read()?,
                "items" => envelope.items = Some(reader.pass()?),
                "request" => asks = reader.pass()? != "null",
                "response" => answers = reader.pass()? != "null",
                _ => envelope.event.take(key, reader.pass()?),
            }
            Ok(())
        });
        read.and_then(|()| reader.end()).map_err(|error| Unusable::of(text, &error))?;
        envelope.is_answer = answers && !asks;
        Ok(envelope)
    }

    /// What is said of a record of another kind.
    fn stranger(&self) -> Unusable {
        let (api_version, kind) = (short(&self.api_version), short(&self.kind));
        match (&*self.api_version, &*self.kind) {
            (version, "Event" | "EventList") if version.starts_with("audit.k8s.io/") => {
                let help = "run the API server with --audit-log-version=audit.k8s.io/v1, or read the log with the \
                            version of the tool that fits it";
                let message =
                    format!("this is an audit event of {api_version}; only {AUDIT} is read");
                Unusable::new(message, Some(help))
            }
            (version, "AdmissionReview") if version.starts_with("admission.k8s.io/") => {
                let help = "register the webhook for admissionReviewVersions: [v1]";
                let message =
                    format!("this is an AdmissionReview of {api_version}; only {REVIEW} is read");
                Unusable::new(message, Some(help))
            }
            (_, "") => Unusable::new(
                "this is neither an audit event nor an AdmissionReview: it has no kind",
                Some("take events out of the envelope of a log shipper first, with jq for example"),
            ),
            _ => Unusable::new(
                format!(
                    "this is neither an audit event nor an AdmissionReview, but a {kind} of {api_version}"
                ),
                Some("manifests are judged by `plimsoll check`"),
            ),
        }
    }
}

/// Enough of a text that anything may stand in.
fn short(text: &str) -> String {
    let shown: String = text.chars().take(100).flat_map(char::escape_debug).collect();
    format!("`{shown}`")
}

#[cfg(test)]
mod tests;
