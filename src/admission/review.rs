//! The request half of an AdmissionReview, borrowed from the body and read in one pass.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::engine::{Attributes, NamespaceFacts, Operation, User};
use crate::json::{JsonError, Reader};
use crate::pod::kinds::{Object, PodKind, metadata_of};
use crate::pod::scalars::Str;
use crate::pod::view::Pod;

/// A body that cannot be answered with a decision.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// No JSON, or not the shape of a review.
    #[error("the body is not an AdmissionReview: {0}")]
    Shape(String),
    /// Another kind or version.
    #[error(
        "the body is kind `{kind}` of apiVersion `{api_version}`; this webhook answers AdmissionReview of \
         admission.k8s.io/v1"
    )]
    Version {
        /// `apiVersion` of the body.
        api_version: String,
        /// `kind` of the body.
        kind: String,
    },
    /// The request is missing.
    #[error("the AdmissionReview holds no request")]
    NoRequest,
    /// The API server would take an answer without a uid for a failure of the webhook.
    #[error("request.uid is missing, so the review cannot be answered")]
    NoUid,
}

/// admission/v1 AdmissionRequest, as far as it is read.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) uid: Str<'a>,
    pub(super) kind: GroupVersionKind<'a>,
    pub(super) sub_resource: Str<'a>,
    name: Str<'a>,
    pub(super) namespace: Str<'a>,
    operation: Option<Operation>,
    pub(super) user_info: UserInfo<'a>,
    user_text: Option<&'a str>,
    options: Option<&'a str>,
    pub(super) object: Option<&'a str>,
    /// The object, where it was read at once.
    pub(super) pod: Option<Pod<'a>>,
    pub(super) old_object: Option<&'a str>,
    pub(super) dry_run: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct GroupVersionKind<'a> {
    #[serde(default)]
    pub(super) group: Str<'a>,
    pub(super) kind: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct UserInfo<'a> {
    #[serde(default)]
    pub(super) username: Str<'a>,
    #[serde(default)]
    groups: Option<Vec<Str<'a>>>,
}

/// Reads the request of a review.
pub(super) fn parse(body: &[u8]) -> Result<Request<'_>, ReviewError> {
    let text = std::str::from_utf8(body).map_err(|error| ReviewError::Shape(error.to_string()))?;
    let (mut api_version, mut kind) = (Str::default(), Str::default());
    let mut request = None;
    let mut reader = Reader::new(text);
    let read = reader.members(|key, reader| {
        match key {
            "apiVersion" => api_version = optional(reader)?,
            "kind" => kind = optional(reader)?,
            "request" => request = Request::read(reader)?,
            _ => drop(reader.pass()?),
        }
        Ok(())
    });
    read.and_then(|()| reader.end()).map_err(|error| shape(body, &error))?;
    if (&*api_version, &*kind) != ("admission.k8s.io/v1", "AdmissionReview") {
        let short = |text: Str<'_>| text.chars().take(100).collect();
        return Err(ReviewError::Version { api_version: short(api_version), kind: short(kind) });
    }
    let request = request.ok_or(ReviewError::NoRequest)?;
    if request.uid.is_empty() {
        return Err(ReviewError::NoUid);
    }
    if request.operation.is_none() || request.kind.kind.is_empty() {
        return Err(ReviewError::Shape("request.operation or request.kind is missing".to_owned()));
    }
    Ok(request)
}

/// What is wrong, with a place where serde_json can give one.
fn shape(body: &[u8], error: &JsonError) -> ReviewError {
    ReviewError::Shape(match serde_json::from_slice::<IgnoredAny>(body) {
        Err(placed) => placed.to_string(),
        Ok(_) => error.to_string(),
    })
}

fn optional<'a, T: Deserialize<'a> + Default>(reader: &mut Reader<'a>) -> Result<T, JsonError> {
    Ok(reader.read::<Option<T>>()?.unwrap_or_default())
}

