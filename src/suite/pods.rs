//! Pods in a few words, written out as the objects they stand for.

use serde_json::{Map, Value, json};

use super::document::{PodForm, wrong};
use super::misspelt;
use crate::decode::{DecodeError, nearest};
use crate::pod::kinds::{POD_KINDS, PodKind};

/// The image where none is named: one that no rule of the built-in policies minds.
const IMAGE: &str = "registry.example/app:1.0";
/// The container's name where none is given.
const CONTAINER: &str = "app";
/// The name of objects that are written in short.
const NAME: &str = "test";

/// The controllers of pods that need not be spelled out.
const OWNERS: [(&str, &str); 6] = [
    ("Job", "batch/v1"),
    ("ReplicaSet", "apps/v1"),
    ("StatefulSet", "apps/v1"),
    ("DaemonSet", "apps/v1"),
    ("ReplicationController", "v1"),
    ("Node", "v1"),
];

/// The lists whose items are told apart by their names.
pub(super) const NAMED: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// The object that a form stands for.
///
/// # Errors
/// When it names a field, a kind or an owner that nobody knows; the error points from the case on.
pub(super) fn object(form: &PodForm) -> Result<Value, DecodeError> {
    let kind = kind(form.kind.as_deref().unwrap_or("Pod"))?;
    if form.image.is_some() && form.images.is_some() {
        return Err(wrong("/images", "a pod has `image` or `images`, and this one has both"));
    }
    misspelt::check(form)?;
    let containers = match (&form.images, &form.image) {
        (Some(images), _) => images
            .iter()
            .map(|(name, image)| json!({"name": name, "image": image}))
            .collect::<Vec<_>>(),
        (None, image) => {
            let image = image.as_deref().unwrap_or(IMAGE);
            vec![json!({"name": CONTAINER, "image": image})]
        }
    };
    let mut metadata = Map::new();
    for (field, texts) in [("labels", &form.labels), ("annotations", &form.annotations)] {
        if let Some(texts) = texts {
            metadata.insert(field.to_owned(), json!(texts));
        }
    }
    if let Some(owner) = &form.owner {
        metadata.insert("ownerReferences".to_owned(), json!([owner_reference(owner)?]));
    }
    let mut pod = json!({"metadata": metadata, "spec": {"containers": containers}});
    if kind.group == "batch" {
        pod["spec"]["restartPolicy"] = json!("Never");
    }
    if let Some(spec) = &form.spec {
        merge(&mut pod["spec"], &Value::Object(spec.clone()));
    }
    if let Some(whole) = &form.pod {
        merge(&mut pod, &Value::Object(whole.clone()));
    }
    let fields = form.container.iter();
    for fields in fields {
        let list = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
        for container in list.into_iter().flatten() {
            let mut whole = Value::Object(fields.clone());
            merge(&mut whole, container);
            *container = whole;
        }
    }
    Ok(wrapped(pod, kind, form.namespace.as_deref()))
}

/// The pod in an object of the kind.
fn wrapped(mut pod: Value, kind: &PodKind, namespace: Option<&str>) -> Value {
    let mut named = Map::from_iter([("name".to_owned(), json!(NAME))]);
    if let Some(namespace) = namespace {
        named.insert("namespace".to_owned(), json!(namespace));
    }
    if kind.is_pod() {
        if let Value::Object(metadata) = &mut pod["metadata"] {
            named.append(metadata);
        }
        pod["metadata"] = Value::Object(named);
    } else {
        for step in kind.path.iter().rev() {
            pod = json!({*step: pod});
        }
        pod["metadata"] = Value::Object(named);
    }
    let group = if kind.group.is_empty() { String::new() } else { format!("{}/", kind.group) };
    pod["apiVersion"] = json!(format!("{group}v1"));
    pod["kind"] = json!(kind.kind);
    pod
}

fn kind(name: &str) -> Result<&'static PodKind, DecodeError> {
    let known = || POD_KINDS.iter().filter(|kind| kind.group != "extensions");
    known().find(|kind| kind.kind == name).ok_or_else(|| DecodeError {
        help: nearest(name, known().map(|kind| kind.kind)),
        ..wrong("/kind", format!("no kind that holds a pod is called `{name}`"))
    })
}

fn owner_reference(owner: &str) -> Result<Value, DecodeError> {
    let (version, kind) = match owner.rsplit_once('/') {
        Some((version, kind)) => (version, kind),
        None => {
            let known = OWNERS.iter().find(|(kind, _)| *kind == owner);
            let (kind, version) = known.ok_or_else(|| DecodeError {
                help: nearest(owner, OWNERS.iter().map(|(kind, _)| *kind))
                    .map(|help| format!("{help}; others are written GROUP/VERSION/KIND")),
                ..wrong("/owner", format!("`{owner}` does not say its group and version"))
            })?;
            (*version, *kind)
        }
    };
    let uid = "00000000-0000-0000-0000-000000000000";
    Ok(json!({"apiVersion": version, "kind": kind, "name": NAME, "uid": uid, "controller": true}))
}

