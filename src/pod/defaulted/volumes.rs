//! Volumes.

use super::containers::{default_field, default_image};
use super::members::{Members, elements, fill, fill_absent, int, members_of, text};
use super::resources;
use crate::json::Tree;

/// Mode of files that no one gave a mode (`SecretVolumeSourceDefaultMode` and its likes): 0644.
const MODE: i64 = 0o644;
/// Seconds that a token holds (`SetDefaults_ServiceAccountTokenProjection`): an hour.
const TOKEN_SECONDS: i64 = 3600;

pub(super) fn default_volume(volume: &mut Members<'_>) {
    let has_source = volume.iter().any(|(key, value)| key != "name" && *value != Tree::Null);
    if !has_source {
        volume.push(("emptyDir".into(), Tree::Object(Vec::new())));
    }
    for (kind, source) in volume.iter_mut() {
        if let Tree::Object(source) = source {
            default_source(kind, source);
        }
    }
}

fn default_source(kind: &str, source: &mut Members<'_>) {
    match kind {
        "hostPath" => fill_absent(source, "type", text("")),
        "secret" | "configMap" => fill_absent(source, "defaultMode", int(MODE)),
        "downwardAPI" => {
            fill_absent(source, "defaultMode", int(MODE));
            default_items(source);
        }
        "projected" => {
            fill_absent(source, "defaultMode", int(MODE));
            for part in elements(source, "sources") {
                if let Some(downward) = members_of(part, "downwardAPI") {
                    default_items(downward);
                }
                if let Some(token) = members_of(part, "serviceAccountToken") {
                    fill_absent(token, "expirationSeconds", int(TOKEN_SECONDS));
                }
            }
        }
        "image" => default_image(source, "reference", "pullPolicy"),
        "emptyDir" => resources::canonical_member(source, "sizeLimit"),
        "iscsi" => fill(source, "iscsiInterface", text("default")),
        "rbd" => {
            fill(source, "pool", text("rbd"));
            fill(source, "user", text("admin"));
            fill(source, "keyring", text("/etc/ceph/keyring"));
        }
        "azureDisk" => {
            fill_absent(source, "cachingMode", text("ReadWrite"));
            fill_absent(source, "fsType", text("ext4"));
            fill_absent(source, "readOnly", Tree::Bool(false));
            fill_absent(source, "kind", text("Shared"));
        }
        "scaleIO" => {
            fill(source, "storageMode", text("ThinProvisioned"));
            fill(source, "fsType", text("xfs"));
        }
        "ephemeral" => default_claim(source),
        _ => {}
    }
}

fn default_items(source: &mut Members<'_>) {
    for item in elements(source, "items") {
        default_field(item);
        if let Some(resource) = members_of(item, "resourceFieldRef") {
            resources::divisor(resource);
        }
    }
}

fn default_claim(source: &mut Members<'_>) {
    let Some(template) = members_of(source, "volumeClaimTemplate") else { return };
    // Structs that are no pointers are encoded even where they are empty.
    super::members::fill_with(template, "metadata", || Tree::Object(Vec::new()));
    let Some(spec) = members_of(template, "spec") else { return };
    fill_absent(spec, "volumeMode", text("Filesystem"));
    super::members::fill_with(spec, "resources", || Tree::Object(Vec::new()));
    if let Some(found) = members_of(spec, "resources") {
        resources::default_container(found, false);
    }
}
