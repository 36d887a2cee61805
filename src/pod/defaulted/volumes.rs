//! Volumes.

use serde_json::{Value, json};

use super::containers::{default_field, default_image};
use super::members::{Members, elements, fill, fill_absent, members_of};
use super::resources;

/// Mode of files that no one gave a mode (`SecretVolumeSourceDefaultMode` and its likes): 0644.
const MODE: i64 = 0o644;
/// Seconds that a token holds (`SetDefaults_ServiceAccountTokenProjection`): an hour.
const TOKEN_SECONDS: i64 = 3600;

pub(super) fn default_volume(volume: &mut Members) {
    let has_source = volume.iter().any(|(key, value)| key != "name" && !value.is_null());
    if !has_source {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    for (kind, source) in volume.iter_mut() {
        if let Value::Object(source) = source {
            default_source(kind, source);
        }
    }
}

fn default_source(kind: &str, source: &mut Members) {
    match kind {
        "hostPath" => fill_absent(source, "type", ""),
        "secret" | "configMap" => fill_absent(source, "defaultMode", MODE),
        "downwardAPI" => {
            fill_absent(source, "defaultMode", MODE);
            default_items(source);
        }
        "projected" => {
            fill_absent(source, "defaultMode", MODE);
            for part in elements(source, "sources") {
                if let Some(downward) = members_of(part, "downwardAPI") {
                    default_items(downward);
                }
                if let Some(token) = members_of(part, "serviceAccountToken") {
                    fill_absent(token, "expirationSeconds", TOKEN_SECONDS);
                }
            }
        }
        "image" => default_image(source, "reference", "pullPolicy"),
        "emptyDir" => resources::canonical_member(source, "sizeLimit"),
        "iscsi" => fill(source, "iscsiInterface", "default"),
        "rbd" => {
            fill(source, "pool", "rbd");
            fill(source, "user", "admin");
            fill(source, "keyring", "/etc/ceph/keyring");
        }
        "azureDisk" => {
            fill_absent(source, "cachingMode", "ReadWrite");
            fill_absent(source, "fsType", "ext4");
            fill_absent(source, "readOnly", false);
            fill_absent(source, "kind", "Shared");
        }
        "scaleIO" => {
            fill(source, "storageMode", "ThinProvisioned");
            fill(source, "fsType", "xfs");
        }
        "ephemeral" => default_claim(source),
        _ => {}
    }
}

fn default_items(source: &mut Members) {
    for item in elements(source, "items") {
        default_field(item);
        if let Some(resource) = members_of(item, "resourceFieldRef") {
            resources::divisor(resource);
        }
    }
}

fn default_claim(source: &mut Members) {
    let Some(template) = members_of(source, "volumeClaimTemplate") else { return };
    // Structs that are no pointers are encoded even where they are empty.
    fill(template, "metadata", json!({}));
    let Some(spec) = members_of(template, "spec") else { return };
    fill_absent(spec, "volumeMode", "Filesystem");
    fill(spec, "resources", json!({}));
    if let Some(found) = members_of(spec, "resources") {
        resources::default_container(found, false);
    }
}
