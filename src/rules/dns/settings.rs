//! What a policy's author writes, checked and made ready.

use core::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Dns, limits};
use crate::pointer::Pointer;
use crate::rules::SettingsError;

/// How pods resolve names.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.policy) || self.policy != 'None' || (has(self.nameservers) && size(self.nameservers) > 0)",
        "message": "`None` leaves a pod without any name server; name 1 to 3 in `nameservers`; the API server refuses such a pod otherwise",
        "fieldPath": ".policy",
    },
    {
        "rule": "!has(self.nameservers) || size(self.nameservers) == 0 || (has(self.policy) && self.policy == 'None')",
        "message": "`nameservers` has a meaning only beside `policy: None`; remove it, or set `policy: None`",
        "fieldPath": ".nameservers",
    },
]))]
pub(crate) struct Settings {
    /// The dnsPolicy that pods must have: `Default` (the node's), `ClusterFirst` or `None` (only `nameservers`).
    /// Absent: any will do.
    pub(crate) policy: Option<Policy>,
    /// Name servers, 1 to 3 addresses; with `policy: None` only, and required there.
    #[schemars(length(max = limits::NAMESERVERS))]
    pub(crate) nameservers: Vec<String>,
    /// Search domains that must be among the pod's own; at most 32, and 2,048 characters in all.
    #[schemars(length(max = limits::SEARCHES))]
    pub(crate) searches: Vec<String>,
    /// Resolver options that must be set: `name`, `value` where the option takes one, and `override: true` where
    /// the value must win over one that the pod's author set.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub(crate) options: Vec<DnsOption>,
    /// `Keep` (default): a pod that names Services keeps its dnsPolicy and gets the options only. `Ignore`: it is
    /// treated like any other.
    pub(crate) cluster_names: ClusterNames,
    /// `Keep` (default): a pod in the node's network is left alone. `ClusterFirstWithHostNet`: its `ClusterFirst`,
    /// which means `Default` there, becomes that, and it gets the options.
    pub(crate) host_network: HostNetwork,
}

/// A dnsPolicy that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Policy {
    /// The resolver configuration of the node.
    Default,
    /// The cluster's DNS service.
    ClusterFirst,
    /// Nothing but `nameservers`, `searches` and `options`.
    None,
}

impl Policy {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::ClusterFirst => "ClusterFirst",
            Self::None => "None",
        }
    }
}

/// A resolver option that must be set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct DnsOption {
    /// As in resolv.conf: `ndots`, `single-request-reopen`.
    #[schemars(length(min = 1))]
    pub(crate) name: String,
    /// The value, as text; absent for an option without one.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(crate) value: Option<String>,
    /// The value wins over one that the pod's author set; by default the author's wins.
    #[serde(default, rename = "override")]
    pub(crate) overrides: bool,
}

/// What happens to pods that name Services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum ClusterNames {
    /// They keep their dnsPolicy and get the options only.
    #[default]
    Keep,
    /// They are treated like any other.
    Ignore,
}

/// What happens to pods in the node's network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum HostNetwork {
    /// They are left alone.
    #[default]
    Keep,
    /// Those that ask for `ClusterFirst` get it.
    ClusterFirstWithHostNet,
}

/// An option, ready to be added.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) value: Option<String>,
    pub(super) overrides: bool,
    /// As it stands in a pod.
    pub(super) entry: Value,
    /// As it stands in resolv.conf: `ndots:2`.
    pub(super) text: String,
}

pub(super) fn compile(settings: Settings) -> Result<Dns, SettingsError> {
    let Settings { policy, nameservers, searches, options, cluster_names, host_network } = settings;
    if policy.is_none()
        && searches.is_empty()
        && options.is_empty()
        && nameservers.is_empty()
        && host_network == HostNetwork::Keep
    {
        return Err(refused("", "the rule asks for nothing", "set `policy` or `options`"));
    }
    check_nameservers(policy, &nameservers)?;
    check_searches(&searches)?;
    for (index, option) in options.iter().enumerate() {
        let place = Pointer::new("/options").join(index);
        check_option(option).map_err(|(field, message, help)| {
            refused(place.clone().join(field).as_str(), message, help)
        })?;
        if options[..index].iter().any(|other| other.name == option.name) {
            return Err(refused(
                place.join("name").as_str(),
                format!("the option `{}` stands here twice", option.name),
                "keep one of them",
            ));
        }
    }
    Ok(Dns {
        policy,
        nameservers,
        searches,
        options: options.into_iter().map(Wanted::from).collect(),
        cluster_names,
        host_network,
    })
}

impl From<DnsOption> for Wanted {
    fn from(DnsOption { name, value, overrides }: DnsOption) -> Self {
        let mut entry = Map::from_iter([("name".to_owned(), Value::from(name.as_str()))]);
        let text = match &value {
            Some(value) => {
                entry.insert("value".to_owned(), Value::from(value.as_str()));
                format!("{name}:{value}")
            }
            None => name.clone(),
        };
        Self { name, value, overrides, entry: Value::Object(entry), text }
    }
}

