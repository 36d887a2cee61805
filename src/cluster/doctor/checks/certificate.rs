//! Do API servers trust what is served, and for how long?

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;
use x509_parser::parse_x509_certificate;

use super::super::Findings;
use super::super::facts::Facts;

/// With less left of a CA, it is time.
const CA_LEFT: i64 = 14 * 24 * 60 * 60;
/// With less left of a certificate, it is late.
const LEAF_LEFT: i64 = 24 * 60 * 60;

pub(in super::super) fn certificate(facts: &Facts, findings: &mut Findings) {
    let place = facts.place();
    let Some(secret) = findings.known(&facts.secret) else { return };
    let Some(secret) = secret else {
        findings.fail(
            format!("there is no Secret with a certificate for {}", facts.name),
            format!(
                "kubectl logs {place} -l app.kubernetes.io/name=plimsoll | grep -i certificate"
            ),
        );
        return;
    };
    let name = secret.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let renew = format!(
        "managed: kubectl delete secret {place} {name} has it made anew; cert-manager: cmctl renew {place} {name}"
    );
    let chain = pem(secret, "tls.crt");
    let Some(leaf) = chain.first() else {
        findings.fail(format!("Secret {name} holds no certificate under tls.crt"), renew);
        return;
    };
    expiry(facts.now, leaf, &format!("the certificate in Secret {name}"), findings, &renew);
    for (configuration, webhook) in facts.webhooks() {
        let entry = configuration.webhook();
        let bundle = webhook["clientConfig"]["caBundle"].as_str().unwrap_or_default();
        let bundle = certificates(&STANDARD.decode(bundle).unwrap_or_default());
        let heal = format!(
            "the leader puts the CA into caBundle within seconds: kubectl logs {place} -l app.kubernetes.io/name=plimsoll"
        );
        if bundle.is_empty() {
            findings
                .fail(format!("{entry}: caBundle holds no CA, so API servers trust nobody"), heal);
            continue;
        }
        match verify(facts, &chain, &bundle) {
            Ok(()) => findings.ok(format!("{entry}: API servers trust what is served")),
            Err(error) => findings.fail(
                format!(
                    "{entry}: API servers refuse what is served for {}: {error}",
                    server_name(facts)
                ),
                heal,
            ),
        }
        let last = bundle.iter().max_by_key(|ca| validity(ca).map(|(_, end)| end));
        let left = last.and_then(validity).map(|(_, end)| end.saturating_sub(facts.now));
        if let Some(left) = left.filter(|left| *left < CA_LEFT) {
            let days = left / (24 * 60 * 60);
            findings.warn(
                format!("{entry}: the last CA in caBundle expires in {days} days"),
                renew.clone(),
            );
        }
    }
}

/// When a certificate runs out, by how much of its life is left.
fn expiry(now: i64, leaf: &[u8], what: &str, findings: &mut Findings, renew: &str) {
    let Some((start, end)) = validity(leaf) else {
        findings.fail(format!("{what} is damaged"), renew);
        return;
    };
    let left = end.saturating_sub(now);
    let at = Timestamp::from_second(end).map(|at| at.to_string()).unwrap_or_default();
    if left <= 0 {
        findings.fail(format!("{what} expired at {at}"), renew);
    } else if left < LEAF_LEFT {
        findings.fail(format!("{what} expires at {at}, within a day"), renew);
    } else if left < end.saturating_sub(start) / 4 {
        findings.warn(format!("{what} expires at {at} and should have been renewed"), renew);
    } else {
        findings.ok(format!("{what} is valid until {at}"));
    }
}

fn server_name(facts: &Facts) -> String {
    format!("{}.{}.svc", facts.name, facts.namespace)
}

/// As an API server verifies it.
fn verify(
    facts: &Facts,
    chain: &[CertificateDer<'static>],
    bundle: &[CertificateDer<'static>],
) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for ca in bundle {
        roots.add(ca.clone()).map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| error.to_string())?;
    let name = ServerName::try_from(server_name(facts)).map_err(|error| error.to_string())?;
    let now = Duration::from_secs(u64::try_from(facts.now).unwrap_or_default());
    let Some((leaf, intermediates)) = chain.split_first() else {
        return Err("there is none".to_owned());
    };
    verifier
        .verify_server_cert(leaf, intermediates, &name, &[], UnixTime::since_unix_epoch(now))
        .map(drop)
        .map_err(|error| error.to_string())
}

/// From when to when, in seconds since 1970.
fn validity(der: impl AsRef<[u8]>) -> Option<(i64, i64)> {
    let (_, certificate) = parse_x509_certificate(der.as_ref()).ok()?;
    let validity = certificate.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}

fn pem(secret: &Value, key: &str) -> Vec<CertificateDer<'static>> {
    let text = secret["data"][key].as_str().unwrap_or_default();
    certificates(&STANDARD.decode(text).unwrap_or_default())
}

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap_or_default()
}
