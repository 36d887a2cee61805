//! What one replica remembers between two looks.

use std::time::Duration;

use rustls_pki_types::CertificateDer;

use super::super::bundle::ObservedBundles;
use super::super::material::{Authority, Material};

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

    pub(super) fn unusable_for(&self, now: Duration) -> Duration {
        self.unusable.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}
