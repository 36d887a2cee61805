//! The webhook configurations follow the policies, heal, and keep back what no policy is about.

use std::time::Duration;

use plimsoll::cluster::certificates::CaBundle;
use plimsoll::cluster::webhooks::{Configuration, FailurePolicy, Standing};
use plimsoll::policy::PolicySet;
use plimsoll::policy_source;
use serde_json::{Value, json};

use crate::cluster::certs::Authority;
use crate::cluster::skipped;
use crate::managed::Managed;

use Configuration::{Mutate, Policies, Validate};

fn default_policies() -> PolicySet {
    policy_source::load_profile(policy_source::DEFAULT_PROFILE).unwrap()
}

fn carries(webhook: Option<&Value>, ca_pem: &str) -> bool {
    use base64::Engine as _;
    let text = webhook.and_then(|webhook| webhook["clientConfig"]["caBundle"].as_str());
    let pem = text.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    let wanted = CaBundle::from_pem(ca_pem.as_bytes()).unwrap();
    pem.is_some_and(|pem| wanted.is_carried_by(&pem))
}

/// Long enough for anything that would be done to be done.
fn a_while() {
    std::thread::sleep(Duration::from_millis(1500));
}

#[test]
fn the_configurations_appear_follow_and_heal() {
    if skipped("the_configurations_appear_follow_and_heal") {
        return;
    }
    let managed = Managed::start("127.101", FailurePolicy::Fail, default_policies());
    a_while();
    assert!(
        Configuration::ALL.iter().all(|one| managed.webhook(*one).is_none()),
        "nobody is ready"
    );
    managed.ready.open();
    managed.known.open();
    a_while();
    assert!(Configuration::ALL.iter().all(|one| managed.webhook(*one).is_none()), "nobody answers");
    managed.serve(&[]);
    for one in Configuration::ALL {
        managed.wait_for_webhook("webhooks to appear", one, |webhook| webhook.is_some());
    }
    managed.wait_for("all to be in place", || {
        Configuration::ALL.iter().all(|one| managed.standing(*one) == Some(Standing::InPlace))
    });
    let ca_pem = managed.authority.ca_pem();
    let observed = managed.observed.borrow().clone().unwrap();
    assert_eq!(observed.entries.len(), 3, "{observed:?}");
    let wanted = CaBundle::from_pem(ca_pem.as_bytes()).unwrap();
    assert!(observed.entries.values().all(|pem| wanted.is_carried_by(pem)));

    nothing_is_written_where_nothing_differs(&managed);
    what_others_change_is_put_back(&managed);
    others_webhooks_are_left_alone(&managed);

    let other = Authority::new("another").unwrap().ca_pem();
    managed.ca_bundle.send_replace(CaBundle::from_pem(format!("{ca_pem}{other}").as_bytes()).ok());
    for one in Configuration::ALL {
        managed.wait_for_webhook("the new CA", one, |webhook| {
            carries(webhook, &other) && carries(webhook, &ca_pem)
        });
    }

    who_does_not_lead_does_not_write(&managed);
    the_off_switch_is_respected(&managed);

    managed.policies.send_replace(PolicySet::default().into());
    managed.wait_for_webhook("no mutation", Mutate, |webhook| webhook.is_none());
    managed.wait_for_webhook("no validation", Validate, |webhook| webhook.is_none());
    assert!(managed.webhook(Policies).is_some(), "policies are still checked");
    assert_eq!(managed.standing(Mutate), Some(Standing::InPlace));
    managed.policies.send_replace(policy_source::load_profile("observe").unwrap().into());
    managed.wait_for_webhook("validation", Validate, |webhook| webhook.is_some());
    assert!(managed.webhook(Mutate).is_none(), "nothing to patch");

    assert!(managed.entry(Validate, "other.example.com").is_some());
    managed.cluster.kubectl_ok(&["delete", "validatingwebhookconfiguration", "plimsoll"]).unwrap();
    managed.wait_for("its absence to be seen", || {
        managed.standing(Validate) == Some(Standing::Missing)
    });
    a_while();
    let gone =
        managed.cluster.kubectl(&["get", "validatingwebhookconfiguration", "plimsoll"]).unwrap();
    assert!(!gone.success() && gone.stderr.contains("NotFound"), "{gone:?}");
}

