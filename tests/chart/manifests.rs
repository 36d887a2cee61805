//! `plimsoll manifests`: what the chart installs, for people without Helm.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::process::{Output, run};
use crate::cluster::{Cluster, Options, skipped};
use crate::helm::{documents, find};

fn plimsoll(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    run(command.arg("manifests").args(args), None, Duration::from_secs(60)).unwrap()
}

fn printed(args: &[&str]) -> String {
    plimsoll(args).stdout_of("plimsoll manifests").unwrap()
}

#[test]
fn plain_manifests_are_taken_as_they_are() {
    if skipped("plain_manifests_are_taken_as_they_are") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let apply = |text: &str| {
        let args = ["apply", "--server-side", "--validate=strict", "-f", "-"];
        let output = cluster.kubectl_with(&args, text).unwrap();
        assert!(!output.stderr.contains("Warning"), "{}", output.stderr);
        output.stdout_of("kubectl apply").unwrap()
    };
    apply(&printed(&["--crds-only"]));
    cluster
        .kubectl_ok(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"])
        .unwrap();
    let image = "registry.example.com:5000/guard:1@sha256:abc";
    let args = ["--name", "guard", "--namespace", "plimsoll-2", "--image", image];
    let more = ["--profile", "strict", "--failure-policy", "Fail", "--audit"];
    let text = printed(&[&args[..], &more].concat());
    assert!(!text.contains("{{") && !text.contains("goes-here"), "{text}");
    apply(&text);

    let deployment = cluster.get_json(&["deployment", "guard", "-n", "plimsoll-2"]).unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], image);
    let args = container["args"].as_array().unwrap();
    for wanted in ["--failure-policy=Fail", "--name=guard", "--own-namespace=plimsoll-2"] {
        assert!(args.iter().any(|arg| arg == wanted), "{args:?}");
    }
    assert!(cluster.kubectl(&["get", "podpolicy", "strict-resources"]).unwrap().success());

    // The namespace asks for restricted pods: the Deployment's are, and the audit's.
    let pod = deployment["spec"]["template"].clone();
    let audit = cluster.get_json(&["cronjob", "guard-audit", "-n", "plimsoll-2"]).unwrap();
    let audit = audit["spec"]["jobTemplate"]["spec"]["template"].clone();
    for mut pod in [pod, audit] {
        pod["apiVersion"] = "v1".into();
        pod["kind"] = "Pod".into();
        pod["metadata"]["name"] = "guard".into();
        let args = ["create", "--dry-run=server", "-n", "plimsoll-2", "-f", "-"];
        let made = cluster.kubectl_with(&args, &pod.to_string()).unwrap();
        assert!(made.success(), "{}", made.stderr);
    }

    let delete = ["delete", "--wait=false", "-f", "-"];
    let deleted = cluster.kubectl_with(&delete, &text).unwrap().stdout_of("delete").unwrap();
    let kinds: Vec<_> = deleted.lines().filter_map(|line| line.split_once('"')).collect();
    assert!(
        kinds.iter().take(3).all(|(kind, _)| kind.contains("webhookconfiguration")),
        "{deleted}"
    );
}

#[test]
fn plain_manifests_are_what_was_asked_for() {
    let kinds = |args: &[&str]| -> Vec<String> {
        let kind = |object: &Value| object["kind"].as_str().unwrap().to_owned();
        documents(&printed(args)).iter().map(kind).collect()
    };
    let count = |kinds: &[String], kind: &str| kinds.iter().filter(|one| *one == kind).count();
    let crds = kinds(&["--crds-only"]);
    assert_eq!(crds, ["CustomResourceDefinition", "CustomResourceDefinition"]);
    let default = kinds(&[]);
    assert_eq!(count(&default, "CustomResourceDefinition"), 0);
    assert_eq!(count(&default, "PodPolicy"), 5);
    assert_eq!(count(&default, "Namespace"), 1);
    assert_eq!(count(&default, "CronJob"), 0);
    assert_eq!(count(&kinds(&["--audit"]), "CronJob"), 1);
    let all = kinds(&["--include-crds", "--profile", "none"]);
    assert_eq!((count(&all, "CustomResourceDefinition"), count(&all, "PodPolicy")), (2, 0));
    let objects = documents(&printed(&["--failure-policy", "Fail"]));
    let args = &find(&objects, "Deployment", "plimsoll")["spec"]["template"]["spec"]["containers"]
        [0]["args"];
    assert!(args.as_array().unwrap().iter().any(|arg| arg == "--failure-policy=Fail"));

    for wrong in [["--name", "A"], ["--namespace", "a.b"], ["--image", "a b"], ["--profile", "lax"]]
    {
        let refused = plimsoll(&wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        assert!(refused.stderr.contains(wrong[0]), "{}", refused.stderr);
    }
    let long = "a".repeat(47);
    assert!(plimsoll(&["--name", &long]).success());
    assert_eq!(plimsoll(&["--name", &long, "--audit"]).status.code(), Some(2));
}
