//! Which pods are judged, and who they are attributed to.

use serde_json::json;

use crate::server::Fault;
use crate::world::{Run, World, owner, pod, uid};

#[test]
fn owners_are_followed_to_the_top_with_metadata_alone() {
    let world = World::with_pods();
    let server = &world.server;
    for (at, name) in ["web-1-x", "web-1-y"].iter().enumerate() {
        let owners = owner("apps/v1", "ReplicaSet", "web-1", 1);
        server.add("/api/v1/pods", pod("c", &format!("{name}{at}"), "latest", owners));
    }
    let object = |name: &str, number: u32, owners| json!({"metadata": {"namespace": "c", "name": name, "uid": uid(number), "ownerReferences": owners}});
    server.add(
        "/apis/apps/v1/replicasets",
        object("web-1", 1, owner("apps/v1", "Deployment", "web", 2)),
    );
    server.add(
        "/apis/apps/v1/deployments",
        object("web", 2, owner("example.com/v1", "Robot", "r2", 3)),
    );
    server.add("/apis/example.com/v1/robots", object("r2", 3, json!([])));
    // Its name looks like that of a CronJob's Job, and it has no owner.
    server
        .add("/api/v1/pods", pod("c", "j", "latest", owner("batch/v1", "Job", "once-28912345", 4)));
    server.add("/apis/batch/v1/jobs", object("once-28912345", 4, json!([])));
    server.add("/api/v1/pods", pod("c", "s", "latest", owner("v1", "Node", "node-a", 5)));
    let run = world.audit(&["-n", "c"]);
    let owners = ["c/Job/once-28912345 1", "c/Node/node-a 1", "c/Robot/r2 2"];
    assert_eq!(run.owners(), owners, "{run:?}");
    assert_eq!(run.code, Some(1), "{run:?}");
    let asked = |path: &str| world.server.log().iter().filter(|uri| uri.starts_with(path)).count();
    for path in ["replicasets", "deployments"] {
        assert_eq!(asked(&format!("/apis/apps/v1/namespaces/c/{path}")), 1);
    }
    assert_eq!(asked("/apis/example.com/v1/namespaces/c/robots"), 1);
    assert_eq!((asked("/apis/example.com/v1?"), asked("/api/v1/nodes")), (0, 0));
}

#[test]
fn owners_that_may_not_be_listed_are_named_once_and_told_from_names() {
    let world = World::with_pods();
    for name in ["x", "y"] {
        for namespace in ["a", "c"] {
            let job = owner("batch/v1", "Job", "nightly-28912345", 4);
            world.server.add("/api/v1/pods", pod(namespace, name, "latest", job));
        }
    }
    world.server.trouble("/jobs", Fault::Status(403, "u cannot list jobs", "", None), 99);
    let run = world.audit(&["--kind", "cronjob", "-n", "a,c"]);
    assert_eq!(run.owners(), ["a/CronJob/nightly 2", "c/CronJob/nightly 2"]);
    assert_eq!(run.notes(), ["owners of kind Job (batch/v1): u cannot list jobs"]);
    assert!(run.stderr.contains("note: owners of kind Job"), "{}", run.stderr);
    assert_eq!(run.code, Some(1), "every pod was judged");
}

#[test]
fn namespaces_are_chosen_by_name_and_glob() {
    let world = World::with_pods();
    let pods = |args: &[&str]| {
        let run = world.audit(args);
        assert!(run.errors().is_empty(), "{run:?}");
        run.counts().0
    };
    assert_eq!(pods(&[]), 6);
    assert_eq!(pods(&["-A"]), 6);
    assert_eq!(pods(&["-n", "a"]), 4);
    assert_eq!(pods(&["-n", "a*"]), 5);
    assert_eq!(pods(&["-n", "a*,c", "--exclude-namespace", "a"]), 2);
    assert_eq!(pods(&["--exclude-namespace", "*-b"]), 5);
    assert_eq!(pods(&["--workload", "bare"]), 6);
    assert_eq!(pods(&["--workload", "Batch"]), 0);
    pods(&[
        "-l",
        "app in (a,b)",
        "--field-selector",
        "status.phase=Running",
        "--exclude-namespace",
        "a",
    ]);
    let last = world.server.log().pop().unwrap();
    for term in
        ["labelSelector=app+in+%28a%2Cb%29", "status.phase%3DRunning%2Cmetadata.namespace%21%3Da"]
    {
        assert!(last.contains(term), "{last}");
    }
    let run = world.audit(&["-n", "typo,c"]);
    assert_eq!(run.errors(), ["pods in namespace typo: there is no such namespace"]);
    assert_eq!((run.counts().0, run.code), (1, Some(2)));
    let run = world.audit(&["-n", "none-*"]);
    assert_eq!(run.errors(), ["namespaces: there is no namespace that is selected"]);
}

