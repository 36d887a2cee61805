//! Drivers and executors of the Spark operator (internal/controller/sparkapplication/submission.go), with what Spark
//! makes of them (resource-managers/kubernetes/core: `BasicDriverFeatureStep`, `BasicExecutorFeatureStep`).

use serde_json::{Map, Value, json};

use super::shared;
use crate::pod::shapes::projection::{Bond, Draft};
use crate::pod::shapes::{Embedded, Whole};
use crate::pointer::Pointer;

/// spark.driver.memory and spark.executor.memory, in MiB.
const DEFAULT_MEMORY: f64 = 1024.0;
/// `MEMORY_OVERHEAD_MIN_MIB`.
const LEAST_OVERHEAD: f64 = 384.0;

pub(super) fn draft(embedded: &Embedded<'_>, draft: &mut Draft) {
    let (role, at) = (embedded.node, &embedded.pointer);
    let (app, app_at) = shared(embedded, embedded.pods.map_or(&[], |pods| pods.shared));
    let of_app = |field: &str| app.and_then(|app| app.get(field));
    let template = role.get("template").and_then(|template| template.get("spec"));
    if let Some(template) = template.and_then(Value::as_object) {
        // What it holds besides is laid over what Spark makes.
        draft.spec.clone_from(template);
        draft.spec.remove("containers");
        draft.whole = Whole::Nothing;
    }
    container(embedded, draft, of_app, &app_at);
    draft.containers("containers", role.get("sidecars"), &at.clone().join("sidecars"));
    draft.containers(
        "initContainers",
        role.get("initContainers"),
        &at.clone().join("initContainers"),
    );
    for field in ["affinity", "dnsConfig", "hostNetwork", "nodeSelector"] {
        if let Some(value) = role.get(field) {
            draft.field(field, Some(value), at.clone().join(field), Bond::Same);
        } else if field == "dnsConfig" {
            draft.field(field, None, at.clone().join(field), Bond::Same);
        }
    }
    let metadata = json!({"labels": role.get("labels"), "annotations": role.get("annotations")});
    draft.metadata(Some(&metadata), at.clone(), Bond::Same);
}

/// The container that Spark makes.
fn container<'v>(
    embedded: &Embedded<'v>,
    draft: &mut Draft,
    of_app: impl Fn(&str) -> Option<&'v Value>,
    app_at: &Pointer,
) {
    let (role, at) = (embedded.node, &embedded.pointer);
    let mut container = Map::new();
    let (image, image_at) = match (role.get("image"), of_app("image")) {
        (None, Some(image)) => (Some(image), app_at.clone().join("image")),
        (image, _) => (image, at.clone().join("image")),
    };
    container.extend(image.map(|image| ("image".to_owned(), image.clone())));
    // Spark sets it always: spark.kubernetes.container.image.pullPolicy.
    let pull = of_app("imagePullPolicy").cloned().unwrap_or_else(|| Value::from("IfNotPresent"));
    container.insert("imagePullPolicy".to_owned(), pull);
    let mut requests = Map::new();
    let mut limits = Map::new();
    let cores = ["coreRequest", "cores"].into_iter().find(|field| role.get(field).is_some());
    let request = cores.and_then(|field| role.get(field)).cloned();
    requests.insert("cpu".to_owned(), request.unwrap_or_else(|| Value::from("1")));
    limits.extend(role.get("coreLimit").map(|limit| ("cpu".to_owned(), limit.clone())));
    if let Some(memory) = memory(role, of_app("memoryOverheadFactor"), of_app("type")) {
        let limit = role.get("memoryLimit").cloned().unwrap_or_else(|| memory.clone());
        requests.insert("memory".to_owned(), memory);
        limits.insert("memory".to_owned(), limit);
    }
    container.insert("resources".to_owned(), json!({"requests": requests, "limits": limits}));
    let from = draft.container("containers", Value::Object(container), at.clone());
    let place = |draft: &mut Draft, field: &str, to: Pointer, bond| {
        draft.at(&format!("{from}{field}"), to, bond);
    };
    place(draft, "", at.clone(), Bond::Near);
    place(draft, "/image", image_at, Bond::Derived);
    place(draft, "/imagePullPolicy", app_at.clone().join("imagePullPolicy"), Bond::Derived);
    let cores = at.clone().join(cores.unwrap_or("cores"));
    place(draft, "/resources/requests/cpu", cores, Bond::Derived);
    place(draft, "/resources/limits/cpu", at.clone().join("coreLimit"), Bond::Derived);
    for list in ["requests", "limits"] {
        let written = if list == "limits" && role.get("memoryLimit").is_some() {
            "memoryLimit"
        } else {
            "memory"
        };
        let to = at.clone().join(written);
        place(draft, &format!("/resources/{list}/memory"), to, Bond::Derived);
    }
}

/// Memory with its overhead, as Spark asks for it; none where it is written so that it cannot be read here.
fn memory(role: &Value, factor: Option<&Value>, language: Option<&Value>) -> Option<Value> {
    let read = |field: &str| role.get(field).map(|value| mebibytes(value.as_str()?));
    let memory = read("memory").unwrap_or(Some(DEFAULT_MEMORY))?;
    let is_jvm = !matches!(language.and_then(Value::as_str), Some("Python" | "R"));
    let usual = if is_jvm { 0.1 } else { 0.4 };
    let factor = factor.map_or(Some(usual), |factor| factor.as_str()?.parse().ok())?;
    let overhead = match read("memoryOverhead") {
        Some(overhead) => overhead?,
        None => (memory * factor).max(LEAST_OVERHEAD),
    };
    Some(Value::from(format!("{}Mi", (memory + overhead).floor())))
}

/// An amount as the JVM writes it: binary units, without a unit MiB.
fn mebibytes(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let scale = match unit {
        "b" => 1.0 / (1024.0 * 1024.0),
        "k" | "kb" => 1.0 / 1024.0,
        "" | "m" | "mb" => 1.0,
        "g" | "gb" => 1024.0,
        "t" | "tb" => 1024.0 * 1024.0,
        _ => return None,
    };
    Some(number * scale)
}
