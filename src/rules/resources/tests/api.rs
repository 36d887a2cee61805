//! A small port of what the API server does with resources: defaulting, LimitRanger, validation. Written from the
//! sources of 1.36 on JSON, apart from the rule's own arithmetic.

use serde_json::{Map, Value, json};

use crate::quantity::Quantity;

const NAMES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn quantity(value: &Value) -> Quantity {
    Quantity::parse(value.as_str().unwrap()).unwrap()
}

fn amount(resources: &Value, list: &str, name: &str) -> Option<Quantity> {
    resources[list].get(name).map(quantity)
}

fn containers(pod: &Value) -> impl Iterator<Item = (&str, &Value)> {
    ["initContainers", "containers"].into_iter().flat_map(|list| {
        pod["spec"][list].as_array().into_iter().flatten().map(move |container| (list, container))
    })
}

fn each_container(pod: &mut Value, mut change: impl FnMut(&mut Value)) {
    for list in ["containers", "initContainers"] {
        for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
            if container["resources"].is_null() {
                container["resources"] = json!({});
            }
            change(&mut container["resources"]);
        }
    }
}

fn list<'v>(resources: &'v mut Value, list: &str) -> &'v mut Map<String, Value> {
    if resources[list].is_null() {
        resources[list] = json!({});
    }
    resources[list].as_object_mut().unwrap()
}

/// `SetDefaults_Pod`, and amounts in their canonical form.
pub(super) fn defaulted(mut pod: Value) -> Value {
    each_container(&mut pod, |resources| {
        for (name, limit) in list(resources, "limits").clone() {
            list(resources, "requests").entry(name).or_insert(limit);
        }
        canonical(resources);
    });
    let has_limits =
        pod["spec"]["resources"]["limits"].as_object().is_some_and(|limits| !limits.is_empty());
    if has_limits {
        for name in ["cpu", "memory"] {
            let sum = aggregate(&pod, "requests", name);
            let limit = amount(&pod["spec"]["resources"], "limits", name);
            if let Some(request) = sum.or(limit) {
                list(&mut pod["spec"]["resources"], "requests")
                    .entry(name)
                    .or_insert(json!(request.to_string()));
            }
        }
        canonical(&mut pod["spec"]["resources"]);
    }
    pod
}

fn canonical(resources: &mut Value) {
    for field in ["requests", "limits"] {
        for value in list(resources, field).values_mut() {
            *value = json!(quantity(value).to_string());
        }
    }
}

/// LimitRanger's mutation, with the defaults of the LimitRange itself.
pub(super) fn ranged(mut pod: Value, ranges: &[Value]) -> Value {
    for range in ranges {
        for item in range["spec"]["limits"].as_array().unwrap() {
            if item["type"] != "Container" {
                continue;
            }
            let mut limits = Map::new();
            let mut requests = Map::new();
            for (from, to) in [("default", 0), ("max", 0), ("defaultRequest", 1)] {
                for (name, value) in item[from].as_object().into_iter().flatten() {
                    let into = if to == 0 { &mut limits } else { &mut requests };
                    into.entry(name.clone()).or_insert(value.clone());
                }
            }
            for source in [&limits.clone(), item["min"].as_object().unwrap_or(&Map::new())] {
                for (name, value) in source {
                    requests.entry(name.clone()).or_insert(value.clone());
                }
            }
            each_container(&mut pod, |resources| {
                for (field, defaults) in [("limits", &limits), ("requests", &requests)] {
                    for (name, value) in defaults {
                        list(resources, field).entry(name.clone()).or_insert(value.clone());
                    }
                }
            });
        }
    }
    each_container(&mut pod, canonical);
    pod
}