#[test]
fn a_kind_that_may_be_misspelt_is_a_problem() {
    let world = World::with_pods();
    let robot = owner("example.com/v1", "Robot", "r2", 3);
    world.server.add("/api/v1/pods", pod("c", "r2-x", "latest", robot));
    world.server.add(
        "/apis/example.com/v1/robots",
        json!({"metadata": {"namespace": "c", "name": "r2", "uid": uid(3)}}),
    );
    let run = world.audit(&["--kind", "Deploymnt,robot"]);
    assert_eq!(run.errors(), ["--kind: no pod belongs to an owner of kind Deploymnt"]);
    assert_eq!(run.counts(), (1, 1, Some(2)), "{run:?}");
    assert_eq!(run.report["errors"][0]["help"], "check its spelling; there are: Pod, Robot");
    let run = world.audit(&["--kind", "CronJob,dag"]);
    assert_eq!(run.counts(), (0, 0, Some(0)), "those may have no pod now: {run:?}");
}

#[test]
fn what_the_webhook_lets_through_is_not_judged() {
    let world = World::with_pods();
    let mirror = |name: &str, owners, node: &str| {
        let mut pod = pod("c", name, "latest", owners);
        pod["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "abc"});
        pod["spec"]["nodeName"] = json!(node);
        pod["status"] = json!({"startTime": "2026-01-02T03:04:05Z"});
        pod
    };
    let node = || owner("v1", "Node", "node-a", 5);
    world.server.add("/api/v1/pods", mirror("static-node-a", node(), "node-a"));
    assert_eq!(world.audit(&["-n", "c"]).counts(), (1, 0, Some(0)));
    world.server.add("/api/v1/pods", mirror("elsewhere", node(), "node-b"));
    world.server.add("/api/v1/pods", mirror("bare", json!([]), "node-a"));
    let foreign = owner("example.com/v1", "Node", "node-a", 5);
    world.server.add("/api/v1/pods", mirror("foreign", foreign, "node-a"));
    let run = world.audit(&["-n", "c"]);
    assert_eq!(run.counts(), (4, 3, Some(1)), "the annotation alone proves nothing: {run:?}");
    assert_eq!(run.report["summary"]["sources"]["others"], 1, "{run:?}");

    let run = world.audit(&["--own-namespace", "a"]);
    assert_eq!(run.report["summary"]["pods"], 5, "{run:?}");
    assert_eq!(run.report["summary"]["sources"]["others"], 5, "four of its own, and a mirror");
    assert_eq!(run.report["summary"]["clean"], 1);
}

#[test]
fn the_context_is_named_wherever_it_comes_from() {
    let world = World::with_pods();
    let expected = format!("context one at http://{}", world.server.address);
    assert_eq!(world.audit(&[]).report["source"], *expected);
    assert_eq!(world.audit(&["--context", "one"]).report["source"], *expected);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(world.folder()).env_clear().env("KUBECONFIG", "kubeconfig");
    let run = crate::world::Run::of(&command.args(["audit", "--format", "json"]).output().unwrap());
    assert_eq!(run.report["source"], *expected, "{run:?}");
}

#[test]
fn lists_are_paged_and_facts_come_from_memory() {
    let world = World::with_pods();
    let run = world.audit(&["--page-size", "4", "--exclude-namespace", "x"]);
    assert_eq!(run.report["summary"]["cost"]["requests"], 4);
    let selector = "fieldSelector=metadata.namespace%21%3Dx";
    let expected = [
        "/api/v1/namespaces?&resourceVersion=0".to_owned(),
        "/api/v1/limitranges?&resourceVersion=0".to_owned(),
        format!("/api/v1/pods?&{selector}&limit=4"),
        format!("/api/v1/pods?&{selector}&limit=4&continue=a%2Fp3"),
    ];
    assert_eq!(world.server.log(), expected);
}

#[test]
fn labels_of_namespaces_and_ranges_count() {
    let world = World::with_pods();
    world.server.add("/api/v1/pods", pod("a", "old", "old", json!([])));
    let run = world.audit(&[]);
    assert_eq!(run.report["summary"]["warned"], 1, "{run:?}");
    let namespace = json!({"metadata": {"name": "a", "labels": {"plimsoll.dev/mode": "audit"}}});
    world.server.add("/api/v1/namespaces", namespace);
    assert_eq!(world.audit(&["-n", "a"]).counts(), (5, 0, Some(0)));
}

#[test]
fn pods_that_go_while_they_are_listed_are_no_problem() {
    let world = World::with_pods();
    world.server.remove("/api/v1/pods", "c/p1");
    assert_eq!(world.audit(&["--page-size", "1"]).counts(), (5, 5, Some(1)));
}

#[test]
fn the_configuration_file_counts() {
    let world = World::with_pods();
    world.write(
        "plimsoll.yaml",
        "policies: [policy.yaml]\nnamespace: c\nfailOn: audit\nformats: [sarif]\n",
    );
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(world.folder()).env_clear();
    // The formats of manifests are others.
    command.args(["audit", "--kubeconfig", "kubeconfig", "--format", "json"]);
    let run = crate::world::Run::of(&command.output().unwrap());
    assert_eq!(run.counts(), (6, 5, Some(1)), "its namespace is that of manifests: {run:?}");
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let world = World::new();
    let cases: [(&[&str], &str); 9] = [
        (&["--page-size", "0"], "0 is not in 1..=10000"),
        (&["--qps=-1"], "a number from 0 to 10000"),
        (&["--qps", "NaN"], "a number from 0 to 10000"),
        (&["--request-timeout", "0"], "0 is not in 1..=600"),
        (&["-n", "A"], "no namespace has 'A' in its name"),
        (&["-n", "[a"], "malformed"),
        (&["-n", "a", "-A"], "cannot be used with"),
        (&["--workload", "Cron"], "there are: Batch, Service, Daemon, Static, Bare"),
        (&["--context", "two"], "the kubeconfig has no context two; it has: one"),
    ];
    for (args, words) in cases {
        let run = world.audit(args);
        assert_eq!(run.code, Some(2), "{args:?}");
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
    }
    assert!(world.server.log().is_empty());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .env_clear()
        .env("HOME", world.folder())
        .arg("audit")
        .output()
        .unwrap();
    let run = crate::world::Run::of(&output);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("no cluster is configured"), "{}", run.stderr);
}

