//! Which registries may be asked, and how: what people write.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Resolver, SetupError};
use crate::glob::{MAX_PATTERN, MAX_PATTERNS};

/// The most registries that can be listed.
pub(super) const MAX_LISTED: usize = 128;

/// Which registries may be asked for the digests of images, and how. Plimsoll dials no host that is not named here,
/// whatever a pod says: whoever may create pods would otherwise choose what the webhook connects to.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Registries {
    /// Registries that may be asked, with what is special about each.
    #[schemars(length(max = MAX_LISTED))]
    pub registries: Vec<Listed>,
    /// Further hosts that may be asked, as globs on the host with its port: `*.example.com`, `registry.example.com:5000`.
    /// What a registry redirects to, and the server that gives tokens for it, must be allowed too where it is another
    /// host; `auth.docker.io` goes with `docker.io`. `*` alone lets pods make Plimsoll connect to any host that answers
    /// TLS with a trusted certificate.
    #[schemars(length(max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub allow: Vec<String>,
    /// How long an admission request waits for all of its digests, in milliseconds.
    #[schemars(range(min = 1, max = 30_000))]
    pub timeout_milliseconds: u64,
    /// How long a registry may take for a question, in milliseconds: the question outlives the request that began it,
    /// so that the next one finds the answer. At least the timeout.
    #[schemars(range(min = 1, max = 60_000))]
    pub background_milliseconds: u64,
    /// How many questions one registry is asked at the same time.
    #[schemars(range(min = 1, max = 256))]
    pub concurrency: usize,
    /// How long answers are kept.
    pub cache: Cache,
    /// When a registry that fails is left alone.
    pub breaker: Breaker,
    /// The proxies that lead to registries. Absent: those of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
    /// Present and empty: none.
    pub proxies: Option<Proxies>,
}

impl Default for Registries {
    fn default() -> Registries {
        Registries {
            registries: Vec::new(),
            allow: Vec::new(),
            timeout_milliseconds: 500,
            background_milliseconds: 5_000,
            concurrency: 8,
            cache: Cache::default(),
            breaker: Breaker::default(),
            proxies: None,
        }
    }
}

impl Registries {
    /// What fits a person at a terminal, who chose the manifests: any host over TLS, and ten seconds.
    pub fn for_command_line() -> Registries {
        Registries {
            allow: vec!["*".to_owned()],
            timeout_milliseconds: 10_000,
            background_milliseconds: 10_000,
            ..Registries::default()
        }
    }

    /// How long a request waits for all of its digests.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_milliseconds)
    }

    /// Refuses what the schema refuses: not every way to a configuration leads past it.
    pub(super) fn check(&self) -> Result<(), SetupError> {
        const DAY: u64 = 86_400;
        let (cache, breaker) = (&self.cache, &self.breaker);
        let numbers = [
            ("registries", self.registries.len() as u64, 0, MAX_LISTED as u64),
            ("timeoutMilliseconds", self.timeout_milliseconds, 1, 30_000),
            ("backgroundMilliseconds", self.background_milliseconds, 1, 60_000),
            ("concurrency", self.concurrency as u64, 1, 256),
            ("cache.entries", cache.entries as u64, 1, 1_000_000),
            ("cache.ttlSeconds", cache.ttl_seconds, 0, DAY),
            ("cache.notFoundSeconds", cache.not_found_seconds, 0, DAY),
            ("cache.deniedSeconds", cache.denied_seconds, 0, DAY),
            ("cache.failureSeconds", cache.failure_seconds, 0, DAY),
            ("breaker.failures", u64::from(breaker.failures), 1, 1_000),
            ("breaker.pauseSeconds", breaker.pause_seconds, 1, 3_600),
        ];
        for (field, found, least, most) in numbers {
            if !(least..=most).contains(&found) {
                let message = format!("{field}: {found} is not from {least} to {most}");
                return Err(SetupError { message });
            }
        }
        Ok(())
    }

    /// How long a registry may take for a question.
    pub(super) fn background(&self) -> Duration {
        Duration::from_millis(self.background_milliseconds.max(self.timeout_milliseconds))
    }
}

impl Resolver {
    /// Whether there is any registry that may be asked.
    pub fn may_ask(&self) -> bool {
        let Registries { registries, allow, .. } = &self.0.config;
        !registries.is_empty() || !allow.is_empty()
    }

    /// How long the configuration lets a request wait.
    pub fn timeout(&self) -> Duration {
        self.0.config.timeout()
    }
}

/// One registry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Listed {
    /// The host with its port, as images name it: `docker.io`, `ghcr.io`, `registry.example.com:5000`.
    #[schemars(length(min = 1, max = 255))]
    pub host: String,
    /// A file with the authorities that its certificate may come from, in PEM, beside those of the system.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Whether it is spoken to without TLS. Whoever sits on the way can then name any digest.
    #[serde(default)]
    pub plain_http: bool,
}

/// How long answers are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Cache {
    /// The most answers that are kept. One takes some 400 bytes.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub entries: usize,
    /// How long a digest is kept, in seconds: a tag that moves is noticed after that long.
    #[schemars(range(min = 0, max = 86_400))]
    pub ttl_seconds: u64,
    /// How long it is kept in mind that an image or tag does not exist, in seconds.
    #[schemars(range(min = 0, max = 86_400))]
    pub not_found_seconds: u64,
    /// How long it is kept in mind that a registry wants other credentials, in seconds. New credentials end it.
    #[schemars(range(min = 0, max = 86_400))]
    pub denied_seconds: u64,
    /// How long every other failure is kept in mind, in seconds.
    #[schemars(range(min = 0, max = 86_400))]
    pub failure_seconds: u64,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache {
            entries: 4_096,
            ttl_seconds: 300,
            not_found_seconds: 15,
            denied_seconds: 60,
            failure_seconds: 5,
        }
    }
}

/// When a registry that fails is left alone.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Breaker {
    /// After how many failures in a row. That an image does not exist or is not to be seen is none.
    #[schemars(range(min = 1, max = 1_000))]
    pub failures: u32,
    /// For how long, in seconds; then one question is asked, and its outcome decides.
    #[schemars(range(min = 1, max = 3_600))]
    pub pause_seconds: u64,
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker { failures: 5, pause_seconds: 30 }
    }
}

/// The proxies that lead to registries. Their URLs can hold passwords: `Debug` says whether there is one.
#[derive(Clone, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Proxies {
    /// For registries with TLS, as a URL: `http://proxy.example.com:3128`.
    #[schemars(length(max = 1024))]
    pub https: Option<String>,
    /// For registries without TLS.
    #[schemars(length(max = 1024))]
    pub http: Option<String>,
    /// What is dialled directly: hosts, domains and networks (`10.0.0.0/8`), separated by commas.
    #[schemars(length(max = 4096))]
    pub no_proxy: Option<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proxies { https, http, no_proxy } = self;
        f.debug_struct("Proxies")
            .field("https", &https.as_ref().map(|_| ".."))
            .field("http", &http.as_ref().map(|_| ".."))
            .field("no_proxy", no_proxy)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_proxies_are_not_shown() {
        let url = || Some("http://sam:hunter2@proxy.example.com".to_owned());
        let proxies = Some(Proxies { https: url(), http: url(), no_proxy: None });
        let shown = format!("{:?}", Registries { proxies, ..Registries::default() });
        assert!(shown.contains("Proxies") && !shown.contains("hunter2"), "{shown}");
    }
}
