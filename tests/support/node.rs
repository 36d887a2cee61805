//! A node for Plimsoll's own pods on the test cluster, and the Services in front of them.
//!
//! ```ignore
//! let node = node::Node::start(cluster, "plimsoll-system").unwrap();
//! cluster.apply(manifests).unwrap();   // Deployment, Service …, as the chart renders them
//! cluster.kubectl_ok(&["rollout", "status", "deployment/plimsoll", "-n", "plimsoll-system"]).unwrap();
//! ```
//!
//! The kubelet runs the binary of this source tree in place of every image, with the container's own arguments,
//! environment, volumes, probes and grace, and with the token of the pod's own ServiceAccount. What a node does
//! with network namespaces is done here with loopback addresses: each pod has one of its own, and a container that
//! listens on every address listens on that one (127.x.y.z here, 10.x.y.z where the API server is told). The proxy forwards connections from the Services' cluster IPs
//! to the ready endpoints, a moment late, as kube-proxy does.
//!
//! Only pods and Services of one namespace are looked at: others may be bound to the node and stay Pending.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tokio::runtime::Runtime;

use crate::cluster::{Cluster, Program};

#[path = "node/container.rs"]
mod container;
#[path = "node/kubelet.rs"]
mod kubelet;
#[path = "node/life.rs"]
mod life;
#[path = "node/probe.rs"]
mod probe;
#[path = "node/proxy.rs"]
mod proxy;
#[path = "node/status.rs"]
mod status;
#[path = "node/tending.rs"]
mod tending;
#[path = "node/volume.rs"]
mod volume;

/// How the node is called.
pub(crate) const NODE: &str = "plimsoll-test-node";

/// A node that runs the pods of one namespace, until it is dropped.
pub(crate) struct Node {
    shared: Arc<Shared>,
    runtime: Runtime,
}

/// What kubelet, proxy and pods share.
struct Shared {
    cluster: &'static Cluster,
    client: Client,
    namespace: String,
    /// Where the pods' volumes and kubeconfigs are.
    folder: PathBuf,
    addresses: Addresses,
    /// The processes of the pods, by the pods' names.
    programs: Mutex<BTreeMap<String, Program>>,
    /// What the kubelet could not do, for tests to show.
    complaints: Mutex<Vec<String>>,
}

impl Node {
    /// Adds the node to the cluster and begins to run what is bound to it in `namespace`, which need not exist
    /// yet. The cluster needs scheduler and controllers, and [`loopback`] for its Services.
    pub(crate) fn start(cluster: &'static Cluster, namespace: &str) -> Result<Self, String> {
        // One that an earlier test has left serves as well: nothing runs on it any more.
        if !cluster.kubectl(&["get", "node", NODE])?.success() {
            cluster.add_node(NODE, "8", "32Gi", "zone-a")?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .thread_name("node")
            .build()
            .map_err(|e| format!("cannot start a runtime: {e}"))?;
        let folder = cluster.folder().join("pods");
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let client = runtime.block_on(client(cluster))?;
        let shared = Arc::new(Shared {
            cluster,
            client,
            namespace: namespace.to_owned(),
            folder,
            addresses: Addresses::default(),
            programs: Mutex::default(),
            complaints: Mutex::default(),
        });
        runtime.spawn(kubelet::run(Arc::clone(&shared)));
        runtime.spawn(proxy::run(Arc::clone(&shared)));
        Ok(Self { shared, runtime })
    }

    /// The processes of the pods that run now, by the pods' names.
    pub(crate) fn programs(&self) -> BTreeMap<String, Program> {
        self.shared.programs.lock().map(|programs| programs.clone()).unwrap_or_default()
    }

    /// What the kubelet could not do so far: an image's command that is not there, a Secret that is missing …
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.shared.complaints.lock().map(|complaints| complaints.clone()).unwrap_or_default()
    }

    /// Where the node does its work; tests may have more done there.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

impl Shared {
    fn complain(&self, complaint: String) {
        if let Ok(mut complaints) = self.complaints.lock()
            && complaints.last() != Some(&complaint)
        {
            complaints.push(complaint);
        }
    }

    fn note(&self, pod: &str, program: Option<Program>) {
        if let Ok(mut programs) = self.programs.lock() {
            match program {
                Some(program) => programs.insert(pod.to_owned(), program),
                None => programs.remove(pod),
            };
        }
    }
}

/// Loopback addresses of this process alone: (the range of its Services, in CIDR notation; the first two bytes of
/// its pods). Test binaries run at the same time, and each has Services on port 443.
pub(crate) fn loopback() -> (String, [u8; 2]) {
    // 127.100 is the range of clusters that do not ask; above 227 is left alone.
    let own = u8::try_from(std::process::id() % 120).unwrap_or_default() + 101;
    (format!("127.{own}.0.0/17"), [127, own])
}

/// The address of a pod as the API server is told: no loopback address is allowed in an EndpointSlice.
fn told(ip: Ipv4Addr) -> Ipv4Addr {
    let [_, b, c, d] = ip.octets();
    Ipv4Addr::new(10, b, c, d)
}

/// Where a pod's address is on this machine.
fn here(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.octets()[0] == 10 => {
            let [_, b, c, d] = ip.octets();
            Ipv4Addr::new(127, b, c, d).into()
        }
        other => other,
    }
}

/// Hands out addresses for pods, each once.
#[derive(Default)]
struct Addresses(AtomicU16);

impl Addresses {
    fn next(&self) -> Ipv4Addr {
        // The lower half belongs to the Services. An address that ends in 0 looks odd in logs.
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let [high, low] = (number / 250).to_be_bytes();
        debug_assert_eq!(high, 0);
        let last = u8::try_from(number % 250).unwrap_or_default() + 1;
        let [first, second] = loopback().1;
        Ipv4Addr::new(first, second, 128 + (low & 0x7f), last)
    }
}

/// A client of the cluster's administrator that repeats nothing by itself.
pub(crate) async fn client(cluster: &Cluster) -> Result<Client, String> {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let path = cluster.kubeconfig();
    let kubeconfig =
        Kubeconfig::read_from(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|e| format!("{}: {e}", path.display()))?;
    config.proxy_url = None;
    config.default_retry = false;
    Client::try_from(config).map_err(|e| format!("no client for {}: {e}", cluster.url()))
}
