//! The volumes of a pod as folders, kept up to date as a kubelet keeps them.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, KeyToPath, Pod, Secret, Volume, VolumeProjection,
};
use kube::Api;

use super::Shared;
use super::container::field_of;

/// Where a ServiceAccount's token and the cluster's authority are in every pod; read through a kubeconfig here.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

type Files = BTreeMap<String, Vec<u8>>;

/// Where a container's mounts are on this machine.
#[derive(Default)]
pub(super) struct Mounts(Vec<(String, PathBuf)>);

impl Mounts {
    /// Those of `container`, whose pod's volumes are in `folder`.
    pub(super) fn of(container: &Container, folder: &Path) -> Self {
        let mut mounts: Vec<(String, PathBuf)> = container
            .volume_mounts
            .iter()
            .flatten()
            .map(|mount| {
                (mount.mount_path.trim_end_matches('/').to_owned(), folder.join(&mount.name))
            })
            .collect();
        // The longer path is the one that counts.
        mounts.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Self(mounts)
    }

    /// `word` with a path below a mount, as it is here: a whole word, or the value of a flag.
    pub(super) fn local(&self, word: &str) -> String {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (format!("{flag}="), value),
            _ => (String::new(), word),
        };
        for (path, folder) in &self.0 {
            if let Some(rest) = value.strip_prefix(path.as_str())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return format!("{flag}{}{rest}", folder.display());
            }
        }
        word.to_owned()
    }
}

/// Brings the volumes of `pod` below `folder` up to date. What is missing and not optional is an error.
pub(super) async fn refresh(
    node: &Shared,
    pod: &Pod,
    ip: Ipv4Addr,
    folder: &Path,
) -> Result<(), String> {
    for volume in pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten()) {
        let place = folder.join(&volume.name);
        fs::create_dir_all(&place).map_err(|e| format!("{}: {e}", place.display()))?;
        if let Some(files) = files(node, pod, ip, volume)
            .await
            .map_err(|e| format!("volume {}: {e}", volume.name))?
        {
            write(&place, &files).map_err(|e| format!("{}: {e}", place.display()))?;
        }
    }
    Ok(())
}

/// The files of a volume that the API server knows; none for a folder of the pod's own.
async fn files(
    node: &Shared,
    pod: &Pod,
    ip: Ipv4Addr,
    volume: &Volume,
) -> Result<Option<Files>, String> {
    if volume.empty_dir.is_some() {
        return Ok(None);
    }
    if let Some(source) = &volume.secret {
        let name = source.secret_name.clone().unwrap_or_default();
        return secret(node, &name, &source.items, source.optional).await.map(Some);
    }
    if let Some(source) = &volume.config_map {
        return config_map(node, &source.name, &source.items, source.optional).await.map(Some);
    }
    if let Some(projected) = &volume.projected {
        let mut all = Files::new();
        for source in projected.sources.iter().flatten() {
            all.extend(projection(node, pod, ip, source).await?);
        }
        return Ok(Some(all));
    }
    Err("the test kubelet knows emptyDir, secret, configMap and projected only".to_owned())
}

async fn projection(
    node: &Shared,
    pod: &Pod,
    ip: Ipv4Addr,
    source: &VolumeProjection,
) -> Result<Files, String> {
    if let Some(source) = &source.secret {
        return secret(node, &source.name, &source.items, source.optional).await;
    }
    if let Some(source) = &source.config_map {
        return config_map(node, &source.name, &source.items, source.optional).await;
    }
    let mut files = Files::new();
    for item in source.downward_api.iter().flat_map(|source| source.items.iter().flatten()) {
        if let Some(field) = &item.field_ref {
            files.insert(item.path.clone(), field_of(pod, &field.field_path, ip)?.into_bytes());
        }
    }
    // A token is handed out through the kubeconfig.
    Ok(files)
}

async fn secret(
    node: &Shared,
    name: &str,
    items: &Option<Vec<KeyToPath>>,
    optional: Option<bool>,
) -> Result<Files, String> {
    let secrets: Api<Secret> = Api::namespaced(node.client.clone(), &node.namespace);
    let found = secrets.get_opt(name).await.map_err(|e| e.to_string())?;
    let data = found.map(|secret| secret.data.unwrap_or_default());
    let bytes = |data: BTreeMap<String, ByteString>| {
        data.into_iter().map(|(key, value)| (key, value.0)).collect()
    };
    select(data.map(bytes), items, optional).map_err(|e| format!("Secret {name}: {e}"))
}

async fn config_map(
    node: &Shared,
    name: &str,
    items: &Option<Vec<KeyToPath>>,
    optional: Option<bool>,
) -> Result<Files, String> {
    let maps: Api<ConfigMap> = Api::namespaced(node.client.clone(), &node.namespace);
    let found = maps.get_opt(name).await.map_err(|e| e.to_string())?;
    let data = found.map(|map| {
        map.data.into_iter().flatten().map(|(key, value)| (key, value.into_bytes())).collect()
    });
    select(data, items, optional).map_err(|e| format!("ConfigMap {name}: {e}"))
}

fn select(
    data: Option<Files>,
    items: &Option<Vec<KeyToPath>>,
    optional: Option<bool>,
) -> Result<Files, String> {
    let optional = optional.unwrap_or_default();
    let Some(data) = data else {
        return if optional { Ok(Files::new()) } else { Err("not found".to_owned()) };
    };
    let Some(items) = items else { return Ok(data) };
    let mut files = Files::new();
    for item in items {
        match data.get(&item.key) {
            Some(bytes) => drop(files.insert(item.path.clone(), bytes.clone())),
            None if optional => {}
            None => return Err(format!("no key {}", item.key)),
        }
    }
    Ok(files)
}

/// As a kubelet writes: files in a folder of their own, `..data` that points there and is swapped in one step, and
/// the visible names as links through it.
fn write(place: &Path, files: &Files) -> std::io::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let data = place.join("..data");
    let same = files
        .iter()
        .all(|(name, bytes)| fs::read(data.join(name)).is_ok_and(|written| &written == bytes));
    let count = fs::read_dir(&data).map_or(0, Iterator::count);
    if same && count == files.len() && data.exists() {
        return Ok(());
    }
    let name = format!("..{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let before = fs::read_link(&data).ok();
    fs::create_dir(place.join(&name))?;
    for (file, bytes) in files {
        fs::write(place.join(&name).join(file), bytes)?;
    }
    symlink(&name, place.join("..data_tmp"))?;
    fs::rename(place.join("..data_tmp"), &data)?;
    for file in files.keys() {
        if !place.join(file).is_symlink() {
            symlink(Path::new("..data").join(file), place.join(file))?;
        }
    }
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        if path.is_symlink() && path != data && !path.exists() {
            fs::remove_file(path)?;
        }
    }
    if let Some(before) = before {
        fs::remove_dir_all(place.join(before))?;
    }
    Ok(())
}

/// Whether the pod has a token: a person may have turned that off.
pub(super) fn has_token(pod: &Pod) -> bool {
    // The ServiceAccount admission plugin mounts it unless pod or account say no.
    pod.spec.iter().flat_map(|spec| &spec.containers).any(|container| {
        container.volume_mounts.iter().flatten().any(|mount| mount.mount_path == SERVICE_ACCOUNT)
    })
}
