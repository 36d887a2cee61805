//! What cases are about: pods written out, objects, files and reviews.

use std::path::Path;

use serde_json::{Value, json};

use super::document::{Case, PathOr, PodForm, Source, wrong};
use super::judge::holds_pod;
use super::pods::{self, overlay};
use crate::decode::DecodeError;
use crate::engine::Namespaces;
use crate::facts::namespaces_of;
use crate::manifest::{Document, parse, read_all};
use crate::pod::kinds::PodKind;

/// Where objects go that name no namespace.
const NAMESPACE: &str = "default";

/// What is judged.
#[derive(Debug)]
pub(super) enum Input {
    /// An object, as it stands in a manifest, and what the other objects of its file say of namespaces.
    Object(Value, Namespaces),
    /// An AdmissionReview.
    Review(Value),
}

/// What a case is about, with what each is called.
pub(super) fn inputs(
    case: &Case,
    defaults: &PodForm,
    folder: &Path,
) -> Result<Vec<(String, Input)>, DecodeError> {
    let Source { object, file, review, old } = &case.source;
    if let Some(review) = review {
        let value = match review {
            PathOr::Value(value) => Value::Object(value.clone()),
            PathOr::Path(path) => {
                only(read(&folder.join(path)).map_err(|error| at("review", error))?)
            }
        };
        let title = match review {
            PathOr::Path(path) => path.display().to_string(),
            PathOr::Value(_) => "a review".to_owned(),
        };
        return Ok(vec![(title, Input::Review(whole_review(value)))]);
    }
    if let Some(path) = file {
        let (documents, namespaces) =
            read_manifest(&folder.join(path)).map_err(|error| at("file", error))?;
        let pods = documents.into_iter().filter(|document| holds_pod(&document.value));
        let named = |document: Document| {
            let kind = document.kind().unwrap_or_default();
            let name = document.name().unwrap_or_default();
            (
                format!("{}: {kind} {name}", path.display()),
                Input::Object(document.value, namespaces.clone()),
            )
        };
        let all: Vec<_> = pods.map(named).collect();
        return if all.is_empty() {
            Err(wrong("/file", format!("{} holds no pod and no pod template", path.display())))
        } else {
            Ok(all)
        };
    }
    let form = overlay(defaults, &case.pod);
    let (title, value) = match object {
        Some(object) => {
            let value = Value::Object(object.clone());
            if !holds_pod(&value) {
                return Err(wrong(
                    "/object",
                    "this is no object that holds a pod, with `apiVersion` and `kind`",
                ));
            }
            let text = |pointer| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            (format!("{} {}", text("/kind"), text("/metadata/name")), value)
        }
        None => (pods::title(&case.pod), pods::object(&form)?),
    };
    if old.is_none() && form.user.is_none() && form.groups.is_none() {
        return Ok(vec![(title, Input::Object(value, Namespaces::default()))]);
    }
    let before = old.as_ref().map(|old| (pods::title(old), pods::object(&overlay(&form, old))));
    let (title, before) = match before {
        Some((was, before)) => {
            (format!("{title}, was {was}"), Some(before.map_err(|error| error.below("old"))?))
        }
        None => (title, None),
    };
    let user = json!({"username": form.user.unwrap_or_default(), "groups": form.groups.unwrap_or_default()});
    let mut request = json!({"userInfo": user, "object": value});
    if let Some(before) = before {
        request["oldObject"] = before;
    }
    Ok(vec![(title, Input::Review(whole_review(request)))])
}

/// A review with the parts that its author may leave out.
fn whole_review(value: Value) -> Value {
    let mut request = match value.get("request") {
        Some(request) => request.clone(),
        None => value.clone(),
    };
    let mut add = |field: &str, given: Value| {
        if let Value::Object(fields) = &mut request {
            fields.entry(field.to_owned()).or_insert(given);
        }
    };
    let object = value.get("request").unwrap_or(&value).get("object").cloned().unwrap_or_default();
    let old = value.get("request").unwrap_or(&value).get("oldObject");
    let is_update = old.is_some_and(|old| !old.is_null());
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let (group, version) = group_version(text("/apiVersion").unwrap_or_default());
    add("uid", json!("00000000-0000-0000-0000-000000000000"));
    add(
        "kind",
        json!({"group": group, "version": version, "kind": text("/kind").unwrap_or_default()}),
    );
    add("operation", json!(if is_update { "UPDATE" } else { "CREATE" }));
    add("namespace", json!(text("/metadata/namespace").unwrap_or(NAMESPACE)));
    add("userInfo", json!({}));
    let mut review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"});
    if let (Value::Object(review), Value::Object(whole), true) =
        (&mut review, &value, value.get("request").is_some())
    {
        review.extend(whole.clone());
    }
    review["request"] = request;
    review
}

/// Group and version of an `apiVersion`.
fn group_version(version: &str) -> (&str, &str) {
    version.split_once('/').unwrap_or(("", version))
}

/// The API group of an object.
pub(super) fn group_of(value: &Value) -> &str {
    let version = value.get("apiVersion").and_then(Value::as_str);
    group_version(version.unwrap_or_default()).0
}

/// The kind of an object of Kubernetes' own that holds a pod.
pub(super) fn kind_of(value: &Value) -> Option<&'static PodKind> {
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    PodKind::find(group_version(text("apiVersion")?).0, text("kind")?)
}

/// The namespace that an object goes to.
pub(super) fn namespace_of(value: &Value) -> &str {
    let namespace = value.pointer("/metadata/namespace").and_then(Value::as_str);
    namespace.filter(|namespace| !namespace.is_empty()).unwrap_or(NAMESPACE)
}

fn at(field: &str, message: String) -> DecodeError {
    wrong(&format!("/{field}"), message)
}

fn only(documents: Vec<Document>) -> Value {
    documents.into_iter().next().map(|document| document.value).unwrap_or_default()
}

fn read(path: &Path) -> Result<Vec<Document>, String> {
    Ok(read_manifest(path)?.0)
}

/// The documents of a file, and what they say of namespaces.
pub(super) fn read_manifest(path: &Path) -> Result<(Vec<Document>, Namespaces), String> {
    let paths = [path.to_owned()];
    let source = read_all(&paths, 1, |source| source.bytes).into_iter().next();
    let bytes = source.unwrap_or_else(|| Ok(Vec::new())).map_err(|error| error.to_string())?;
    let manifest = parse(Some(path), bytes);
    if let Some(error) = manifest.errors.first() {
        return Err(error.to_string());
    }
    let namespaces = namespaces_of(&manifest, NAMESPACE);
    Ok((manifest.documents, namespaces))
}
