//! Resolving images: what is known, what is under way, and what has to be asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::cache::Expiring;
use super::client::Clients;
use super::config::Registries;
use super::credentials::{Credentials, Keyring};
use super::exchange::{Authorizations, Question};
use super::failure::{Failure, Kind};
use super::fleet::{Fleet, Registry};
use super::hosts::{Hosts, Place, canonical};
use super::statistics::{Counter, Outcome, Statistics};
use super::{SetupError, flight};
use crate::digests::{Digests, Resolution};
use crate::image::Reference;

/// The most questions that are under way, to all registries together.
const MAX_FLIGHTS: usize = 1_024;
/// The most repositories that an authorization is kept for.
const MAX_AUTHORIZATIONS: usize = 1_024;

/// Finds the digests that tags stand for. Clones share everything.
#[derive(Clone)]
pub struct Resolver(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) config: Registries,
    hosts: Arc<Hosts>,
    clients: Clients,
    credentials: Credentials,
    authorizations: Authorizations,
    fleet: Fleet,
    state: Mutex<State>,
    hits: Counter,
    misses: Counter,
    joined: Counter,
    late: Counter,
    not_allowed: Counter,
}

struct State {
    known: Expiring<Known>,
    /// What is under way, by image.
    flights: HashMap<String, watch::Receiver<Option<Resolution>>>,
}

struct Known {
    resolution: Resolution,
    /// With which keyring access was denied, if it was: another one makes the answer void.
    denied: Option<Arc<Keyring>>,
}

/// What is said at once of an image.
enum Begun {
    Done(Resolution),
    Wait { host: String, flight: watch::Receiver<Option<Resolution>> },
}

/// What is asked.
pub(super) struct Asked {
    pub(super) image: String,
    host: String,
    path: String,
    tag: String,
    place: Place,
    pub(super) registry: Arc<Registry>,
}

impl Resolver {
    /// A resolver with a cache of its own.
    ///
    /// # Errors
    /// Where the configuration contradicts itself or names files that cannot be read.
    pub fn new(config: &Registries, credentials: Credentials) -> Result<Resolver, SetupError> {
        config.check()?;
        let hosts = Arc::new(Hosts::new(config)?);
        let known = Expiring::new(config.cache.entries);
        Ok(Resolver(Arc::new(Shared {
            clients: Clients::new(config, &hosts)?,
            hosts,
            credentials,
            authorizations: Mutex::new(Expiring::new(MAX_AUTHORIZATIONS)),
            fleet: Fleet::new(config),
            state: Mutex::new(State { known, flights: HashMap::new() }),
            config: config.clone(),
            hits: Counter::default(),
            misses: Counter::default(),
            joined: Counter::default(),
            late: Counter::default(),
            not_allowed: Counter::default(),
        })))
    }

    /// The digests of images, named by their normalised references ([`crate::image::Reference::normalised`]). Every
    /// image has an answer, and all of them are there at the deadline, whatever registries do. Needs a Tokio runtime
    /// with time and IO: questions go on in it when nobody waits for them any more.
    pub async fn resolve(&self, images: &[String], deadline: Instant) -> Digests {
        let begun: Vec<Begun> = images.iter().map(|image| self.0.begin(image)).collect();
        let mut digests = Digests::default();
        for (image, begun) in images.iter().zip(begun) {
            let resolution = match begun {
                Begun::Done(resolution) => resolution,
                Begun::Wait { host, flight } => self.0.wait(&host, flight, deadline).await,
            };
            digests.insert(image, resolution);
        }
        digests
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        let shared = &self.0;
        let (cache_entries, under_way) = {
            let state = shared.state();
            (state.known.len() as u64, state.flights.len() as u64)
        };
        Statistics {
            cache_hits: shared.hits.get(),
            cache_misses: shared.misses.get(),
            joined: shared.joined.get(),
            late: shared.late.get(),
            not_allowed: shared.not_allowed.get(),
            cache_entries,
            under_way,
            registries: shared.fleet.statistics(Instant::now()),
        }
    }
}

