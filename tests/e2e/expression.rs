//! The rule `expression` behind a real API server, and beside the API server's own policies with the same expressions.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::process::{Output, Progress, poll};
use crate::cluster::{Cluster, skipped};
use crate::webhook::{Guarded, pod};

/// A policy of the API server is in force some seconds after it is made.
const PATIENCE: Duration = Duration::from_secs(90);

/// A policy of ours with one rule.
fn policy(name: &str, action: &str, conditions: &Value, expression: &Value) -> String {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
        "spec": {"matchConditions": conditions,
            "rules": [{"name": name, "action": action, "expression": expression}]}})
    .to_string()
}

/// What both sides are given word for word.
fn conditions() -> Value {
    json!([{"name": "not-exempt", "expression": "!('exempt' in object.metadata.?labels.orValue({}))"}])
}

fn variables() -> Value {
    json!([
        {"name": "foreign", "expression":
            "object.spec.containers.filter(c, !c.image.startsWith(params.data.registry)).map(c, c.name)"},
        {"name": "memory", "expression":
            "object.spec.containers.map(c, quantity(c.resources.?limits['memory'].orValue('0')))"},
    ])
}

fn validations() -> Value {
    json!([
        {"expression": "size(variables.foreign) == 0",
         "messageExpression": "'from elsewhere: ' + variables.foreign.join(', ')"},
        {"expression": "variables.memory.all(q, q.compareTo(quantity(params.data.most)) <= 0)",
         "message": "too much memory"},
        {"expression": "object.spec.containers.all(c, c.imagePullPolicy == 'IfNotPresent')", "message": "pulls too often"},
        {"expression": "!object.spec.?hostNetwork.orValue(false) || request.userInfo.username == 'system:admin'
            || 'system:masters' in request.userInfo.groups", "message": "only administrators use the host's network"},
        {"expression": "has(object.metadata.labels) ? object.metadata.labels['tier'] in ['web', 'batch'] : true",
         "message": "the tier is unknown"},
        {"expression": "namespaceObject.metadata.labels['kubernetes.io/metadata.name'].matches('^(ours|theirs)-[0-9]+$')",
         "message": "another namespace"},
        {"expression": "request.operation == 'CREATE' && oldObject == null && request.kind.kind == 'Pod' && request.dryRun",
         "message": "not created"},
        {"expression": "object.spec.containers.all(c, !has(c.ports) || c.ports.all(p, p.protocol == 'TCP' && p.containerPort > 1024))",
         "message": "a low port"},
        {"expression": "size(object.spec.?volumes.orValue([]).filter(v, has(v.hostPath))) == 0", "message": "a path of the host"},
        {"expression": "100 / object.spec.terminationGracePeriodSeconds >= 1", "message": "ends too slowly"},
    ])
}

/// Pods with what is said of them, where they are refused; what comes first is what the API server says.
fn pods() -> Vec<(Value, Option<&'static str>)> {
    let of = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut pod = pod(name, "registry.example.com/app:1");
        pod["spec"]["automountServiceAccountToken"] = json!(false);
        change(&mut pod);
        pod
    };
    vec![
        (of("good", &|_| {}), None),
        (
            of("foreign", &|pod| pod["spec"]["containers"][0]["image"] = json!("nginx:1")),
            Some("from elsewhere: main"),
        ),
        (
            of("exempt", &|pod| {
                pod["metadata"]["labels"] = json!({"exempt": ""});
                pod["spec"]["containers"][0]["image"] = json!("nginx:1");
            }),
            None,
        ),
        (
            of("large", &|pod| {
                pod["spec"]["containers"][0]["resources"] = json!({"limits": {"memory": "2049Mi"}});
            }),
            Some("too much memory"),
        ),
        (
            of("as-large-as-may-be", &|pod| {
                pod["spec"]["containers"][0]["resources"] = json!({"limits": {"memory": "2048Mi"}});
            }),
            None,
        ),
        (
            of("latest", &|pod| {
                pod["spec"]["containers"][0]["image"] = json!("registry.example.com/app");
            }),
            Some("pulls too often"),
        ),
        (of("on-host", &|pod| pod["spec"]["hostNetwork"] = json!(true)), None),
        (of("web", &|pod| pod["metadata"]["labels"] = json!({"tier": "web"})), None),
        (
            of("db", &|pod| pod["metadata"]["labels"] = json!({"tier": "db"})),
            Some("the tier is unknown"),
        ),
        (
            of("no-tier", &|pod| pod["metadata"]["labels"] = json!({"a": "b"})),
            Some("no such key: tier"),
        ),
        (
            of("low-port", &|pod| {
                pod["spec"]["containers"][0]["ports"] =
                    json!([{"containerPort": 8080}, {"containerPort": 80}]);
            }),
            Some("a low port"),
        ),
        (
            of("udp", &|pod| {
                pod["spec"]["containers"][0]["ports"] =
                    json!([{"containerPort": 8080, "protocol": "UDP"}]);
            }),
            Some("a low port"),
        ),
        (
            of("host-path", &|pod| {
                pod["spec"]["volumes"] =
                    json!([{"name": "e"}, {"name": "h", "hostPath": {"path": "/h"}}]);
            }),
            Some("a path of the host"),
        ),
        (
            of("at-once", &|pod| pod["spec"]["terminationGracePeriodSeconds"] = json!(0)),
            Some("division by zero"),
        ),
        (
            of("slow", &|pod| pod["spec"]["terminationGracePeriodSeconds"] = json!(101)),
            Some("ends too slowly"),
        ),
    ]
}

