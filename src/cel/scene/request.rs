//! `request` and `namespaceObject`.
//!
//! Source: `CreateAdmissionRequest` and `BuildNamespaceType` in k8s.io/apiserver/pkg/admission/plugin/cel.

use serde_json::{Map, Value, json};

use crate::json::Tree;
use crate::pod::kinds::{Object, PodKind, metadata_of};
use crate::request::{Attributes, Operation};

/// The AdmissionRequest as JSON; empty fields are left out, as `omitempty` has it.
pub(super) fn request_value(request: &Attributes<'_>, kind: &PodKind) -> Value {
    let version = if kind.group == "extensions" { "v1beta1" } else { "v1" };
    let kinds = json!({"group": kind.group, "version": version, "kind": kind.kind});
    let resource = format!("{}s", kind.kind.to_ascii_lowercase());
    let resources = json!({"group": kind.group, "version": version, "resource": resource});
    let operation = match request.operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    };
    let mut value = json!({
        "kind": kinds, "resource": resources, "requestKind": kinds, "requestResource": resources,
        "operation": operation, "dryRun": request.dry_run,
    });
    let Value::Object(members) = &mut value else { return value };
    let name =
        if request.name.is_empty() { name_of(request.object) } else { request.name.to_owned() };
    let texts = [
        ("subResource", request.subresource),
        ("requestSubResource", request.subresource),
        ("name", &name),
        ("namespace", request.namespace),
    ];
    for (field, text) in texts {
        if !text.is_empty() {
            members.insert(field.to_owned(), text.into());
        }
    }
    if let Some(user) = &request.user {
        let user =
            user.whole.and_then(parse).unwrap_or_else(|| user_value(user.name, &user.groups));
        members.insert("userInfo".to_owned(), user);
    }
    if let Some(options) = request.options.and_then(parse) {
        members.insert("options".to_owned(), options);
    }
    value
}

fn user_value(name: &str, groups: &[&str]) -> Value {
    let mut user = Map::new();
    if !name.is_empty() {
        user.insert("username".to_owned(), name.into());
    }
    if !groups.is_empty() {
        user.insert("groups".to_owned(), groups.into());
    }
    Value::Object(user)
}

fn parse(text: &str) -> Option<Value> {
    Tree::parse(text).ok().map(|tree| tree.view().to_json())
}

/// The API server takes the name of what is created from the object.
fn name_of(object: Option<Object<'_>>) -> String {
    let name = match object {
        Some(Object::Value(value)) => {
            value.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned)
        }
        Some(Object::Json(text)) => {
            metadata_of(text).and_then(|metadata| metadata.name.map(|name| name.0.into_owned()))
        }
        None => None,
    };
    name.unwrap_or_default()
}

/// The Namespace, as far as doors know it: its name and its labels.
pub(super) fn namespace_value(request: &Attributes<'_>) -> Value {
    let labels = request.facts.labels.and_then(Value::as_object).cloned();
    let mut labels = labels.unwrap_or_default();
    // The API server gives every namespace this one.
    labels.insert("kubernetes.io/metadata.name".to_owned(), request.namespace.into());
    json!({"metadata": {"name": request.namespace, "labels": labels}})
}
