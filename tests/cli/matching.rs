//! Which pods a policy is about, asked through `check`.

use crate::sandbox::{DENY_LATEST, Sandbox, bad_pod};

/// Whether a policy with this `match` finds something in a manifest.
fn matches(matching: &str, manifest: &str) -> bool {
    let policy = DENY_LATEST.replace("  rules:", &format!("  match: {matching}\n  rules:"));
    let sandbox = Sandbox::with_policy(&policy);
    sandbox.write("a.yaml", manifest);
    let run = sandbox.check(["a.yaml"]);
    assert!(run.code < 2, "{matching}: {}{}", run.stdout, run.stderr);
    run.code == 1
}

fn pod(metadata: &str) -> String {
    bad_pod("x").replace("name: x", &format!("name: x, {metadata}"))
}

#[test]
fn namespaces() {
    for (globs, namespace, wanted) in [
        ("{include: [\"airflow-*\"]}", "airflow-etl", true),
        ("{include: [\"airflow-*\"]}", "web", false),
        ("{include: [\"*\"], exclude: [\"kube-*\"]}", "kube-system", false),
        ("{exclude: [\"kube-*\"]}", "default", true),
        ("{include: [\"{a,b}-?\"]}", "b-1", true),
        ("{}", "anything", true),
    ] {
        let manifest = pod(&format!("namespace: {namespace}"));
        let found = matches(&format!("{{namespaces: {globs}}}"), &manifest);
        assert_eq!(found, wanted, "{globs} {namespace}");
    }
}

#[test]
fn pod_selectors() {
    for (selector, labels, wanted) in [
        ("{matchLabels: {tier: batch}}", "{tier: batch}", true),
        ("{matchLabels: {tier: batch}}", "{}", false),
        ("{matchLabels: {tier: batch, a: b}}", "{tier: batch}", false),
        ("{matchExpressions: [{key: tier, operator: NotIn, values: [system]}]}", "{}", true),
        (
            "{matchExpressions: [{key: tier, operator: NotIn, values: [system]}]}",
            "{tier: system}",
            false,
        ),
        ("{matchExpressions: [{key: tier, operator: In, values: [a, b]}]}", "{tier: b}", true),
        ("{matchExpressions: [{key: tier, operator: Exists}]}", "{tier: x}", true),
        ("{matchExpressions: [{key: tier, operator: DoesNotExist}]}", "{tier: x}", false),
        ("{}", "{}", true),
    ] {
        let manifest = pod(&format!("labels: {labels}"));
        let found = matches(&format!("{{podSelector: {selector}}}"), &manifest);
        assert_eq!(found, wanted, "{selector} {labels}");
    }
}

/// The labels of the template count, not those of the workload.
#[test]
fn pod_selectors_look_at_templates() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, labels: {on: job}}\nspec:\n  template:\n    metadata: {labels: {on: pod}}\n    spec: {restartPolicy: Never, containers: [{name: a, image: \"b:latest\"}]}\n";
    assert!(matches("{podSelector: {matchLabels: {on: pod}}}", job));
    assert!(!matches("{podSelector: {matchLabels: {on: job}}}", job));
    assert!(matches("{workloads: [Batch]}", job));
    assert!(!matches("{workloads: [Service, Daemon, Static]}", job));
}

#[test]
fn workloads() {
    let airflow = pod("labels: {dag_id: d, task_id: t, kubernetes_executor: \"True\"}");
    assert!(matches("{workloads: [Airflow]}", &airflow));
    assert!(matches("{workloads: [Batch]}", &airflow));
    assert!(matches("{workloads: [Service, Airflow]}", &airflow));
    assert!(!matches("{workloads: [Spark, Service]}", &airflow));
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: \"b:latest\"}]}\n";
    assert!(matches("{workloads: [Service]}", deployment));
    assert!(!matches("{workloads: [Batch]}", deployment));
    assert!(matches("{workloads: [Bare]}", &bad_pod("x")));
}

/// A manifest is created, by no one in particular.
#[test]
fn operations_and_users() {
    let manifest = bad_pod("x");
    assert!(matches("{operations: [CREATE]}", &manifest));
    assert!(matches("{operations: [CREATE, UPDATE]}", &manifest));
    assert!(!matches("{operations: [UPDATE]}", &manifest));
    assert!(matches("{users: {include: [alice]}}", &manifest));
    assert!(matches("{groups: {include: [admins], exclude: [\"*\"]}}", &manifest));
}

#[test]
fn all_of_a_match_must_hold() {
    let matching = "{namespaces: {include: [etl]}, podSelector: {matchLabels: {a: b}}}";
    assert!(matches(matching, &pod("namespace: etl, labels: {a: b}")));
    assert!(!matches(matching, &pod("namespace: etl")));
    assert!(!matches(matching, &pod("labels: {a: b}")));
}
