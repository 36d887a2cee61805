//! Two replicas of `plimsoll serve --kubernetes` that live in a cluster: with the rights of a ServiceAccount and no
//! others, which is also the proof that no pod is listed or watched.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "cluster_policies/installed.rs"]
mod installed;

use self::installed::{Installed, NAMESPACE, crds, pod, policy};
use crate::cluster::process::{Progress, poll};
use crate::cluster::skipped;

/// From the moment the API server has a change until a pod is judged by it.
const AT_ONCE: Duration = Duration::from_secs(1);

#[test]
fn policies_exemptions_and_namespaces_are_those_of_the_cluster() {
    if skipped("policies_exemptions_and_namespaces_are_those_of_the_cluster") {
        return;
    }
    let mut installed = Installed::start();
    not_ready_until_the_kinds_are_there(&installed);
    installed.register();
    policies_take_effect_at_once(&installed);
    a_bad_version_harms_nobody(&installed);
    status_is_written_once(&installed);
    namespaces_and_their_labels_count(&installed);
    a_namespace_made_a_moment_ago_is_known(&installed);
    limit_ranges_are_honoured(&installed);
    exemptions_hold_and_say_so(&installed);
    owners_are_told(&installed);
    nothing_else_is_asked_for(&installed);
    the_api_server_may_restart(&installed);
    another_leads_when_the_leader_leaves(&mut installed);
    another_leads_when_the_leader_dies(&installed);
}

fn not_ready_until_the_kinds_are_there(installed: &Installed) {
    for replica in &installed.replicas {
        replica.await_readiness(
            503,
            "policies: the CustomResourceDefinition podpolicies.plimsoll.dev is missing",
        );
        assert_eq!(replica.get("/livez").unwrap().0, 200);
    }
    installed.cluster.apply(&crds()).unwrap();
    for replica in &installed.replicas {
        replica.await_readiness(200, "ok");
    }
    installed.leader();
}

fn policies_take_effect_at_once(installed: &Installed) {
    let namespaces = installed.namespaces("effect", &[]);
    let bad = policy("effect", "effect-*", "Deny", "latest");
    installed.cluster.apply(&bad.to_string()).unwrap();
    let applied = installed.await_answer(&namespaces, "app:latest", Some("effect"));
    let changed = policy("effect", "effect-*", "Deny", "edge");
    installed.cluster.apply(&changed.to_string()).unwrap();
    let changed = installed.await_answer(&namespaces, "app:edge", Some("effect"));
    installed.await_answer(&namespaces, "app:latest", None);
    installed.await_condition("podpolicy/effect", "Ready", "True", "in force");
    installed.cluster.kubectl_ok(&["delete", "podpolicy", "effect"]).unwrap();
    let deleted = installed.await_answer(&namespaces, "app:edge", None);
    println!("not in force yet: applied {applied:?}, changed {changed:?}, deleted {deleted:?}");
    assert!(applied < AT_ONCE && changed < AT_ONCE && deleted < AT_ONCE);
}

