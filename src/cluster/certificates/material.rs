//! Certificates and keys as the Secret holds them.

mod read;

pub(super) use read::{authority, read_leaf};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::bundle::{CaBundle, certificate_pem};
use super::settings::BACKDATED;

/// The chain that is shown, leaf first.
pub(super) const LEAF_CERT: &str = "tls.crt";
/// The key of the leaf.
pub(super) const LEAF_KEY: &str = "tls.key";
/// All CAs to trust: the one that signs, the next one, and those before.
pub(super) const CA_CERT: &str = "ca.crt";
/// The key of the CA that signs.
pub(super) const CA_KEY: &str = "ca.key";
/// The CA that signs next.
pub(super) const NEXT_CERT: &str = "next-ca.crt";
/// Its key.
pub(super) const NEXT_KEY: &str = "next-ca.key";
/// Every key of the Secret that Plimsoll writes; others are left alone.
pub(super) const OWN: [&str; 6] = [LEAF_CERT, LEAF_KEY, CA_CERT, CA_KEY, NEXT_CERT, NEXT_KEY];

/// From when to when, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: i64,
    pub(super) not_after: i64,
}

impl Validity {
    pub(super) fn covers(self, now: i64) -> bool {
        self.not_before <= now && now < self.not_after
    }

    /// When it was signed, where Plimsoll signed it.
    pub(super) fn signed(self) -> i64 {
        self.not_before.saturating_add(BACKDATED).min(self.not_after)
    }

    /// When two thirds of its life are over.
    pub(super) fn renewal(self) -> i64 {
        let life = self.not_after.saturating_sub(self.signed());
        self.not_after.saturating_sub(life / 3)
    }
}

/// A private key in PEM: nothing prints it by mistake.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(pub(super) Arc<str>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// A CA, and its key where it is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) der: CertificateDer<'static>,
    pub(super) validity: Validity,
    pub(super) key: Option<Key>,
}

impl Authority {
    /// Whether it is the same CA, with a key or without.
    pub(super) fn is(&self, other: &Authority) -> bool {
        self.der == other.der
    }

    pub(super) fn without_key(&self) -> Authority {
        Authority { key: None, ..self.clone() }
    }
}

/// A serving certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: Key,
    pub(super) validity: Validity,
    pub(super) names: Vec<String>,
}

impl Leaf {
    /// What is shown: the leaf first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// Its private key as PEM.
    pub fn key_pem(&self) -> &str {
        &self.key.0
    }
}

/// All that a whole Secret holds: the leaf is signed by `ca`, and every key belongs to its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Material {
    pub(super) leaf: Leaf,
    /// Without a key where somebody took it away: then nothing more can be signed.
    pub(super) ca: Authority,
    /// While a CA is replaced.
    pub(super) next: Option<Authority>,
    /// CAs that sign no more, and that are trusted until they expire.
    pub(super) retired: Vec<Authority>,
}

impl Material {
    /// All CAs to trust, in the order in which they are written.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &Authority> {
        std::iter::once(&self.ca).chain(&self.next).chain(&self.retired)
    }

    pub(super) fn trusts(&self, ca: &Authority) -> bool {
        self.trusted().any(|trusted| trusted.is(ca))
    }

    pub(super) fn bundle(&self) -> CaBundle {
        CaBundle::of(self.trusted().map(|ca| ca.der.as_ref()))
    }

    /// With these CAs trusted as well, where they are not.
    pub(super) fn trusting<'a>(mut self, more: impl Iterator<Item = &'a Authority>) -> Material {
        for ca in more {
            if !self.trusts(ca) {
                self.retired.push(ca.without_key());
            }
        }
        self
    }

    /// What the Secret is to hold of it.
    pub(super) fn data(&self) -> BTreeMap<&'static str, Vec<u8>> {
        let chain: String = self.leaf.chain.iter().map(|der| certificate_pem(der)).collect();
        let mut data = BTreeMap::from([
            (LEAF_CERT, chain.into_bytes()),
            (LEAF_KEY, self.leaf.key.0.as_bytes().to_vec()),
            (CA_CERT, self.bundle().pem().as_bytes().to_vec()),
        ]);
        if let Some(key) = &self.ca.key {
            data.insert(CA_KEY, key.0.as_bytes().to_vec());
        }
        if let Some(Authority { der, key: Some(key), .. }) = &self.next {
            data.insert(NEXT_CERT, certificate_pem(der).into_bytes());
            data.insert(NEXT_KEY, key.0.as_bytes().to_vec());
        }
        data
    }
}

/// What a Secret holds that is not whole: somebody spoiled it, or nobody filled it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) reason: &'static str,
    /// The CA that signed, where certificate and key are usable.
    pub(super) ca: Option<Authority>,
    /// All CAs that can still be read.
    pub(super) trusted: Vec<Authority>,
}