/// The pod with which the API server's policy is asked until it is in force.
fn await_refusal(cluster: &Cluster, namespace: &str, pod: &Value, says: &str) {
    poll("the API server's policy to be in force", PATIENCE, || {
        let answer = dry_run(cluster, namespace, pod, &[]);
        let refused = !answer.success() && answer.stderr.contains(says);
        Ok(if refused { Progress::Done(()) } else { Progress::NotYet(answer.stderr) })
    })
    .unwrap();
}

fn dry_run(cluster: &Cluster, namespace: &str, object: &Value, more: &[&str]) -> Output {
    let args = ["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"];
    cluster.kubectl_with(&[&args, more].concat(), &object.to_string()).unwrap()
}

/// A rule about pods of one namespace.
fn constraints(namespace: &str, operations: &[&str]) -> Value {
    json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": operations}]})
}

fn in_force(cluster: &Cluster, kind: &str, name: &str, spec: &Value, binding: &Value) {
    let version = "admissionregistration.k8s.io/v1";
    let metadata = json!({"name": name});
    cluster
        .create(&json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}))
        .unwrap();
    let kind = format!("{kind}Binding");
    cluster
        .create(
            &json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": binding}),
        )
        .unwrap();
}

#[test]
fn expressions_mean_what_a_validating_admission_policy_makes_of_them() {
    if skipped("expressions_mean_what_a_validating_admission_policy_makes_of_them") {
        return;
    }
    let params = json!({"registry": "registry.example.com/", "most": "2Gi"});
    let ours = policy(
        "same",
        "Deny",
        &conditions(),
        &json!({"params": {"data": params}, "variables": variables(), "validations": validations()}),
    );
    let guarded = Guarded::by("ours", &[&ours]);
    let cluster = guarded.cluster;
    let theirs = cluster.create_namespace("theirs", &[]).unwrap();
    cluster
        .apply(
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "params", "namespace": theirs},
                "data": params})
            .to_string(),
        )
        .unwrap();
    in_force(
        cluster,
        "ValidatingAdmissionPolicy",
        "same",
        &json!({"failurePolicy": "Fail", "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": constraints(&theirs, &["CREATE", "UPDATE"]), "matchConditions": conditions(),
            "variables": variables(), "validations": validations()}),
        &json!({"policyName": "same", "validationActions": ["Deny"],
            "paramRef": {"name": "params", "namespace": theirs, "parameterNotFoundAction": "Deny"}}),
    );
    cluster
        .kubectl_ok(&[
            "create",
            "clusterrolebinding",
            "jane",
            "--clusterrole=cluster-admin",
            "--user=jane",
        ])
        .unwrap();
    let (first, says) = pods().swap_remove(1);
    await_refusal(cluster, &theirs, &first, says.unwrap());

    let compare = |object: &Value, from: &Value, says: Option<&str>, more: &[&str]| {
        let (here, there) = (
            dry_run(cluster, &guarded.namespace, object, more),
            dry_run(cluster, &theirs, from, more),
        );
        let name = &object["metadata"]["name"];
        for (which, answer) in [("theirs", &there), ("ours", &here)] {
            assert_eq!(answer.success(), says.is_none(), "{name}, {which}: {}", answer.stderr);
            let says = says.unwrap_or_default();
            assert!(answer.stderr.contains(says), "{name}, {which}: {says:?} in {}", answer.stderr);
        }
    };
    for (pod, says) in pods() {
        compare(&pod, &pod, says, &[]);
    }
    // Somebody else is no administrator.
    let says = "only administrators use the host's network";
    let on_host = pods().swap_remove(6).0;
    compare(&on_host, &on_host, Some(says), &["--as=jane"]);
    // A Deployment is refused for what its pods would be refused for.
    for (pod, says) in pods() {
        let mut template = json!({"metadata": pod["metadata"], "spec": pod["spec"]});
        let mut labels = template["metadata"]["labels"].take();
        if labels.is_null() {
            labels = json!({"tier": "web"});
        }
        template["metadata"] = json!({"labels": labels});
        let mut made = pod.clone();
        made["metadata"]["labels"] = labels.clone();
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": pod["metadata"],
            "spec": {"selector": {"matchLabels": labels}, "template": template}});
        // The workload's own request is no request about a Pod, which one of the expressions asks for.
        let wanted = match says {
            None if pod["metadata"]["name"] != "exempt" => Some("not created"),
            says => says,
        };
        let here = dry_run(cluster, &guarded.namespace, &deployment, &[]);
        let there = dry_run(cluster, &theirs, &made, &[]);
        let name = &pod["metadata"]["name"];
        assert_eq!(there.success(), says.is_none(), "{name}: {}", there.stderr);
        assert_eq!(here.success(), wanted.is_none(), "{name}: {}", here.stderr);
        assert!(here.stderr.contains(wanted.unwrap_or_default()), "{name}: {}", here.stderr);
    }
}

