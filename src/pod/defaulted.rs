//! A pod as the API server shows it to those who judge it, made from a pod as it is written.
//!
//! What the API server reads it decodes, defaults and encodes again before anybody is asked: fields appear that nobody
//! wrote, empty ones disappear, quantities get their canonical form. An expression that tells `has(object.spec.x)` sees
//! all of that, so a manifest has to be brought into the same form first. What admission plugins add afterwards
//! (service account tokens, tolerations, LimitRange defaults) is no defaulting and is not made up here.
//!
//! Source: pkg/apis/core/v1/{defaults.go,conversion.go,zz_generated.defaults.go} in kubernetes/kubernetes 1.36.

mod containers;
mod members;
mod resources;
mod tidy;
mod volumes;

use members::{Members, elements, fill, members_of};
use serde_json::{Value, json};

/// Brings a Pod into the form in which the API server shows it. What has not the type that its field asks for is left
/// as it is. Done twice it is the same as done once.
pub fn default_pod(pod: &mut Value) {
    let Value::Object(pod) = pod else { return };
    for name in ["metadata", "spec"] {
        if let Some(part) = pod.get_mut(name) {
            tidy::tidy(name, part);
        }
    }
    if let Some(spec) = members_of(pod, "spec") {
        default_spec(spec);
    }
}

/// The lists of containers.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

fn default_spec(spec: &mut Members) {
    let on_host = spec.get("hostNetwork") == Some(&Value::Bool(true));
    for list in LISTS {
        for container in elements(spec, list) {
            // `SetDefaults_Pod` knows nothing of ephemeral containers.
            let in_pod = list != "ephemeralContainers";
            containers::default_container(container, in_pod, on_host && in_pod);
        }
    }
    for volume in elements(spec, "volumes") {
        volumes::default_volume(volume);
    }
    resources::default_pod_level(spec);
    if let Some(overhead) = members_of(spec, "overhead") {
        resources::canonical(overhead);
    }
    fill(spec, "enableServiceLinks", true);
    fill(spec, "dnsPolicy", "ClusterFirst");
    fill(spec, "restartPolicy", "Always");
    fill(spec, "securityContext", json!({}));
    fill(spec, "terminationGracePeriodSeconds", 30);
    fill(spec, "schedulerName", "default-scheduler");
    if let Some(seconds) = spec.get_mut("terminationGracePeriodSeconds")
        && seconds.as_i64().is_some_and(|seconds| seconds < 0)
    {
        *seconds = json!(1);
    }
    account(spec);
}

/// `serviceAccount` is another name for `serviceAccountName`, and both are shown.
fn account(spec: &mut Members) {
    let set = |field| spec.get(field).filter(|name| !members::is_unset(name)).cloned();
    let (name, alias) = (set("serviceAccountName"), set("serviceAccount"));
    if let Some(name) = name {
        spec.insert("serviceAccount".to_owned(), name);
    } else if let Some(alias) = alias {
        spec.insert("serviceAccountName".to_owned(), alias);
    }
}

#[cfg(test)]
mod tests;
