//! Gathers the facts. What may not be read is noted, and hinders nothing else.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::Request;
use futures_util::future::join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Api, Client, Error};
use serde_json::Value;

use super::facts::{Fact, Facts};
use crate::cluster::client::{explain, is_not_found};
use crate::cluster::webhooks::Configuration;
use crate::crd;

/// Where the certificate is unless the Deployment mounts another Secret.
const SECRET_SUFFIX: &str = "-tls";

/// Looks at an installation.
pub async fn gather(client: &Client, name: &str, namespace: &str) -> Facts {
    let look = Look { client, name, namespace };
    let definitions = crd::definitions();
    let crds = definitions.iter().map(|definition| {
        let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        look.crd(name)
    });
    let configurations = Configuration::ALL.into_iter().map(|one| look.configuration(one));
    let (server_version, crds, configurations, deployment, pods, disruption_budgets, lease) = tokio::join!(
        look.server_version(),
        join_all(crds),
        join_all(configurations),
        look.one(erased::<Deployment>(), name),
        look.many(erased::<Pod>(), Some("app.kubernetes.io/name=plimsoll"), Some(namespace)),
        look.many(erased::<PodDisruptionBudget>(), None, Some(namespace)),
        look.one(erased::<Lease>(), name),
    );
    let secret = secret_name(&deployment, name);
    let (policies_kind, exemptions_kind) = (resource("PodPolicy"), resource("PodPolicyExemption"));
    let (secret, policies, exemptions, metrics) = tokio::join!(
        look.one(erased::<Secret>(), &secret),
        look.many(policies_kind, None, None),
        look.many(exemptions_kind, None, None),
        look.metrics(),
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Facts {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        now: i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
        server_version,
        crds,
        configurations,
        deployment,
        pods,
        disruption_budgets,
        lease,
        secret: secret.map(|secret| secret.map(without_keys)),
        policies,
        exemptions,
        metrics,
    }
}

/// Nothing here needs a private key.
fn without_keys(mut secret: Value) -> Value {
    if let Some(data) = secret.get_mut("data").and_then(Value::as_object_mut) {
        data.retain(|key, _| key.ends_with(".crt"));
    }
    secret
}

/// The Secret that the Deployment mounts, or the one of the managed certificate.
fn secret_name(deployment: &Fact<Option<Value>>, name: &str) -> String {
    let deployment = deployment.as_ref().ok().and_then(Option::as_ref);
    let volumes = deployment.and_then(|one| one.pointer("/spec/template/spec/volumes")?.as_array());
    let mounted = volumes.into_iter().flatten().find(|volume| volume["name"] == "tls");
    let mounted = mounted.and_then(|volume| volume.pointer("/secret/secretName")?.as_str());
    mounted.map_or_else(|| format!("{name}{SECRET_SUFFIX}"), str::to_owned)
}

fn erased<K: kube::Resource<DynamicType = ()>>() -> ApiResource {
    ApiResource::erase::<K>(&())
}

fn resource(kind: &str) -> ApiResource {
    let plural = if kind == "PodPolicy" { "podpolicies" } else { "podpolicyexemptions" };
    ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("plimsoll.dev", "v1alpha1", kind),
        plural,
    )
}

struct Look<'l> {
    client: &'l Client,
    name: &'l str,
    namespace: &'l str,
}

impl Look<'_> {
    async fn server_version(&self) -> Fact<String> {
        let version = self.client.apiserver_version().await;
        version.map(|version| version.git_version).map_err(|error| explain(&error))
    }

    async fn crd(&self, name: &str) -> Fact<Option<Value>> {
        let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let described = ApiResource::from_gvk_with_plural(&kind, "customresourcedefinitions");
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &described);
        known(api.get_opt(name).await, "get", &described.plural, None)?.map(value).transpose()
    }

    async fn configuration(&self, configuration: Configuration) -> Fact<Option<DynamicObject>> {
        let group = "admissionregistration.k8s.io";
        let kind = GroupVersionKind::gvk(group, "v1", configuration.kind());
        let described = ApiResource::from_gvk_with_plural(&kind, configuration.resource());
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &described);
        let name = configuration.object_name(self.name);
        known(api.get_opt(&name).await, "get", configuration.resource(), None)
    }

    async fn one(&self, described: ApiResource, name: &str) -> Fact<Option<Value>> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), self.namespace, &described);
        let found = api.get_opt(name).await;
        known(found, "get", &described.plural, Some(self.namespace))?.map(value).transpose()
    }

    async fn many(
        &self,
        described: ApiResource,
        labels: Option<&str>,
        namespace: Option<&str>,
    ) -> Fact<Vec<Value>> {
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &described),
            None => Api::all_with(self.client.clone(), &described),
        };
        let params =
            labels.map_or_else(ListParams::default, |labels| ListParams::default().labels(labels));
        let listed = match api.list(&params).await {
            // A kind that is not known has no objects; that it is not known is another check's.
            Err(error) if is_not_found(&error) => return Ok(Vec::new()),
            listed => known(listed, "list", &described.plural, namespace)?,
        };
        listed.items.into_iter().map(value).collect()
    }

    async fn metrics(&self) -> Fact<String> {
        let request =
            Request::get("/metrics").body(Vec::new()).map_err(|error| error.to_string())?;
        known(self.client.request_text(request).await, "get", "the path /metrics", None)
    }
}

fn value(object: DynamicObject) -> Fact<Value> {
    serde_json::to_value(object).map_err(|error| error.to_string())
}

/// What was read; or the right that is missing, or whatever else is in the way.
fn known<T>(read: Result<T, Error>, verb: &str, what: &str, namespace: Option<&str>) -> Fact<T> {
    let place = namespace.map(|name| format!(" in namespace {name}")).unwrap_or_default();
    read.map_err(|error| match &error {
        Error::Api(status) if status.code == 403 => {
            format!("cannot be checked: needs the right to {verb} {what}{place}")
        }
        _ => format!("cannot be checked: {what}{place}: {}", explain(&error)),
    })
}
