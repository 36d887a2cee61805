//! What one replica costs: memory with many policies and namespaces under load, CPU with nothing to do.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, Program, skipped};
use crate::helm::CHART;
use crate::installation::{samples, values};
use crate::load::{Load, Shown};
use crate::node::loopback;
use crate::usage::{memory, millicores};

const POLICIES: usize = 100;
const NAMESPACES: usize = 1000;
const HOME: &str = "plimsoll-system";
/// Bytes of a release, all told; of the program that tests run, those that it asked for: most of what is resident of
/// such a build is the build itself.
const MOST_MEMORY: [u64; 2] = [30_000_000, 40_000_000];
/// Thousandths of a CPU, likewise.
const MOST_CPU: [f64; 2] = [1.0, 10.0];

/// One cluster for this test alone. The process listens where the Service is, so that nothing else is needed.
fn cluster() -> (&'static Cluster, String) {
    // The upper half of this process's range belongs to pods of the other tests.
    let (_, [first, second]) = loopback();
    let service_range = format!("{first}.{second}.192.0/18");
    let address = format!("{first}.{second}.200.1");
    let options = Options { service_range, audit: true, ..Options::default() };
    // Never dropped, as a shared one: it ends with the process.
    (Box::leak(Box::new(Cluster::start(&options).unwrap())), address)
}

fn policies() -> Vec<Value> {
    let real = values()["policies"]["extra"][0].clone();
    let others = (1..POLICIES).map(|number| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
            "metadata": {"name": format!("team-{number}")},
            "spec": {
                "description": format!("What team {number} has agreed on."),
                "match": {"namespaces": {"include": [format!("team-{number}-*")]}},
                "rules": [
                    {"name": "no-latest", "action": "Deny", "imageTag": {"deny": ["latest", "main", "dev"]}},
                    {"name": "pull-once", "action": "Patch", "imagePullPolicy": {}},
                ],
            }})
    });
    std::iter::once(real).chain(others).collect()
}

fn list(items: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// Everything that the server needs to find, in the simplest way.
fn furnish(cluster: &Cluster, address: &str) {
    cluster.kubectl_ok(&["apply", "--server-side", "-f", &format!("{CHART}/crds")]).unwrap();
    for crd in ["podpolicies.plimsoll.dev", "podpolicyexemptions.plimsoll.dev"] {
        let established = ["wait", "--for=condition=Established", "crd", crd, "--timeout=60s"];
        cluster.kubectl_ok(&established).unwrap();
    }
    let configuration = |kind: &str, name: &str| json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}});
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "plimsoll", "namespace": HOME},
            "spec": {"clusterIP": address, "ports": [{"port": 443}]}}),
        configuration("MutatingWebhookConfiguration", "plimsoll"),
        configuration("ValidatingWebhookConfiguration", "plimsoll"),
        configuration("ValidatingWebhookConfiguration", "plimsoll-policies"),
    ];
    cluster.apply(&list(&objects)).unwrap();
    let create = |items: &[Value]| {
        let created = cluster.kubectl_with(&["create", "-f", "-"], &list(items)).unwrap();
        assert!(created.success(), "{}", created.stderr);
    };
    create(&policies());
    let namespaces: Vec<Value> = (0..NAMESPACES)
        .map(|number| {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("team-{number}-x"),
                "labels": {"team": number.to_string(), "plimsoll.dev/mode": "enforce"}}})
        })
        .collect();
    create(&namespaces);
}

fn serve(cluster: &Cluster, address: &str) -> Program {
    let args = [
        "serve".to_owned(),
        "--kubernetes".to_owned(),
        "--tls-managed".to_owned(),
        "--failure-policy=Fail".to_owned(),
        format!("--listen={address}:443"),
        format!("--admin-listen={address}:8080"),
    ];
    let kubeconfig = cluster.kubeconfig().display().to_string();
    cluster
        .run("footprint", &crate::usage::program().0, &args, &[("KUBECONFIG", &kubeconfig)])
        .unwrap()
}

#[test]
fn a_replica_is_small_and_idles() {
    if skipped("a_replica_is_small_and_idles") {
        return;
    }
    let _alone = crate::alone();
    let (cluster, address) = cluster();
    furnish(cluster, &address);
    let crowd = cluster.create_namespace("crowd", &[]).unwrap();
    let program = serve(cluster, &address);
    let probe = ["run", "probe", "--dry-run=server", "--image=app:latest", "-n", &crowd];
    poll("pods to be denied", Duration::from_secs(60), || {
        let output = cluster.kubectl(&probe)?;
        let denied = output.stderr.contains("rule no-latest");
        Ok(if denied {
            Progress::Done(())
        } else {
            Progress::NotYet(output.stderr + &program.log_tail())
        })
    })
    .unwrap();
    let quiet = memory(program.pid).unwrap();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let load = Load::start(&runtime, cluster, &crowd, 200, samples()).unwrap();
    load.stage("load");
    std::thread::sleep(Duration::from_secs(10));
    let rows = load.stop(&runtime);
    let loaded = memory(program.pid).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let idle = millicores(program.pid, Duration::from_secs(30)).unwrap();

    let bytes = |kib: u64| kib * 1024;
    eprintln!("{}", Shown(&rows));
    eprintln!(
        "{POLICIES} policies, {NAMESPACES} namespaces: {} bytes resident before the load, {} after it, {} at most; idle \
         {idle:.2} millicores; {} bytes of the program's file",
        bytes(quiet.resident),
        bytes(loaded.resident),
        bytes(loaded.peak),
        bytes(loaded.file)
    );
    let bound = usize::from(!crate::usage::program().1);
    let own = loaded.peak - if bound == 0 { 0 } else { loaded.file };
    assert!(rows.iter().all(|row| (row.failed, row.slipped) == (0, 0)), "see above");
    assert!(bytes(own) <= MOST_MEMORY[bound], "{} bytes", bytes(own));
    assert!(idle <= MOST_CPU[bound], "{idle:.2} millicores");
}
