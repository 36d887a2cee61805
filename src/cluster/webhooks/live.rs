//! A configuration as the API server has it, and what should be done about it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};
use serde_json::Value;

use super::configuration::{Configuration, EMERGENCY_BEFORE, EMERGENCY_OFF, Target};

use super::plan::webhooks;
use crate::cluster::certificates::CaBundle;
use crate::policy::PolicySet;

/// cert-manager's cainjector fills `caBundle` where a configuration carries one of these.
const INJECTED: [&str; 3] = [
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
];

/// How a configuration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds what it should, which may be nothing.
    InPlace,
    /// Somebody deleted it, or it was never made.
    Missing,
    /// Somebody switched it off.
    Off,
    /// It should hold something else, and will.
    Differs,
}

/// What is to be done about a configuration.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Nothing.
    Leave(Standing),
    /// There is nothing to tell API servers to trust yet.
    WaitForCa,
    /// It has no webhook yet: this is to be its first, once somebody answers.
    Appear(Vec<Value>),
    /// It should hold this.
    Apply(Vec<Value>),
}

/// The configurations of a kind. Both kinds read alike but for one field.
pub(super) fn api(client: &Client, configuration: Configuration) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &resource(configuration))
}

fn resource(configuration: Configuration) -> ApiResource {
    let kind = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", configuration.kind());
    ApiResource::from_gvk_with_plural(&kind, configuration.resource())
}

/// The webhooks in an object.
pub(super) fn entries(object: &DynamicObject) -> &[Value] {
    object.data.get("webhooks").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Those of them that are Plimsoll's.
pub(super) fn own(
    object: &DynamicObject,
    configuration: Configuration,
) -> impl Iterator<Item = &Value> {
    entries(object).iter().filter(move |entry| entry["name"] == configuration.webhook())
}

/// The same; of one that is switched off those that come back with `emergency-on`. What they carry has to be trusted
/// still on that day, whether a server is there or not, so whoever signs certificates waits for them.
pub(super) fn own_or_put_aside(
    object: &DynamicObject,
    configuration: Configuration,
) -> Vec<Cow<'_, Value>> {
    let aside = annotation(object, EMERGENCY_BEFORE).filter(|_| is_off(object));
    let aside: Option<Vec<Value>> = aside.and_then(|text| serde_json::from_str(text).ok());
    match aside {
        Some(entries) => entries
            .into_iter()
            .filter(|entry| entry["name"] == configuration.webhook())
            .map(Cow::Owned)
            .collect(),
        None => own(object, configuration).map(Cow::Borrowed).collect(),
    }
}

/// Whether somebody switched it off, and who, when and why.
pub(super) fn is_off(object: &DynamicObject) -> bool {
    annotation(object, EMERGENCY_OFF).is_some()
}

pub(super) fn annotation<'o>(object: &'o DynamicObject, key: &str) -> Option<&'o str> {
    Some(object.metadata.annotations.as_ref()?.get(key)?.as_str())
}

/// The `caBundle` of a webhook, as PEM.
pub(super) fn ca_bundle(entry: &Value) -> Vec<u8> {
    let text = entry["clientConfig"]["caBundle"].as_str().unwrap_or_default();
    STANDARD.decode(text).unwrap_or_default()
}

/// What to do about a configuration; `None` is one that is not there.
pub(super) fn next_step(
    configuration: Configuration,
    live: Option<&DynamicObject>,
    policies: &PolicySet,
    target: &Target,
    ca: Option<&CaBundle>,
) -> Step {
    let Some(live) = live else { return Step::Leave(Standing::Missing) };
    if is_off(live) {
        return Step::Leave(Standing::Off);
    }
    let Some(ca) = ca else { return Step::WaitForCa };
    let mut wanted = webhooks(configuration, policies, target, &STANDARD.encode(ca.pem()));
    if INJECTED.iter().any(|key| annotation(live, key).is_some()) {
        keep_what_was_injected(live, &mut wanted);
    }
    if same(own(live, configuration), &wanted) {
        Step::Leave(Standing::InPlace)
    } else if own(live, configuration).next().is_none() {
        Step::Appear(wanted)
    } else {
        Step::Apply(wanted)
    }
}

fn keep_what_was_injected(live: &DynamicObject, wanted: &mut [Value]) {
    for entry in wanted {
        let before = entries(live).iter().find(|one| one["name"] == entry["name"]);
        let bundle = before.map(|one| &one["clientConfig"]["caBundle"]);
        if let Some(bundle) = bundle.filter(|bundle| bundle.as_str().is_some_and(|b| !b.is_empty()))
        {
            entry["clientConfig"]["caBundle"] = bundle.clone();
        }
    }
}

/// What a webhook can say (admissionregistration.k8s.io/v1). A field that a later API server adds by itself is no
/// difference.
const FIELDS: [&str; 12] = [
    "name",
    "clientConfig",
    "rules",
    "failurePolicy",
    "matchPolicy",
    "namespaceSelector",
    "objectSelector",
    "sideEffects",
    "timeoutSeconds",
    "admissionReviewVersions",
    "matchConditions",
    "reinvocationPolicy",
];

/// Whether both say the same.
pub(super) fn same<'v>(live: impl Iterator<Item = &'v Value>, wanted: &[Value]) -> bool {
    let live: Vec<&Value> = live.collect();
    live.len() == wanted.len()
        && live.iter().zip(wanted).all(|(live, wanted)| differences(live, wanted).is_empty())
}

/// The fields in which two webhooks say different things.
pub fn differences(live: &Value, wanted: &Value) -> Vec<&'static str> {
    FIELDS.into_iter().filter(|field| said(live, field) != said(wanted, field)).collect()
}

/// What a webhook says in a field; the API server drops lists that are empty.
fn said<'v>(entry: &'v Value, field: &str) -> Option<&'v Value> {
    entry.get(field).filter(|value| value.as_array().is_none_or(|list| !list.is_empty()))
}
