//! The switch for the day on which webhooks must not matter, whatever becomes of the server: it is worked with no more
//! than the rights to patch webhook configurations, and API servers ask no webhook about those.

mod change;

use std::collections::BTreeSet;

use jiff::{Timestamp, Unit};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{Event, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};

pub use change::{Change, Mode, Switch};

use super::configuration::Configuration;
use super::live::api;
use crate::cluster::client::{explain, is_conflict};

/// What the chart labels everything with.
const LABELS: &str = "app.kubernetes.io/name=plimsoll";
/// Who writes, in `managedFields`.
const FIELD_MANAGER: &str = "plimsoll-emergency";
/// How often a change is made anew because the leader, or somebody else, was faster.
const ATTEMPTS: usize = 8;

/// A webhook configuration of Plimsoll's in the cluster.
#[derive(Clone, Debug)]
pub struct Found {
    configuration: Configuration,
    object: DynamicObject,
}

/// What was done with a configuration, or would be.
#[derive(Clone, Debug)]
pub struct Done {
    /// `mutatingwebhookconfiguration/plimsoll`
    pub object: String,
    /// What it means, a line each; none where there was nothing to do.
    pub lines: Vec<String>,
    /// Whether anything was to be changed.
    pub changed: bool,
    /// Namespace and name of the Service that was asked, as far as it is known.
    pub service: Option<(String, String)>,
}

impl Found {
    /// As kubectl names it.
    pub fn name(&self) -> String {
        let kind = self.configuration.kind().to_lowercase();
        format!("{kind}/{}", self.object.metadata.name.as_deref().unwrap_or_default())
    }
}

/// The installations that these configurations are of.
pub fn installations(found: &[Found]) -> BTreeSet<String> {
    let names: BTreeSet<&str> =
        found.iter().filter_map(|one| one.object.metadata.name.as_deref()).collect();
    let of_policies: BTreeSet<String> =
        names.iter().map(|name| Configuration::Policies.object_name(name)).collect();
    names.iter().filter(|name| !of_policies.contains(**name)).map(|&name| name.to_owned()).collect()
}

/// The configurations of an installation, or of every one.
///
/// # Errors
/// When they cannot be read; the text says what to do.
pub async fn find(client: &Client, name: Option<&str>) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for configuration in [Configuration::Mutate, Configuration::Validate] {
        let api = api(client, configuration);
        let problem = |error: kube::Error| {
            format!("{} cannot be read: {}", configuration.resource(), explain(&error))
        };
        let objects = match name {
            None => api.list(&ListParams::default().labels(LABELS)).await.map_err(problem)?.items,
            Some(name) => {
                let mut objects = Vec::new();
                for one in
                    Configuration::ALL.into_iter().filter(|one| one.kind() == configuration.kind())
                {
                    objects.extend(api.get_opt(&one.object_name(name)).await.map_err(problem)?);
                }
                objects
            }
        };
        found.extend(objects.into_iter().map(|object| Found { configuration, object }));
    }
    Ok(found)
}

/// Throws a switch on a configuration, or only says what that would do.
///
/// # Errors
/// When it cannot be written; the text says what to do.
pub async fn throw(
    client: &Client,
    found: &Found,
    switch: &Switch,
    dry_run: bool,
) -> Result<Done, String> {
    let api = api(client, found.configuration);
    let name = found.object.metadata.name.as_deref().unwrap_or_default();
    let mut object = found.object.clone();
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        let change = switch.change(&object);
        let done = Done {
            object: found.name(),
            lines: change.lines,
            changed: change.patch.is_some(),
            service: change.service,
        };
        let Some(patch) = change.patch else { return Ok(done) };
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            dry_run,
            ..PatchParams::default()
        };
        match api.patch(name, &params, &Patch::Merge(&patch)).await {
            Ok(_) => return Ok(done),
            Err(error) if is_conflict(&error) => last = explain(&error),
            Err(error) => {
                return Err(format!("{} was not changed: {}", found.name(), explain(&error)));
            }
        }
        object = api.get(name).await.map_err(|error| explain(&error))?;
    }
    Err(format!(
        "{} was not changed: somebody else kept changing it ({last}); try again",
        found.name()
    ))
}

/// `2026-11-21T17:04:05Z alice: node pool is stuck`
pub async fn record(client: &Client, reason: Option<&str>) -> String {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let reviewed = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await;
    let user = reviewed.ok().and_then(|review| review.status?.user_info?.username);
    let user = user.as_deref().unwrap_or("somebody");
    let now = Timestamp::now();
    let now = now.round(Unit::Second).unwrap_or(now);
    let reason: String =
        reason.unwrap_or("no reason given").split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{now} {user}: {reason}")
}

/// Leaves an Event on the Deployment, where `kubectl describe` shows it.
///
/// # Errors
/// When it cannot be written, which changes nothing about the switch.
pub async fn tell(
    client: &Client,
    (namespace, name): (&str, &str),
    reason: &str,
    message: &str,
) -> Result<(), String> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let uid = deployments.get_opt(name).await.ok().flatten().and_then(|found| found.metadata.uid);
    let now = Time(Timestamp::now());
    let event = Event {
        metadata: ObjectMeta {
            generate_name: Some(format!("{name}-")),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        involved_object: ObjectReference {
            api_version: Some("apps/v1".to_owned()),
            kind: Some("Deployment".to_owned()),
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            uid,
            ..ObjectReference::default()
        },
        type_: Some("Warning".to_owned()),
        reason: Some(reason.to_owned()),
        // Longer ones are refused.
        message: Some(message.chars().take(1000).collect()),
        first_timestamp: Some(now.clone()),
        last_timestamp: Some(now),
        count: Some(1),
        reporting_component: Some("plimsoll.dev/cli".to_owned()),
        reporting_instance: Some("plimsoll".to_owned()),
        ..Event::default()
    };
    let events: Api<Event> = Api::namespaced(client.clone(), namespace);
    events.create(&PostParams::default(), &event).await.map(drop).map_err(|error| explain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installations_are_counted_by_name() {
        let found = |configuration, name: &str| Found {
            configuration,
            object: DynamicObject {
                types: None,
                metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
                data: serde_json::json!({}),
            },
        };
        let both = [
            found(Configuration::Mutate, "a"),
            found(Configuration::Validate, "a"),
            found(Configuration::Validate, "a-policies"),
            // What is left of one.
            found(Configuration::Validate, "b-policies"),
        ];
        assert_eq!(installations(&both), ["a", "b-policies"].map(str::to_owned).into());
    }
}
