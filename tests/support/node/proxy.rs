//! Services on loopback: connections to a cluster IP go to one of the endpoints that are ready.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures_util::StreamExt;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, ResourceExt};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Shared, here};

/// From a change of the endpoints to the moment when new connections follow it. kube-proxy waits and bundles
/// (`minSyncPeriod` 1 s at most), and large rule sets take time to load.
const PROGRAMMING: Duration = Duration::from_millis(300);
/// How long an endpoint that says nothing is waited for.
const CONNECTING: Duration = Duration::from_secs(5);

type Targets = Arc<ArcSwap<Vec<SocketAddr>>>;

/// One port of one Service.
struct Forwarder {
    targets: Targets,
    listening: JoinHandle<()>,
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        // Connections that are open live on.
        self.listening.abort();
    }
}

pub(super) async fn run(node: Arc<Shared>) {
    let (services, services_writer) = reflector::store::<Service>();
    let (slices, slices_writer) = reflector::store::<EndpointSlice>();
    let client = || node.client.clone();
    let config = watcher::Config::default;
    let changes = futures_util::stream::select(
        reflector(
            services_writer,
            watcher(Api::namespaced(client(), &node.namespace), config()).default_backoff(),
        )
        .map(drop),
        reflector(
            slices_writer,
            watcher(Api::namespaced(client(), &node.namespace), config()).default_backoff(),
        )
        .map(drop),
    );
    let mut changes = std::pin::pin!(changes);
    let mut forwarders: HashMap<SocketAddr, Forwarder> = HashMap::new();
    let mut due: Option<Instant> = None;
    loop {
        let at = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        tokio::select! {
            change = changes.next() => {
                if change.is_none() {
                    return;
                }
                due = due.or_else(|| Some(Instant::now() + PROGRAMMING));
            }
            () = tokio::time::sleep_until(at.into()) => {
                due = None;
                program(&node, &services.state(), &slices.state(), &mut forwarders).await;
            }
        }
    }
}

/// Has the forwarders do what Services and endpoints say.
async fn program(
    node: &Shared,
    services: &[Arc<Service>],
    slices: &[Arc<EndpointSlice>],
    forwarders: &mut HashMap<SocketAddr, Forwarder>,
) {
    let mut wanted = HashMap::new();
    for service in services {
        let Some(spec) = &service.spec else { continue };
        let ip = spec.cluster_ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
        let Some(ip) = ip else { continue };
        for port in spec.ports.iter().flatten() {
            let number = u16::try_from(port.port).unwrap_or_default();
            let targets = targets(&service.name_any(), port, slices);
            if !targets.is_empty() {
                wanted.insert(SocketAddr::new(ip, number), targets);
            }
        }
    }
    // A Service without endpoints refuses connections.
    forwarders.retain(|address, _| wanted.contains_key(address));
    for (address, targets) in wanted {
        if let Some(forwarder) = forwarders.get(&address) {
            forwarder.targets.store(Arc::new(targets));
            continue;
        }
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let targets: Targets = Arc::new(ArcSwap::from_pointee(targets));
                let listening = tokio::spawn(listen(listener, Arc::clone(&targets)));
                forwarders.insert(address, Forwarder { targets, listening });
            }
            Err(error) => node.complain(format!(
                "cannot listen on {address}: {error}. Services listen on low ports: run the tests as root, or \
                 `sysctl -w net.ipv4.ip_unprivileged_port_start=0`"
            )),
        }
    }
}

/// The endpoints of a Service's port: the ready ones; where there are none, those that end but still serve.
fn targets(service: &str, port: &ServicePort, slices: &[Arc<EndpointSlice>]) -> Vec<SocketAddr> {
    let (mut ready, mut ending) = (Vec::new(), Vec::new());
    for slice in slices {
        let of = slice.labels().get("kubernetes.io/service-name");
        if of.map(String::as_str) != Some(service) {
            continue;
        }
        let number = slice
            .ports
            .iter()
            .flatten()
            .find(|found| found.name.as_deref().unwrap_or("") == port.name.as_deref().unwrap_or(""))
            .and_then(|found| u16::try_from(found.port?).ok());
        let Some(number) = number else { continue };
        for endpoint in slice.endpoints.iter().flatten() {
            let addresses = endpoint.addresses.iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
            let addresses = addresses.map(|ip| SocketAddr::new(here(ip), number));
            let Some(conditions) = &endpoint.conditions else { continue };
            if conditions.ready.unwrap_or(true) {
                ready.extend(addresses);
            } else if conditions.serving == Some(true) && conditions.terminating == Some(true) {
                ending.extend(addresses);
            }
        }
    }
    if ready.is_empty() { ending } else { ready }
}

async fn listen(listener: TcpListener, targets: Targets) {
    let next = AtomicUsize::new(0);
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let targets = targets.load();
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if let Some(target) = turn.checked_rem(targets.len()).and_then(|at| targets.get(at)) {
            tokio::spawn(forward(client, *target));
        }
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr) {
    let connecting = tokio::time::timeout(CONNECTING, TcpStream::connect(target)).await;
    let Ok(Ok(mut server)) = connecting else {
        // What a client behind kube-proxy would see as refused.
        drop(client.set_zero_linger());
        return;
    };
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    if copy_bidirectional(&mut client, &mut server).await.is_err() {
        drop((client.set_zero_linger(), server.set_zero_linger()));
    }
}
