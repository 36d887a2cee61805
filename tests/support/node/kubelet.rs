//! Which pods run: one task for each that is bound to the node.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use tokio::sync::watch;

use super::life::Life;
use super::{NODE, Shared};

/// What a pod's task is told: its pod as it is now, or nothing when it is gone.
type Sender = watch::Sender<Option<Arc<Pod>>>;

pub(super) async fn run(node: Arc<Shared>) {
    let pods: Api<Pod> = Api::namespaced(node.client.clone(), &node.namespace);
    let config = watcher::Config::default().fields(&format!("spec.nodeName={NODE}"));
    let mut events = std::pin::pin!(watcher(pods, config).default_backoff());
    let mut lives: HashMap<String, Sender> = HashMap::new();
    let mut listed = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(watcher::Event::Apply(pod)) => tell(&node, &mut lives, pod),
            Ok(watcher::Event::InitApply(pod)) => {
                listed.push(pod.uid().unwrap_or_default());
                tell(&node, &mut lives, pod);
            }
            Ok(watcher::Event::Delete(pod)) => end(&mut lives, &pod.uid().unwrap_or_default()),
            Ok(watcher::Event::Init) => listed.clear(),
            Ok(watcher::Event::InitDone) => {
                let gone: Vec<String> =
                    lives.keys().filter(|uid| !listed.contains(uid)).cloned().collect();
                gone.iter().for_each(|uid| end(&mut lives, uid));
            }
            // The API server is away; the watcher tries again.
            Err(_) => {}
        }
    }
}

fn tell(node: &Arc<Shared>, lives: &mut HashMap<String, Sender>, pod: Pod) {
    let uid = pod.uid().unwrap_or_default();
    let pod = Arc::new(pod);
    if let Some(life) = lives.get(&uid) {
        life.send_replace(Some(pod));
        return;
    }
    if matches!(phase(&pod), Some("Succeeded" | "Failed")) {
        return;
    }
    let (sender, receiver) = watch::channel(Some(Arc::clone(&pod)));
    lives.insert(uid, sender);
    tokio::spawn(Life::new(Arc::clone(node), pod, receiver).run());
}

fn end(lives: &mut HashMap<String, Sender>, uid: &str) {
    if let Some(life) = lives.remove(uid) {
        life.send_replace(None);
    }
}

fn phase(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.phase.as_deref()
}
