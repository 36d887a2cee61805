//! Which hosts may be dialled, and how.

use std::collections::HashMap;

use reqwest::Url;

use super::SetupError;
use super::config::Registries;
use crate::glob::{Globs, Slash};
pub(super) use crate::image::canonical_host as canonical;
use crate::image::{DEFAULT_HOST as DOCKER_HUB, HTTPS_PORT, HUB_API_HOST, split_port};

/// Where Docker Hub gives out tokens.
const DOCKER_HUB_TOKENS: &str = "auth.docker.io";
/// The port of HTTPS as a number.
const HTTPS: u16 = 443;

/// The registries of the configuration.
#[derive(Debug)]
pub(super) struct Hosts {
    listed: HashMap<String, Listed>,
    /// None where there is no glob: an empty list would match everything.
    allow: Option<Globs>,
}

#[derive(Debug)]
struct Listed {
    index: usize,
    plain_http: bool,
}

/// How it comes that a registry may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It stands at this index of the list.
    Listed(usize),
    /// A glob matches.
    Globbed,
}

impl Hosts {
    pub(super) fn new(config: &Registries) -> Result<Hosts, SetupError> {
        let mut listed = HashMap::new();
        for (index, registry) in config.registries.iter().enumerate() {
            let at = |message: &str| SetupError {
                message: format!("registries[{index}].host: {:?} {message}", registry.host),
            };
            let host = canonical(&registry.host);
            let probe = format!("https://{host}/");
            let bare = Url::parse(&probe).is_ok_and(|url| {
                url.path() == "/" && url.query().is_none() && url.username().is_empty()
            });
            if host.is_empty() || !bare || host.contains(['/', '?', '#', '@', '*', '\\']) {
                return Err(at("is no host; write it as images do: registry.example.com:5000"));
            }
            if registry.plain_http && registry.ca.is_some() {
                return Err(at(
                    "has both `ca` and `plainHttp`; without TLS there is no certificate",
                ));
            }
            // A registry with that port is the one without a port, which without TLS would be asked at port 80.
            if registry.plain_http && split_port(&registry.host).1 == Some(HTTPS_PORT) {
                return Err(at("has `plainHttp` and the port of TLS; leave the port out"));
            }
            let entry = Listed { index, plain_http: registry.plain_http };
            if listed.insert(host, entry).is_some() {
                return Err(at("is listed twice"));
            }
        }
        let allow = match config.allow.is_empty() {
            true => None,
            false => {
                let globs: Vec<_> = config.allow.iter().map(|glob| canonical(glob)).collect();
                Some(Globs::compile(&globs, &[], Slash::Crossed).map_err(|error| {
                    let (index, glob) = (error.index, &error.pattern);
                    SetupError { message: format!("allow[{index}]: {glob:?}: {}", error.message) }
                })?)
            }
        };
        Ok(Hosts { listed, allow })
    }

    /// Whether a registry may be asked. The host is canonical.
    pub(super) fn place(&self, host: &str) -> Option<Place> {
        if let Some(listed) = self.listed.get(host) {
            return Some(Place::Listed(listed.index));
        }
        self.allow.as_ref().filter(|allow| allow.matches(host)).map(|_| Place::Globbed)
    }

    /// Where a registry answers: `https://registry-1.docker.io`. The host is canonical.
    pub(super) fn endpoint(&self, host: &str) -> String {
        let plain = self.listed.get(host).is_some_and(|listed| listed.plain_http);
        let at = if host == DOCKER_HUB { HUB_API_HOST } else { host };
        format!("{}://{at}", if plain { "http" } else { "https" })
    }

