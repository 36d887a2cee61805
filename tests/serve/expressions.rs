//! Expressions that cost, fail and match without end, and pods that are made for them, against the command itself.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::process::Process;
use crate::support::{connect, exchange, get, post};

/// What an API server grants where nobody says otherwise (admissionregistration/v1, `timeoutSeconds`).
const DEADLINE: Duration = Duration::from_secs(10);
/// Patience with what has nothing to do with the bombs, on a busy machine and without optimisation.
const SOON: Duration = Duration::from_secs(5);

/// A policy about namespaces that begin like this.
fn policy(name: &str, action: &str, namespaces: &str, expression: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"match": {"namespaces": {"include": [namespaces]}},
            "rules": [{"name": name, "action": action, "expression": expression}]}})
}

fn stream(policies: &[Value]) -> String {
    policies.iter().map(|policy| format!("---\n{policy}\n")).collect()
}

/// Each with what is said of it where it comes to no value.
fn bombs() -> Vec<(&'static str, String, &'static str)> {
    let range = "lists.range(1000)";
    vec![
        ("loops", format!("{range}.all(a, {range}.all(b, {range}.all(c, a + b + c >= 0)))"), "costs more than"),
        ("pods", "object.spec.containers.all(a, object.spec.containers.all(b, object.spec.containers.all(c,
            a.name != '' || b == c)))".to_owned(), "costs more than"),
        ("labels", "object.metadata.labels.all(a, object.metadata.labels.all(b, a == b || a != b))".to_owned(), "costs more than"),
        ("doubling", format!("['aaaaaaaa']{}[0].size() > 0", ".map(x, x + x)".repeat(40)), "could not be evaluated"),
        ("replacing", format!("'a'{}.size() > 0", ".replace('a', 'aaaaaaaaaa')".repeat(12)), "could not be evaluated"),
        ("ranges", "lists.range(1000000000).size() > 0".to_owned(), "could not be evaluated"),
        (
            "nesting",
            format!("[[1, 2]]{0} == [[1, 2]]{0}", ".map(x, [x, x])".repeat(60)),
            "could not be evaluated",
        ),
        ("division", "1 / (size(object.metadata.name) - size(object.metadata.name)) == 1".to_owned(), "division by zero"),
        ("key", "object.metadata.annotations['nowhere'] == ''".to_owned(), "no such key"),
        ("index", "object.spec.containers[1000000].name == ''".to_owned(), "could not be evaluated"),
        ("overflow", "size(object.spec.containers) + 9223372036854775807 > 0".to_owned(), "overflow"),
        ("time", "timestamp(object.metadata.name) > timestamp('2020-01-01T00:00:00Z')".to_owned(), "could not be evaluated"),
    ]
}

/// Whose matching is linear however the pattern is written: they come to true or to false.
const PATTERNS: [&str; 4] =
    [r"^(a+)+$", r"(a*)*b", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(x+x+)+y|(a|aa)+$"];

fn review(namespace: &str, pod: &Value) -> Vec<u8> {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE",
        "namespace": namespace, "userInfo": {"username": "jane"}, "object": pod}})
    .to_string()
    .into_bytes()
}

fn pod(containers: usize, labels: usize) -> Value {
    let containers: Vec<Value> =
        (0..containers).map(|at| json!({"name": format!("c{at}"), "image": "x:1"})).collect();
    let labels: Value =
        (0..labels).map(|at| (format!("example.com/label-{at}"), json!("v"))).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a".repeat(60), "labels": labels},
        "spec": {"containers": containers}})
}

/// What is wrong with the pod, by the webhook's answer in time.
async fn asked(stream: &mut TlsStream<TcpStream>, namespace: &str, pod: &Value) -> Value {
    asked_within(DEADLINE, stream, namespace, pod).await
}

async fn asked_within(
    deadline: Duration,
    stream: &mut TlsStream<TcpStream>,
    namespace: &str,
    pod: &Value,
) -> Value {
    let began = Instant::now();
    let answer = exchange(stream, &post("/validate?timeout=10s", &review(namespace, pod))).await;
    let took = began.elapsed();
    println!("{namespace}: {took:?}");
    assert!(took < deadline, "{namespace}: {took:?}");
    assert_eq!(answer.status, 200, "{namespace}");
    answer.json()["response"].clone()
}

