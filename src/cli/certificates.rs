//! The flags that say where the webhook's certificate comes from.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::cluster::certificates::Settings;
use crate::serve::TlsSource;

/// Flags that say where the webhook's certificate comes from.
#[derive(Debug, Args)]
pub(super) struct CertificateArgs {
    /// Certificate chain as PEM, leaf first; read again when it changes. Absent: a self-signed
    /// certificate for localhost, made in memory
    #[arg(long, env = "PLIMSOLL_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate as PEM
    #[arg(long, env = "PLIMSOLL_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make a CA and a certificate, keep them in the Secret NAME-tls, and renew them in time
    #[arg(
        long,
        env = "PLIMSOLL_TLS_MANAGED",
        value_parser = BoolishValueParser::new(),
        requires = "kubernetes",
        conflicts_with = "tls_cert"
    )]
    tls_managed: bool,
    /// How long a managed certificate lasts [default: 90d]. It is renewed after two thirds of that
    #[arg(
        long,
        env = "PLIMSOLL_CERTIFICATE_LIFETIME",
        value_name = "DURATION",
        value_parser = parse_lifetime
    )]
    certificate_lifetime: Option<Duration>,
    /// How long the CA of managed certificates lasts [default: 365d]. It is renewed after two thirds
    /// of that
    #[arg(long, env = "PLIMSOLL_CA_LIFETIME", value_name = "DURATION", value_parser = parse_lifetime)]
    ca_lifetime: Option<Duration>,
    /// How long all webhook configurations have to carry a new CA before it signs [default: 60s]
    #[arg(long, env = "PLIMSOLL_CA_SETTLE_TIME", value_name = "DURATION", value_parser = parse_time)]
    ca_settle_time: Option<Duration>,
}

impl CertificateArgs {
    /// Where the certificate comes from, for the installation of this name and namespace.
    pub(super) fn source(&self, name: &str, own_namespace: &str) -> TlsSource {
        if self.tls_managed {
            let usual = Settings::new(name, own_namespace);
            return TlsSource::Managed(Settings {
                certificate_lifetime: self
                    .certificate_lifetime
                    .unwrap_or(usual.certificate_lifetime),
                ca_lifetime: self.ca_lifetime.unwrap_or(usual.ca_lifetime),
                settle_time: self.ca_settle_time.unwrap_or(usual.settle_time),
                ..usual
            });
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => TlsSource::Files { cert: cert.clone(), key: key.clone() },
            _ => TlsSource::SelfSigned,
        }
    }
}

const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];
/// Shorter ones would be renewed before every replica has seen them.
const SHORTEST: Duration = Duration::from_secs(10);
/// A certificate cannot name a time after the year 9999.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

fn parse_time(text: &str) -> Result<Duration, String> {
    let unit = UNITS.iter().find_map(|(name, seconds)| Some((text.strip_suffix(name)?, seconds)));
    let time = unit.and_then(|(number, seconds)| number.parse::<u64>().ok()?.checked_mul(*seconds));
    match time.map(Duration::from_secs) {
        Some(time) if time <= LONGEST => Ok(time),
        Some(_) => Err("100 years (36500d) are the most".to_owned()),
        None => Err("write a number with s, m, h or d, such as 90d".to_owned()),
    }
}

fn parse_lifetime(text: &str) -> Result<Duration, String> {
    parse_time(text).and_then(|time| match time >= SHORTEST {
        true => Ok(time),
        false => Err("10s are the least".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_bounds() {
        assert_eq!(parse_lifetime("90d"), Ok(Settings::CERTIFICATE_LIFETIME));
        assert_eq!(parse_time("90s"), parse_time("90s"));
        assert_eq!(parse_time("2h"), parse_time("120m"));
        assert_eq!(parse_time("0s"), Ok(Duration::ZERO));
        for wrong in ["", "90", "d", "-1d", "1.5h", "1w", "36501d", "99999999999999999d"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        assert!(parse_lifetime("9s").is_err());
    }
}
