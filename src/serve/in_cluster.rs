//! The webhook where policies, namespaces and its peers are those of a cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::Client;
use tokio::sync::watch;

use super::state::{InCluster, State};
use super::tls::Certificates;
use crate::admission::Record;
use crate::cluster::certificates::{CaBundle, ObservedBundles};
use crate::cluster::webhooks::{self, Inputs, Standing, Target};
use crate::cluster::{Cluster, Reporter, Settings, Sink, Subject, Told};
use crate::engine::{Engine, Namespaces};
use crate::policy::{Action, ExemptionSet, PolicySet};

/// Begins to follow the cluster. The policies of the state are replaced by those that are found there.
pub(super) fn start(
    state: &Arc<State>,
    client: Client,
    settings: Settings,
    certificates: Option<&Certificates>,
) -> Cluster {
    let template = Engine::clone(&state.loaded().engine);
    let sink = Arc::new(Following { state: Arc::clone(state), template });
    let metrics = state.metrics().cluster();
    let tls_ca = settings.webhooks.tls_ca.clone();
    let mut cluster = Cluster::start(client, settings, state.readiness(), metrics, sink);
    match (tls_ca, certificates) {
        (_, Some(managed)) => {
            keep_webhooks(&mut cluster, state, managed.bundle(), managed.observed());
        }
        (Some(path), None) => {
            let (sender, ca_bundle) = watch::channel(None);
            cluster.run_beside(webhooks::ca_file::follow(path, sender));
            keep_webhooks(&mut cluster, state, ca_bundle, watch::channel(None).0);
        }
        (None, None) => tracing::info!(
            "webhook configurations are left to whoever made them: without --tls-managed or --tls-ca it is not known \
             what API servers are to trust"
        ),
    }
    state.join(InCluster {
        lookup: cluster.lookup().clone(),
        reporter: cluster.reporter().cloned(),
    });
    cluster
}

/// Begins to keep the webhook configurations; `observed` is told what they carry.
pub(super) fn keep_webhooks(
    cluster: &mut Cluster,
    state: &State,
    ca_bundle: watch::Receiver<Option<CaBundle>>,
    observed: watch::Sender<Option<ObservedBundles>>,
) {
    let Settings { name, own_namespace, webhooks, .. } = cluster.settings();
    let metrics = state.metrics().cluster().clone();
    let inputs = Inputs {
        client: cluster.client().clone(),
        target: Target::new(name, own_namespace, webhooks),
        policies: cluster.policies(),
        policies_known: state.gate("policies"),
        ca_bundle,
        leading: cluster.leading(),
        readiness: state.readiness().clone(),
        observed,
        report: Arc::new(move |configuration, standing| {
            metrics.set_webhook_configuration(configuration, standing == Standing::InPlace);
        }),
    };
    cluster.run_beside(webhooks::keep(inputs));
}

/// Puts into the state what the cluster says.
struct Following {
    state: Arc<State>,
    /// Everything that is not of the cluster: own namespace, default mode.
    template: Engine,
}

impl Sink for Following {
    fn put_in_force(&self, policies: Arc<PolicySet>, exemptions: Arc<ExemptionSet>) {
        let engine = self.template.clone().with_policies(policies).with_exemptions(exemptions);
        self.state.replace(Arc::new(engine));
    }

    fn know(&self, namespaces: Arc<Namespaces>) {
        self.state.replace_namespaces(namespaces);
    }

    fn used(&self) -> BTreeSet<Arc<str>> {
        self.state.used_exemptions()
    }
}

/// Tells the owner of a pod what its creator, mostly a controller, was answered.
pub(super) fn tell(reporter: &Reporter, record: &Record<'_>) {
    let Some(controller) = record.controller.as_ref().filter(|_| !record.dry_run) else { return };
    let mut before = None;
    for finding in &record.findings {
        let denied = match finding.action {
            Action::Deny => true,
            Action::Warn => false,
            Action::Audit | Action::Patch => continue,
        };
        // A rule that finds fault with each container is one thing to tell.
        let this = Some((&finding.policy, &finding.rule));
        if std::mem::replace(&mut before, this) == this {
            continue;
        }
        reporter.tell(Told {
            owner: Subject {
                api_version: controller.api_version.to_string(),
                kind: controller.kind.to_string(),
                name: controller.name.to_string(),
                uid: controller.uid.to_string(),
                namespace: Some(record.namespace.to_string()),
            },
            policy: Arc::clone(&finding.policy),
            rule: Arc::clone(&finding.rule),
            kind: finding.kind,
            denied,
        });
    }
}
