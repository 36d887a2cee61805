//! The test control plane itself: it starts, it is a real API server, and nothing of it is left behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "support/cluster.rs"]
mod cluster;

use cluster::certs::Authority;
use cluster::process::{Progress, accepts_connections, free_port, is_alive, poll};
use cluster::{Cluster, Options, Webhooks, skipped};

/// Set for the process that [`a_killed_test_process_leaves_nothing_behind`] starts and kills.
const VICTIM: &str = "PLIMSOLL_TEST_VICTIM";

fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "main", "image": "app:1.0"}]},
    })
}

/// Every process whose command line names `path`, such as a cluster's folder (Linux; empty elsewhere).
fn processes_in(path: &Path) -> Vec<u32> {
    let mentions = |pid: u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&*path.to_string_lossy())
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| mentions(*pid) && is_alive(*pid)).collect()
}

fn wait_until_nothing_is_left(folder: &Path) {
    poll("everything to be gone", Duration::from_secs(20), || {
        let (left, there) = (processes_in(folder), folder.exists());
        if left.is_empty() && !there {
            return Ok(Progress::Done(()));
        }
        Ok(Progress::NotYet(format!("processes {left:?}, folder still there: {there}")))
    })
    .unwrap();
}

#[test]
fn it_is_a_real_api_server() {
    if skipped("it_is_a_real_api_server") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let version = cluster.server_version().unwrap();
    if let Some(built) = cluster.built_version() {
        assert_eq!(version, built);
    }
    let namespaces = cluster.get_json(&["namespaces"]).unwrap();
    let names: Vec<_> = namespaces["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|namespace| namespace["metadata"]["name"].as_str().unwrap())
        .collect();
    for name in ["default", "kube-system"] {
        assert!(names.contains(&name), "{names:?}");
    }

    cluster.create(&pod("default", "in-default")).unwrap();
    let namespace = cluster.create_namespace("smoke", &[("team", "data")]).unwrap();
    let stored = cluster.create(&pod(&namespace, "made")).unwrap();
    // Defaulted by the API server, and by its ServiceAccount and DefaultTolerationSeconds admission.
    assert_eq!(stored["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    assert_eq!(stored["spec"]["serviceAccountName"], "default");
    assert_eq!(stored["spec"]["tolerations"].as_array().unwrap().len(), 2);

    // Rights are real: nobody but the administrator may do anything yet.
    let refused = cluster.kubectl(&["get", "pods", "-n", &namespace, "--as=somebody"]).unwrap();
    assert!(!refused.success() && refused.stderr.contains("Forbidden"), "{refused:?}");
    let path = format!("/api/v1/namespaces/{namespace}/pods/made");
    assert!(cluster.raw("get", &path, None).unwrap().success());
}

#[test]
fn webhooks_are_asked_once_they_are_registered() {
    if skipped("webhooks_are_asked_once_they_are_registered") {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    let namespace = cluster.create_namespace("webhooks", &[]).unwrap();
    let ca = Authority::new("test authority").unwrap().ca_pem();
    let nowhere = format!("https://127.0.0.1:{}", free_port().unwrap());

    // Ignore, because nobody answers there: registering waits for an answer.
    let ignored = Webhooks::at_url(&nowhere, &ca).only_for(&namespace).failure_policy("Ignore");
    cluster.register_webhooks(&ignored).unwrap();
    let stored = cluster.get_json(&["validatingwebhookconfiguration", &namespace]).unwrap();
    assert_eq!(stored["webhooks"][1]["name"], "validate.plimsoll.dev");
    cluster.create(&pod(&namespace, "let-through")).unwrap();

    let fail = r#"[{"op": "replace", "path": "/webhooks/1/failurePolicy", "value": "Fail"}]"#;
    let mutating = "mutatingwebhookconfiguration";
    cluster.kubectl_ok(&["patch", mutating, &namespace, "--type=json", "-p", fail]).unwrap();
    poll("the webhook to be asked", Duration::from_secs(20), || {
        let dry_run = ["create", "--dry-run=server", "-f", "-"];
        let asked = cluster.kubectl_with(&dry_run, &pod(&namespace, "asked").to_string())?;
        let refused = asked.stderr.contains("failed calling webhook \"mutate.plimsoll.dev\"");
        Ok(if refused { Progress::Done(()) } else { Progress::NotYet(asked.stderr) })
    })
    .unwrap();
    cluster.create(&pod("default", "elsewhere")).unwrap();

    cluster.unregister_webhooks(&ignored).unwrap();
    cluster.create(&pod(&namespace, "free-again")).unwrap();
}

#[test]
fn workloads_become_pods_on_nodes_and_dropping_removes_everything() {
    if skipped("workloads_become_pods_on_nodes_and_dropping_removes_everything") {
        return;
    }
    let options = Options::complete().api_server_arg("--enable-admission-plugins=AlwaysPullImages");
    let cluster = Cluster::start(&options).unwrap();
    for (name, zone) in [("node-a", "zone-a"), ("node-b", "zone-b")] {
        cluster.add_node(name, "4", "8Gi", zone).unwrap();
    }
    let namespace = cluster.create_namespace("smoke", &[]).unwrap();
    let image = "--image=app:1.0";
    let create = ["create", "deployment", "web", image, "--replicas=2", "-n", &namespace];
    cluster.kubectl_ok(&create).unwrap();
    let pods = poll("two bound pods", Duration::from_secs(60), || {
        let pods = cluster.get_json(&["pods", "-n", &namespace])?;
        let items = pods["items"].as_array().cloned().unwrap_or_default();
        let bound = items.iter().filter(|pod| pod["spec"]["nodeName"].is_string()).count();
        Ok(if bound == 2 {
            Progress::Done(items)
        } else {
            Progress::NotYet(format!("{bound} of {} pods are bound", items.len()))
        })
    })
    .unwrap();
    assert_ne!(pods[0]["spec"]["nodeName"], pods[1]["spec"]["nodeName"]);
    assert_eq!(pods[0]["spec"]["containers"][0]["imagePullPolicy"], "Always");

    let folder = cluster.folder().to_owned();
    let port: u16 = cluster.url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(accepts_connections(port));
    let started = Instant::now();
    drop(cluster);
    assert!(!accepts_connections(port), "the API server still listens");
    assert!(!folder.exists(), "{} is still there", folder.display());
    assert_eq!(processes_in(&folder), Vec::<u32>::new());
    assert!(started.elapsed() < Duration::from_secs(10), "took {:?}", started.elapsed());
}

/// Not a test of its own: what the next one starts. Holds a cluster until somebody kills it.
#[test]
#[ignore = "started by a_killed_test_process_leaves_nothing_behind"]
fn victim() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let cluster = Cluster::shared().unwrap();
    println!("victim {}", cluster.folder().display());
    std::thread::sleep(Duration::from_secs(600));
}

/// This test binary again, as [`victim`], with a cluster up; and that cluster's folder.
fn start_victim() -> (Child, PathBuf) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "victim"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The harness may have begun that line with the test's name.
    let folder = lines.map_while(Result::ok).find_map(|line| {
        line.split_once("victim /").map(|(_, rest)| PathBuf::from(format!("/{rest}")))
    });
    (child, folder.expect("the victim started no cluster"))
}

#[test]
fn a_killed_test_process_leaves_nothing_behind() {
    if skipped("a_killed_test_process_leaves_nothing_behind") {
        return;
    }
    let (mut victim, folder) = start_victim();
    if cfg!(target_os = "linux") {
        // The shell, etcd and the API server.
        assert_eq!(processes_in(&folder).len(), 3);
    }
    victim.kill().unwrap(); // SIGKILL: nothing in that process runs any more.
    victim.wait().unwrap();
    wait_until_nothing_is_left(&folder);
}

#[test]
fn a_start_that_fails_says_why() {
    if skipped("a_start_that_fails_says_why") {
        return;
    }
    let options = Options::default().api_server_arg("--no-such-flag");
    let error = Cluster::start(&options).unwrap_err();
    assert!(error.contains("unknown flag: --no-such-flag"), "{error}");
    let (_, logs) = error.rsplit_once("all logs: ").unwrap();
    let logs = Path::new(logs.trim());
    assert!(logs.join("kube-apiserver.log").is_file(), "{error}");
    let folder = logs.parent().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "only the logs stay");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_lost_supervisor_leaves_nothing_behind_either() {
    if skipped("a_lost_supervisor_leaves_nothing_behind_either") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let folder = cluster.folder().to_owned();
    for supervisor in processes_in(&folder.join("run/supervisor.sh")) {
        let kill = Command::new("kill").args(["-KILL", &supervisor.to_string()]).status();
        assert!(kill.unwrap().success());
    }
    drop(cluster);
    wait_until_nothing_is_left(&folder);
}
