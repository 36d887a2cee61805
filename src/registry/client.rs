//! The connections to registries.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, NoProxy, Proxy};

use super::SetupError;
use super::config::{Proxies, Registries};
use super::failure::{BadRedirect, forbidden_host};
use super::hosts::{Hosts, Place};

/// The most redirects in a row. Registries send to a region or a store, once or twice.
const MAX_REDIRECTS: usize = 5;
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(60);

/// The clients of all registries: those with authorities of their own have one for them, all others share one.
pub(super) struct Clients {
    /// Without certificate authorities on the machine there is none, and only registries that have their own can be
    /// asked.
    common: Result<Client, String>,
    by_index: HashMap<usize, Client>,
}

impl Clients {
    pub(super) fn new(config: &Registries, hosts: &Arc<Hosts>) -> Result<Clients, SetupError> {
        // Another part of the program may have been first, with the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut by_file: HashMap<&PathBuf, Client> = HashMap::new();
        let mut by_index = HashMap::new();
        for (index, registry) in config.registries.iter().enumerate() {
            let Some(path) = &registry.ca else { continue };
            let client = match by_file.get(path) {
                Some(client) => client.clone(),
                None => {
                    let at = |message: String| SetupError {
                        message: format!("registries[{index}].ca: {}: {message}", path.display()),
                    };
                    build(config, hosts, authorities(path).map_err(at)?)
                        .and_then(|builder| builder.build().map_err(|error| innermost(&error)))
                        .map_err(at)?
                }
            };
            by_file.insert(path, client.clone());
            by_index.insert(index, client);
        }
        let common = build(config, hosts, Vec::new()).map_err(|message| SetupError { message })?;
        let common = common.build().map_err(|error| {
            format!("no TLS without certificate authorities on this machine: {}", innermost(&error))
        });
        Ok(Clients { common, by_index })
    }

    pub(super) fn of(&self, place: Place) -> Result<Client, String> {
        let own = match place {
            Place::Listed(index) => self.by_index.get(&index),
            Place::Globbed => None,
        };
        own.map_or_else(|| self.common.clone(), |client| Ok(client.clone()))
    }
}

fn build(
    config: &Registries,
    hosts: &Arc<Hosts>,
    authorities: Vec<Certificate>,
) -> Result<reqwest::ClientBuilder, String> {
    let hosts = Arc::clone(hosts);
    let redirects = Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            return attempt.error(BadRedirect::TooMany(MAX_REDIRECTS));
        }
        if !hosts.permits(attempt.url()) {
            let host = forbidden_host(attempt.url());
            return attempt.error(BadRedirect::Forbidden(host));
        }
        attempt.follow()
    });
    let mut builder = Client::builder()
        .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
        .redirect(redirects)
        .referer(false)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(config.concurrency)
        .tls_certs_merge(authorities);
    if let Some(proxies) = &config.proxies {
        builder = builder.no_proxy();
        for proxy in configured(proxies)? {
            builder = builder.proxy(proxy);
        }
    }
    Ok(builder)
}

fn configured(proxies: &Proxies) -> Result<Vec<Proxy>, String> {
    let except = || proxies.no_proxy.as_deref().and_then(NoProxy::from_string);
    // What is wrong with the URL of a proxy is not quoted: it can hold a password.
    let wrong = |field: &'static str| move |_| format!("proxies.{field}: not the URL of a proxy");
    let https = proxies.https.as_ref().map(|url| Proxy::https(url).map_err(wrong("https")));
    let http = proxies.http.as_ref().map(|url| Proxy::http(url).map_err(wrong("http")));
    [https, http].into_iter().flatten().map(|proxy| Ok(proxy?.no_proxy(except()))).collect()
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let pem = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| innermost(&error))?;
    if found.is_empty() {
        return Err("there is no certificate in it; it must be PEM".to_owned());
    }
    Ok(found)
}

fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
