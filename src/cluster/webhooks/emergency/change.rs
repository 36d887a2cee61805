//! What a switch makes of a configuration.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::super::live::{annotation, entries};
use crate::cluster::webhooks::{EMERGENCY_BEFORE, EMERGENCY_OFF};

/// What webhooks of Plimsoll's are called.
const OWN: &str = ".plimsoll.dev";

/// How far webhooks are switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are asked still, and nothing waits for their health.
    Ignore,
    /// They are not asked.
    Remove,
}

/// What is to be done with the webhooks.
#[derive(Clone, Debug)]
pub enum Switch {
    /// Off.
    Off {
        /// How far.
        mode: Mode,
        /// When, who and why.
        record: String,
    },
    /// On again.
    On,
}

/// What is to be done with one configuration.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// A JSON merge patch; none where there is nothing to do.
    pub patch: Option<Value>,
    /// What it means.
    pub lines: Vec<String>,
    /// Namespace and name of the Service behind the webhooks.
    pub service: Option<(String, String)>,
}

impl Switch {
    /// What it makes of a configuration.
    pub fn change(&self, object: &DynamicObject) -> Change {
        let before = before(object);
        let service = before.iter().flatten().chain(own(object)).find_map(service);
        let change = match self {
            Self::Off { mode, record } => off(object, *mode, record),
            Self::On => on(object, before),
        };
        Change { service, ..change }
    }
}

fn own(object: &DynamicObject) -> impl Iterator<Item = &Value> {
    entries(object).iter().filter(|entry| is_own(entry))
}

fn is_own(entry: &Value) -> bool {
    entry["name"].as_str().is_some_and(|name| name.ends_with(OWN))
}

/// The webhooks that were kept for later.
fn before(object: &DynamicObject) -> Option<Vec<Value>> {
    serde_json::from_str(annotation(object, EMERGENCY_BEFORE)?).ok()
}

fn service(entry: &Value) -> Option<(String, String)> {
    let service = &entry["clientConfig"]["service"];
    Some((service["namespace"].as_str()?.to_owned(), service["name"].as_str()?.to_owned()))
}

fn off(object: &DynamicObject, mode: Mode, record: &str) -> Change {
    let mut lines = Vec::new();
    let mut webhooks = Vec::new();
    for entry in entries(object) {
        let name = entry["name"].as_str().unwrap_or_default();
        match mode {
            _ if !is_own(entry) => webhooks.push(entry.clone()),
            Mode::Remove => lines.push(format!("{name} is removed")),
            Mode::Ignore => {
                let mut entry = entry.clone();
                if entry["failurePolicy"] != "Ignore" {
                    entry["failurePolicy"] = json!("Ignore");
                    lines.push(format!("{name} gets failurePolicy Ignore"));
                }
                webhooks.push(entry);
            }
        }
    }
    let since = annotation(object, EMERGENCY_OFF);
    match since {
        Some(since) if lines.is_empty() => {
            return Change {
                lines: vec![format!("was off already: {since}")],
                ..Change::default()
            };
        }
        Some(since) => lines.push(format!("was off in part already: {since}")),
        None => lines.push("no server touches it until plimsoll emergency-on".to_owned()),
    }
    let kept: Vec<Value> = before(object).unwrap_or_else(|| own(object).cloned().collect());
    let patch = json!({
        // Whoever was faster is not overwritten.
        "metadata": {
            "resourceVersion": object.metadata.resource_version,
            "annotations": {
                EMERGENCY_OFF: record,
                EMERGENCY_BEFORE: Value::Array(kept).to_string(),
            },
        },
        "webhooks": webhooks,
    });
    Change { patch: Some(patch), lines, service: None }
}

