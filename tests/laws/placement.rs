//! The rule `placement` with settings of every sort, on pods that ask for nodes in every way.

use plimsoll::engine::Stage;
use plimsoll::policy::PolicySet;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::{assert_minimal, decide, engine, patched, pods};

fn requirement() -> impl Strategy<Value = Value> {
    let key = || select(vec!["node-pool", "zone", "cores"]);
    prop_oneof![
        (key(), select(vec!["In", "NotIn"]), vec(select(vec!["steady", "elastic", "8"]), 1..3)).prop_map(
            |(key, operator, values)| json!({"key": key, "operator": operator, "values": values})
        ),
        (key(), select(vec!["Exists", "DoesNotExist"]))
            .prop_map(|(key, operator)| json!({"key": key, "operator": operator})),
        select(vec!["Gt", "Lt"])
            .prop_map(|operator| json!({"key": "cores", "operator": operator, "values": ["7"]})),
    ]
}

fn settings() -> impl Strategy<Value = Value> {
    let tolerations = vec(
        select(vec![
            json!({"key": "dedicated", "operator": "Exists"}),
            json!({"key": "dedicated", "value": "batch", "effect": "NoSchedule"}),
            json!({"key": "dedicated", "value": "steady"}),
            json!({"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}),
            json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 600}),
            json!({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}),
        ]),
        1..3,
    );
    let selector =
        btree_map(select(vec!["node-pool", "zone"]), select(vec!["steady", "elastic"]), 1..3);
    let preferred = vec((1..=100, vec(requirement(), 1..3)), 1..3).prop_map(|all| {
        all.into_iter()
            .map(|(weight, all)| json!({"weight": weight, "matchExpressions": all}))
            .collect::<Value>()
    });
    let affinity = (option::of(vec(requirement(), 1..4)), option::of(preferred));
    let affinity = affinity.prop_map(|(required, preferred)| {
        fields([("required", required.map(|all| json!(all))), ("preferred", preferred)])
    });
    let forbid = select(vec![
        json!({"tolerations": [{"key": "dedicated", "value": "steady"}]}),
        json!({"nodeSelector": {"node-pool": ["e*"], "cores": ["*"]}}),
        json!({"nodeName": true, "schedulerName": ["volcano"], "priorityClassName": ["system-*"]}),
    ]);
    let names = (
        option::of(select(vec!["system-cluster-critical", "low"])),
        option::of(select(vec!["default-scheduler", "volcano"])),
        option::of(Just("gvisor")),
    );
    let rest = (option::of(select(vec!["Avoid", "Allow"])), option::of(forbid), any::<bool>());
    let parts = (option::of(selector), option::of(tolerations), option::of(affinity));
    (parts, names, rest).prop_map(|((selector, tolerations, affinity), names, rest)| {
        fields([
            ("nodeSelector", selector.map(|labels| json!(labels))),
            ("tolerations", tolerations.map(|all| json!(all))),
            ("nodeAffinity", affinity),
            ("priorityClassName", names.0.map(|name| json!(name))),
            ("schedulerName", names.1.map(|name| json!(name))),
            ("runtimeClassName", names.2.map(|name| json!(name))),
            ("disruption", rest.0.map(|what| json!(what))),
            ("forbid", rest.1),
            ("boundPods", rest.2.then(|| json!("Forbid"))),
        ])
    })
}

fn fields<const N: usize>(all: [(&str, Option<Value>); N]) -> Value {
    let there = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}

fn policy(name: &str, settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
           "spec": {"rules": [{"name": "r", "action": "Patch", "placement": settings}]}})
}

/// Whether everything that the pod's author wrote is there still.
fn keeps(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before.iter().all(|(key, value)| {
            let of_the_server = match key.as_str() {
                "priority" => value == 0,
                "preemptionPolicy" => value == "PreemptLowerPriority",
                "tolerationSeconds" => value == 300,
                _ => false,
            };
            let is_none = matches!(key.as_str(), "schedulerName" | "priorityClassName");
            of_the_server
                || (is_none && (value == "default-scheduler" || value == ""))
                || after.get(key).is_some_and(|after| keeps(value, after))
        }),
        (Value::Array(before), Value::Array(after)) => {
            before.len() <= after.len()
                && before.iter().zip(after).all(|(before, after)| keeps(before, after))
        }
        (before, after) => before == after,
    }
}

/// Labels of one node.
type Node = [(&'static str, Option<&'static str>); 4];

