//! A manifest, defaulted here, is what the API server makes of it.

use plimsoll::pod::kinds::{Object, POD};
use plimsoll::pod::source::Source;
use serde_json::{Value, json};

use crate::cluster::{Cluster, skipped};

/// A pod with much that is defaulted, left out or rewritten.
fn rich() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "rich", "labels": {"a": ""}, "annotations": {}},
        "spec": {
            "serviceAccount": "default", "automountServiceAccountToken": false, "hostNetwork": false, "nodeSelector": {},
            // Admission plugins have nothing to add then.
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
            "resources": {"limits": {"cpu": "4", "memory": "4096Mi"}},
            "initContainers": [
                {"name": "i", "image": "x", "resources": {"requests": {"cpu": 0.5}}},
                {"name": "s", "image": "x:1", "restartPolicy": "Always", "resources": {"limits": {"cpu": "0.1001"}}}],
            "containers": [
                {"name": "a", "image": "nginx:latest", "command": [], "args": null, "tty": false, "stdin": true,
                 "env": [{"name": "E", "value": ""},
                         {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                         {"name": "R", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
                 "ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 0, "protocol": "UDP"}],
                 "resources": {"limits": {"memory": "1024Mi", "example.com/x": 2}},
                 "livenessProbe": {"httpGet": {"port": 80}}, "readinessProbe": {"grpc": {"port": 81}},
                 "startupProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": 0, "failureThreshold": 7},
                 "lifecycle": {"preStop": {"httpGet": {"port": "web", "path": "/stop"}}},
                 "securityContext": {"privileged": false, "capabilities": {}},
                 "volumeMounts": [{"name": "e", "mountPath": "/e", "readOnly": false, "subPath": ""}]},
                {"name": "b", "image": "nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}],
            "volumes": [
                {"name": "none"}, {"name": "e", "emptyDir": {"medium": "", "sizeLimit": "2048Mi"}},
                {"name": "h", "hostPath": {"path": "/h"}}, {"name": "c", "configMap": {"name": "c"}},
                {"name": "k", "secret": {"secretName": "s", "optional": false}},
                {"name": "d", "downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}},
                    {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}},
                {"name": "g", "image": {"reference": "models:1"}},
                {"name": "q", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1024Mi"}}}}}},
                {"name": "isc", "iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:s", "lun": 0}},
                {"name": "az", "azureDisk": {"diskName": "d", "diskURI": "https://example.com/d"}}],
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "a", "operator": "Exists", "values": []}]}]}}},
        },
    })
}

fn on_host() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "host"},
        "spec": {"hostNetwork": true, "automountServiceAccountToken": false, "serviceAccountName": "default",
            "terminationGracePeriodSeconds": 0, "tolerations": rich()["spec"]["tolerations"],
            "containers": [{"name": "a", "image": "x:1", "ports": [{"containerPort": 80}]}]},
    })
}