fn nothing_is_written_where_nothing_differs(managed: &Managed) {
    let versions =
        || Configuration::ALL.map(|one| managed.get(one)["metadata"]["resourceVersion"].clone());
    let before = versions();
    managed.policies.send_replace(default_policies().into());
    managed.leading.send_replace(false);
    managed.leading.send_replace(true);
    a_while();
    assert_eq!(versions(), before);
}

fn what_others_change_is_put_back(managed: &Managed) {
    let ca_pem = managed.authority.ca_pem();
    let mut slowest = Duration::ZERO;
    let mut healed = |what: &str, patch: Value, whole: &dyn Fn(Option<&Value>) -> bool| {
        // Somebody who does it again and again is answered ever more slowly.
        std::thread::sleep(Duration::from_secs(1));
        managed.edit(Validate, &patch);
        let took = managed.wait_for_webhook(what, Validate, whole);
        slowest = slowest.max(took);
    };
    healed(
        "the failure policy",
        json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]),
        &|webhook| webhook.is_some_and(|webhook| webhook["failurePolicy"] == "Fail"),
    );
    let other = Authority::new("somebody else").unwrap().ca_pem();
    let spoilt = serde_json::to_value(base64_of(&other)).unwrap();
    healed(
        "the CA",
        json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": spoilt}]),
        &|webhook| carries(webhook, &ca_pem),
    );
    healed(
        "a condition that keeps everything back",
        json!([{"op": "add", "path": "/webhooks/0/matchConditions/-", "value": {"name": "off", "expression": "false"}}]),
        &|webhook| webhook.is_some_and(|webhook| !webhook.to_string().contains(r#""off""#)),
    );
    healed("the webhook", json!({"webhooks": []}), &|webhook| webhook.is_some());
    println!("webhook configurations healed within {slowest:?}");
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn others_webhooks_are_left_alone(managed: &Managed) {
    let mut other = managed.webhook(Validate).unwrap();
    other["name"] = json!("other.example.com");
    other["failurePolicy"] = json!("Ignore");
    other["objectSelector"] = json!({"matchLabels": {"never": "there"}});
    managed.edit(Validate, &json!([{"op": "add", "path": "/webhooks/0", "value": other}]));
    managed.edit(
        Validate,
        &json!([{"op": "replace", "path": "/webhooks/1/timeoutSeconds", "value": 9}]),
    );
    managed.wait_for_webhook("the timeout", Validate, |webhook| {
        webhook.is_some_and(|webhook| webhook["timeoutSeconds"] == 5)
    });
    assert!(managed.entry(Validate, "other.example.com").is_some());
}

fn who_does_not_lead_does_not_write(managed: &Managed) {
    managed.leading.send_replace(false);
    managed.edit(Mutate, &json!({"webhooks": []}));
    a_while();
    assert!(managed.webhook(Mutate).is_none());
    assert_eq!(managed.standing(Mutate), Some(Standing::Differs));
    managed.leading.send_replace(true);
    managed.wait_for_webhook("the new leader", Mutate, |webhook| webhook.is_some());
}

fn the_off_switch_is_respected(managed: &Managed) {
    let off =
        |value: Value| json!({"metadata": {"annotations": {"plimsoll.dev/emergency-off": value}}});
    let aside = Value::from(vec![managed.webhook(Mutate).unwrap()]).to_string();
    managed.edit(Mutate, &off(json!("2026-11-21T17:00:00Z alice: test")));
    managed.edit(
        Mutate,
        &json!({"metadata": {"annotations": {"plimsoll.dev/emergency-off-webhooks": aside}}}),
    );
    let observed = || managed.observed.borrow().clone().unwrap().entries;
    let before = observed();
    managed.edit(Mutate, &json!({"webhooks": []}));
    a_while();
    assert_eq!(observed(), before, "what comes back has to be trusted still");
    assert!(managed.webhook(Mutate).is_none());
    assert_eq!(managed.standing(Mutate), Some(Standing::Off));
    managed.edit(Mutate, &off(Value::Null));
    managed.wait_for_webhook("the switch back", Mutate, |webhook| webhook.is_some());
}

/// Reviews that were asked for at an endpoint so far.
fn reviews(managed: &Managed, endpoint: &str) -> u64 {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", managed.admin_port)).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let prefix = format!("plimsoll_reviews_total{{endpoint=\"{endpoint}\"");
    let counts = text.lines().filter(|line| line.starts_with(&prefix));
    counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

#[test]
fn what_no_policy_is_about_stays_in_the_api_server() {
    if skipped("what_no_policy_is_about_stays_in_the_api_server") {
        return;
    }
    // With Fail, a condition that cannot be evaluated would refuse the request.
    let managed = Managed::start("127.102", FailurePolicy::Fail, default_policies());
    managed.ready.open();
    managed.known.open();
    managed.serve(&[]);
    for one in Configuration::ALL {
        managed.wait_for_webhook("webhooks to appear", one, |webhook| webhook.is_some());
    }
    let cluster = &managed.cluster;
    let default = cluster.create_namespace("kept-back", &[]).unwrap();
    managed.wait_for("the API server to ask", || {
        let before = reviews(&managed, "mutate").min(reviews(&managed, "validate"));
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "probe-", "namespace": default},
            "spec": {"containers": [{"name": "main", "image": "nginx:1.27"}]}});
        let args = ["create", "--dry-run=server", "-f", "-"];
        assert!(cluster.kubectl_with(&args, &pod.to_string()).unwrap().success());
        before < reviews(&managed, "mutate").min(reviews(&managed, "validate"))
    });
    let asked = |what: &str, args: &[&str], stdin: Option<&Value>| {
        let before = ["mutate", "validate"].map(|endpoint| reviews(&managed, endpoint));
        let stdin = stdin.map(Value::to_string);
        let timeout = Duration::from_secs(60);
        let output = cluster.kubectl_within(timeout, args, stdin.as_deref()).unwrap();
        assert!(output.success(), "{what}: {}", output.stderr);
        let after = ["mutate", "validate"].map(|endpoint| reviews(&managed, endpoint));
        (after[0] - before[0], after[1] - before[1])
    };
    let create = |what: &str, mut object: Value, namespace: &str, more: &[&str]| {
        object["metadata"]["namespace"] = json!(namespace);
        asked(what, &[&["create", "-f", "-"], more].concat(), Some(&object))
    };
    let pod = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [
            {"name": "main", "image": "nginx:1.27", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}]}})
    };
    let place = ["-n", default.as_str()];
    let in_place = |args: &[&'static str]| -> Vec<&str> { [args, &place].concat() };

    assert_eq!(create("a pod", pod("a"), &default, &[]), (1, 1));
    assert_eq!(asked("labels", &in_place(&["label", "pod", "a", "team=x"]), None), (0, 0));
    assert_eq!(asked("annotations", &in_place(&["annotate", "pod", "a", "note=x"]), None), (0, 0));
    let finalizers = r#"{"metadata":{"finalizers":["example.com/hold"]}}"#;
    let merge = ["patch", "pod", "a", "--type=merge", "-p"];
    assert_eq!(asked("finalizers", &in_place(&[&merge[..], &[finalizers]].concat()), None), (0, 0));
    let freed = r#"{"metadata":{"finalizers":null}}"#;
    assert_eq!(asked("no finalizers", &in_place(&[&merge[..], &[freed]].concat()), None), (0, 0));
    assert_eq!(
        asked("an image", &in_place(&["set", "image", "pod/a", "main=nginx:1.28"]), None),
        (0, 1)
    );
    let resize =
        r#"{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"20m"}}}]}}"#;
    let resize = ["patch", "pod", "a", "--subresource=resize", "-p", resize];
    assert_eq!(asked("a resize", &in_place(&resize), None), (0, 1));
    let debug = ["debug", "a", "--image=busybox:1.37", "-c", "look", "--attach=false"];
    assert_eq!(asked("a debug container", &in_place(&debug), None).1, 1);

    let mut mirror = pod("mirror");
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    mirror["spec"]["nodeName"] = json!("n1");
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": pod("x")["spec"]});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template}});
    assert_eq!(create("a Deployment", deployment, &default, &[]), (0, 1));
    assert_eq!(
        asked("scale", &in_place(&["scale", "deployment", "web", "--replicas=3"]), None),
        (0, 0)
    );
    let replicas = ["patch", "deployment", "web", "-p", r#"{"spec":{"replicas":2}}"#];
    assert_eq!(asked("replicas", &in_place(&replicas), None), (0, 0));
    assert_eq!(asked("labels", &in_place(&["label", "deployment", "web", "team=x"]), None), (0, 0));
    let image = ["set", "image", "deployment/web", "main=nginx:1.28"];
    assert_eq!(asked("an image", &in_place(&image), None), (0, 1));
    let mut job_template = template.clone();
    job_template["spec"]["restartPolicy"] = json!("Never");
    let cronjob = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"},
        "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": job_template}}}});
    assert_eq!(create("a CronJob", cronjob, &default, &[]), (0, 1));
    let suspend = ["patch", "cronjob", "nightly", "-p", r#"{"spec":{"suspend":true}}"#];
    assert_eq!(asked("suspend", &in_place(&suspend), None), (0, 0));
    let image = ["set", "image", "cronjob/nightly", "main=nginx:1.28"];
    assert_eq!(asked("an image", &in_place(&image), None), (0, 1));
    let pod_template = json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "t"}, "template": template});
    assert_eq!(create("a PodTemplate", pod_template, &default, &[]), (0, 1));
    assert_eq!(asked("labels", &in_place(&["label", "podtemplate", "t", "team=x"]), None), (0, 0));

    // A kubelet's report of a static pod; anybody else's pod with that annotation is a pod.
    let node =
        ["--as=system:node:n1", "--as-group=system:nodes", "--as-group=system:authenticated"];
    let not_a_kubelet = create("no mirror", mirror.clone(), &default, &[]);
    assert_eq!(not_a_kubelet, (1, 1));
    cluster.add_node("n1", "4", "8Gi", "z").unwrap();
    let uid = cluster.get_json(&["node", "n1"]).unwrap()["metadata"]["uid"].clone();
    mirror["metadata"]["name"] = json!("static-n1");
    mirror["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": uid, "controller": true}]);
    let authorized = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "test-nodes"}, "subjects": [{"kind": "Group", "name": "system:nodes", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}});
    cluster.create(&authorized).unwrap();
    assert_eq!(create("a mirror", mirror, &default, &node), (0, 0));

    for namespace in ["kube-system", crate::managed::NAMESPACE] {
        let account = ["create", "serviceaccount", "default", "-n", namespace];
        drop(cluster.kubectl(&account).unwrap());
        assert_eq!(create(namespace, pod("left-alone"), namespace, &[]), (0, 0));
    }

    conditions_are_total(&managed, &default);
}