/// Nodes with every value that is named here, one that is not, and none.
fn nodes() -> impl Iterator<Item = Node> {
    const POOLS: [Option<&str>; 5] =
        [None, Some("steady"), Some("elastic"), Some("8"), Some("other")];
    const CORES: [Option<&str>; 7] =
        [None, Some("steady"), Some("elastic"), Some("3"), Some("8"), Some("9"), Some("other")];
    const HOSTS: [Option<&str>; 2] = [Some("node-a"), Some("node-b")];
    POOLS.into_iter().flat_map(|pool| {
        POOLS.into_iter().flat_map(move |zone| {
            CORES.into_iter().flat_map(move |cores| {
                HOSTS.into_iter().map(move |host| {
                    [("node-pool", pool), ("zone", zone), ("cores", cores), (HOSTNAME, host)]
                })
            })
        })
    })
}

const HOSTNAME: &str = "kubernetes.io/hostname";
const TERMS: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// Whether the node meets the requirement, as the scheduler has it.
fn meets(node: &Node, requirement: &Value) -> bool {
    let label =
        node.iter().find(|(key, _)| requirement["key"] == *key).and_then(|(_, value)| *value);
    let values: Vec<&str> =
        requirement["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
    let both = number(label).zip(number(values.first().copied()));
    match requirement["operator"].as_str() {
        Some("In") => label.is_some_and(|label| values.contains(&label)),
        Some("NotIn") => label.is_none_or(|label| !values.contains(&label)),
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        Some("Gt") => both.is_some_and(|(label, bound)| label > bound),
        _ => both.is_some_and(|(label, bound)| label < bound),
    }
}

fn is_selected(node: &Node, labels: &Value) -> bool {
    let mut labels = labels.as_object().into_iter().flatten();
    labels.all(|(key, value)| node.iter().any(|(name, has)| name == key && *value == json!(has)))
}

/// Whether the node is one of a term's; fields of nodes are left out, for no policy is about them.
fn is_of_term(node: &Node, term: &Value) -> bool {
    let (own, fields) = (&term["matchExpressions"], &term["matchFields"]);
    let is_empty = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    (!is_empty(own) || !is_empty(fields))
        && own.as_array().into_iter().flatten().all(|one| meets(node, one))
}

fn terms(pod: &Value) -> &[Value] {
    pod.pointer(TERMS).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_static(pod: &Value) -> bool {
    pod["metadata"]["annotations"].get("kubernetes.io/config.mirror").is_some()
}

/// Rules beside which a pod is placed: they see whether it is pinned to a node, and how it ends.
fn neighbours() -> [Value; 2] {
    let of = |name: &str, rule: &str, settings: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"rules": [{"name": "r", "action": "Patch", rule: settings}]}})
    };
    [
        of(
            "a-spread",
            "topologySpread",
            json!({"constraints":
            [{"topologyKey": HOSTNAME, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}]}),
        ),
        of(
            "z-ending",
            "termination",
            json!({"terminationGracePeriodSeconds": {"min": 20, "max": 100},
            "activeDeadlineSeconds": {"required": true, "default": 600, "max": 3600}}),
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn placing_settles_and_keeps_what_was_written(pod in pods::pod(), settings in settings()) {
        let policy = policy("nodes", &settings);
        // Settings that contradict themselves are refused, which is not what is tried here.
        prop_assume!(PolicySet::compile(&[&policy]).is_ok());
        let engine = engine(&[policy]);
        let first = decide(&engine, &pod, Stage::Mutate);
        assert_minimal(&pod, &first);
        let after = patched(&pod, &first);
        prop_assert!(keeps(&pod, &after), "{pod}\n{after}");
        let second = decide(&engine, &after, Stage::Mutate);
        prop_assert!(second.patch.is_empty(), "{:?}\nafter {:?}\non {after}", second.patch, first.patch);
        let left = decide(&engine, &after, Stage::Validate);
        prop_assert!(left.findings.iter().all(|found| found.violation.fix.is_none()), "{:?}", left.findings);
    }

    /// A priority that nobody but an author can have written stays, and is told.
    #[test]
    fn a_priority_of_the_authors_own_stays(
        mut pod in pods::pod(), priority in option::of(select(vec![0, 7])),
        preemption in option::of(select(vec!["Never", "PreemptLowerPriority"])),
    ) {
        let spec = pod["spec"].as_object_mut().unwrap();
        for (field, value) in [("priorityClassName", None), ("priority", priority.map(|one| json!(one))),
            ("preemptionPolicy", preemption.map(|one| json!(one)))] {
            spec.remove(field);
            spec.extend(value.map(|value| (field.to_owned(), value)));
        }
        let engine = engine(&[policy("nodes", &json!({"priorityClassName": "low"}))]);
        let decision = decide(&engine, &pod, Stage::Mutate);
        let after = patched(&pod, &decision);
        prop_assert!(keeps(&pod, &after), "{pod}\n{after}");
        if priority == Some(7) || preemption == Some("Never") {
            prop_assert_eq!(&after, &pod);
            let told = decide(&engine, &pod, Stage::Validate).findings.len();
            prop_assert_eq!(told, usize::from(!is_static(&pod)));
        }
    }

    /// No alternative of a pod's author is closed, and where nothing is told of nodes each leads to wanted ones.
    #[test]
    fn alternatives_stay_open_and_lead_to_wanted_nodes(pod in pods::pod(), settings in settings()) {
        let settings = fields(["nodeSelector", "nodeAffinity"].map(|part| (part, settings.get(part).cloned())));
        let policy = policy("nodes", &settings);
        prop_assume!(PolicySet::compile(&[&policy]).is_ok());
        let engine = engine(&[policy]);
        let after = patched(&pod, &decide(&engine, &pod, Stage::Mutate));
        let all: Vec<Node> = nodes().collect();
        let (before, now) = (&pod["spec"]["nodeSelector"], &after["spec"]["nodeSelector"]);
        for (own, fixed) in terms(&pod).iter().zip(terms(&after)) {
            let could = |labels: &Value, term: &Value| {
                all.iter().any(|node| is_selected(node, labels) && is_of_term(node, term))
            };
            prop_assert!(!could(before, own) || could(now, fixed), "{own} became {fixed} beside {now}");
        }
        let placed = pod["spec"].get("nodeName").is_some();
        let class = |key: &str| pod.pointer(key).is_some();
        let judged = !placed && !class("/metadata/ownerReferences") && !is_static(&pod);
        if judged && decide(&engine, &after, Stage::Validate).findings.is_empty() {
            let runs = |node: &&Node| is_selected(node, now)
                && (after.pointer(TERMS).is_none() || terms(&after).iter().any(|term| is_of_term(node, term)));
            let is_wanted = |node: &Node| is_selected(node, &settings["nodeSelector"])
                && settings["nodeAffinity"]["required"].as_array().into_iter().flatten().all(|one| meets(node, one));
            let stray = all.iter().filter(runs).find(|node| !is_wanted(node));
            prop_assert!(stray.is_none(), "{stray:?} of {after}");
        }
    }

    /// A policy that pins pods to a node, or does not, settles beside rules that look at that, which change nothing of it.
    #[test]
    fn placing_settles_beside_spreading_and_ending(pod in pods::pod(), settings in settings(), pinned in option::of(any::<bool>())) {
        let mut settings = settings;
        match pinned {
            Some(true) => settings["nodeSelector"][HOSTNAME] = json!("node-b"),
            Some(false) => settings["nodeAffinity"]["required"] =
                json!([{"key": HOSTNAME, "operator": "In", "values": ["node-a"]}]),
            None => {}
        }
        let placing = policy("nodes", &settings);
        prop_assume!(PolicySet::compile(&[&placing]).is_ok());
        let [spread, ending] = neighbours();
        let together = engine(&[spread.clone(), placing.clone(), ending.clone()]);
        let first = decide(&together, &pod, Stage::Mutate);
        prop_assert!(first.settled, "{first:?}");
        assert_minimal(&pod, &first);
        let after = patched(&pod, &first);
        let again = decide(&together, &after, Stage::Mutate);
        prop_assert!(again.patch.is_empty(), "{:?}\nafter {:?}\non {after}", again.patch, first.patch);
        let reverse = decide(&engine(&[ending, placing.clone(), spread]), &pod, Stage::Mutate);
        prop_assert_eq!(&first.patch, &reverse.patch);
        let alone = patched(&pod, &decide(&engine(&[placing]), &pod, Stage::Mutate));
        for field in ["nodeSelector", "affinity", "tolerations", "priorityClassName", "schedulerName", "runtimeClassName"] {
            prop_assert_eq!(&after["spec"][field], &alone["spec"][field]);
        }
    }

    #[test]
    fn two_placements_settle_in_whatever_order(pod in pods::pod(), one in settings(), other in settings()) {
        let (one, other) = (policy("one", &one), policy("two", &other));
        prop_assume!(PolicySet::compile(&[&one, &other]).is_ok());
        let first = decide(&engine(&[one.clone(), other.clone()]), &pod, Stage::Mutate);
        prop_assert!(first.settled, "{:?}", first);
        let reverse = decide(&engine(&[other.clone(), one.clone()]), &pod, Stage::Mutate);
        prop_assert_eq!(&first.patch, &reverse.patch);
        let after = patched(&pod, &first);
        let again = decide(&engine(&[one, other]), &after, Stage::Mutate);
        prop_assert!(again.patch.is_empty(), "{:?}\nafter {:?}\non {after}", again.patch, first.patch);
    }
}