#[test]
fn failures_are_passed_over_as_the_api_server_passes_over_them() {
    if skipped("failures_are_passed_over_as_the_api_server_passes_over_them") {
        return;
    }
    let validations = json!([
        {"expression": "object.metadata.labels['tier'] == 'web'", "message": "no web"},
        {"expression": "object.spec.containers.size() == 1", "message": "not one container"}]);
    let ours = policy(
        "lenient",
        "Deny",
        &json!([]),
        &json!({"failurePolicy": "Ignore", "validations": validations}),
    );
    let guarded = Guarded::by("lenient", &[&ours]);
    let cluster = guarded.cluster;
    let theirs = cluster.create_namespace("lenient", &[]).unwrap();
    in_force(
        cluster,
        "ValidatingAdmissionPolicy",
        "lenient",
        &json!({"failurePolicy": "Ignore", "matchConstraints": constraints(&theirs, &["CREATE"]),
            "validations": validations}),
        &json!({"policyName": "lenient", "validationActions": ["Deny"]}),
    );
    let mut two = pod("two", "app:1");
    two["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "more", "image": "app:1"}));
    let mut batch = pod("batch", "app:1");
    batch["metadata"]["labels"] = json!({"tier": "batch"});
    await_refusal(cluster, &theirs, &batch, "no web");
    for (pod, says) in
        [(two, Some("not one container")), (batch, Some("no web")), (pod("errs", "app:1"), None)]
    {
        for namespace in [&theirs, &guarded.namespace] {
            let answer = dry_run(cluster, namespace, &pod, &[]);
            assert_eq!(answer.success(), says.is_none(), "{namespace}: {}", answer.stderr);
            assert!(
                answer.stderr.contains(says.unwrap_or_default()),
                "{namespace}: {}",
                answer.stderr
            );
        }
    }
}

#[test]
fn expressions_compare_an_update_with_what_was_there() {
    if skipped("expressions_compare_an_update_with_what_was_there") {
        return;
    }
    let validations = json!([{
        "expression": "oldObject == null || object.spec.containers.all(c,
            oldObject.spec.containers.exists(o, o.name == c.name && o.image.split(':')[0] == c.image.split(':')[0]))",
        "messageExpression": "'another image than ' + oldObject.spec.containers[0].image",
        "fieldPath": "spec.containers[0].image"}]);
    let ours = policy("same-image", "Deny", &json!([]), &json!({"validations": validations}));
    let guarded = Guarded::by("same-image", &[&ours]);
    let cluster = guarded.cluster;
    let theirs = cluster.create_namespace("same-image", &[]).unwrap();
    let mut bound = validations.clone();
    bound[0].as_object_mut().unwrap().remove("fieldPath");
    in_force(
        cluster,
        "ValidatingAdmissionPolicy",
        "same-image",
        &json!({"failurePolicy": "Fail", "matchConstraints": constraints(&theirs, &["CREATE", "UPDATE"]),
            "validations": bound}),
        &json!({"policyName": "same-image", "validationActions": ["Deny"]}),
    );
    for namespace in [&theirs, &guarded.namespace] {
        let args = ["create", "-n", namespace, "-f", "-"];
        let made = cluster.kubectl_with(&args, &pod("old", "app:1").to_string()).unwrap();
        assert!(made.success(), "{}", made.stderr);
    }
    let set = |namespace: &str, image: &str| {
        let image = format!("main={image}");
        cluster
            .kubectl(&["set", "image", "pod/old", &image, "--dry-run=server", "-n", namespace])
            .unwrap()
    };
    poll("the API server's policy to be in force", PATIENCE, || {
        let answer = set(&theirs, "other:1");
        Ok(if answer.success() { Progress::NotYet(answer.stdout) } else { Progress::Done(()) })
    })
    .unwrap();
    for namespace in [&theirs, &guarded.namespace] {
        let refused = set(namespace, "other:1");
        assert!(refused.stderr.contains("another image than app:1"), "{namespace}: {refused:?}");
        let taken = set(namespace, "app:2");
        assert!(taken.success(), "{namespace}: {}", taken.stderr);
    }
    let refused = set(&guarded.namespace, "other:1");
    assert!(refused.stderr.contains("spec.containers[0].image"), "{}", refused.stderr);
}

