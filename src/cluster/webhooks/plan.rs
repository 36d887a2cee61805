//! What the webhook configurations should hold: as little as the policies need.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::condition::{Condition, quoted};
use super::configuration::{Configuration, Target};
use super::scope::Scope;
use crate::pod::kinds::{POD_KINDS, PodKind};
use crate::pod::view::Annotations;
use crate::policy::document::Verb;
use crate::policy::{Action, PolicySet};
use crate::selector::LabelSelector;

/// The label with its own name that the API server gives every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
/// A longer condition costs the API server more than a review that was not needed.
const MAX_CONDITION: usize = 8 << 10;
/// More names of groups are not asked for: each is compared with every group of the user, who may be in thousands, and
/// the API server gives up at a cost of 2.5 million (apiserver, `pkg/apis/cel`, `RuntimeCELCostBudgetMatchConditions`).
const MAX_GROUP_NAMES: usize = 64;
/// An API group that API servers of today no longer have; it may stand in manifests.
const GONE: &str = "extensions";

/// What `webhooks` should be in a configuration. Every field is given, so that whatever differs is seen.
pub fn webhooks(
    configuration: Configuration,
    policies: &PolicySet,
    target: &Target,
    ca_bundle: &str,
) -> Vec<Value> {
    let left_out = target.left_out();
    let mut scopes: Vec<Scope<'_>> = policies
        .policies()
        .iter()
        .filter(|policy| {
            configuration == Configuration::Validate
                || policy.rules.iter().any(|rule| rule.action == Action::Patch)
        })
        .filter_map(|policy| Scope::of(policy, &left_out))
        .collect();
    if scopes.iter().map(Scope::group_names).sum::<usize>() > MAX_GROUP_NAMES {
        scopes.iter_mut().for_each(|scope| scope.tells_groups = false);
    }
    let mut webhook = match configuration {
        Configuration::Mutate => match mutating(scopes, &left_out) {
            Some(webhook) => webhook,
            None => return Vec::new(),
        },
        Configuration::Validate => match validating(&scopes, &left_out) {
            Some(webhook) => webhook,
            None => return Vec::new(),
        },
        Configuration::Policies => of_policies(),
    };
    let failure_policy = match configuration {
        // A policy that got in unseen is told of in its status; one that cannot be mended is worse.
        Configuration::Policies => "Ignore",
        Configuration::Mutate | Configuration::Validate => target.failure_policy.as_str(),
    };
    webhook["name"] = json!(configuration.webhook());
    webhook["clientConfig"] = target.client_config(configuration, ca_bundle);
    webhook["failurePolicy"] = json!(failure_policy);
    webhook["timeoutSeconds"] = json!(target.timeout_seconds);
    webhook["matchPolicy"] = json!("Equivalent");
    webhook["sideEffects"] = json!("None");
    webhook["admissionReviewVersions"] = json!(["v1"]);
    vec![webhook]
}

fn mutating(mut scopes: Vec<Scope<'_>>, left_out: &BTreeSet<String>) -> Option<Value> {
    scopes.retain(|scope| scope.verbs.contains(&Verb::Create));
    if scopes.is_empty() {
        return None;
    }
    let verbs = [Verb::Create].into();
    let conditions = [not_mirror(), in_scope(&scopes, &verbs)];
    Some(json!({
        "rules": [rule("", &["pods".to_owned()].into(), &verbs)],
        "namespaceSelector": namespace_selector(&scopes, left_out),
        // Only pods come here, so a policy's selector is about the labels of the object itself.
        "objectSelector": common(scopes.iter().map(Scope::pod_selector)),
        "matchConditions": conditions.into_iter().flatten().collect::<Vec<_>>(),
        "reinvocationPolicy": "IfNeeded",
    }))
}