fn a_bad_version_harms_nobody(installed: &Installed) {
    let namespaces = installed.namespaces("bad", &[]);
    let good = |name, tag| policy(name, "bad-*", "Deny", tag).to_string();
    installed.cluster.apply(&good("bad-one", "latest")).unwrap();
    installed.cluster.apply(&good("good-one", "edge")).unwrap();
    installed.await_answer(&namespaces, "app:latest", Some("bad-one"));
    installed.await_answer(&namespaces, "app:edge", Some("good-one"));

    // No schema says that a field is unknown; the webhook for policies does, and is not there.
    let bad = |name| {
        let mut bad = policy(name, "bad-*", "Deny", "nothing");
        bad["spec"]["match"]["namespacez"] = json!({});
        bad.to_string()
    };
    installed.cluster.apply(&bad("bad-one")).unwrap();
    let text = "spec.match.namespacez: ";
    let ready = installed.await_condition("podpolicy/bad-one", "Ready", "False", text);
    assert_eq!(ready["reason"], "Invalid");
    assert!(ready["message"].as_str().unwrap().contains("Generation 1 stays in force"), "{ready}");
    // The last good version judges on, and so does everybody else.
    installed.await_answer(&namespaces, "app:latest", Some("bad-one"));
    installed.await_answer(&namespaces, "app:edge", Some("good-one"));
    for replica in &installed.replicas {
        let ready =
            |policy| replica.metric(&format!("plimsoll_policy_ready{{policy=\"{policy}\"}}"));
        assert_eq!((ready("bad-one"), ready("good-one")), (Some(0.0), Some(1.0)));
    }
    let told = poll("an Event about the policy", Duration::from_secs(30), || {
        let events = installed.cluster.get_json(&["events.events.k8s.io", "-n", "default"])?;
        let found = events["items"].as_array().into_iter().flatten().find(|event| {
            event["regarding"]["kind"] == "PodPolicy" && event["regarding"]["name"] == "bad-one"
        });
        Ok(found.map_or(Progress::NotYet(String::new()), |event| Progress::Done(event.clone())))
    })
    .unwrap();
    assert_eq!((&told["type"], &told["reason"]), (&json!("Warning"), &json!("Invalid")));
    assert!(told["note"].as_str().unwrap().contains(text), "{told}");

    // One that never was good is not in force, and harms nobody either.
    installed.cluster.apply(&bad("never-good")).unwrap();
    installed.await_condition("podpolicy/never-good", "Ready", "False", "is not in force");
    installed.await_answer(&namespaces, "app:edge", Some("good-one"));
    installed.cluster.apply(&good("bad-one", "latest")).unwrap();
    installed.await_condition("podpolicy/bad-one", "Ready", "True", "in force");
    installed.cluster.kubectl_ok(&["delete", "podpolicy", "never-good", "bad-one"]).unwrap();
    installed.await_answer(&namespaces, "app:latest", None);
    for replica in &installed.replicas {
        assert_eq!(replica.metric("plimsoll_policy_ready{policy=\"bad-one\"}"), None);
    }
}

fn status_is_written_once(installed: &Installed) {
    const WRITES: &str = "plimsoll_status_writes_total{result=\"written\"}";
    let before = installed.total(WRITES);
    for at in 0..10 {
        let name = format!("many-{at}");
        let object = policy(&name, "nowhere", "Deny", "latest").to_string();
        installed.cluster.apply(&object).unwrap();
    }
    for at in 0..10 {
        let name = format!("podpolicy/many-{at}");
        installed.await_condition(&name, "Ready", "True", "in force");
    }
    let versions = || -> Vec<Value> {
        let all = installed.cluster.get_json(&["podpolicies"]).unwrap();
        let all = all["items"].as_array().unwrap().iter();
        all.map(|one| one["metadata"]["resourceVersion"].clone()).collect()
    };
    let written = versions();
    // Namespaces and labels of policies change; what there is to say does not.
    installed.namespaces("unrelated", &[]);
    installed.cluster.kubectl_ok(&["label", "podpolicy", "good-one", "team=a"]).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let unlabelled = |versions: &[Value]| -> BTreeSet<String> {
        versions.iter().map(Value::to_string).collect()
    };
    let changed = unlabelled(&written).difference(&unlabelled(&versions())).count();
    assert_eq!(changed, 1, "only the one that was labelled has another version");
    let writes = installed.total(WRITES) - before;
    println!("10 policies: {writes} writes of status by 2 replicas");
    assert!((writes - 10.0).abs() < f64::EPSILON, "{writes} writes");
    let names: Vec<String> = (0..10).map(|at| format!("many-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    installed.cluster.kubectl_ok(&[&["delete", "podpolicy"], &names[..]].concat()).unwrap();
}

fn namespaces_and_their_labels_count(installed: &Installed) {
    let namespaces = installed.namespaces("labels", &[]);
    let mut selected = policy("selected", "labels-*", "Deny", "latest");
    selected["spec"]["match"]["namespaceSelector"] = json!({"matchLabels": {"team": "data"}});
    installed.cluster.apply(&selected.to_string()).unwrap();
    installed.await_condition("podpolicy/selected", "Ready", "True", "in force");
    installed.await_answer(&namespaces, "app:latest", None);
    let label = |label: &str| {
        for namespace in &namespaces {
            let args = ["label", "namespace", namespace, label, "--overwrite"];
            installed.cluster.kubectl_ok(&args).unwrap();
        }
    };
    label("team=data");
    let labelled = installed.await_answer(&namespaces, "app:latest", Some("selected"));
    label("plimsoll.dev/mode=audit");
    let audited = installed.await_answer(&namespaces, "app:latest", None);
    label("plimsoll.dev/mode=warn");
    poll("a warning", Duration::from_secs(30), || {
        let output = installed.try_pod(&namespaces[0], "app:latest");
        assert!(output.success(), "{}", output.stderr);
        let warned = output.stderr.contains("Warning:") && output.stderr.contains("selected");
        Ok(if warned { Progress::Done(()) } else { Progress::NotYet(output.stderr) })
    })
    .unwrap();
    label("plimsoll.dev/mode=enforce");
    let enforced = installed.await_answer(&namespaces, "app:latest", Some("selected"));
    println!(
        "labels did not count yet: team {labelled:?}, audit {audited:?}, enforce {enforced:?}"
    );
    assert!(labelled < AT_ONCE && audited < AT_ONCE && enforced < AT_ONCE);
}

/// Namespace and pod come in one go, sooner than a watch can tell.
fn a_namespace_made_a_moment_ago_is_known(installed: &Installed) {
    const FOUND: &str = "plimsoll_namespace_lookups_total{result=\"found\"}";
    for at in 0..20 {
        let name = format!("labels-new-{at}");
        let labels = json!({"team": "data", "replica": "a"});
        let mut pod = pod(&name, "app:latest");
        pod["metadata"]["name"] = json!("first");
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
            {"apiVersion": "v1", "kind": "ServiceAccount",
             "metadata": {"name": "default", "namespace": name}},
            pod,
        ]});
        let args = ["create", "-f", "-"];
        let output = installed.cluster.kubectl_with(&args, &objects.to_string()).unwrap();
        assert!(output.stderr.contains("selected"), "{}{}", output.stdout, output.stderr);
    }
    let found = installed.total(FOUND);
    assert!(found <= 20.0, "each is asked for once, however many reviews wait: {found}");
    println!("{found} of 20 namespaces were asked for before the watch told of them");
    assert!(found > 0.0, "the pods came too late to prove anything");
}

