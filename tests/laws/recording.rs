//! What is recorded of a review is judged as the review was, and holds nothing that may be secret.

use std::fs;
use std::path::Path;

use plimsoll::admission::{Endpoint, review};
use plimsoll::policy_source::load;
use plimsoll::recording::{Keep, scrub};
use proptest::collection::vec;
use proptest::sample::select;

use super::*;

/// Stands in every text that has to go.
const SECRET: &str = "s3cr3t";

/// Texts that name Services, and texts that do not.
fn texts() -> impl Strategy<Value = Vec<Value>> {
    let texts = vec![
        json!(SECRET),
        json!("--token=s3cr3t"),
        json!("http://jane:s3cr3t@hub:8081/x"),
        json!("https://s3cr3t@example.com"),
        json!("s3cr3t.etl.svc.cluster.local:5432"),
        json!("set -e\ncurl 'http://s3cr3t'\n"),
        json!("s3://s3cr3t/\u{e4}\"\\"),
        json!({"not": "of the s3cr3t API"}),
        json!(null),
    ];
    vec(select(texts), 0..4)
}

/// Secrets where pods carry them.
fn with_secrets(mut pod: Value, texts: &[Value]) -> Value {
    let metadata = &mut pod["metadata"];
    metadata["uid"] = json!("47d2d42c-bc41-4671-b7e5-124e887e50dd");
    metadata["managedFields"] = json!([{"manager": SECRET}]);
    let applied = "kubectl.kubernetes.io/last-applied-configuration";
    metadata["annotations"]["token"] = json!(SECRET);
    metadata["annotations"][applied] = json!("{\"spec\": \"s3cr3t\"}");
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        let Some(containers) = pod["spec"].get_mut(list).and_then(Value::as_array_mut) else {
            continue;
        };
        for (at, container) in containers.iter_mut().enumerate() {
            let texts = texts.iter().skip(at);
            container["args"] = texts.clone().cloned().collect();
            container["command"] = texts.clone().skip(1).cloned().collect();
            let env = texts.skip(2).map(|text| json!({"name": "A", "value": text}));
            container["env"] = env.collect();
            container["livenessProbe"] = json!({"exec": {"command": [SECRET]},
                "httpGet": {"httpHeaders": [{"name": "Authorization", "value": SECRET}]}});
        }
    }
    pod
}

fn reviews(pod: &Value, before: &Value) -> Vec<Value> {
    let request = |operation: &str, group: &str, kind: &str, object: &Value, old: &Value| {
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "f4c0a00c-28b9-4515-be15-f586478a3893", "operation": operation, "namespace": "etl",
            "kind": {"group": group, "version": "v1", "kind": kind},
            "userInfo": {"username": "jane", "groups": ["system:nodes"], "extra": {"token": [SECRET]}},
            "object": object, "oldObject": old}})
    };
    let of = |template: &Value| json!({"metadata": {"name": "x", "annotations": {"a": SECRET}}, "spec": {"template": template}});
    let nightly = json!({"spec": {"jobTemplate": {"spec": {"template": pod}}}});
    vec![
        request("CREATE", "", "Pod", pod, &Value::Null),
        request("UPDATE", "", "Pod", pod, before),
        request("CREATE", "apps", "Deployment", &of(pod), &Value::Null),
        request("UPDATE", "apps", "Deployment", &of(pod), &of(before)),
        request("CREATE", "batch", "CronJob", &nightly, &Value::Null),
    ]
}

fn engines() -> [Engine; 2] {
    let policies = policies();
    let all: Vec<&Value> = policies.iter().collect();
    let own = Engine::new(Arc::new(PolicySet::compile(&all).unwrap()));
    [own, Engine::new(Arc::new(load(&[]).unwrap()))]
}

/// Whether what is recorded of the review gets the very answer that the review got.
fn is_judged_alike(engines: &[Engine], original: &Value) {
    let original = serde_json::to_vec(original).unwrap();
    let (recorded, _) = scrub(&original, Keep::default()).unwrap();
    let text = std::str::from_utf8(&recorded).unwrap();
    assert_eq!(text.find('\n'), Some(text.len() - 1), "one line");
    assert!(!text.contains(SECRET), "{text}");
    for engine in engines {
        for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
            let answer = |body| String::from_utf8(review(engine, endpoint, body).unwrap().body);
            assert_eq!(answer(&recorded).unwrap(), answer(&original).unwrap(), "{text}");
        }
    }
    let (again, _) = scrub(&recorded, Keep::default()).unwrap();
    assert_eq!(again, recorded, "what was taken out is out");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn recorded_reviews_are_judged_as_they_were(
        pod in super::pods::pod(), before in super::pods::pod(), texts in texts(), other in texts(),
    ) {
        let engines = engines();
        for original in reviews(&with_secrets(pod, &texts), &with_secrets(before, &other)) {
            is_judged_alike(&engines, &original);
        }
    }
}

#[test]
fn recorded_pods_of_all_systems_are_judged_as_they_were() {
    let engines = engines();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workloads");
    let mut pods = 0;
    for system in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(system).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let pod: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            for original in reviews(&pod, &pod) {
                is_judged_alike(&engines, &original);
            }
            let texts = [json!("http://s3cr3t:80"), json!(SECRET), json!("a.svc"), json!(SECRET)];
            for original in reviews(&with_secrets(pod.clone(), &texts), &pod) {
                is_judged_alike(&engines, &original);
            }
            pods += 1;
        }
    }
    assert!(pods >= 30, "{pods}");
}
