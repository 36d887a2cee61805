//! The Secret, as the API server has it.

use std::collections::BTreeMap;

use axum::http::Request as HttpRequest;
use axum::http::header::DATE;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use kube::client::Body;
use kube::{Api, Client, Error};

use super::super::material::{Material, OWN};
use super::super::plan::{Request, Stored};
use super::super::settings::Settings;

/// Far more than six PEM files need.
const MOST_BYTES: usize = 4 << 20;

/// The labels that no upgrade of the chart changes. Of any other, the next upgrade would find that it is ours now, and
/// give up on the conflict.
const LASTING: [&str; 3] =
    ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/managed-by"];

/// The one Secret that is asked for.
pub(super) struct Secrets {
    client: Client,
    api: Api<Secret>,
    name: String,
    namespace: String,
    /// Of the Secret as it was last there, as far as they are [`LASTING`]: a Secret that was deleted comes back
    /// with them, so that Helm knows it for its own.
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// A version of the Secret, and what it means.
pub(super) struct Seen {
    object: Secret,
    pub(super) stored: Stored,
}

/// What the API server said.
pub(super) struct Answer {
    pub(super) secret: Option<Seen>,
    /// Its clock, in seconds since 1970.
    pub(super) time: Option<i64>,
}

impl Secrets {
    pub(super) fn new(client: Client, settings: &Settings) -> Secrets {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Secrets {
            api: Api::namespaced(client.clone(), &settings.namespace),
            client,
            name: settings.secret_name(),
            namespace: settings.namespace.clone(),
            labels: BTreeMap::from([label("app.kubernetes.io/name", "plimsoll")]),
            annotations: BTreeMap::new(),
        }
    }

    pub(super) fn api(&self) -> Api<Secret> {
        self.api.clone()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A right that names the Secret covers lists and watches with this selector.
    pub(super) fn selector(&self) -> String {
        format!("metadata.name={}", self.name)
    }

    /// The Secret, and the time of the answer.
    pub(super) async fn get(&mut self) -> Result<Answer, Error> {
        let path = format!("/api/v1/namespaces/{}/secrets/{}", self.namespace, self.name);
        let request = HttpRequest::get(path).body(Body::empty()).map_err(Error::HttpError)?;
        let response = self.client.send(request).await?;
        let time = response
            .headers()
            .get(DATE)
            .and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok())
            .map(|date| date.timestamp().as_second());
        let status = response.status();
        let body = axum::body::to_bytes(axum::body::Body::new(response.into_body()), MOST_BYTES)
            .await
            .map_err(|error| Error::Service(error.into()))?;
        if status.is_success() {
            let object = serde_json::from_slice(&body).map_err(Error::SerdeError)?;
            return Ok(Answer { secret: Some(self.seen(object)), time });
        }
        if status.as_u16() == 404 {
            return Ok(Answer { secret: None, time });
        }
        let mut answer: kube::core::Status = serde_json::from_slice(&body).unwrap_or_default();
        answer.code = status.as_u16();
        Err(Error::Api(Box::new(answer)))
    }

    /// Writes, unless somebody else has since `before`: that is a conflict then.
    pub(super) async fn put(
        &mut self,
        before: Option<&Seen>,
        material: &Material,
        request: Option<Request>,
    ) -> Result<Seen, Error> {
        let params = PostParams::default();
        let saved = match before {
            Some(seen) => {
                let mut object = seen.object.clone();
                fill(&mut object, material, request);
                self.api.replace(&self.name, &params, &object).await?
            }
            None => {
                let mut object = Secret {
                    metadata: ObjectMeta {
                        name: Some(self.name.clone()),
                        labels: Some(self.labels.clone()),
                        annotations: Some(self.annotations.clone()),
                        ..ObjectMeta::default()
                    },
                    ..Secret::default()
                };
                fill(&mut object, material, request);
                self.api.create(&params, &object).await?
            }
        };
        Ok(self.seen(saved))
    }

    fn seen(&mut self, object: Secret) -> Seen {
        let metadata = &object.metadata;
        let asked = metadata.annotations.as_ref().and_then(|all| all.get(Request::ANNOTATION));
        let request = asked.and_then(|value| Request::parse(value));
        if let (Some(value), None) = (asked, request) {
            tracing::warn!(
                secret = self.name,
                value,
                "the annotation {} asks for nothing known: certificate, ca or leaked-ca",
                Request::ANNOTATION
            );
        }
        self.labels = metadata.labels.clone().unwrap_or_default();
        self.labels.retain(|name, _| LASTING.contains(&name.as_str()));
        self.annotations = metadata.annotations.clone().unwrap_or_default();
        self.annotations.remove(Request::ANNOTATION);
        let data = object.data.iter().flatten();
        let data = data.map(|(name, bytes)| (name.clone(), bytes.0.clone())).collect();
        Seen { stored: Stored { content: Material::read(&data), request }, object }
    }
}

/// Puts in what Plimsoll keeps there, and leaves the rest as it is.
fn fill(object: &mut Secret, material: &Material, request: Option<Request>) {
    let data = object.data.get_or_insert_default();
    data.retain(|name, _| !OWN.contains(&name.as_str()));
    let own = material.data().into_iter();
    data.extend(own.map(|(name, bytes)| (name.to_owned(), ByteString(bytes))));
    let annotations = object.metadata.annotations.get_or_insert_default();
    match request {
        Some(request) => {
            annotations.insert(Request::ANNOTATION.to_owned(), request.value().to_owned());
        }
        None => {
            annotations.remove(Request::ANNOTATION);
        }
    }
}
