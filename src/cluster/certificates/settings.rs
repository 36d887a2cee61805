//! Whom certificates are for, and how long they last.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Clocks differ: what is signed counts from this much earlier.
pub(super) const BACKDATED: i64 = 60 * 60;

/// Whom certificates are for, and how long they last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The Service, and with `-tls` behind it the Secret (`--name`).
    pub name: String,
    /// Where both are (`--own-namespace`).
    pub namespace: String,
    /// From signing to expiry of a serving certificate (`--certificate-lifetime`).
    pub certificate_lifetime: Duration,
    /// The same of a CA (`--ca-lifetime`).
    pub ca_lifetime: Duration,
    /// How long all webhook configurations have to carry a CA before it signs (`--ca-settle-time`):
    /// until then an API server may still ask with what it knew before.
    pub settle_time: Duration,
}

impl Settings {
    /// `--certificate-lifetime`, unless told otherwise.
    pub const CERTIFICATE_LIFETIME: Duration = Duration::from_secs(90 * DAY.as_secs());
    /// `--ca-lifetime`, unless told otherwise: in its last third there is room for a whole serving
    /// certificate.
    pub const CA_LIFETIME: Duration = Duration::from_secs(365 * DAY.as_secs());
    /// `--ca-settle-time`, unless told otherwise: API servers learn of a new configuration within 3 s,
    /// and one that lags is given a minute, because nothing presses.
    pub const SETTLE_TIME: Duration = Duration::from_secs(60);

    /// The usual lifetimes for this Service.
    pub fn new(name: &str, namespace: &str) -> Settings {
        Settings {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            certificate_lifetime: Settings::CERTIFICATE_LIFETIME,
            ca_lifetime: Settings::CA_LIFETIME,
            settle_time: Settings::SETTLE_TIME,
        }
    }

    /// The Secret that holds the certificates.
    pub fn secret_name(&self) -> String {
        format!("{}-tls", self.name)
    }

    /// The name that API servers dial.
    pub fn server_name(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }

    /// Every name that the Service has in its cluster.
    pub(super) fn names(&self) -> Vec<String> {
        let Settings { name, namespace, .. } = self;
        vec![
            self.server_name(),
            format!("{name}.{namespace}.svc.cluster.local"),
            format!("{name}.{namespace}"),
            name.clone(),
        ]
    }
}