/// A limit may be no more than the request here, so the policy's own default would be refused by LimitRanger.
fn limit_ranges_are_honoured(installed: &Installed) {
    let namespaces = installed.namespaces("ranged", &[]);
    let resources = json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "ranged"},
        "spec": {
            "match": {"namespaces": {"include": ["ranged-*"]}},
            "rules": [{"name": "memory", "action": "Patch", "resources": {
                "requests": {"memory": {"required": true, "default": "128Mi"}},
                "limits": {"memory": {"required": true, "default": "256Mi"}},
            }}],
        },
    });
    installed.cluster.apply(&resources.to_string()).unwrap();
    for namespace in &namespaces {
        let range = json!({
            "apiVersion": "v1", "kind": "LimitRange",
            "metadata": {"name": "ratio", "namespace": namespace},
            "spec": {"limits": [{"type": "Container", "maxLimitRequestRatio": {"memory": "1"}}]},
        });
        installed.cluster.apply(&range.to_string()).unwrap();
    }
    installed.await_condition("podpolicy/ranged", "Ready", "True", "in force");
    installed.await_answer(&namespaces, "app:1", None);
    for namespace in &namespaces {
        let output = installed.try_pod(namespace, "app:1");
        let stored: Value = serde_json::from_str(&output.stdout).unwrap();
        let resources = &stored["spec"]["containers"][0]["resources"];
        assert_eq!(resources["limits"]["memory"], resources["requests"]["memory"], "{stored}");
    }
}

fn exemptions_hold_and_say_so(installed: &Installed) {
    let namespaces = installed.namespaces("exempt", &[]);
    let strict = policy("strict", "exempt-*", "Deny", "latest");
    installed.cluster.apply(&strict.to_string()).unwrap();
    installed.await_answer(&namespaces, "app:latest", Some("strict"));
    let exemption = |expires: &str| {
        json!({
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
            "metadata": {"name": "legacy"},
            "spec": {
                "policies": ["strict"], "reason": "it moves next week", "owner": "team-a",
                "expires": expires,
                "match": {"namespaces": {"include": ["exempt-*"]}},
            },
        })
        .to_string()
    };
    installed.cluster.apply(&exemption("2999-12-31")).unwrap();
    let exempted = installed.await_answer(&namespaces, "app:latest", None);
    installed.await_condition("podpolicyexemption/legacy", "Ready", "True", "in force");
    installed.await_condition("podpolicyexemption/legacy", "Expired", "False", "2999-12-31");
    used_is_said_by_whoever_saw_it(installed, &namespaces);
    installed.cluster.apply(&exemption("2020-01-01")).unwrap();
    let expired = installed.await_answer(&namespaces, "app:latest", Some("strict"));
    installed.await_condition("podpolicyexemption/legacy", "Expired", "True", "2020-01-01");
    installed.await_condition("podpolicyexemption/legacy", "Used", "True", "");
    println!("exemption: not in force yet {exempted:?}, not over yet {expired:?}");
    assert!(exempted < AT_ONCE && expired < AT_ONCE);
}

