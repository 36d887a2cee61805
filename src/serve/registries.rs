//! What asks registries for the webhook, and the Secrets that hold its credentials.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use tokio::time::{Instant, sleep, timeout};

use super::error::ServeError;
use crate::cluster::client::explain;
use crate::engine::Engine;
use crate::policy::{Action, CompiledPolicy};
use crate::registry::{self, Credentials, Document, Format, Keyring, Resolver};

/// How often Secrets are read without a reason.
const REFRESH: Duration = Duration::from_secs(300);
/// How soon they are read again where a registry refused the credentials, or where one could not be read.
const SOON: Duration = Duration::from_secs(15);
/// How often it is looked whether a registry refused.
const LOOK: Duration = Duration::from_secs(1);
/// How long the API server may take for one Secret.
const PATIENCE: Duration = Duration::from_secs(10);
/// What registries count that want other credentials.
const DENIED: &str = "denied";

/// Which registries are asked, and with whose credentials.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// The registries (`--registries`); without any no host is ever dialled.
    pub config: registry::Registries,
    /// Secrets with credentials, by namespace and name (`--registry-secret`). The first that names a registry counts.
    pub secrets: Vec<(String, String)>,
}

/// A resolver. It says nothing of itself: what it holds are credentials.
pub(super) struct Asker(pub(super) Resolver);

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asker")
    }
}

/// Warns of policies that pin digests where no registry may be asked: nothing is wrong with either, and no pod is ever
/// pinned. What was in force before has been told of.
pub(super) fn warn_of_pins(asker: Option<&Asker>, before: Option<&Engine>, now: &Engine) {
    if asker.is_some_and(|Asker(resolver)| resolver.may_ask()) {
        return;
    }
    for policy in now.policies().policies().iter().filter(|policy| pins(policy)) {
        let known = before.map(|engine| engine.policies().policies()).unwrap_or_default();
        if known.iter().any(|one| one.name == policy.name && pins(one)) {
            continue;
        }
        tracing::warn!(
            policy = &*policy.name,
            "the policy pins images by digest, and no registry may be asked for one: name the registries with --registries"
        );
    }
}

fn pins(policy: &CompiledPolicy) -> bool {
    policy.rules.iter().any(|rule| rule.action == Action::Patch && rule.rule.asks_registries())
}

/// A resolver, and what has to run so that its credentials are those of the Secrets.
pub(super) fn start(
    registries: Registries,
    client: Option<&Client>,
) -> Result<(Resolver, Option<Following>), ServeError> {
    let Registries { config, secrets } = registries;
    let credentials = Credentials::default();
    let resolver = Resolver::new(&config, credentials.clone())?;
    let client = client.filter(|_| !secrets.is_empty()).cloned();
    let following =
        client.map(|client| Following { client, secrets, credentials, resolver: resolver.clone() });
    Ok((resolver, following))
}

/// Follows Secrets, where there are any; never ends.
pub(super) async fn follow(following: Option<Following>) {
    match following {
        Some(following) => following.run().await,
        None => std::future::pending().await,
    }
}

/// Keeps credentials as the Secrets have them.
pub(super) struct Following {
    client: Client,
    secrets: Vec<(String, String)>,
    credentials: Credentials,
    resolver: Resolver,
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

impl Following {
    /// Reads the Secrets now and then, and soon after a registry wanted other credentials.
    async fn run(self) {
        let mut seen = Vec::new();
        let mut told = Vec::new();
        loop {
            let refused = self.refused();
            let is_whole = self.read(&mut seen, &mut told).await;
            let began = Instant::now();
            loop {
                sleep(LOOK).await;
                let wanted = !is_whole || self.refused() > refused;
                if began.elapsed() >= if wanted { SOON } else { REFRESH } {
                    break;
                }
            }
        }
    }

    /// How often a registry wanted other credentials so far.
    fn refused(&self) -> u64 {
        let statistics = self.resolver.statistics();
        let outcomes = statistics.registries.iter().flat_map(|registry| &registry.outcomes);
        outcomes.filter(|(outcome, _)| *outcome == DENIED).map(|(_, count)| count).sum()
    }

    /// Reads every Secret once; answers whether all could be had. One that cannot keeps its last content, so that an
    /// API server that is away takes no credentials from anybody.
    async fn read(
        &self,
        seen: &mut Vec<Option<(Format, Vec<u8>)>>,
        told: &mut Vec<String>,
    ) -> bool {
        let before = seen.clone();
        seen.resize(self.secrets.len(), None);
        let mut faults = Vec::new();
        for ((namespace, name), seen) in self.secrets.iter().zip(seen.iter_mut()) {
            let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
            let found = match timeout(PATIENCE, api.get_opt(name)).await {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => {
                    faults.push(format!("Secret {namespace}/{name}: {}", explain(&error)));
                    continue;
                }
                Err(_) => {
                    faults
                        .push(format!("Secret {namespace}/{name}: the API server does not answer"));
                    continue;
                }
            };
            *seen = found.as_ref().and_then(content);
            if seen.is_none() {
                let state = if found.is_some() { "holds no credentials" } else { "is not there" };
                faults.push(format!(
                    "Secret {namespace}/{name} {state}: it has to be of type kubernetes.io/dockerconfigjson or \
                     kubernetes.io/dockercfg"
                ));
            }
        }
        let is_whole = faults.is_empty();
        if *seen != before {
            let known = self.secrets.iter().zip(seen.iter());
            let documents: Vec<Document> = known
                .filter_map(|((namespace, name), seen)| {
                    let (format, bytes) = seen.clone()?;
                    Some(Document { source: format!("Secret {namespace}/{name}"), format, bytes })
                })
                .collect();
            let (keyring, wrong) = Keyring::read(&documents);
            self.credentials.replace(keyring);
            faults.extend(wrong);
        }
        // What was said once and still holds is not said again.
        if faults != *told {
            for fault in &faults {
                tracing::warn!("credentials of registries: {fault}");
            }
            *told = faults;
        }
        is_whole
    }
}

/// The credentials in a Secret, where it is of a type that kubelet takes.
fn content(secret: &Secret) -> Option<(Format, Vec<u8>)> {
    let data = secret.data.as_ref()?;
    let of = |key: &str, format| data.get(key).map(|bytes| (format, bytes.0.clone()));
    of(".dockerconfigjson", Format::DockerConfigJson)
        .or_else(|| of(".dockercfg", Format::DockerCfg))
}
