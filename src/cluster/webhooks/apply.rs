//! Writing a configuration.

use kube::Client;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::configuration::Configuration;
use super::live::{api, entries, own, same};

/// Who writes, in `managedFields`.
const FIELD_MANAGER: &str = "plimsoll";

/// Writes the webhooks by server-side apply, and where somebody else holds parts of them, the whole list.
pub(super) async fn apply(
    client: &Client,
    installation: &str,
    configuration: Configuration,
    wanted: &[Value],
) -> Result<DynamicObject, kube::Error> {
    let api = api(client, configuration);
    let name = configuration.object_name(installation);
    let body = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": configuration.kind(),
        "metadata": {"name": name},
        "webhooks": wanted,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let applied = api.patch(&name, &params, &Patch::Apply(&body)).await?;
    if same(own(&applied, configuration), wanted) {
        return Ok(applied);
    }
    // Conditions that somebody added to a webhook stay with server-side apply: they are somebody's.
    let foreign = entries(&applied).iter().filter(|entry| entry["name"] != configuration.webhook());
    let all: Vec<&Value> = wanted.iter().chain(foreign).collect();
    let body = json!({
        "metadata": {"resourceVersion": applied.metadata.resource_version},
        "webhooks": all,
    });
    let params =
        PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    api.patch(&name, &params, &Patch::Merge(&body)).await
}