    /// Whether a registry may lead there: to one that may be asked itself, and without TLS only to one that is asked
    /// so. Metadata services of clouds, and whatever else trusts who reaches it, are not reached by an answer.
    pub(super) fn permits(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let tls = url.scheme() == "https";
        if !tls && url.scheme() != "http" {
            return false;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let with_port = format!("{host}:{port}");
        if !tls && port == HTTPS {
            return false;
        }
        // A port that goes without saying may be written or not.
        let names = match url.port() {
            Some(_) => vec![with_port],
            None => vec![host.to_owned(), with_port],
        };
        names.iter().any(|name| {
            let name =
                if name == DOCKER_HUB_TOKENS { DOCKER_HUB.to_owned() } else { canonical(name) };
            match tls {
                true => self.place(&name).is_some(),
                false => self.listed.get(&name).is_some_and(|listed| listed.plain_http),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::config::Listed as Written;

    fn hosts(listed: &[(&str, bool)], allow: &[&str]) -> Hosts {
        let registries = listed.iter().map(|(host, plain_http)| Written {
            host: host.to_string(),
            plain_http: *plain_http,
            ca: None,
        });
        let allow = allow.iter().map(ToString::to_string).collect();
        let config =
            Registries { registries: registries.collect(), allow, ..Registries::default() };
        Hosts::new(&config).unwrap()
    }

    #[test]
    fn by_default_nothing_may_be_asked() {
        let hosts = hosts(&[], &[]);
        assert_eq!(hosts.place("docker.io"), None);
        assert!(!hosts.permits(&Url::parse("https://169.254.169.254/").unwrap()));
    }

    #[test]
    fn docker_hub_is_one_registry_with_many_names() {
        for name in ["docker.io", "index.docker.io", "registry-1.docker.io", "Docker.io"] {
            let hosts = hosts(&[(name, false)], &[]);
            assert_eq!(hosts.place(&canonical("index.docker.io")), Some(Place::Listed(0)));
            assert_eq!(hosts.endpoint(DOCKER_HUB), "https://registry-1.docker.io");
            assert!(hosts.permits(&Url::parse("https://auth.docker.io/token").unwrap()));
            assert!(!hosts.permits(&Url::parse("https://auth.example.com/token").unwrap()));
        }
    }

    #[test]
    fn answers_lead_only_to_what_may_be_asked() {
        let hosts =
            hosts(&[("a.example.com", false), ("plain.example.com:5000", true)], &["*.pkg.dev"]);
        let permits = |url: &str| hosts.permits(&Url::parse(url).unwrap());
        for good in [
            "https://a.example.com/x",
            "https://a.example.com:443/x",
            "https://us.pkg.dev/x",
            "http://plain.example.com:5000/x",
            "https://plain.example.com:5000/x",
        ] {
            assert!(permits(good), "{good}");
        }
        for bad in [
            "http://a.example.com/x",
            "http://us.pkg.dev/x",
            "https://a.example.com:8443/x",
            "http://plain.example.com/x",
            "http://169.254.169.254/latest/meta-data",
            "https://169.254.169.254/",
            "https://[fe80::1]/",
            "ftp://a.example.com/x",
            "file:///etc/passwd",
        ] {
            assert!(!permits(bad), "{bad}");
        }
    }

    #[test]
    fn a_registry_is_listed_and_asked_by_any_spelling_of_its_port() {
        let spellings = ["r.example.com", "R.example.com:443", "r.example.com:0443"];
        for (listed, named) in spellings.iter().flat_map(|a| spellings.iter().map(move |b| (a, b)))
        {
            let list = hosts(&[(listed, false)], &[]);
            assert_eq!(list.place(&canonical(named)), Some(Place::Listed(0)), "{listed} {named}");
            assert_eq!(list.endpoint(&canonical(named)), "https://r.example.com");
            assert!(list.permits(&Url::parse(&format!("https://{named}/x")).unwrap()));
            let glob = listed.replace("r.", "*.").replace("R.", "*.");
            let globs = hosts(&[], &[&glob]);
            assert_eq!(globs.place(&canonical(named)), Some(Place::Globbed), "{glob} {named}");
        }
        let other = hosts(&[("r.example.com:05000", true)], &[]);
        assert_eq!(other.place(&canonical("r.example.com:5000")), Some(Place::Listed(0)));
        assert_eq!(other.endpoint("r.example.com:5000"), "http://r.example.com:5000");
        assert_eq!(other.place(&canonical("r.example.com:50")), None);
        assert_eq!(other.place(&canonical("r.example.com")), None);
        let plain = hosts(&[("r.example.com", true)], &[]);
        assert!(!plain.permits(&Url::parse("http://r.example.com:443/x").unwrap()));
    }

    #[test]
    fn contradictions_are_refused() {
        let listed = |host: &str| Written { host: host.to_owned(), ..Written::default() };
        let refused = |registries: Vec<Written>, allow: &[&str]| {
            let allow = allow.iter().map(ToString::to_string).collect();
            let config = Registries { registries, allow, ..Registries::default() };
            Hosts::new(&config).unwrap_err().message
        };
        let both =
            Written { ca: Some("ca.pem".into()), plain_http: true, ..listed("a.example.com") };
        assert!(refused(vec![both], &[]).contains("both `ca` and `plainHttp`"));
        let plain = Written { plain_http: true, ..listed("a.example.com:443") };
        assert!(refused(vec![plain], &[]).contains("the port of TLS"));
        for twice in [["docker.io", "index.docker.io"], ["a.example.com", "a.example.com:443"]] {
            let message = refused(twice.map(listed).to_vec(), &[]);
            assert!(message.starts_with("registries[1].host"), "{message}");
        }
        for bad in
            ["", "https://a.example.com", "a.example.com/team", "u@a.example.com", "*.example.com"]
        {
            assert!(refused(vec![listed(bad)], &[]).contains("is no host"), "{bad}");
        }
        assert!(refused(vec![], &["a", "["]).starts_with("allow[1]: \"[\""));
    }
}