impl Shared {
    fn begin(self: &Arc<Self>, image: &str) -> Begun {
        let failed = |text: String| Begun::Done(Resolution::Failed(text));
        let reference = match Reference::parse(image) {
            Ok(reference) => reference,
            Err(error) => return failed(format!("not an image reference: {error}")),
        };
        if let Some(digest) = reference.digest {
            return Begun::Done(Resolution::Digest(digest.to_owned()));
        }
        let host = canonical(reference.host_or_default());
        let now = Instant::now();
        let mut state = self.state();
        if let Some(known) = state.known.get(image, now)
            && known.denied.as_ref().is_none_or(|by| Arc::ptr_eq(by, &self.credentials.now()))
        {
            self.hits.count();
            return Begun::Done(known.resolution.clone());
        }
        if let Some(flight) = state.flights.get(image) {
            self.joined.count();
            return Begun::Wait { host, flight: flight.clone() };
        }
        self.misses.count();
        let Some(place) = self.hosts.place(&host) else {
            self.not_allowed.count();
            return failed(format!("{host}: the configuration does not let it be asked"));
        };
        let registry = self.fleet.get(place, &host);
        let full = state.flights.len() >= MAX_FLIGHTS || !registry.has_room();
        let blocked = registry.health().blocked(now);
        if let Some(why) = blocked.or_else(|| full.then(|| "too many questions wait".to_owned())) {
            registry.outcomes.count(Outcome::Skipped);
            return failed(format!("{host}: {why}"));
        }
        let (answer, flight) = watch::channel(None);
        state.flights.insert(image.to_owned(), flight.clone());
        drop(state);
        let repository = reference.repository().to_string();
        let asked = Asked {
            image: image.to_owned(),
            path: repository.split_once('/').map_or("", |(_, path)| path).to_owned(),
            tag: reference.tag_or_latest().unwrap_or_default().to_owned(),
            host: host.clone(),
            place,
            registry,
        };
        flight::start(Arc::clone(self), asked, answer, self.config.background());
        Begun::Wait { host, flight }
    }

    async fn wait(
        &self,
        host: &str,
        mut flight: watch::Receiver<Option<Resolution>>,
        deadline: Instant,
    ) -> Resolution {
        let answer = timeout_at(deadline, flight.wait_for(Option::is_some)).await;
        match answer {
            Ok(Ok(answer)) => {
                let lost = || Resolution::Failed(format!("{host}: the answer was lost"));
                answer.clone().unwrap_or_else(lost)
            }
            Ok(Err(_)) => Resolution::Failed(format!("{host}: the question was given up")),
            Err(_) => {
                self.late.count();
                Resolution::Failed(format!("{host}: it did not answer in time"))
            }
        }
    }

    /// Asks the registry, once it is our turn.
    pub(super) async fn ask(
        &self,
        asked: &Asked,
        keyring: &Arc<Keyring>,
    ) -> Result<String, Failure> {
        let busy = |text: String| Failure::new(Kind::Busy, text);
        let registry = &asked.registry;
        let limit = self.config.background();
        let Some(_room) = registry.room() else {
            return Err(busy("too many questions wait".to_owned()));
        };
        let Ok(Ok(_turn)) = timeout(limit, registry.turns.acquire()).await else {
            return Err(busy("too many questions were before this one".to_owned()));
        };
        registry.health().admit(Instant::now()).map_err(busy)?;
        let client =
            self.clients.of(asked.place).map_err(|text| Failure::new(Kind::Answer, text))?;
        let question = Question {
            client: &client,
            hosts: &self.hosts,
            authorizations: &self.authorizations,
            keyring,
            host: &asked.host,
            path: &asked.path,
            tag: &asked.tag,
        };
        let answer = timeout(limit, question.ask()).await;
        let answer = answer.unwrap_or_else(|_| {
            let text = format!("it did not answer within {} ms", limit.as_millis());
            Err(Failure::new(Kind::Registry, text))
        });
        let mut health = registry.health();
        match &answer {
            Ok(_) => health.answered(),
            Err(failure) => match failure.kind {
                Kind::Limited(pause) => health.limited(pause, Instant::now()),
                Kind::Registry => health.failed(&failure.text, Instant::now()),
                _ => health.answered(),
            },
        }
        drop(health);
        answer
    }

    /// Notes what came of a question.
    pub(super) fn land(
        &self,
        asked: &Asked,
        keyring: &Arc<Keyring>,
        answer: Result<String, Failure>,
    ) -> Resolution {
        let cache = &self.config.cache;
        let (outcome, seconds) = match answer.as_ref().map_err(|failure| failure.kind) {
            Ok(_) => (Outcome::Found, cache.ttl_seconds),
            Err(Kind::NotFound) => (Outcome::NotFound, cache.not_found_seconds),
            Err(Kind::Denied) => (Outcome::Denied, cache.denied_seconds),
            // That the registry is left alone is known without the cache.
            Err(Kind::Limited(_)) => (Outcome::Limited, 0),
            Err(Kind::Busy) => (Outcome::Skipped, 0),
            Err(Kind::Answer | Kind::Registry) => (Outcome::Failed, cache.failure_seconds),
        };
        asked.registry.outcomes.count(outcome);
        let resolution = match answer {
            Ok(digest) => Resolution::Digest(digest),
            Err(failure) => Resolution::Failed(format!("{}: {}", asked.host, failure.text)),
        };
        let denied = (outcome == Outcome::Denied).then(|| Arc::clone(keyring));
        let known = Known { resolution: resolution.clone(), denied };
        let now = Instant::now();
        self.state().known.insert(&asked.image, known, now + Duration::from_secs(seconds), now);
        resolution
    }

    /// Others may ask for the image from now on.
    pub(super) fn forget_flight(&self, image: &str) {
        self.state().flights.remove(image);
    }

    pub(super) fn keyring(&self) -> Arc<Keyring> {
        self.credentials.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
