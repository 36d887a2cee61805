//! What one replica remembers between two looks.

use std::time::Duration;

use rustls_pki_types::CertificateDer;

use super::super::bundle::{CaBundle, ObservedBundles};
use super::super::material::{Authority, Material};

/// How long a CA stays in every `caBundle` after the Secret has ceased to name it: another replica may not
/// have seen that yet, and shows what it knows.
const LINGER: Duration = Duration::from_secs(30);

/// The time, by two clocks.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Now {
    /// Seconds since 1970, as certificates count: people and NTP set it.
    pub(in super::super) wall: i64,
    /// Since some moment, and never set.
    pub(in super::super) steady: Duration,
}

/// What one replica remembers between two looks.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Memory {
    /// What it shows: some version of the Secret, never anything else.
    pub(in super::super) held: Option<Material>,
    /// The CAs that all configurations carry, and since when.
    carried: Vec<(CertificateDer<'static>, Duration)>,
    /// The CAs that were required, and when last.
    required: Vec<(CertificateDer<'static>, Duration)>,
    /// Since when the Secret has held nothing to show.
    unusable: Option<Duration>,
}

impl Memory {
    pub(super) fn note(
        &mut self,
        stored: Option<&Material>,
        observed: Option<&ObservedBundles>,
        now: Duration,
    ) {
        self.unusable = match stored {
            None => self.unusable.or(Some(now)),
            Some(_) => None,
        };
        let before = std::mem::take(&mut self.carried);
        let Some(observed) = observed else { return };
        for ca in
            stored.into_iter().flat_map(Material::trusted).filter(|ca| observed.carry(&ca.der))
        {
            let since = before.iter().find(|(der, _)| *der == ca.der).map_or(now, |(_, at)| *at);
            self.carried.push((ca.der.clone(), since));
        }
    }

    pub(super) fn carried_for(&self, ca: &Authority, now: Duration) -> Option<Duration> {
        let (_, since) = self.carried.iter().find(|(der, _)| *der == ca.der)?;
        Some(now.saturating_sub(*since))
    }

    /// What every `caBundle` has to carry where this is to be trusted.
    pub(super) fn require(&mut self, material: &Material, now: Duration) -> CaBundle {
        let mut required: Vec<_> = material.trusted().map(|ca| (ca.der.clone(), now)).collect();
        for (der, last) in std::mem::take(&mut self.required) {
            let lingers = now.saturating_sub(last) < LINGER;
            if lingers && !required.iter().any(|(other, _)| *other == der) {
                required.push((der, last));
            }
        }
        self.required = required;
        CaBundle::of(self.required.iter().map(|(der, _)| der.as_ref()))
    }

    pub(super) fn unusable_for(&self, now: Duration) -> Duration {
        self.unusable.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}