/// Every pod counts for the nodes, whoever judges it: what is left out by name is read and not judged.
#[test]
fn a_forecast_holds_pods_of_namespaces_that_are_left_out_against_nodes() {
    let world = World::with_pods();
    for (namespace, name, cpu) in [("a", "x", "500m"), ("c", "y", "3")] {
        // Owners of what is not judged are not asked for.
        let owners =
            owner("apps/v1", if namespace == "a" { "DaemonSet" } else { "ReplicaSet" }, "d", 1);
        let mut pod = pod(namespace, name, "latest", owners);
        pod["spec"]["nodeName"] = json!("n");
        pod["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": cpu}});
        world.server.add("/api/v1/pods", pod);
    }
    let node = json!({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "4"}}});
    world.server.add("/api/v1/nodes", node);
    let figure = |run: &Run, id: &str| {
        let sections = run.report["forecast"]["sections"].as_array().unwrap();
        let mut all = sections.iter().flat_map(|section| section["figures"].as_array().unwrap());
        all.find(|figure| figure["id"] == id).map(|figure| figure["value"]["high"].clone())
    };
    let run = world.audit(&["--forecast", "--exclude-namespace", "c,x-*"]);
    // 4 and 1 in a, 1 in a-b; two in c are not judged.
    assert_eq!(run.counts().0, 6, "{run:?}");
    assert!(run.owners().iter().all(|owner| !owner.starts_with("c/")), "{run:?}");
    // 3 cores and half a core, of 4.
    assert_eq!(figure(&run, "nodes.cpu.share.now"), Some(json!(0.875)));
    // So do those of the own namespace, and mirrors, which the webhook lets through.
    let run = world.audit(&["--forecast", "--own-namespace", "c", "--exclude-namespace", "c"]);
    assert_eq!(figure(&run, "nodes.cpu.share.now"), Some(json!(0.875)));
    let asked = |what: &str| world.server.log().iter().any(|uri| uri.contains(what));
    assert!(asked("/daemonsets") && !asked("/replicasets") && !asked("fieldSelector"));
    // Of some pods, nothing is held against nodes.
    for some in [&["-n", "a"][..], &["--kind", "DaemonSet"], &["-l", "a=b"]] {
        let run = world.audit(&[&["--forecast"], some].concat());
        assert_eq!(figure(&run, "nodes.cpu.share.now"), None, "{some:?}");
    }
    // Nor where some could not be read: c is no loss for the audit, and one for the forecast.
    let lost = || Fault::Status(403, "u cannot list pods", "", None);
    world.server.trouble("/api/v1/pods", lost(), 1);
    world.server.trouble("/namespaces/c/pods", lost(), 1);
    let run = world.audit(&["--forecast", "--exclude-namespace", "c"]);
    assert_eq!((run.counts().0, run.code), (6, Some(1)), "{run:?}");
    assert_eq!(run.notes(), ["pods in namespace c: u cannot list pods"]);
    assert_eq!(figure(&run, "nodes.cpu.share.now"), None);
    // Without a forecast they are not even sent.
    world.audit(&["--exclude-namespace", "c"]);
    assert!(world.server.log().iter().any(|uri| uri.contains("fieldSelector")));
}