/// As `validatePodDNSConfig`, and stricter on addresses that it only warns about (`GetWarningsForIP`).
fn check_nameservers(policy: Option<Policy>, nameservers: &[String]) -> Result<(), SettingsError> {
    match (policy, nameservers) {
        (Some(Policy::None), []) => {
            return Err(refused(
                "/policy",
                "`None` leaves a pod without any name server",
                "name 1 to 3 in `nameservers`; the API server refuses such a pod otherwise",
            ));
        }
        (Some(Policy::None), _) | (_, []) => {}
        _ => {
            return Err(refused(
                "/nameservers",
                "`nameservers` has a meaning only beside `policy: None`",
                "remove it, or set `policy: None`",
            ));
        }
    }
    if nameservers.len() > limits::NAMESERVERS {
        return Err(refused(
            "/nameservers",
            format!("these are {} name servers", nameservers.len()),
            format!("the API server allows {}", limits::NAMESERVERS),
        ));
    }
    for (index, address) in nameservers.iter().enumerate() {
        let place = Pointer::new("/nameservers").join(index);
        match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(mapped)) if mapped.to_ipv4_mapped().is_some() => {
                return Err(refused(
                    place.as_str(),
                    format!("`{address}` is an IPv4 address in the form of an IPv6 one"),
                    "write the IPv4 address",
                ));
            }
            Ok(_) if nameservers[..index].contains(address) => {
                return Err(refused(
                    place.as_str(),
                    format!("`{address}` stands here twice"),
                    "keep one of them",
                ));
            }
            Ok(_) => {}
            Err(_) => {
                return Err(refused(
                    place.as_str(),
                    format!("`{address}` is no IP address"),
                    "a name server is given by address: 10.96.0.10 or fd00::a",
                ));
            }
        }
    }
    Ok(())
}

fn check_searches(searches: &[String]) -> Result<(), SettingsError> {
    if let Some(problem) = limits::of_searches(searches.iter().map(String::as_str)) {
        return Err(refused("/searches", problem, "name fewer"));
    }
    for (index, search) in searches.iter().enumerate() {
        let place = Pointer::new("/searches").join(index);
        if !is_search_domain(search) {
            return Err(refused(
                place.as_str(),
                format!("`{search}` is no search domain"),
                "use lower-case letters, digits, `-` and `.`: corp.example.com",
            ));
        }
        if searches[..index].contains(search) {
            return Err(refused(
                place.as_str(),
                format!("`{search}` stands here twice"),
                "keep one of them",
            ));
        }
    }
    Ok(())
}

/// `ValidateDNS1123SubdomainWithUnderScore` after a trailing dot is taken off, and `.` by itself
/// (RelaxedDNSSearchValidation, on since Kubernetes 1.33).
fn is_search_domain(search: &str) -> bool {
    const MAX: usize = 253;
    let name = search.strip_suffix('.').unwrap_or(search);
    let is_label = |label: &str| {
        let label = label.strip_prefix('_').unwrap_or(label);
        let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        label.as_bytes().first().is_some_and(alphanumeric)
            && label.as_bytes().last().is_some_and(alphanumeric)
            && label.bytes().all(|b| alphanumeric(&b) || b == b'-' || b == b'_')
    };
    search == "." || (name.len() <= MAX && name.split('.').all(is_label))
}

/// The API server only asks that a name is there. What a resolver cannot read is refused all the same: it would be
/// skipped in silence.
fn check_option(option: &DnsOption) -> Result<(), (&'static str, String, &'static str)> {
    const NUMBERS: [&str; 3] = ["ndots", "timeout", "attempts"];
    let one_word = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if option.name.is_empty() {
        return Err(("name", "an option needs a name".to_owned(), "ndots, for example"));
    }
    if !one_word(&option.name) || option.name.contains(':') {
        return Err((
            "name",
            format!("`{}` is no name of an option", option.name.escape_debug()),
            "write `{name: ndots, value: \"2\"}`",
        ));
    }
    let value = option.value.as_deref();
    let numeric = value.is_some_and(|value| value.parse::<u8>().is_ok());
    if NUMBERS.contains(&option.name.as_str()) && !numeric {
        return Err(("value", format!("`{}` takes a number", option.name), "write `value: \"2\"`"));
    }
    if value.is_some_and(|value| value.is_empty() || !one_word(value)) {
        return Err((
            "value",
            "a value is one word".to_owned(),
            "leave `value` out for an option without one",
        ));
    }
    Ok(())
}

fn refused(at: &str, message: impl Into<String>, help: impl Into<String>) -> SettingsError {
    SettingsError { pointer: Pointer::new(at), message: message.into(), help: Some(help.into()) }
}
