//! A Kubernetes cluster with Plimsoll in it, to try things out. Nothing to install but Rust and Go.
//!
//! ```sh
//! cargo run --example cluster                          # the embedded policies
//! cargo run --example cluster -- --policies my-policies/   # any flags of `plimsoll serve`
//! ```
//!
//! Ctrl-C ends it and removes everything. The first run builds etcd and Kubernetes with Go (5 to 10 minutes,
//! kept for later); with `KUBEBUILDER_ASSETS` set to a folder that holds them, nothing is built.
//! `PLIMSOLL_BIN` names a `plimsoll` to run; without it, this source tree's is built.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

#[path = "../tests/support/cluster.rs"]
mod cluster;

use cluster::certs::Authority;
use cluster::process::{Progress, accepts_connections, free_port, poll};
use cluster::{Cluster, Options, Program, Webhooks};

fn main() -> ExitCode {
    match try_it() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_it() -> Result<(), String> {
    let plimsoll = plimsoll_binary()?;
    eprintln!("starting a cluster …");
    let cluster = start_cluster()?;
    eprintln!("starting plimsoll …");
    let webhook = serve(&cluster, &plimsoll)?;
    println!("{}", instructions(&cluster, &webhook));
    // Ctrl-C ends this process, and with it the pipe that holds everything up: the supervisor of the
    // cluster then stops all programs and removes the folder.
    while webhook.is_alive() {
        std::thread::sleep(Duration::from_millis(500));
    }
    Err(format!("plimsoll has ended. Its last words:\n{}", webhook.log_tail()))
}

/// A cluster with two nodes, in which workloads become pods and pods are bound (but never run).
fn start_cluster() -> Result<Cluster, String> {
    let cluster = Cluster::start(&Options::complete())?;
    for (name, zone) in [("node-a", "zone-a"), ("node-b", "zone-b")] {
        cluster.add_node(name, "8", "32Gi", zone)?;
    }
    Ok(cluster)
}

/// Runs `plimsoll serve` with a certificate of its own and registers it with the API server.
fn serve(cluster: &Cluster, plimsoll: &Path) -> Result<Program, String> {
    let authority = Authority::new("plimsoll example authority")?;
    let folder = cluster.folder().join("plimsoll");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let files = authority.serving_cert(&["127.0.0.1", "localhost"])?.write_to(&folder)?;
    let (port, admin_port) = (free_port()?, free_port()?);

    let mut args: Vec<String> = vec!["serve".to_owned()];
    args.push(format!("--listen=127.0.0.1:{port}"));
    args.push(format!("--admin-listen=127.0.0.1:{admin_port}"));
    args.push(format!("--tls-cert={}", files.cert.display()));
    args.push(format!("--tls-key={}", files.key.display()));
    args.extend(std::env::args().skip(1));
    let webhook = cluster.run("plimsoll", plimsoll, &args, &[])?;
    poll("plimsoll to listen", Duration::from_secs(30), || {
        if accepts_connections(port) {
            return Ok(Progress::Done(()));
        }
        if webhook.is_alive() {
            return Ok(Progress::NotYet("it runs but does not answer".to_owned()));
        }
        Err(format!("plimsoll did not start. Its last words:\n{}", webhook.log_tail()))
    })?;

    let url = format!("https://127.0.0.1:{port}");
    cluster.register_webhooks(&Webhooks::at_url(&url, &authority.ca_pem()))?;
    Ok(webhook)
}

/// `PLIMSOLL_BIN`, or the binary of this source tree, built like this example was.
fn plimsoll_binary() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("PLIMSOLL_BIN").filter(|path| !path.is_empty()) {
        return std::path::absolute(path).map_err(|e| format!("PLIMSOLL_BIN: {e}"));
    }
    // target/PROFILE/examples/cluster
    let example = std::env::current_exe().map_err(|e| format!("where is this program? {e}"))?;
    let beside = example.ancestors().nth(2).unwrap_or(&example);
    let path = beside.join(format!("plimsoll{}", std::env::consts::EXE_SUFFIX));
    // `cargo run --example` builds the example only: what lies there may be missing or old.
    if let Some(cargo) = std::env::var_os("CARGO") {
        let profile = match beside.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let mut build = Command::new(cargo);
        build.args(["build", "--bin", "plimsoll", "--profile", profile, "--target-dir"]);
        build.arg(beside.parent().unwrap_or(beside));
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        let status = build.status().map_err(|e| format!("cannot run cargo: {e}"))?;
        if !status.success() {
            return Err("plimsoll does not build; cargo says why above".to_owned());
        }
    }
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "there is no {}: run `cargo build --bin plimsoll`, or set PLIMSOLL_BIN",
        path.display()
    ))
}

fn instructions(cluster: &Cluster, webhook: &Program) -> String {
    let kubeconfig = cluster.kubeconfig();
    let kubectl = cluster.kubectl_path();
    format!(
        r#"
A cluster with Plimsoll as its admission webhook is up. In another terminal:

  export KUBECONFIG={kubeconfig}
  alias kubectl={kubectl}

  kubectl get nodes
  kubectl run ok --image=nginx:1.29                      # admitted; see what was patched:
  kubectl get pod ok -o yaml
  kubectl run denied --image=nginx:latest                # a mutable tag
  kubectl create job crowd --image=busybox:1.37 -- true  # becomes a pod, bound to a node
  kubectl create deployment web --image=nginx            # judged at apply, not only as pods

Pods are bound to nodes but never run: no kubelet stands behind the nodes.
Plimsoll's log: {log}

Ctrl-C ends everything and removes it."#,
        kubeconfig = kubeconfig.display(),
        kubectl = kubectl.display(),
        log = webhook.log.display(),
    )
}
