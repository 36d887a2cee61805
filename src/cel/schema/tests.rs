use serde_json::json;

use super::{namespace, params, pod, request};
use crate::cel::types::Type;

/// The type of a field.
fn at(root: &Type, path: &str) -> Option<String> {
    let mut current = root.clone();
    for part in path.split('.') {
        current = match (&current, part) {
            (Type::List(element), "0") => (**element).clone(),
            (Type::Map(map), "*") => map.1.clone(),
            (Type::Object(object), field) => object.fields.get(field)?.clone(),
            _ => return None,
        };
    }
    Some(current.to_string())
}

#[test]
fn a_pod_has_its_fields() {
    let pod = pod();
    for (path, expected) in [
        ("apiVersion", "string"),
        ("kind", "string"),
        ("metadata.name", "string"),
        ("metadata.namespace", "string"),
        ("metadata.creationTimestamp", "string"),
        ("metadata.generation", "int"),
        ("metadata.labels", "map(string, string)"),
        ("metadata.ownerReferences.0.controller", "bool"),
        ("metadata.managedFields.0.fieldsV1", "dyn"),
        ("spec.containers.0.image", "string"),
        ("spec.containers.0.resources.requests", "map(string, string)"),
        ("spec.containers.0.livenessProbe.httpGet.port", "dyn"),
        ("spec.containers.0.securityContext.runAsUser", "int"),
        ("spec.ephemeralContainers.0.targetContainerName", "string"),
        ("spec.volumes.0.emptyDir.sizeLimit", "string"),
        ("spec.volumes.0.image.reference", "string"),
        ("spec.priority", "int"),
        ("spec.tolerations.0.tolerationSeconds", "int"),
        ("spec.affinity.nodeAffinity", "io.k8s.api.core.v1.NodeAffinity"),
        ("spec.overhead", "map(string, string)"),
        ("status.phase", "string"),
    ] {
        assert_eq!(at(&pod, path).as_deref(), Some(expected), "{path}");
    }
    assert_eq!(at(&pod, "spec.containers.0.imagee"), None);
}

#[test]
fn a_review_has_its_fields() {
    assert_eq!(at(&request(), "userInfo.groups").as_deref(), Some("list(string)"));
    assert_eq!(at(&request(), "userInfo.extra").as_deref(), Some("map(string, list(string))"));
    assert_eq!(at(&request(), "requestKind.kind").as_deref(), Some("string"));
    assert_eq!(at(&request(), "options").as_deref(), Some("dyn"));
    assert_eq!(at(&request(), "object"), None);
    assert_eq!(at(&namespace(), "metadata.labels.*").as_deref(), Some("string"));
    assert_eq!(at(&namespace(), "status.conditions.0.type").as_deref(), Some("string"));
}

#[test]
fn params_have_the_types_of_their_value() {
    let params = params(&json!({
        "registries": ["a", "b"],
        "limits": {"cpu": 2, "share": 0.5, "huge": u64::MAX},
        "mixed": [1, "a"],
        "same": [{"a": 1}, {"a": 2}],
        "nothing": null,
        "empty": [],
        "on": true,
    }));
    for (path, expected) in [
        ("registries", "list(string)"),
        ("limits.cpu", "int"),
        ("limits.share", "double"),
        ("limits.huge", "uint"),
        ("mixed", "list(dyn)"),
        ("same.0.a", "int"),
        ("nothing", "dyn"),
        ("empty", "list(dyn)"),
        ("on", "bool"),
    ] {
        assert_eq!(at(&params, path).as_deref(), Some(expected), "{path}");
    }
}
