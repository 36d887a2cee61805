//! An event of an audit log (audit.k8s.io/v1 `Event`).

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::record::{Created, Creator, Record, Unusable};
use crate::json::{JsonError, Reader};
use crate::pod::scalars::Str;

/// The status code of a request that made an object; server-side apply answers with it where there was none
/// (net/http `StatusCreated`).
const CREATED: u64 = 201;
/// From here on, status codes are refusals (RFC 9110, 15.5).
const REFUSED: u64 = 400;

/// The members of an event as text: most events are about something else, and only their first few are read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event<'a> {
    stage: Option<&'a str>,
    verb: Option<&'a str>,
    request_uri: Option<&'a str>,
    user: Option<&'a str>,
    impersonated_user: Option<&'a str>,
    object_ref: Option<&'a str>,
    response_status: Option<&'a str>,
    request_object: Option<&'a str>,
    response_object: Option<&'a str>,
    received: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct ObjectRef<'a> {
    #[serde(default)]
    resource: Option<Str<'a>>,
    #[serde(default, rename = "apiGroup")]
    api_group: Option<Str<'a>>,
    #[serde(default)]
    subresource: Option<Str<'a>>,
    #[serde(default)]
    namespace: Option<Str<'a>>,
    #[serde(default)]
    name: Option<Str<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    code: Option<u64>,
}

/// How a pod comes into being.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is posted.
    Create,
    /// It is applied by the server, and there was none.
    Apply,
}

impl<'a> Event<'a> {
    /// Keeps the text of a member, if anything is read of it.
    pub(super) fn take(&mut self, key: &str, text: &'a str) {
        let member = match key {
            "stage" => &mut self.stage,
            "verb" => &mut self.verb,
            "requestURI" => &mut self.request_uri,
            "user" => &mut self.user,
            "impersonatedUser" => &mut self.impersonated_user,
            "objectRef" => &mut self.object_ref,
            "responseStatus" => &mut self.response_status,
            "requestObject" => &mut self.request_object,
            "responseObject" => &mut self.response_object,
            "requestReceivedTimestamp" => &mut self.received,
            _ => return,
        };
        *member = Some(text).filter(|text| *text != "null");
    }

    /// What the event comes to.
    pub(super) fn record(&self) -> Result<Record<'a>, Unusable> {
        let (Some(stage), Some(verb)) = (self.stage, self.verb) else {
            let message = "the event is damaged: it has no stage, or no verb".to_owned();
            return Err(Unusable { message, help: None });
        };
        let stage: Str<'_> = member("stage", stage)?;
        let verb: Str<'_> = member("verb", verb)?;
        let way = match &*verb {
            "create" => Way::Create,
            "patch" => Way::Apply,
            _ => return Ok(Record::Other),
        };
        if &*stage != "ResponseComplete" {
            return Ok(Record::Other);
        }
        let Some(object) = self.object_ref else { return Ok(Record::Other) };
        let object: ObjectRef<'a> = member("objectRef", object)?;
        let is_set = |text: &Option<Str<'_>>| text.as_ref().is_some_and(|text| !text.is_empty());
        if object.resource.as_deref() != Some("pods")
            || is_set(&object.api_group)
            || is_set(&object.subresource)
            || self.is_dry_run()?
        {
            return Ok(Record::Other);
        }
        let status: Option<Status> =
            self.response_status.map(|status| member("responseStatus", status)).transpose()?;
        match (way, status.and_then(|status| status.code)) {
            (Way::Create, Some(REFUSED..)) => Ok(Record::Refused),
            (Way::Create, _) | (Way::Apply, Some(CREATED)) => self.created(way, object),
            (Way::Apply, _) => Ok(Record::Other),
        }
    }

    /// What admission saw is what was sent; what was stored holds what admission made of it.
    fn created(&self, way: Way, object: ObjectRef<'a>) -> Result<Record<'a>, Unusable> {
        let sent = self.request_object.filter(|text| match way {
            Way::Create => text.starts_with('{'),
            Way::Apply => is_pod(text),
        });
        let Some(text) = sent.or(self.response_object.filter(|text| is_pod(text))) else {
            return Ok(Record::WithoutContent);
        };
        let own = |text: Option<Str<'a>>| text.map(|text| text.0).filter(|text| !text.is_empty());
        let user = self.impersonated_user.or(self.user);
        let user: Option<Creator<'a>> = user.map(|user| member("user", user)).transpose()?;
        Ok(Record::Pod(Created {
            object: Cow::Borrowed(text),
            name: own(object.name).or_else(|| self.response_object.and_then(name)),
            namespace: own(object.namespace).unwrap_or_default(),
            user,
            at: self.received.and_then(time),
            is_time_lost: self.received.is_some_and(|text| time(text).is_none()),
        }))
    }

    fn is_dry_run(&self) -> Result<bool, Unusable> {
        let Some(uri) = self.request_uri else { return Ok(false) };
        let uri: Str<'_> = member("requestURI", uri)?;
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        Ok(query.split('&').any(|pair| pair.strip_prefix("dryRun=").is_some_and(|v| !v.is_empty())))
    }
}

fn member<'a, T: Deserialize<'a>>(key: &str, text: &'a str) -> Result<T, Unusable> {
    Reader::new(text).read().map_err(|error| {
        let message = format!("the event is damaged: {key} cannot be read: {error}");
        Unusable { message, help: None }
    })
}

/// Whether JSON text says that it is a pod.
fn is_pod(text: &str) -> bool {
    let mut kind = Str::default();
    let read = Reader::new(text).members(|key, reader| {
        match key {
            "kind" => kind = reader.read()?,
            _ => drop(reader.pass()?),
        }
        Ok(())
    });
    read.is_ok() && &*kind == "Pod"
}

/// The name of an object. It stands near the beginning, and what follows is not read.
fn name(text: &str) -> Option<Cow<'_, str>> {
    let mut name: Option<Str<'_>> = None;
    let enough = || <JsonError as serde::de::Error>::custom("enough");
    let _ = Reader::new(text).members(|key, reader| {
        if key != "metadata" {
            return reader.pass().map(drop);
        }
        reader.members(|key, reader| match key {
            "name" => {
                name = reader.read()?;
                Err(enough())
            }
            _ => reader.pass().map(drop),
        })?;
        Err(enough())
    });
    name.map(|name| name.0).filter(|name| !name.is_empty())
}

/// Whole seconds since 1970, of RFC 3339; before 1970 they are negative, and rounded down as well.
fn time(text: &str) -> Option<i64> {
    let text: Str<'_> = Reader::new(text).read().ok()?;
    let time: Timestamp = text.parse().ok()?;
    Some(time.as_second() - i64::from(time.subsec_nanosecond() < 0))
}
