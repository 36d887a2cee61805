//! What the rule termination asks, on a real API server.

use serde_json::{Value, json};

use crate::cluster::skipped;
use crate::webhook::{Guarded, pod};

fn policy(rule: &Value, action: &str) -> String {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "endings"},
        "spec": {"rules": [{"name": "end", "action": action, "termination": rule}]}})
    .to_string()
}

#[test]
fn what_is_added_to_pods_is_stored() {
    if skipped("what_is_added_to_pods_is_stored") {
        return;
    }
    let rule = json!({"terminationGracePeriodSeconds": {"min": 60, "max": 90}, "preStop": {"sleepSeconds": 45},
        "activeDeadlineSeconds": {"required": true, "default": 600}});
    let guarded = Guarded::by("ending", &[&policy(&rule, "Patch")]);
    let stored = guarded.stored(&pod("patched", "app:1"));
    let spec = &stored["spec"];
    assert_eq!(
        (&spec["terminationGracePeriodSeconds"], &spec["activeDeadlineSeconds"]),
        (&json!(60), &json!(600))
    );
    assert_eq!(spec["containers"][0]["lifecycle"], json!({"preStop": {"sleep": {"seconds": 45}}}));

    let mut long = pod("long", "app:1");
    long["spec"]["terminationGracePeriodSeconds"] = json!(3600);
    long["spec"]["containers"][0]["lifecycle"] = json!({"preStop": {"sleep": {"seconds": 1800}}});
    let stored = guarded.stored(&long);
    assert_eq!(
        stored["spec"]["terminationGracePeriodSeconds"], 3600,
        "it is not cut below a sleep"
    );
}

/// Why a sleep is never added to a grace period that is too short for it.
#[test]
fn a_sleep_fits_into_the_grace_period() {
    if skipped("a_sleep_fits_into_the_grace_period") {
        return;
    }
    let rule = json!({"preStop": {"sleepSeconds": 31}});
    let guarded = Guarded::by("sleep", &[&policy(&rule, "Patch")]);
    let stored = guarded.stored(&pod("default", "app:1"));
    assert!(stored["spec"]["containers"][0]["lifecycle"].is_null(), "{stored}");
    let sleeping = |name: &str, seconds: i64| {
        let mut pod = pod(name, "app:1");
        pod["spec"]["containers"][0]["lifecycle"] =
            json!({"preStop": {"sleep": {"seconds": seconds}}});
        guarded.create(&pod)
    };
    assert!(sleeping("fits", 30).success());
    let refused = sleeping("too-long", 31);
    assert!(refused.stderr.contains("lifecycle.preStop.sleep"), "{}", refused.stderr);
}

#[test]
fn jobs_are_judged_when_they_are_applied() {
    if skipped("jobs_are_judged_when_they_are_applied") {
        return;
    }
    let rule = json!({"ttlSecondsAfterFinished": {"required": true, "default": 60}, "backoffLimit": {"max": 3},
        "activeDeadlineSeconds": {"required": true, "default": 600}});
    // Nothing mends a Job on its way, so a patch falls to what is done otherwise.
    let mut policy: Value = serde_json::from_str(&policy(&rule, "Patch")).unwrap();
    policy["spec"]["rules"][0]["otherwise"] = json!("Deny");
    let guarded = Guarded::by("jobs", &[&policy.to_string()]);
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "app:1"}]}});
    let job = |name: &str, mut spec: Value| {
        spec["template"] = template.clone();
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec})
    };
    let refused = guarded.create(&job("endless", json!({})));
    for part in ["spec.ttlSecondsAfterFinished", "spec.backoffLimit", "spec.activeDeadlineSeconds"]
    {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    assert!(!refused.success());
    let fine = json!({"ttlSecondsAfterFinished": 5, "backoffLimit": 0, "activeDeadlineSeconds": 9});
    let stored = guarded.stored(&job("ends", fine.clone()));
    assert_eq!(stored["spec"]["template"]["spec"]["activeDeadlineSeconds"], Value::Null);

    let mut nightly = job("unused", json!({}))["spec"].clone();
    nightly["backoffLimit"] = json!(2);
    let cron_job = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"},
        "spec": {"schedule": "@daily", "jobTemplate": {"spec": nightly}}});
    let refused = guarded.create(&cron_job);
    assert!(
        refused.stderr.contains("spec.jobTemplate.spec.ttlSecondsAfterFinished"),
        "{}",
        refused.stderr
    );

    // What was let in before the policy, or with another, can still be changed in other ways.
    let suspended =
        guarded.kubectl(&["patch", "job", "ends", "-p", r#"{"spec":{"suspend":true}}"#]);
    assert!(suspended.success(), "{}", suspended.stderr);
    let loosened = guarded.kubectl(&[
        "patch",
        "job",
        "ends",
        "-p",
        r#"{"spec":{"ttlSecondsAfterFinished":null}}"#,
    ]);
    assert!(!loosened.success(), "{}", loosened.stdout);
}

/// Why nothing that is started anew is given a deadline.
#[test]
fn templates_of_what_is_started_anew_have_no_deadline() {
    if skipped("templates_of_what_is_started_anew_have_no_deadline") {
        return;
    }
    let guarded = Guarded::by("anew", &[&policy(&json!({"preStop": {}}), "Audit")]);
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        let mut spec = json!({"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}},
            "spec": {"activeDeadlineSeconds": 60, "containers": [{"name": "main", "image": "app:1"}]}}});
        if kind == "StatefulSet" {
            spec["serviceName"] = json!("x");
        }
        let object =
            json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec});
        let refused = guarded.create(&object);
        assert!(
            refused.stderr.contains("activeDeadlineSeconds"),
            "{kind}: {}{}",
            refused.stdout,
            refused.stderr
        );
    }
}
