//! Everything that runs beside the webhook where it lives in a cluster.

use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{LimitRange, Namespace};
use kube::api::DynamicObject;
use kube::core::{ApiResource, PartialObjectMeta, TypeMeta};
use kube::{Api, Client};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::events::{Events, pods};
use super::leadership::{Candidacy, Leadership};
use super::metrics::{EXEMPTIONS, LIMIT_RANGES, Metrics, NAMESPACES, POLICIES};
use super::namespaces::lookup::{self, Lookup};
use super::namespaces::{Labelled, Ranged};
use super::snapshots::{Inbox, Inboxes, Keeper, Sink};
use super::status::used::Witness;
use super::status::{self, Kind, Writer};
use super::watch::{Delta, Followed};
use super::{Reporter, webhooks};
use crate::policy::PolicySet;
use crate::readiness::{Gate, Readiness};

/// News of one kind that wait to be taken: a page of a list comes at once.
const NEWS: usize = 64;

/// Who this replica is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the installation is called (`--name`): its Lease is.
    pub name: String,
    /// The namespace it is in (`--own-namespace`).
    pub own_namespace: String,
    /// What this replica is called among the others (`--identity`).
    pub identity: String,
    /// Whether Events are written on the owners of pods (`--events`).
    pub events: bool,
    /// What the webhook configurations say beside the policies.
    pub webhooks: webhooks::Settings,
}

/// Everything that runs beside the webhook. Dropped, it ends; [`Cluster::resign`] first, and others need not wait.
pub struct Cluster {
    client: Client,
    settings: Settings,
    leadership: Leadership,
    policies: watch::Receiver<Arc<PolicySet>>,
    lookup: Lookup,
    reporter: Option<Reporter>,
    tasks: JoinSet<()>,
}

impl Cluster {
    /// Begins to watch and to compete for leadership. Returns at once, with gates that open as lists come in.
    pub fn start(
        client: Client,
        settings: Settings,
        readiness: &Readiness,
        metrics: &Metrics,
        sink: Arc<dyn Sink>,
    ) -> Cluster {
        let candidacy = Candidacy {
            namespace: settings.own_namespace.clone(),
            name: settings.name.clone(),
            identity: settings.identity.clone(),
        };
        let leadership = Leadership::seek(client.clone(), candidacy);
        let mut tasks = JoinSet::new();
        let mut sources = Sources { client: &client, readiness, metrics, tasks: &mut tasks };
        let inboxes = Inboxes {
            policies: sources.objects(POLICIES, &status::wanted::POLICY, NO_POLICIES),
            exemptions: sources.objects(EXEMPTIONS, &status::wanted::EXEMPTION, NO_EXEMPTIONS),
            namespaces: sources.namespaces(),
            limit_ranges: sources.limit_ranges(),
        };
        let (wanted, to_write) = watch::channel(Arc::default());
        let (in_force, policies) = watch::channel(Arc::default());
        tasks.spawn(Keeper { sink, metrics: metrics.clone(), wanted, in_force }.run(inboxes));
        let events = Events {
            client: client.clone(),
            instance: settings.identity.clone(),
            metrics: metrics.clone(),
        };
        let reporter = settings.events.then(|| pods::start(events.clone()));
        let witness = Witness {
            client: client.clone(),
            leading: leadership.watch(),
            wanted: to_write.clone(),
            metrics: metrics.clone(),
        };
        tasks.spawn(witness.run());
        let writer = Writer {
            client: client.clone(),
            leading: leadership.watch(),
            wanted: to_write,
            metrics: metrics.clone(),
            events,
        };
        tasks.spawn(writer.run());
        tasks.spawn(show_leadership(leadership.watch(), metrics.clone()));
        let lookup = Lookup::new(client.clone(), metrics.clone());
        Cluster { client, settings, leadership, policies, lookup, reporter, tasks }
    }