/// Users, groups and namespaces in one condition, on requests of every sort; and as many groups as are asked for at all,
/// of a user who is in more than anybody.
fn conditions_are_total(managed: &Managed, namespace: &str) {
    let policy = |name: &str, matching: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"match": matching, "rules": [{"name": "r", "action": "Warn", "imageTag": {}}]}})
    };
    let groups = (2..64).map(|at| format!("team-{at:02}-contractors-*"));
    let groups: Vec<String> = groups.chain(["nobody".to_owned()]).collect();
    let objects = [
        policy(
            "a",
            json!({"namespaces": {"include": ["never-*", "one"], "exclude": ["*-never"]},
                   "groups": {"include": groups, "exclude": ["x\"y"]}}),
        ),
        policy(
            "b",
            json!({"users": {"include": ["admin\u{e9}", "*:never"]}, "operations": ["CREATE"]}),
        ),
    ];
    let set = PolicySet::compile(&objects.iter().collect::<Vec<_>>()).unwrap();
    managed.policies.send_replace(set.into());
    managed.wait_for_webhook("the condition", Validate, |webhook| {
        webhook.is_some_and(|webhook| webhook.to_string().contains("team-63-"))
    });
    managed.wait_for_webhook("no mutation", Mutate, |webhook| webhook.is_none());
    let create = |user: &[&str]| {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "c-", "namespace": namespace},
            "spec": {"containers": [{"name": "main", "image": "nginx:1.27"}]}});
        let args = [&["create", "--dry-run=server", "-f", "-"], user].concat();
        let before = reviews(managed, "validate");
        let created = managed.cluster.kubectl_with(&args, &pod.to_string()).unwrap();
        assert!(created.success(), "{}", created.stderr);
        reviews(managed, "validate") - before
    };
    // Until the API server has read the new condition, everybody's pods are sent.
    managed.wait_for("the API server to know the condition", || create(&[]) == 0);
    let masters = "--as-group=system:masters";
    assert_eq!(create(&["--as=x:never", masters]), 1);
    assert_eq!(create(&["--as=admin\u{e9}", masters]), 1);
    assert_eq!(create(&["--as=x", masters]), 0);
    let many: Vec<String> =
        (0..1500).map(|at| format!("--as-group=team-{at}-somewhere-else")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["--as=x", masters]).collect();
    assert_eq!(create(&many), 0, "the API server may not give up on the condition");
}
