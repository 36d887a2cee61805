//! What is in a Secret, as a TLS client would judge it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rcgen::KeyPair;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use super::super::bundle::certificates_in;
use super::{
    Authority, CA_CERT, CA_KEY, Damage, Key, LEAF_CERT, LEAF_KEY, Leaf, Material, NEXT_CERT,
    NEXT_KEY, OWN, Validity,
};

type Data = BTreeMap<String, Vec<u8>>;

impl Material {
    /// Reads what a Secret holds. Whether it is still valid is not asked here.
    pub(in crate::cluster::certificates) fn read(data: &Data) -> Result<Material, Box<Damage>> {
        let trusted: Vec<Authority> = CertificateDer::pem_slice_iter(bytes(data, CA_CERT))
            .filter_map(|der| authority(der.ok()?))
            .collect();
        let key = key(data, CA_KEY);
        let usable = trusted.first().cloned().filter(|ca| {
            // What cannot sign is of no use, however well it reads.
            key.as_ref().is_some_and(|key| belongs(key, ca))
        });
        let ca = usable.map(|ca| Authority { key: key.clone(), ..ca });
        let damage = |reason| Damage { reason, ca: ca.clone(), trusted: trusted.clone() };
        whole(data, &trusted, ca.as_ref()).map_err(|reason| Box::new(damage(reason)))
    }
}

fn whole(
    data: &Data,
    trusted: &[Authority],
    usable: Option<&Authority>,
) -> Result<Material, &'static str> {
    if OWN.iter().all(|name| bytes(data, name).is_empty()) {
        return Err("it is empty");
    }
    if trusted.is_empty() || certificates_in(bytes(data, CA_CERT)).len() != trusted.len() {
        return Err("ca.crt is damaged");
    }
    if usable.is_none() && !bytes(data, CA_KEY).is_empty() {
        return Err("ca.key does not belong to the first certificate in ca.crt");
    }
    let Some(ca) = usable.or(trusted.first()).cloned() else { return Err("ca.crt is damaged") };
    let leaf = leaf(data, &ca)?;
    let next = next(data)?;
    if next.as_ref().is_some_and(|next| !trusted[1..].iter().any(|ca| ca.is(next))) {
        return Err("next-ca.crt is not in ca.crt");
    }
    let retired = trusted[1..]
        .iter()
        .filter(|ca| next.as_ref().is_none_or(|next| !ca.is(next)))
        .cloned()
        .collect();
    Ok(Material { leaf, ca, next, retired })
}

fn leaf(data: &Data, ca: &Authority) -> Result<Leaf, &'static str> {
    let chain = certificates_in(bytes(data, LEAF_CERT));
    let Some(first) = chain.first() else { return Err("tls.crt is damaged") };
    let (validity, names) = read_leaf(first).ok_or("tls.crt is damaged")?;
    let Some(name) = names.first() else { return Err("tls.crt is for no name") };
    let key = key(data, LEAF_KEY).ok_or("tls.key is damaged")?;
    let der = PrivateKeyDer::from_pem_slice(key.0.as_bytes()).map_err(|_| "tls.key is damaged")?;
    CertifiedKey::from_der(chain.clone(), der, &aws_lc_rs::default_provider())
        .map_err(|_| "tls.key does not belong to tls.crt")?;
    let at = validity.not_before.max(ca.validity.not_before);
    verify(&chain, name, ca, at)
        .ok_or("tls.crt is not signed by the first certificate in ca.crt")?;
    Ok(Leaf { chain, key, validity, names })
}

fn next(data: &Data) -> Result<Option<Authority>, &'static str> {
    if bytes(data, NEXT_CERT).is_empty() && bytes(data, NEXT_KEY).is_empty() {
        return Ok(None);
    }
    let der = certificates_in(bytes(data, NEXT_CERT)).into_iter().next();
    let next = der.and_then(authority).ok_or("next-ca.crt is damaged")?;
    match key(data, NEXT_KEY) {
        Some(key) if belongs(&key, &next) => Ok(Some(Authority { key: Some(key), ..next })),
        _ => Err("next-ca.key does not belong to next-ca.crt"),
    }
}

fn bytes<'a>(data: &'a Data, name: &str) -> &'a [u8] {
    data.get(name).map_or(&[], Vec::as_slice)
}

fn key(data: &Data, name: &str) -> Option<Key> {
    let text = std::str::from_utf8(bytes(data, name)).ok()?;
    (!text.is_empty()).then(|| Key(Arc::from(text)))
}

fn validity(certificate: &x509_parser::prelude::X509Certificate<'_>) -> Validity {
    let validity = certificate.validity();
    Validity {
        not_before: validity.not_before.timestamp(),
        not_after: validity.not_after.timestamp(),
    }
}

/// A certificate that may sign others.
pub(in crate::cluster::certificates) fn authority(
    der: CertificateDer<'static>,
) -> Option<Authority> {
    let validity = {
        let (_, certificate) = parse_x509_certificate(&der).ok()?;
        certificate.is_ca().then(|| validity(&certificate))?
    };
    Some(Authority { der, validity, key: None })
}

/// From when to when, and for which DNS names.
pub(in crate::cluster::certificates) fn read_leaf(der: &[u8]) -> Option<(Validity, Vec<String>)> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let names = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    Some((validity(&certificate), names.collect()))
}

fn belongs(key: &Key, ca: &Authority) -> bool {
    let (Ok(pair), Ok((_, certificate))) =
        (KeyPair::from_pem(&key.0), parse_x509_certificate(&ca.der))
    else {
        return false;
    };
    certificate.public_key().subject_public_key.data == pair.public_key_raw()
}

/// Whether a client that trusts this CA alone takes the chain.
fn verify(chain: &[CertificateDer<'static>], name: &str, ca: &Authority, at: i64) -> Option<()> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der.clone()).ok()?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).ok()?));
    let name = ServerName::try_from(name).ok()?;
    let (leaf, issuers) = chain.split_first()?;
    verifier.verify_server_cert(leaf, issuers, &name, &[], at).ok()?;
    Some(())
}