    /// The connection.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Who this replica is.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether this replica leads, and every change of it.
    pub fn leading(&self) -> watch::Receiver<bool> {
        self.leadership.watch()
    }

    /// The policies in force, and every change of them. None at all until the first list is in.
    pub fn policies(&self) -> watch::Receiver<Arc<PolicySet>> {
        self.policies.clone()
    }

    /// Has something run as long as the rest of it.
    pub fn run_beside(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// What asks for namespaces that are not known yet.
    pub fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// Where to tell of refused pods, unless nobody wants to know.
    pub fn reporter(&self) -> Option<&Reporter> {
        self.reporter.as_ref()
    }

    /// Lets another lead at once. The watches go on: reviews still come in while a server drains.
    pub async fn resign(self) -> JoinSet<()> {
        self.leadership.resign().await;
        self.tasks
    }
}

const NO_POLICIES: &str =
    "the CustomResourceDefinition podpolicies.plimsoll.dev is missing: apply charts/plimsoll/crds";
const NO_EXEMPTIONS: &str = "the CustomResourceDefinition podpolicyexemptions.plimsoll.dev is missing: apply \
                             charts/plimsoll/crds";

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("settings", &self.settings).finish_non_exhaustive()
    }
}

struct Sources<'s> {
    client: &'s Client,
    readiness: &'s Readiness,
    metrics: &'s Metrics,
    tasks: &'s mut JoinSet<()>,
}

impl Sources<'_> {
    fn objects(
        &mut self,
        resource: &'static str,
        kind: &Kind,
        unknown: &'static str,
    ) -> Inbox<Value> {
        let described = kind.resource();
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &described);
        let (followed, inbox, out) = self.source(resource, Some(unknown), api);
        self.tasks.spawn(followed.follow(move |object| reduce(object, &described), out));
        inbox
    }

    fn namespaces(&mut self) -> Inbox<Labelled> {
        let api: Api<PartialObjectMeta<Namespace>> = Api::all(self.client.clone());
        let (followed, inbox, out) = self.source(NAMESPACES, None, api);
        let reduce = |namespace: PartialObjectMeta<Namespace>| {
            let metadata = namespace.metadata;
            (metadata.name.unwrap_or_default(), lookup::labels(metadata.labels))
        };
        self.tasks.spawn(followed.follow(reduce, out));
        inbox
    }

    fn limit_ranges(&mut self) -> Inbox<Ranged> {
        let described = ApiResource::erase::<LimitRange>(&());
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &described);
        let (followed, inbox, out) = self.source(LIMIT_RANGES, None, api);
        self.tasks.spawn(followed.follow(Ranged::reduce, out));
        inbox
    }

    fn source<K, T>(
        &self,
        resource: &'static str,
        unknown: Option<&'static str>,
        api: Api<K>,
    ) -> (Followed<K>, Inbox<T>, mpsc::Sender<Delta<T>>) {
        let (out, news) = mpsc::channel(NEWS);
        let gate: Gate = self.readiness.gate(resource);
        let followed =
            Followed { resource, unknown, api, gate: gate.clone(), metrics: self.metrics.clone() };
        (followed, Inbox { news, gate }, out)
    }
}

/// An object without what nobody reads, `managedFields` above all.
fn reduce(mut object: DynamicObject, described: &ApiResource) -> Value {
    object.metadata.managed_fields = None;
    object.metadata.annotations = None;
    // Entries of a list need not carry them.
    object.types =
        Some(TypeMeta { api_version: described.api_version.clone(), kind: described.kind.clone() });
    // Only maps with keys that are not text cannot be written, and there are none.
    serde_json::to_value(object).unwrap_or_default()
}

async fn show_leadership(mut leading: watch::Receiver<bool>, metrics: Metrics) {
    loop {
        metrics.set_leader(*leading.borrow_and_update());
        if leading.changed().await.is_err() {
            metrics.set_leader(false);
            return;
        }
    }
}