/// Lays `over` on `value` as a JSON merge patch does (RFC 7386), except that containers are told apart by name.
pub(super) fn merge(value: &mut Value, over: &Value) {
    let Value::Object(over) = over else {
        value.clone_from(over);
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(fields) = value else { return };
    for (key, new) in over {
        match (fields.get_mut(key), new) {
            (_, Value::Null) => {
                fields.remove(key);
            }
            (Some(Value::Array(old)), Value::Array(new)) if NAMED.contains(&key.as_str()) => {
                merge_by_name(old, new);
            }
            (old, new) => {
                let mut merged = old.map(Value::take).unwrap_or_default();
                merge(&mut merged, new);
                fields.insert(key.clone(), merged);
            }
        }
    }
}

fn merge_by_name(list: &mut Vec<Value>, over: &[Value]) {
    for new in over {
        let name = new.get("name");
        let same = list.iter_mut().find(|old| name.is_some() && old.get("name") == name);
        match same {
            Some(old) => merge(old, new),
            None => list.push(new.clone()),
        }
    }
}

/// What two forms say together; where both say something of one field, `over` counts.
pub(super) fn overlay(base: &PodForm, over: &PodForm) -> PodForm {
    let map = |base: &Option<Map<String, Value>>, over: &Option<Map<String, Value>>| {
        let (Some(base), Some(over)) = (base, over) else { return over.clone().or(base.clone()) };
        // Not a merge of JSON: a `null` has still to remove something from the pod.
        let mut all = base.clone();
        for (key, value) in over {
            lay(all.entry(key.clone()).or_insert(Value::Null), value);
        }
        Some(all)
    };
    let texts = |base: &Option<_>, over: &Option<_>| match (base, over) {
        (Some(base), Some(over)) => {
            let mut all: std::collections::BTreeMap<String, String> = Clone::clone(base);
            all.extend(Clone::clone(over));
            Some(all)
        }
        (base, over) => over.clone().or_else(|| base.clone()),
    };
    let or = |base: &Option<String>, over: &Option<String>| over.clone().or_else(|| base.clone());
    // One image instead of several, and the other way round.
    let names_images = over.image.is_some() || over.images.is_some();
    let images = if names_images { over } else { base };
    PodForm {
        image: images.image.clone(),
        images: images.images.clone(),
        container: map(&base.container, &over.container),
        spec: map(&base.spec, &over.spec),
        labels: texts(&base.labels, &over.labels),
        annotations: texts(&base.annotations, &over.annotations),
        namespace: or(&base.namespace, &over.namespace),
        kind: or(&base.kind, &over.kind),
        owner: or(&base.owner, &over.owner),
        pod: map(&base.pod, &over.pod),
        user: or(&base.user, &over.user),
        groups: over.groups.clone().or_else(|| base.groups.clone()),
    }
}

fn lay(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(fields), Value::Object(over)) => {
            for (key, new) in over {
                lay(fields.entry(key.clone()).or_insert(Value::Null), new);
            }
        }
        (value, over) => value.clone_from(over),
    }
}

/// What a form is called that has no other name.
pub(super) fn title(form: &PodForm) -> String {
    let images = form
        .images
        .as_ref()
        .map(|images| images.values().map(String::as_str).collect::<Vec<_>>().join(" + "));
    let image = images.or_else(|| form.image.clone());
    let maps = [("container", &form.container), ("spec", &form.spec), ("pod", &form.pod)];
    let maps = maps.into_iter().filter_map(|(name, map)| {
        Some(format!("{name} {}", Value::Object(map.clone()?).to_string().replace('"', "")))
    });
    let texts = [("labels", &form.labels), ("annotations", &form.annotations)];
    let texts = texts.into_iter().filter_map(|(name, map)| {
        Some(format!("{name} {}", json!(map.as_ref()?).to_string().replace('"', "")))
    });
    let words =
        [("in", &form.namespace), ("kind", &form.kind), ("of", &form.owner), ("by", &form.user)];
    let words = words
        .into_iter()
        .filter_map(|(name, word)| word.as_ref().map(|word| format!("{name} {word}")));
    let groups = form.groups.as_ref().map(|groups| format!("groups {}", groups.join(", ")));
    let all: Vec<String> =
        image.into_iter().chain(words).chain(groups).chain(maps).chain(texts).collect();
    if all.is_empty() { "a plain pod".to_owned() } else { shortened(all.join(", ")) }
}

/// At most as much as fits a line.
fn shortened(title: String) -> String {
    const LONGEST: usize = 90;
    match title.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", title.get(..end).unwrap_or_default()),
        None => title,
    }
}
