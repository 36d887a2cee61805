//! Random objects: nothing panics, and a pod that is planted in one is found once, where it was planted.

use plimsoll::engine::{Attributes, Engine, NamespaceFacts, Operation};
use plimsoll::pod::kinds::Object;
use plimsoll::pod::shapes::find;
use plimsoll::policy_source::load;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::{Arc, LazyLock};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(Arc::new(load(&[]).unwrap())));

/// Keys that mean something to the search stand among those that do not.
const KEYS: [&str; 28] = [
    "a",
    "b/c",
    "d~e",
    "spec",
    "template",
    "templates",
    "metadata",
    "containers",
    "container",
    "script",
    "steps",
    "sidecars",
    "driver",
    "executor",
    "image",
    "name",
    "taskSpec",
    "apiVersion",
    "kind",
    "resources",
    "limits",
    "cpu",
    "labels",
    "initContainers",
    "podTemplate",
    "dnsConfig",
    "workflowSpec",
    "stepTemplate",
];

const KINDS: [(&str, &str); 8] = [
    ("argoproj.io/v1alpha1", "Workflow"),
    ("argoproj.io/v1alpha1", "CronWorkflow"),
    ("tekton.dev/v1", "TaskRun"),
    ("tekton.dev/v1beta1", "PipelineRun"),
    ("sparkoperator.k8s.io/v1beta2", "SparkApplication"),
    ("ray.io/v1", "RayCluster"),
    ("example.com/v1", "Thing"),
    ("v1", "Pod"),
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "nginx", "nginx:1.29", "{{x}}", "v1", "Pod", "512m", "1Gi"])
            .prop_map(Value::from),
    ]
}

fn anything(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 64, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(keys), inner, 0..6).prop_map(|map| {
                Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

/// Steps to a planted pod: into a list at this many other items, or into a mapping under this key.
#[derive(Clone, Debug)]
enum Way {
    Index(usize),
    Key(&'static str),
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![
        (0_usize..3).prop_map(Way::Index),
        prop::sample::select(vec!["alpha", "b/c", "d~e", "template", "podSpecs", "0"])
            .prop_map(Way::Key),
    ]
}

/// Keys of which no pod can come.
const DULL: &[&str] = &["x", "y", "list", "image", "name", "replicas"];

fn plant(seed: Value, ways: &[Way], around: &Value) -> (Value, String) {
    let mut pointer = String::new();
    let mut value = seed;
    for way in ways.iter().rev() {
        let step = match way {
            Way::Index(index) => {
                let mut list = vec![around.clone(); *index];
                list.push(value);
                value = Value::Array(list);
                index.to_string()
            }
            Way::Key(key) => {
                let mut map = Map::new();
                map.insert("around".to_owned(), around.clone());
                map.insert((*key).to_owned(), value);
                value = Value::Object(map);
                key.replace('~', "~0").replace('/', "~1")
            }
        };
        pointer = format!("/{step}{pointer}");
    }
    (value, pointer)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_object_makes_it_panic(
        at in 0..KINDS.len(),
        spec in anything(&KEYS),
        other in anything(&KEYS),
    ) {
        let (version, kind) = KINDS[at];
        let object = json!({"apiVersion": version, "kind": kind, "spec": spec, "other": other});
        for embedded in find(&object) {
            prop_assert!(object.pointer(embedded.pointer().as_str()).is_some());
            let within = Attributes {
                operation: Operation::Create,
                group: "",
                kind,
                subresource: "",
                namespace: "default",
                user: None,
                object: Some(Object::Value(&object)),
                old_object: None,
                facts: NamespaceFacts::default(),
                now: None,
            ..Attributes::default()
        };
            let decision = ENGINE.decide_embedded(&embedded, &within);
            for finding in &decision.findings {
                prop_assert!(!finding.violation.pointer.as_str().starts_with("/template/spec"));
            }
        }
        for other in find(&other) {
            other.project();
        }
    }

    #[test]
    fn a_planted_pod_is_found_once_where_it_is(
        ways in prop::collection::vec(way(), 1..24),
        around in anything(DULL),
        bare in any::<bool>(),
    ) {
        let spec = json!({"containers": [{"name": "main", "image": "nginx:1.29"}]});
        let seed = if bare { spec } else { json!({"metadata": {"labels": {"a": "b"}}, "spec": spec}) };
        let (value, below) = plant(seed, &ways, &around);
        let object = json!({
            "apiVersion": "example.com/v1",
            "kind": "Thing",
            "spec": {"deep": value, "beside": around},
            "status": {"copy": {"spec": {"containers": [{"name": "old", "image": "nginx"}]}}},
        });
        let found: Vec<String> =
            find(&object).iter().map(|found| found.pointer().as_str().to_owned()).collect();
        prop_assert_eq!(found, [format!("/spec/deep{below}")]);
    }
}

#[test]
fn depth_costs_no_stack_and_long_paths_end() {
    for (depth, found) in [(512, 1), (100_000, 0)] {
        let mut value = json!({"containers": [{"name": "main", "image": "nginx:1.29"}]});
        for _ in 0..depth {
            value = Value::Array(vec![value]);
        }
        let mut object = json!({"apiVersion": "example.com/v1", "kind": "Thing"});
        object["spec"] = value;
        assert_eq!(find(&object).len(), found, "{depth}");
        // Dropping a value recurses, which is not what is tried here.
        std::mem::forget(object);
    }
}