#[test]
fn what_no_policy_may_say_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    for (expression, wanted) in [
        (format!("1{} > 0", " + 1".repeat(4_999)), "expression"),
        (format!("{}1{} == 1", "(".repeat(7_000), ")".repeat(7_000)), "expression"),
        (format!("'{}' == ''", "a".repeat(1 << 20)), "expression"),
        (format!("{}1{} == []", "[".repeat(5_000), "]".repeat(5_000)), "expression"),
        (format!("{}true", "true ? true : ".repeat(1_100)), "expression"),
        ("'a'.matches('((a{1000}){1000}){1000}')".to_owned(), "expression"),
        ("'a'.matches('(')".to_owned(), "expression"),
        ("\u{0}".to_owned(), "expression"),
        ("1 +".to_owned(), "expression"),
        ("object.spec.nowhere == 1".to_owned(), "nowhere"),
        ("object.spec == 1".to_owned(), "expression"),
    ] {
        let policy =
            policy("bad", "Deny", "*", &json!({"validations": [{"expression": expression}]}));
        std::fs::write(&file, policy.to_string()).unwrap();
        let began = Instant::now();
        let said = folder.path().join("stderr");
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
                "--policies",
            ])
            .arg(&file)
            .stderr(std::fs::File::create(&said).unwrap())
            .spawn()
            .unwrap();
        let status = loop {
            match child.try_wait().unwrap() {
                None if began.elapsed() < SOON => std::thread::sleep(Duration::from_millis(10)),
                status => break status,
            }
        };
        if status.is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let status = status.and_then(|status| status.code());
        let shown: String = expression.chars().take(40).collect();
        let said = std::fs::read_to_string(&said).unwrap();
        assert_eq!(status, Some(2), "{shown}: {said}");
        assert!(said.contains(wanted), "{shown}: {said}");
        assert!(said.len() < 4_000, "{shown}: {} bytes are said", said.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_findings_and_others_are_served_meanwhile() {
    let mut policies: Vec<Value> = Vec::new();
    for (name, expression, _) in bombs() {
        let validations = json!({"validations": [{"expression": expression}]});
        policies.push(policy(name, "Deny", name, &validations));
    }
    for (at, pattern) in PATTERNS.iter().enumerate() {
        let expression = format!(
            "object.spec.containers.all(c, !c.name.matches(r'{pattern}') || !object.metadata.name.matches(r'{pattern}'))"
        );
        let name = format!("pattern-{at}");
        policies.push(policy(
            &name,
            "Deny",
            &name,
            &json!({"validations": [{"expression": expression}]}),
        ));
    }
    // All of them in one namespace, many times over.
    for (name, expression, _) in bombs() {
        let many: Vec<Value> = (0..100).map(|_| json!({"expression": expression})).collect();
        policies.push(policy(&format!("all-{name}"), "Deny", "all", &json!({"validations": many})));
    }
    // Patches that never end, and conditions that cost.
    let grows =
        "object.spec.containers.map(c, JSONPatch{op: 'add', path: '/spec/containers/-', value: c})";
    policies.push(policy("grows", "Patch", "grows", &json!({"patches": [{"expression": grows}]})));
    let mut costly =
        policy("condition", "Deny", "condition", &json!({"validations": [{"expression": "true"}]}));
    costly["spec"]["matchConditions"] = json!([{"name": "loops", "expression": bombs()[0].1}]);
    policies.push(costly);
    policies.push(policy(
        "plain",
        "Deny",
        "plain",
        &json!({"validations": [
        {"expression": "object.spec.containers.all(c, c.image.endsWith(':1'))"}]}),
    ));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policies.yaml");
    std::fs::write(&file, stream(&policies)).unwrap();
    let mut process = Process::start(&["--policies", file.to_str().unwrap()]);
    let said = process.said_until("serving");
    let serving: Value = serde_json::from_str(said.last().unwrap()).unwrap();
    let address = |field: &str| serving[field].as_str().unwrap().parse().unwrap();
    let (listen, admin) = (address("listen"), address("admin_listen"));
    let (_, ca) = get(admin, "/ca.pem").await;
    let mut stream = connect(listen, &ca).await.unwrap();

    // 10,000 containers, 10,000 labels.
    let large = pod(10_000, 10_000);
    for (name, _, wanted) in bombs() {
        let answer = asked(&mut stream, name, &large).await;
        assert_eq!(answer["allowed"], false, "{name}: {answer}");
        let message = answer["status"]["message"].as_str().unwrap();
        assert!(message.contains(wanted), "{name}: {message}");
        assert!(message.len() < 20_000, "{name}: {} bytes", message.len());
    }
    for at in 0..PATTERNS.len() {
        let answer = asked(&mut stream, &format!("pattern-{at}"), &large).await;
        assert!(answer["allowed"].is_boolean(), "{answer}");
    }
    let answer = asked(&mut stream, "condition", &large).await;
    assert!(
        answer["status"]["message"].as_str().unwrap().contains("match condition `loops`"),
        "{answer}"
    );
    let began = Instant::now();
    let answer =
        exchange(&mut stream, &post("/mutate?timeout=10s", &review("grows", &large))).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["response"]["patch"].is_null() && began.elapsed() < DEADLINE);

    // Nulls where something is expected, and types that no pod has.
    let mut nulls = pod(1, 0);
    nulls["metadata"]["labels"] = json!(null);
    nulls["spec"]["volumes"] = json!(null);
    nulls["spec"]["containers"][0]["resources"] = json!({"limits": null});
    assert_eq!(asked(&mut stream, "plain", &nulls).await["allowed"], true);
    assert_eq!(asked(&mut stream, "labels", &nulls).await["allowed"], false);
    for odd in
        [json!({"spec": null}), json!({"spec": {"containers": [7]}}), json!({"metadata": []})]
    {
        let answer = asked(&mut stream, "plain", &odd).await;
        assert_eq!(answer["allowed"], false, "{odd}: {answer}");
    }

    // Many at once, while others want to be answered.
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let (ca, large) = (ca.clone(), large.clone());
            tokio::spawn(async move {
                let mut stream = connect(listen, &ca).await.unwrap();
                // Unoptimised, and together: what an API server waits at the most.
                asked_within(3 * DEADLINE, &mut stream, "all", &large).await
            })
        })
        .collect();
    let small = pod(1, 1);
    for _ in 0..10 {
        let began = Instant::now();
        assert_eq!(asked(&mut stream, "plain", &small).await["allowed"], true);
        assert_eq!(get(admin, "/livez").await.0, 200);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for answer in busy {
        assert_eq!(answer.await.unwrap()["allowed"], false);
    }
    assert_eq!(asked(&mut stream, "plain", &small).await["allowed"], true);
}
