//! The request half of an AdmissionReview, borrowed from the body.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::{Attributes, NamespaceFacts, Operation, User};
use crate::pod::kinds::Object;
use crate::pod::scalars::Str;

/// A body that cannot be answered with a decision.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// No JSON, or not the shape of a review.
    #[error("the body is not an AdmissionReview: {0}")]
    Shape(#[from] serde_json::Error),
    /// Another kind or version.
    #[error(
        "the body is {kind} of {api_version}; this webhook answers AdmissionReview of admission.k8s.io/v1"
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    #[serde(default)]
    api_version: Str<'a>,
    #[serde(default)]
    kind: Str<'a>,
    request: Option<Request<'a>>,
}

/// admission/v1 AdmissionRequest, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Request<'a> {
    #[serde(default)]
    pub(super) uid: Str<'a>,
    pub(super) kind: GroupVersionKind<'a>,
    #[serde(default)]
    sub_resource: Option<Str<'a>>,
    #[serde(default)]
    name: Option<Str<'a>>,
    #[serde(default)]
    pub(super) namespace: Str<'a>,
    #[serde(deserialize_with = "operation")]
    pub(super) operation: Operation,
    #[serde(default)]
    pub(super) user_info: UserInfo<'a>,
    #[serde(default, borrow)]
    object: Option<&'a RawValue>,
    #[serde(default, borrow)]
    old_object: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct GroupVersionKind<'a> {
    #[serde(default)]
    group: Str<'a>,
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

fn operation<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Operation, D::Error> {
    match &*Str::deserialize(deserializer)? {
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

/// Reads the request of a review.
pub(super) fn parse(body: &[u8]) -> Result<Request<'_>, ReviewError> {
    let envelope: Envelope<'_> = serde_json::from_slice(body)?;
    if (&*envelope.api_version, &*envelope.kind) != ("admission.k8s.io/v1", "AdmissionReview") {
        return Err(ReviewError::Version {
            api_version: envelope.api_version.chars().take(100).collect(),
            kind: envelope.kind.chars().take(100).collect(),
        });
    }
    let request = envelope.request.ok_or(ReviewError::NoRequest)?;
    if request.uid.is_empty() {
        return Err(ReviewError::NoUid);
    }
    Ok(request)
}

impl<'a> Request<'a> {
    /// The request as the engine takes it.
    pub(super) fn attributes(&self) -> Attributes<'_> {
        let groups = self.user_info.groups.iter().flatten().map(|group| &**group).collect();
        Attributes {
            operation: self.operation,
            group: &self.kind.group,
            kind: &self.kind.kind,
            subresource: self.sub_resource.as_deref().unwrap_or_default(),
            namespace: &self.namespace,
            user: Some(User { name: &self.user_info.username, groups }),
            object: self.object.map(Object::Json),
            old_object: self.old_object.map(Object::Json),
            facts: NamespaceFacts::default(),
        }
    }

    /// The name, or the prefix that a name will be generated from.
    pub(super) fn display_name(&self) -> Cow<'a, str> {
        if let Some(name) = self.name.clone().filter(|name| !name.is_empty()) {
            return name.0;
        }
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        struct Named<'a> {
            #[serde(default)]
            metadata: Option<Prefix<'a>>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
        struct Prefix<'a> {
            generate_name: Option<Str<'a>>,
        }
        self.object
            .and_then(|object| serde_json::from_str::<Named<'a>>(object.get()).ok())
            .and_then(|named| named.metadata?.generate_name)
            .map_or(Cow::Borrowed(""), |prefix| prefix.0)
    }
}