fn validating(scopes: &[Scope<'_>], left_out: &BTreeSet<String>) -> Option<Value> {
    let kinds: Vec<(&PodKind, BTreeSet<Verb>)> = POD_KINDS
        .iter()
        .filter(|kind| kind.group != GONE)
        .map(|kind| {
            let matching = scopes.iter().filter(|scope| scope.may_match_kind(kind));
            (kind, matching.flat_map(|scope| scope.verbs.iter().copied()).collect())
        })
        .filter(|(_, verbs): &(_, BTreeSet<Verb>)| !verbs.is_empty())
        .collect();
    let verbs: BTreeSet<Verb> = kinds.iter().flat_map(|(_, verbs)| verbs).copied().collect();
    if verbs.is_empty() {
        return None;
    }
    let changed = verbs.contains(&Verb::Update).then(|| changes_the_pod(&kinds));
    let conditions = [not_mirror(), changed, in_scope(scopes, &verbs)];
    Some(json!({
        "rules": rules(&kinds),
        "namespaceSelector": namespace_selector(scopes, left_out),
        "objectSelector": {},
        "matchConditions": conditions.into_iter().flatten().collect::<Vec<_>>(),
    }))
}

fn of_policies() -> Value {
    json!({
        "rules": [{
            "apiGroups": ["plimsoll.dev"], "apiVersions": ["v1alpha1"],
            "resources": ["podpolicies", "podpolicyexemptions"],
            "operations": ["CREATE", "UPDATE"], "scope": "Cluster",
        }],
        "namespaceSelector": {},
        "objectSelector": {},
        "matchConditions": [condition(
            "spec-changes",
            r#"request.operation != "UPDATE" || object == null || oldObject == null || object.?spec != oldObject.?spec"#,
        )],
    })
}

/// The kinds with the same operations, by API group.
fn rules(kinds: &[(&PodKind, BTreeSet<Verb>)]) -> Vec<Value> {
    let mut grouped: BTreeMap<(&str, BTreeSet<Verb>), BTreeSet<String>> = BTreeMap::new();
    for (kind, verbs) in kinds {
        let resource = format!("{}s", kind.kind.to_lowercase());
        if kind.is_pod() && verbs.contains(&Verb::Update) {
            // Debug containers and in-place resizes.
            let parts = ["ephemeralcontainers", "resize"].map(|part| format!("{resource}/{part}"));
            grouped.entry((kind.group, [Verb::Update].into())).or_default().extend(parts);
        }
        grouped.entry((kind.group, verbs.clone())).or_default().insert(resource);
    }
    grouped.iter().map(|((group, verbs), resources)| rule(group, resources, verbs)).collect()
}

fn rule(group: &str, resources: &BTreeSet<String>, verbs: &BTreeSet<Verb>) -> Value {
    let operations: Vec<_> = verbs.iter().map(|verb| verb.as_str()).collect();
    json!({
        "apiGroups": [group], "apiVersions": ["v1"], "resources": resources,
        "operations": operations, "scope": "Namespaced",
    })
}

/// The namespaces that policies can be about, by label.
fn namespace_selector(scopes: &[Scope<'_>], left_out: &BTreeSet<String>) -> Value {
    let mut selector = common(scopes.iter().map(Scope::namespace_selector));
    let mut more = vec![json!({"key": NAME_LABEL, "operator": "NotIn", "values": left_out})];
    let named: Option<Vec<_>> = scopes.iter().map(|scope| scope.namespaces.as_ref()).collect();
    if let Some(names) = named {
        let names: BTreeSet<&String> = names.into_iter().flatten().collect();
        more.insert(0, json!({"key": NAME_LABEL, "operator": "In", "values": names}));
    }
    match selector.get_mut("matchExpressions").and_then(Value::as_array_mut) {
        Some(expressions) => expressions.append(&mut more),
        None => selector["matchExpressions"] = Value::Array(more),
    }
    selector
}

/// The selector that all have; the empty one, which selects everything, where they differ.
fn common<'s>(mut selectors: impl Iterator<Item = Option<&'s LabelSelector>>) -> Value {
    let first = selectors.next().flatten();
    let shared = first.filter(|first| selectors.all(|other| other == Some(first)));
    shared.and_then(|selector| serde_json::to_value(selector).ok()).unwrap_or_else(|| json!({}))
}

/// Keeps back what is in no policy's namespaces, operations, users and groups.
fn in_scope(scopes: &[Scope<'_>], verbs: &BTreeSet<Verb>) -> Option<Value> {
    let any = Condition::any(scopes.iter().map(|scope| scope.condition(verbs)));
    let by_selector = scopes
        .iter()
        .all(|scope| scope.namespaces.is_some() && scope.without_namespaces(verbs).is_always());
    let expression = any.to_cel();
    let needed = !any.is_always() && !by_selector && expression.len() <= MAX_CONDITION;
    needed.then(|| condition("in-scope-of-a-policy", &expression))
}

/// Keeps back the mirrors of static pods that kubelets report, as the engine lets them through.
fn not_mirror() -> Option<Value> {
    let mirror = quoted(Annotations::MIRROR);
    Some(condition(
        "not-a-mirror-pod",
        &format!(
            "object == null || !has(object.metadata.annotations) || !({mirror} in object.metadata.annotations) \
             || !has(request.userInfo.groups) || !(\"system:nodes\" in request.userInfo.groups)"
        ),
    ))
}

/// Keeps back updates that leave the pod, or the template, alone: labels, finalizers, replicas.
fn changes_the_pod(kinds: &[(&PodKind, BTreeSet<Verb>)]) -> Value {
    let mut by_path: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (kind, _) in kinds.iter().filter(|(_, verbs)| verbs.contains(&Verb::Update)) {
        let path = if kind.is_pod() { &["spec"][..] } else { kind.path };
        let path: String = path.iter().map(|step| format!(".?{step}")).collect();
        by_path.entry(path).or_default().push(kind.kind);
    }
    let changed = by_path.iter().map(|(path, kinds)| {
        let kinds: Vec<_> = kinds.iter().map(|kind| quoted(kind)).collect();
        format!("(request.kind.kind in [{}] && object{path} != oldObject{path})", kinds.join(", "))
    });
    let known: Vec<_> = ["request.operation != \"UPDATE\"", "object == null", "oldObject == null"]
        .map(str::to_owned)
        .into_iter()
        .chain(changed)
        .collect();
    condition("pod-changes", &known.join(" || "))
}

fn condition(name: &str, expression: &str) -> Value {
    json!({"name": name, "expression": expression})
}