fn on(object: &DynamicObject, before: Option<Vec<Value>>) -> Change {
    let Some(since) = annotation(object, EMERGENCY_OFF) else {
        return Change { lines: vec!["was not off".to_owned()], ..Change::default() };
    };
    let mut lines = vec![format!("was off: {since}")];
    let mut patch = json!({"metadata": {
        "resourceVersion": object.metadata.resource_version,
        "annotations": {EMERGENCY_OFF: null, EMERGENCY_BEFORE: null},
    }});
    match before {
        Some(before) => {
            for entry in &before {
                let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
                let (name, policy) = (text("name"), text("failurePolicy"));
                lines.push(format!("{name} is as before, with failurePolicy {policy}"));
            }
            if before.is_empty() {
                lines.push("it held no webhook before".to_owned());
            }
            let foreign = entries(object).iter().filter(|entry| !is_own(entry)).cloned();
            patch["webhooks"] = foreign.chain(before).collect();
        }
        None => lines.push(
            "what it held before was not kept: a running server fills it within seconds".to_owned(),
        ),
    }
    Change { patch: Some(patch), lines, service: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(webhooks: Value, annotations: Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "plimsoll", "resourceVersion": "7", "annotations": annotations},
            "webhooks": webhooks,
        }))
        .unwrap()
    }

    fn webhook(name: &str, policy: &str) -> Value {
        json!({"name": name, "failurePolicy": policy, "clientConfig":
            {"service": {"namespace": "ns", "name": "plimsoll"}, "caBundle": "Q0E="}})
    }

    /// The object after a merge patch.
    fn patched(object: &DynamicObject, patch: &Value) -> DynamicObject {
        let mut value = serde_json::to_value(object).unwrap();
        json_patch::merge(&mut value, patch);
        serde_json::from_value(value).unwrap()
    }

    fn off(mode: Mode) -> Switch {
        Switch::Off { mode, record: "2026-11-21T17:00:00Z alice: test".to_owned() }
    }

    #[test]
    fn off_and_on_is_as_before() {
        let webhooks =
            json!([webhook("other.example.com", "Fail"), webhook("validate.plimsoll.dev", "Fail")]);
        let before = object(webhooks.clone(), json!({"mine": "stays"}));
        for mode in [Mode::Ignore, Mode::Remove] {
            let change = off(mode).change(&before);
            assert_eq!(change.service, Some(("ns".to_owned(), "plimsoll".to_owned())));
            let switched = patched(&before, &change.patch.unwrap());
            let names: Vec<_> = entries(&switched).iter().map(|one| one["name"].clone()).collect();
            match mode {
                Mode::Remove => assert_eq!(names, ["other.example.com"]),
                Mode::Ignore => {
                    assert_eq!(names, ["other.example.com", "validate.plimsoll.dev"]);
                    assert_eq!(entries(&switched)[0]["failurePolicy"], "Fail", "it is not ours");
                    assert_eq!(entries(&switched)[1]["failurePolicy"], "Ignore");
                }
            }
            assert!(off(mode).change(&switched).patch.is_none(), "a second time changes nothing");
            let again = patched(&switched, &Switch::On.change(&switched).patch.unwrap());
            assert_eq!(again.data["webhooks"], webhooks);
            assert_eq!(annotation(&again, EMERGENCY_OFF), None);
            assert_eq!(annotation(&again, EMERGENCY_BEFORE), None);
            assert_eq!(annotation(&again, "mine"), Some("stays"));
            assert!(Switch::On.change(&again).patch.is_none());
        }
    }

    #[test]
    fn removing_what_was_ignored_keeps_what_was_first() {
        let before = object(json!([webhook("mutate.plimsoll.dev", "Fail")]), json!({}));
        let ignored = patched(&before, &off(Mode::Ignore).change(&before).patch.unwrap());
        let removed = patched(&ignored, &off(Mode::Remove).change(&ignored).patch.unwrap());
        assert!(entries(&removed).is_empty());
        let again = patched(&removed, &Switch::On.change(&removed).patch.unwrap());
        assert_eq!(entries(&again)[0]["failurePolicy"], "Fail");
    }

    #[test]
    fn an_empty_configuration_is_marked_all_the_same() {
        let before = object(json!([]), json!({}));
        let marked = patched(&before, &off(Mode::Remove).change(&before).patch.unwrap());
        assert!(annotation(&marked, EMERGENCY_OFF).is_some());
    }

    #[test]
    fn a_record_made_by_hand_is_taken_away() {
        let by_hand = object(json!([]), json!({EMERGENCY_OFF: "me"}));
        let change = Switch::On.change(&by_hand);
        assert!(change.lines.iter().any(|line| line.contains("a running server fills it")));
        assert!(change.patch.unwrap().get("webhooks").is_none());
    }
}