impl<'a> Request<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Option<Self>, JsonError> {
        let mut request = Self::default();
        let mut there = false;
        reader.members(|key, reader| {
            there = true;
            match key {
                "uid" => request.uid = optional(reader)?,
                "kind" => request.kind = optional(reader)?,
                "subResource" => request.sub_resource = optional(reader)?,
                "name" => request.name = optional(reader)?,
                "namespace" => request.namespace = optional(reader)?,
                "operation" => request.operation = Some(operation(&reader.read::<Str<'_>>()?)?),
                "userInfo" => {
                    let (user, text) = reader.read_with_text::<Option<UserInfo<'a>>>()?;
                    request.user_info = user.unwrap_or_default();
                    request.user_text = Some(text);
                }
                "options" => request.options = Some(reader.pass()?),
                "object" => request.read_object(reader)?,
                "oldObject" => request.old_object = Some(reader.pass()?),
                "dryRun" => request.dry_run = optional(reader)?,
                _ => drop(reader.pass()?),
            }
            Ok(())
        })?;
        Ok(there.then_some(request))
    }

    /// The API server writes the kind before the object, so a pod can be read where it stands. Whatever is no
    /// such pod is passed over, and read again by those who say what is wrong with it.
    fn read_object(&mut self, reader: &mut Reader<'a>) -> Result<(), JsonError> {
        let is_pod = PodKind::find(&self.kind.group, &self.kind.kind).is_some_and(PodKind::is_pod);
        let mut ahead = reader.clone();
        if is_pod && let Ok((pod, text)) = ahead.read_with_text::<Option<Pod<'a>>>() {
            *reader = ahead;
            self.pod = Some(pod.unwrap_or_default());
            self.object = Some(text);
        } else {
            self.object = Some(reader.pass()?);
        }
        Ok(())
    }

    /// What happens to the object.
    pub(super) fn operation(&self) -> Operation {
        self.operation.unwrap_or(Operation::Create)
    }

    /// The request as the engine takes it.
    pub(super) fn attributes<'r>(
        &'r self,
        facts: NamespaceFacts<'r>,
        now: Option<i64>,
    ) -> Attributes<'r> {
        let groups = self.user_info.groups.iter().flatten().map(|group| &**group).collect();
        let object = |text: Option<&'a str>| text.filter(|text| *text != "null").map(Object::Json);
        Attributes {
            operation: self.operation(),
            group: &self.kind.group,
            kind: &self.kind.kind,
            subresource: &self.sub_resource,
            name: &self.name,
            namespace: &self.namespace,
            dry_run: self.dry_run,
            options: self.options.filter(|text| *text != "null"),
            user: Some(User {
                name: &self.user_info.username,
                groups,
                whole: self.user_text.filter(|text| *text != "null"),
            }),
            object: object(self.object),
            old_object: object(self.old_object),
            facts,
            now,
            ..Attributes::default()
        }
    }

    /// The name, or the prefix that a name will be generated from.
    pub(super) fn display_name(&self) -> Cow<'a, str> {
        if !self.name.is_empty() {
            return self.name.0.clone();
        }
        let metadata = match &self.pod {
            Some(pod) => pod.metadata.clone(),
            None => self.object.and_then(metadata_of),
        };
        let generated = metadata.and_then(|metadata| metadata.name.or(metadata.generate_name));
        generated.map_or(Cow::Borrowed(""), |name| name.0)
    }
}

fn operation(name: &str) -> Result<Operation, JsonError> {
    match name {
        "CREATE" => Ok(Operation::Create),
        "UPDATE" => Ok(Operation::Update),
        "DELETE" => Ok(Operation::Delete),
        "CONNECT" => Ok(Operation::Connect),
        other => {
            let known = &["CREATE", "UPDATE", "DELETE", "CONNECT"];
            Err(serde::de::Error::unknown_variant(other, known))
        }
    }
}