/// Patches that both sides are given word for word.
fn patches() -> Vec<&'static str> {
    vec![
        // One expression: an empty map is gone before the next one looks.
        "(has(object.metadata.labels) ? [] : [JSONPatch{op: 'add', path: '/metadata/labels', value: {}}]) +
         ('team' in object.metadata.?labels.orValue({}) ? [] :
            [JSONPatch{op: 'add', path: '/metadata/labels/team', value: 'data'},
             JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('example.com/by'), value: 'expression'}])",
        "object.spec.containers.exists(c, c.name == 'proxy') ? [] :
            [JSONPatch{op: 'add', path: '/spec/containers/-',
                value: Object.spec.containers{name: 'proxy', image: 'proxy:' + object.metadata.labels.team}}]",
        "[JSONPatch{op: 'test', path: '/spec/restartPolicy', value: 'Never'},
          JSONPatch{op: 'add', path: '/spec/activeDeadlineSeconds', value: 600}]",
        "has(object.spec.tolerations) && object.spec.tolerations.exists(t, t.key == 'dedicated')
            ? [JSONPatch{op: 'replace', path: '/spec/tolerations/0/value', value: string(size(object.spec.containers))}] : []",
        "object.spec.?hostNetwork.orValue(false) ? [JSONPatch{op: 'remove', path: '/spec/hostNetwork'}] : []",
        "has(object.spec.nodeSelector) ? [] :
            [JSONPatch{op: 'add', path: '/spec/nodeSelector', value: {'pool': 'a'}},
             JSONPatch{op: 'copy', from: '/metadata/labels/team', path: '/spec/nodeSelector/team'}]",
    ]
}