/// An API server keeps its connections, so every use can be at the replica that does not lead.
fn used_is_said_by_whoever_saw_it(installed: &Installed, namespaces: &[String; 2]) {
    const WRITES: &str = "plimsoll_status_writes_total{result=\"written\"}";
    // Both replicas have exempted pods by now that were never to be stored, and have looked.
    std::thread::sleep(Duration::from_secs(12));
    installed.await_condition("podpolicyexemption/legacy", "Used", "Unknown", "");
    let leader = installed.leader();
    let (other, namespace) = (&installed.replicas[1 - leader], &namespaces[1 - leader]);
    assert!(namespace.ends_with(&format!("-{}", other.name)));
    let before = installed.total(WRITES);
    let args = ["create", "-f", "-"];
    let stored = installed.cluster.kubectl_with(&args, &pod(namespace, "app:latest").to_string());
    assert!(stored.as_ref().unwrap().success(), "{stored:?}");
    installed.await_condition("podpolicyexemption/legacy", "Used", "True", "exempted by it");
    let object =
        installed.cluster.get_json(&["podpolicyexemption/legacy", "--show-managed-fields"]);
    let managers = object.unwrap()["metadata"]["managedFields"].to_string();
    assert!(managers.contains("\"plimsoll-used\""), "{managers}");
    // The leader looks as well, and lets it stand.
    std::thread::sleep(Duration::from_secs(12));
    installed.await_condition("podpolicyexemption/legacy", "Used", "True", "exempted by it");
    let writes = installed.total(WRITES) - before;
    assert!((writes - 1.0).abs() < f64::EPSILON, "{writes} writes");
}

/// Many pods of one owner, refused by both replicas: one Event.
fn owners_are_told(installed: &Installed) {
    let [namespace, _] = installed.namespaces("owned", &[]);
    let owned = policy("owned", "owned-*", "Deny", "latest");
    installed.cluster.apply(&owned.to_string()).unwrap();
    installed.await_answer(std::slice::from_ref(&namespace), "app:latest", Some("owned"));
    let mut pod = pod(&namespace, "app:latest");
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "7d4f5b0e-0000-4000-8000-000000000001",
        "controller": true,
    }]);
    let refuse = |count: usize, dry_run: bool| {
        let items: Vec<&Value> = (0..count).map(|_| &pod).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let mut args = vec!["create", "-f", "-"];
        args.extend(dry_run.then_some("--dry-run=server"));
        let output = installed.cluster.kubectl_with(&args, &list).unwrap();
        assert!(!output.success());
    };
    refuse(5, true);
    refuse(20, false);
    let event = |count: i64| {
        poll(&format!("an Event about {count} pods"), Duration::from_secs(60), || {
            let events = installed.cluster.get_json(&["events.events.k8s.io", "-n", &namespace])?;
            let events = events["items"].as_array().cloned().unwrap_or_default();
            assert!(events.len() <= 1, "{events:#?}");
            Ok(match events.first().filter(|event| event["series"]["count"] == count) {
                Some(event) => Progress::Done(event.clone()),
                None => Progress::NotYet(format!("{events:?}")),
            })
        })
        .unwrap()
    };
    let first = event(20);
    assert_eq!(first["regarding"]["name"], "web");
    assert_eq!((&first["type"], &first["reason"]), (&json!("Warning"), &json!("PodDenied")));
    let note = first["note"].as_str().unwrap();
    assert!(note.contains("policy owned, rule tags (imageTag: Images are named by"), "{first}");
    assert!(!note.contains("app:latest"), "nothing of the pod is in it: {first}");
    refuse(3, false);
    assert_eq!(event(23)["metadata"]["uid"], first["metadata"]["uid"]);
}

