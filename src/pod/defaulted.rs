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

use members::{Members, elements, fill, fill_with, int, members_of, text};

use crate::json::Tree;

/// Brings a Pod into the form in which the API server shows it. What has not the type that its field asks for is left
/// as it is. Done twice it is the same as done once.
pub fn default_pod(pod: &mut Tree<'_>) {
    let Tree::Object(pod) = pod else { return };
    for part in ["metadata", "spec"] {
        if let Some(part) = members::get_mut(pod, part) {
            tidy::tidy(part);
        }
    }
    if let Some(spec) = members_of(pod, "spec") {
        default_spec(spec);
    }
}

/// The lists of containers.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

fn default_spec(spec: &mut Members<'_>) {
    let on_host = matches!(members::get(spec, "hostNetwork"), Some(Tree::Bool(true)));
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
    fill(spec, "enableServiceLinks", Tree::Bool(true));
    fill(spec, "dnsPolicy", text("ClusterFirst"));
    fill(spec, "restartPolicy", text("Always"));
    fill_with(spec, "securityContext", || Tree::Object(Vec::new()));
    fill(spec, "terminationGracePeriodSeconds", int(30));
    fill(spec, "schedulerName", text("default-scheduler"));
    if let Some(Tree::Int(seconds)) = members::get_mut(spec, "terminationGracePeriodSeconds")
        && *seconds < 0
    {
        *seconds = 1;
    }
    account(spec);
}

/// `serviceAccount` is another name for `serviceAccountName`, and both are shown.
fn account(spec: &mut Members<'_>) {
    let name = members::get(spec, "serviceAccountName").filter(|name| !members::is_unset(name));
    let alias = members::get(spec, "serviceAccount").filter(|name| !members::is_unset(name));
    match (name.cloned(), alias.cloned()) {
        (Some(name), alias) if alias.as_ref() != Some(&name) => {
            members::put(spec, "serviceAccount", name);
        }
        (None, Some(alias)) => members::put(spec, "serviceAccountName", alias),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