/// `AggregateContainerRequests`, `AggregateContainerLimits`.
fn aggregate(pod: &Value, field: &str, name: &str) -> Option<Quantity> {
    let mut main = None;
    let mut sidecars = None;
    let mut init = None;
    fn plus(a: Option<Quantity>, b: Option<Quantity>) -> Option<Quantity> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (Some(one), None) | (None, Some(one)) => Some(one),
            (None, None) => None,
        }
    }
    for (list, container) in containers(pod) {
        let found = amount(&container["resources"], field, name);
        if list == "containers" {
            main = plus(main, found);
        } else if container["restartPolicy"] == "Always" {
            main = plus(main, found);
            sidecars = plus(sidecars, found);
            init = std::cmp::max(init, sidecars);
        } else {
            init = std::cmp::max(init, plus(found, sidecars));
        }
    }
    std::cmp::max(main, init)
}

/// `validateResourceRequirements`, `validatePodResourceConsistency`: what is wrong, if anything.
pub(super) fn invalid(pod: &Value) -> Option<String> {
    let own = &pod["spec"]["resources"];
    let windows = pod["spec"]["os"]["name"] == "windows";
    if windows && !own.is_null() {
        return Some("pod-level resources on Windows".to_owned());
    }
    for (_, container) in containers(pod).chain([("", &json!({"resources": own}))]) {
        for name in NAMES {
            let request = amount(&container["resources"], "requests", name);
            let limit = amount(&container["resources"], "limits", name);
            if request.zip(limit).is_some_and(|(request, limit)| request > limit) {
                return Some(format!("{}: {name} request above limit", container["name"]));
            }
            if [request, limit].into_iter().flatten().any(Quantity::is_negative) {
                return Some(format!("{}: {name} negative", container["name"]));
            }
        }
    }
    for name in ["cpu", "memory"] {
        let sum = aggregate(pod, "requests", name);
        if let Some((sum, own)) = sum.zip(amount(own, "requests", name))
            && sum > own
        {
            return Some(format!("{name}: requests {sum} above the pod's {own}"));
        }
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            let limit = amount(&container["resources"], "limits", name);
            if let Some((limit, own)) = limit.zip(amount(own, "limits", name))
                && limit > own
            {
                return Some(format!("{name}: limit {limit} above the pod's {own}"));
            }
        }
    }
    None
}

/// What LimitRanger's validation refuses, one line for each container, field and resource.
pub(super) fn refused(pod: &Value, ranges: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for range in ranges {
        for item in range["spec"]["limits"].as_array().unwrap() {
            let rows: Vec<(String, Value)> = if item["type"] == "Container" {
                containers(pod)
                    .map(|(_, container)| {
                        (container["name"].to_string(), container["resources"].clone())
                    })
                    .collect()
            } else {
                vec![("pod".to_owned(), totals(pod))]
            };
            for (who, resources) in rows {
                for field in ["min", "max", "maxLimitRequestRatio"] {
                    for (name, value) in item[field].as_object().into_iter().flatten() {
                        let request = amount(&resources, "requests", name);
                        let limit = amount(&resources, "limits", name);
                        if breaks(field, quantity(value), request, limit) {
                            found.push(format!("{who} {field} {name}"));
                        }
                    }
                }
            }
        }
    }
    found
}

fn breaks(
    field: &str,
    value: Quantity,
    request: Option<Quantity>,
    limit: Option<Quantity>,
) -> bool {
    match (field, request, limit) {
        ("min", None, _) | ("max", _, None) => true,
        ("min", Some(request), limit) => request < value || limit.is_some_and(|l| l < value),
        ("max", request, Some(limit)) => limit > value || request.is_some_and(|r| r > value),
        (_, Some(request), Some(limit)) => {
            let milli = |quantity: Quantity| (quantity.nanos() / 1_000_000) as f64;
            request.is_zero()
                || limit.is_zero()
                || milli(limit) / milli(request) * 1000.0 > milli(value)
        }
        _ => true,
    }
}

fn totals(pod: &Value) -> Value {
    let mut totals = json!({"requests": {}, "limits": {}});
    for name in NAMES {
        for field in ["requests", "limits"] {
            let own = amount(&pod["spec"]["resources"], field, name);
            if let Some(sum) = own.or_else(|| aggregate(pod, field, name)) {
                totals[field][name] = json!(sum.to_string());
            }
        }
    }
    totals
}
