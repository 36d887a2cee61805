//! From a container to a process: its command, arguments and environment.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVar, EnvVarSource, Pod, Secret};
use kube::{Api, ResourceExt};

use super::volume::Mounts;
use super::{Shared, told};

/// A process to start.
pub(super) struct Command {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
}

/// What a container becomes on this node.
pub(super) async fn command(
    node: &Shared,
    pod: &Pod,
    container: &Container,
    ip: Ipv4Addr,
    mounts: &Mounts,
) -> Result<Command, String> {
    let mut env: Vec<(String, String)> = Vec::new();
    if container.env_from.as_ref().is_some_and(|from| !from.is_empty()) {
        return Err("the test kubelet knows no envFrom".to_owned());
    }
    for variable in container.env.iter().flatten() {
        if let Some(value) = value(node, pod, variable, ip, &env).await? {
            env.push((variable.name.clone(), value));
        }
    }
    let known: BTreeMap<&str, &str> =
        env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let words: Vec<String> = [&container.command, &container.args]
        .into_iter()
        .flatten()
        .flatten()
        .map(|word| expand(word, |name| known.get(name).map(|value| (*value).to_owned())))
        .collect();
    let words = match &container.command {
        // The image's entry point is the binary.
        None => &words[..],
        Some(_) => entry_point(&words)?,
    };
    let local = |word: &str| own_address(&mounts.local(word), ip);
    Ok(Command {
        program: crate::usage::program().0,
        args: words.iter().map(|word| local(word)).collect(),
        env: env.iter().map(|(name, value)| (name.clone(), local(value))).collect(),
    })
}

/// The arguments of a command whose program is in the image. Nothing else is: no shell, no `sleep`.
pub(super) fn entry_point(words: &[String]) -> Result<&[String], String> {
    match words.split_first() {
        Some((program, args))
            if Path::new(program).file_name().is_some_and(|name| name == "plimsoll") =>
        {
            Ok(args)
        }
        _ => Err(format!("the image has no such program: {words:?}")),
    }
}

async fn value(
    node: &Shared,
    pod: &Pod,
    variable: &EnvVar,
    ip: Ipv4Addr,
    before: &[(String, String)],
) -> Result<Option<String>, String> {
    if let Some(source) = &variable.value_from {
        return from(node, pod, source, ip)
            .await
            .map_err(|e| format!("env {}: {e}", variable.name));
    }
    let text = variable.value.clone().unwrap_or_default();
    let earlier = |name: &str| {
        before.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    Ok(Some(expand(&text, earlier)))
}

async fn from(
    node: &Shared,
    pod: &Pod,
    source: &EnvVarSource,
    ip: Ipv4Addr,
) -> Result<Option<String>, String> {
    if let Some(field) = &source.field_ref {
        return field_of(pod, &field.field_path, ip).map(Some);
    }
    if let Some(key) = &source.secret_key_ref {
        let secrets: Api<Secret> = Api::namespaced(node.client.clone(), &node.namespace);
        let secret = secrets.get(&key.name).await.map_err(|e| e.to_string())?;
        let value = secret.data.and_then(|data| data.get(&key.key).cloned());
        return Ok(value.map(|value| String::from_utf8_lossy(&value.0).into_owned()));
    }
    if let Some(key) = &source.config_map_key_ref {
        let maps: Api<ConfigMap> = Api::namespaced(node.client.clone(), &node.namespace);
        let map = maps.get(&key.name).await.map_err(|e| e.to_string())?;
        return Ok(map.data.and_then(|data| data.get(&key.key).cloned()));
    }
    Err("the test kubelet knows fieldRef, secretKeyRef and configMapKeyRef only".to_owned())
}

/// What the downward API says of a field.
pub(super) fn field_of(pod: &Pod, path: &str, ip: Ipv4Addr) -> Result<String, String> {
    let spec = pod.spec.as_ref();
    let keyed = |map: &BTreeMap<String, String>, kind: &str| {
        let key = path.strip_prefix(kind)?.strip_prefix("['")?.strip_suffix("']")?;
        Some(map.get(key).cloned().unwrap_or_default())
    };
    Ok(match path {
        "metadata.name" => pod.name_any(),
        "metadata.namespace" => pod.namespace().unwrap_or_default(),
        "metadata.uid" => pod.uid().unwrap_or_default(),
        "spec.nodeName" => spec.and_then(|spec| spec.node_name.clone()).unwrap_or_default(),
        "spec.serviceAccountName" => {
            spec.and_then(|spec| spec.service_account_name.clone()).unwrap_or_default()
        }
        "status.podIP" | "status.podIPs" => told(ip).to_string(),
        "status.hostIP" | "status.hostIPs" => Ipv4Addr::LOCALHOST.to_string(),
        _ => keyed(pod.labels(), "metadata.labels")
            .or_else(|| keyed(pod.annotations(), "metadata.annotations"))
            .ok_or_else(|| format!("there is no field {path}"))?,
    })
}

/// `$(NAME)` replaced where the name is known, `$$` by `$`, as a kubelet does.
fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded += &rest[..at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) =
            rest.strip_prefix('(').and_then(|inner| inner.split_once(')'))
        {
            expanded += &value(name).unwrap_or_else(|| format!("$({name})"));
            rest = after;
        } else {
            expanded.push('$');
        }
    }
    expanded + rest
}

/// Every address of the pod is the pod's own one: what a network namespace does on a real node.
fn own_address(word: &str, ip: Ipv4Addr) -> String {
    let (flag, value) = match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => (Some(flag), value),
        _ => (None, word),
    };
    let told = format!("{}:", told(ip));
    let port = ["0.0.0.0:", "[::]:", ":", &told]
        .iter()
        .find_map(|all| value.strip_prefix(all))
        .filter(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    match (port, flag) {
        (Some(port), Some(flag)) => format!("{flag}={ip}:{port}"),
        (Some(port), None) => format!("{ip}:{port}"),
        (None, _) => word.to_owned(),
    }
}

#[test]
fn variables_are_expanded_as_a_kubelet_does() {
    let value = |name: &str| (name == "A").then(|| "x".to_owned());
    for (text, expected) in
        [("$(A)-$(B)", "x-$(B)"), ("$$(A)", "$(A)"), ("$A $(A", "$A $(A"), ("100%$", "100%$")]
    {
        assert_eq!(expand(text, value), expected);
    }
}

#[test]
fn every_address_becomes_the_pods_own() {
    let ip = Ipv4Addr::new(127, 1, 2, 3);
    for (word, expected) in [
        ("--listen=:8443", "--listen=127.1.2.3:8443"),
        ("0.0.0.0:8443", "127.1.2.3:8443"),
        ("--admin-listen=[::]:8080", "--admin-listen=127.1.2.3:8080"),
        ("--listen=10.1.2.3:8443", "--listen=127.1.2.3:8443"),
        ("--listen=127.0.0.1:8443", "--listen=127.0.0.1:8443"),
        ("a:b", "a:b"),
        (":", ":"),
    ] {
        assert_eq!(own_address(word, ip), expected);
    }
}