/// Every source of volumes that the other pods do not have, with as little as the API server takes.
fn volumes() -> Value {
    let sources = json!([
        {"awsElasticBlockStore": {"volumeID": "v", "partition": 0, "readOnly": false}},
        {"azureFile": {"secretName": "s", "shareName": "h", "readOnly": false}},
        {"cephfs": {"monitors": ["m"], "readOnly": false}}, {"cinder": {"volumeID": "v", "fsType": ""}},
        {"csi": {"driver": "d.example.com", "fsType": "", "volumeAttributes": {}}},
        {"csi": {"driver": "d.example.com", "readOnly": false, "volumeAttributes": {"a": ""}}},
        {"fc": {"targetWWNs": ["500a0982991b8dc5"], "lun": 0, "readOnly": false}},
        {"flexVolume": {"driver": "example.com/d", "options": {"a": ""}, "fsType": ""}},
        {"flocker": {"datasetName": "d"}}, {"gcePersistentDisk": {"pdName": "p", "partition": 0}},
        {"gitRepo": {"repository": "r", "directory": ""}}, {"glusterfs": {"endpoints": "e", "path": "p", "readOnly": false}},
        {"nfs": {"server": "s", "path": "/p", "readOnly": false}},
        {"persistentVolumeClaim": {"claimName": "c", "readOnly": false}}, {"photonPersistentDisk": {"pdID": "p"}},
        {"portworxVolume": {"volumeID": "v", "fsType": "", "readOnly": false}},
        {"quobyte": {"registry": "r:1", "volume": "v", "readOnly": false}},
        {"rbd": {"monitors": ["m"], "image": "i", "pool": "", "readOnly": false}},
        {"scaleIO": {"gateway": "g", "system": "s", "volumeName": "v", "storagePool": "", "fsType": "", "secretRef": {"name": "s"}}},
        {"storageos": {"volumeName": "v", "fsType": ""}}, {"vsphereVolume": {"volumePath": "p", "fsType": ""}},
        {"hostPath": {"path": "/h", "type": ""}}, {"emptyDir": null}, {"emptyDir": {"medium": "Memory", "sizeLimit": 0}},
        {"configMap": {"name": "c", "items": [], "optional": false, "defaultMode": 0}},
        {"secret": {"secretName": "s", "items": [{"key": "k", "path": "p", "mode": 0}]}},
        {"downwardAPI": {"items": [{"path": "c", "resourceFieldRef": {"containerName": "a", "resource": "limits.cpu"}}]}},
        {"projected": {"sources": [
            {"configMap": {"name": "c", "optional": false}}, {"secret": {"name": "s"}},
            {"serviceAccountToken": {"path": "t", "audience": "", "expirationSeconds": 600}}]}},
        {"image": {"reference": "models", "pullPolicy": ""}},
        {"ephemeral": {"volumeClaimTemplate": {"metadata": {"labels": {"a": ""}}, "spec": {"accessModes": ["ReadOnlyMany"],
            "storageClassName": "", "volumeMode": "Block", "selector": {"matchLabels": {}},
            "resources": {"requests": {"storage": 1_073_741_824}}}}}},
    ]);
    let named = sources.as_array().unwrap().iter().enumerate().map(|(at, source)| {
        let mut volume = source.clone();
        volume["name"] = json!(format!("v{at}"));
        volume
    });
    let mounts: Value = (0..3)
        .map(|at| json!({"name": format!("v{at}"), "mountPath": format!("/{at}"), "mountPropagation": "None", "subPathExpr": ""}))
        .collect();
    let mut tolerations = rich()["spec"]["tolerations"].clone();
    tolerations
        .as_array_mut()
        .unwrap()
        .push(json!({"key": "", "operator": "Exists", "value": "", "effect": ""}));
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "volumes"},
        "spec": {"automountServiceAccountToken": false, "serviceAccountName": "default", "hostNetwork": true, "tolerations": tolerations,
            "dnsConfig": {"options": [{"name": "ndots", "value": ""}, {"name": "rotate", "value": null}], "searches": []},
            "securityContext": {"seLinuxOptions": {"type": "", "level": "s0"}, "sysctls": [], "supplementalGroups": []},
            "imagePullSecrets": [{"name": "s"}], "hostAliases": [{"ip": "10.0.0.1", "hostnames": []}],
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "t", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {}}],
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "t", "labelSelector": {"matchLabels": {"a": ""}}, "namespaces": []}]}}, "volumes": named.collect::<Value>(),
            "initContainers": [{"name": "i", "image": "x", "restartPolicy": "Always", "ports": [{"containerPort": 90, "hostPort": 90}],
                "startupProbe": {"exec": {"command": ["x"]}, "timeoutSeconds": 0, "terminationGracePeriodSeconds": 5}}],
            "containers": [{"name": "a", "image": "x:1", "volumeMounts": mounts, "ports": [{"name": "", "containerPort": 80, "hostPort": 0}],
                "env": [{"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": false}}}],
                "envFrom": [{"prefix": "", "secretRef": {"name": "s", "optional": false}}],
                "livenessProbe": {"grpc": {"port": 81, "service": ""}, "periodSeconds": 0},
                "readinessProbe": {"httpGet": {"port": "web", "scheme": "", "httpHeaders": [{"name": "a", "value": ""}]}, "successThreshold": 0},
                "lifecycle": {"postStart": {"exec": {"command": ["x"]}}, "preStop": {"sleep": {"seconds": 0}}}}]},
    })
}

/// What admission plugins and storage add is none of ours.
fn shown(mut pod: Value) -> Value {
    let metadata = pod["metadata"].as_object_mut().unwrap();
    metadata.retain(|field, _| ["name", "namespace", "labels", "annotations"].contains(&&**field));
    let spec = pod["spec"].as_object_mut().unwrap();
    for added in ["priority", "preemptionPolicy"] {
        spec.remove(added);
    }
    pod.as_object_mut().unwrap().remove("status");
    pod
}

#[test]
fn a_manifest_is_defaulted_as_the_api_server_does_it() {
    if skipped("a_manifest_is_defaulted_as_the_api_server_does_it") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    for manifest in [rich(), on_host(), volumes()] {
        let args = ["create", "--dry-run=server", "-o", "json", "--validate=false", "-f", "-"];
        let answer = cluster.kubectl_with(&args, &manifest.to_string()).unwrap();
        assert!(answer.success(), "{}", answer.stderr);
        let theirs = shown(serde_json::from_str(&answer.stdout).unwrap());
        let ours = shown(Source::new(Object::Value(&manifest), &POD).value("default"));
        for field in theirs["spec"].as_object().unwrap().keys() {
            assert_eq!(ours["spec"][field], theirs["spec"][field], "{field}");
        }
        assert_eq!(ours, theirs);
        // What the API server shows needs nothing done to it.
        let text = theirs.to_string();
        assert_eq!(Source::new(Object::Json(&text), &POD).value("default"), theirs);
    }
}
