//! Containers.

use serde_json::{Value, json};

use super::members::{Members, elements, fill, fill_absent, fill_zero, members_of};
use super::resources;
use crate::pod::defaults::default_pull_policy;

/// `in_pod`: what `SetDefaults_Pod` does beside `SetDefaults_Container`; `on_host`: the pod shares the node's network.
pub(super) fn default_container(container: &mut Members, in_pod: bool, on_host: bool) {
    default_image(container, "image", "imagePullPolicy");
    fill(container, "terminationMessagePath", "/dev/termination-log");
    fill(container, "terminationMessagePolicy", "File");
    // A struct that is no pointer is encoded even where it is empty.
    fill(container, "resources", json!({}));
    if let Some(found) = members_of(container, "resources") {
        resources::default_container(found, in_pod);
    }
    for port in elements(container, "ports") {
        fill(port, "protocol", "TCP");
        if on_host && let Some(number) = port.get("containerPort").and_then(Value::as_i64) {
            fill_zero(port, "hostPort", number);
        }
    }
    for variable in elements(container, "env") {
        if let Some(from) = members_of(variable, "valueFrom") {
            default_field(from);
            if let Some(file) = members_of(from, "fileKeyRef") {
                fill_absent(file, "optional", false);
            }
            if let Some(resource) = members_of(from, "resourceFieldRef") {
                resources::divisor(resource);
            }
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = members_of(container, probe) {
            default_probe(probe);
        }
    }
    if let Some(lifecycle) = members_of(container, "lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(hook) = members_of(lifecycle, hook) {
                default_http(hook);
            }
        }
    }
}

/// The pull policy that follows from an image.
pub(super) fn default_image(members: &mut Members, image: &str, policy: &str) {
    let default =
        default_pull_policy(members.get(image).and_then(Value::as_str).unwrap_or_default());
    fill(members, policy, default);
}

/// The version of the object that `fieldRef` reads.
pub(super) fn default_field(holder: &mut Members) {
    if let Some(field) = members_of(holder, "fieldRef") {
        fill(field, "apiVersion", "v1");
    }
}

fn default_probe(probe: &mut Members) {
    fill_zero(probe, "timeoutSeconds", 1);
    fill_zero(probe, "periodSeconds", 10);
    fill_zero(probe, "successThreshold", 1);
    fill_zero(probe, "failureThreshold", 3);
    default_http(probe);
    if let Some(grpc) = members_of(probe, "grpc") {
        fill_absent(grpc, "service", "");
    }
}

fn default_http(holder: &mut Members) {
    if let Some(http) = members_of(holder, "httpGet") {
        fill(http, "path", "/");
        fill(http, "scheme", "HTTP");
    }
}