fn the_api_server_may_restart(installed: &Installed) {
    let namespaces = installed.namespaces("restart", &[]);
    let before = policy("restarted", "restart-*", "Deny", "latest");
    installed.cluster.apply(&before.to_string()).unwrap();
    installed.await_answer(&namespaces, "app:latest", Some("restarted"));
    let watching = std::thread::scope(|scope| {
        let restarting = scope.spawn(|| installed.cluster.restart_api_server());
        let mut looks = 0;
        while !restarting.is_finished() {
            for replica in &installed.replicas {
                assert_eq!(replica.get("/readyz").unwrap().0, 200, "what is known stays in force");
            }
            looks += 1;
            std::thread::sleep(Duration::from_millis(50));
        }
        restarting.join().unwrap().unwrap();
        looks
    });
    let begun = Instant::now();
    let after = policy("restarted", "restart-*", "Deny", "edge");
    installed.cluster.apply(&after.to_string()).unwrap();
    installed.await_answer(&namespaces, "app:edge", Some("restarted"));
    println!(
        "ready at each of {watching} looks; a change after the restart took {:?}",
        begun.elapsed()
    );
    for replica in &installed.replicas {
        let restarts = replica.metric("plimsoll_watch_restarts_total{resource=\"policies\"}");
        assert!(restarts.is_some_and(|count| count > 0.0), "{restarts:?}");
    }
}

/// Ends the leader, which is then out of the list; answers with how long it took until the other led.
fn end_leader(installed: &Installed, signal: &str) -> (String, Duration) {
    let leader = &installed.replicas[installed.leader()];
    let other = installed.replicas.iter().find(|one| one.name != leader.name).unwrap();
    let begun = Instant::now();
    leader.program.signal(signal).unwrap();
    poll("the other to lead", Duration::from_secs(60), || {
        let leads = other.metric("plimsoll_leader") == Some(1.0);
        Ok(if leads { Progress::Done(()) } else { Progress::NotYet(other.program.log_tail()) })
    })
    .unwrap();
    (other.name.clone(), begun.elapsed())
}

fn another_leads_when_the_leader_leaves(installed: &mut Installed) {
    let (other, took) = end_leader(installed, "TERM");
    println!("another replica led {took:?} after the leader was told to leave");
    assert!(took < Duration::from_secs(5), "the Lease was not given back: {took:?}");
    let lease = installed.cluster.get_json(&["lease", "plimsoll", "-n", NAMESPACE]).unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], format!("plimsoll-{other}"));
    installed.replicas.retain(|one| one.name == other);
    // And it writes.
    let late = policy("late", "nowhere", "Deny", "latest");
    installed.cluster.apply(&late.to_string()).unwrap();
    installed.await_condition("podpolicy/late", "Ready", "True", "in force");
    let another = installed.run_replica("c");
    another.await_readiness(200, "ok");
    installed.replicas.push(another);
}

fn another_leads_when_the_leader_dies(installed: &Installed) {
    let (_, took) = end_leader(installed, "KILL");
    println!("another replica led {took:?} after the leader was killed");
    assert!(took < Duration::from_secs(25), "{took:?}");
    let later = policy("later", "nowhere", "Deny", "latest");
    installed.cluster.apply(&later.to_string()).unwrap();
    installed.await_condition("podpolicy/later", "Ready", "True", "in force");
}

fn nothing_else_is_asked_for(installed: &Installed) {
    let asked = installed.cluster.audit_log(NAMESPACE, "plimsoll").unwrap();
    let mut kinds = BTreeSet::new();
    for one in &asked {
        assert_ne!(one.code, 403, "a right is missing: {one:?}");
        assert!(!one.resource.starts_with("pods"), "{one:?}");
        kinds.insert(format!("{} {}", one.verb, one.resource));
    }
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    println!("{} requests: {}", asked.len(), kinds.join(", "));
    let expected = [
        "create events.events.k8s.io",
        "create leases.coordination.k8s.io",
        "get events.events.k8s.io",
        "get leases.coordination.k8s.io",
        "get namespaces",
        "list limitranges",
        "list namespaces",
        "list podpolicies.plimsoll.dev",
        "list podpolicyexemptions.plimsoll.dev",
        "patch events.events.k8s.io",
        "patch podpolicies.plimsoll.dev/status",
        "patch podpolicyexemptions.plimsoll.dev/status",
        "update leases.coordination.k8s.io",
        "watch limitranges",
        "watch namespaces",
        "watch podpolicies.plimsoll.dev",
        "watch podpolicyexemptions.plimsoll.dev",
    ];
    assert_eq!(kinds, expected, "the ClusterRole grants what is asked for, and no more");
}