#[test]
fn patches_are_those_of_a_mutating_admission_policy() {
    if skipped("patches_are_those_of_a_mutating_admission_policy") {
        return;
    }
    let expressions: Vec<Value> = patches().iter().map(|one| json!({"expression": one})).collect();
    let ours = policy("patched", "Patch", &json!([]), &json!({"patches": expressions}));
    let guarded = Guarded::by("patched", &[&ours]);
    let cluster = guarded.cluster;
    let theirs = cluster.create_namespace("patched", &[]).unwrap();
    let served =
        cluster.kubectl_ok(&["get", "--raw", "/apis/admissionregistration.k8s.io/v1"]).unwrap();
    if !served.contains("mutatingadmissionpolicies") {
        // Before Kubernetes 1.36 it is no part of v1.
        assert!(cluster.built_version().is_none(), "{served}");
        return;
    }
    let mutations: Vec<Value> = patches()
        .iter()
        .map(|one| json!({"patchType": "JSONPatch", "jsonPatch": {"expression": one}}))
        .collect();
    in_force(
        cluster,
        "MutatingAdmissionPolicy",
        "patched",
        &json!({"failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "matchConstraints": constraints(&theirs, &["CREATE"]), "mutations": mutations}),
        &json!({"policyName": "patched"}),
    );
    let shown = |namespace: &str, pod: &Value| {
        let answer = dry_run(cluster, namespace, pod, &[]);
        assert!(answer.success(), "{namespace}: {}", answer.stderr);
        let mut pod: Value = serde_json::from_str(&answer.stdout).unwrap();
        let annotations = pod["metadata"]["annotations"].take();
        assert!(annotations.is_null() || namespace == guarded.namespace, "{annotations}");
        json!({"labels": pod["metadata"]["labels"], "spec": pod["spec"]})
    };
    poll("the API server's policy to be in force", PATIENCE, || {
        let mut plain = pod("plain", "app:1");
        plain["spec"]["automountServiceAccountToken"] = json!(false);
        let found = shown(&theirs, &plain);
        let done = found["labels"]["team"] == "data";
        Ok(if done { Progress::Done(()) } else { Progress::NotYet(found.to_string()) })
    })
    .unwrap();
    let changes: [&dyn Fn(&mut Value); 6] = [
        &|_| {},
        &|pod| pod["metadata"]["labels"] = json!({"team": "web"}),
        &|pod| pod["spec"]["restartPolicy"] = json!("Never"),
        &|pod| {
            pod["spec"]["tolerations"] =
                json!([{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]);
            pod["spec"]["nodeSelector"] = json!({"pool": "b"});
        },
        &|pod| {
            pod["spec"]["hostNetwork"] = json!(true);
            pod["spec"]["containers"][0]["ports"] = json!([{"containerPort": 8080}]);
        },
        &|pod| {
            let more = json!({"name": "proxy", "image": "own:1"});
            pod["spec"]["containers"].as_array_mut().unwrap().push(more);
        },
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut pod = pod(&format!("pod-{at}"), "app:1");
        pod["spec"]["automountServiceAccountToken"] = json!(false);
        change(&mut pod);
        assert_eq!(shown(&guarded.namespace, &pod), shown(&theirs, &pod), "{pod}");
    }
}
