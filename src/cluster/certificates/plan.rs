//! What is to be done, from what is there: no IO, no clock, no randomness.
//!
//! The law behind it: a leaf is shown only after every webhook configuration has carried its CA, so
//! at no moment does an API server meet a certificate that it was not told to trust before.

mod memory;
mod write;

use std::time::Duration;

pub(super) use memory::{Memory, Now};
pub(super) use write::{Action, Request, Write};

use super::bundle::{CaBundle, ObservedBundles};
use super::issue::leaf_expiry;
use super::material::{Authority, Damage, Material};
use super::settings::Settings;

/// How long a replica that holds nothing leaves a spoiled Secret to those that hold what was in it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long replicas have to take a new leaf, before a CA whose key leaked is trusted no more.
const FORGET_AFTER: i64 = 60;
/// The longest time between two looks: clocks are set, and sleep does not notice.
const LONGEST: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(1);

/// The Secret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) content: Result<Material, Box<Damage>>,
    /// What a person asks for by annotation.
    pub(super) request: Option<Request>,
}

/// What is to be done.
#[derive(Debug)]
pub(super) struct Plan {
    /// What to put into the Secret.
    pub(super) write: Option<Write>,
    /// What every `caBundle` has to carry; absent where it is not known.
    pub(super) bundle: Option<CaBundle>,
    /// When to look again at the latest.
    pub(super) wake: Duration,
}

/// Looks at all there is; afterwards `memory` holds what this replica shows.
pub(super) fn decide(
    memory: &mut Memory,
    stored: Option<&Stored>,
    observed: Option<&ObservedBundles>,
    now: Now,
    settings: &Settings,
) -> Plan {
    let whole = stored.and_then(|stored| stored.content.as_ref().ok());
    memory.note(whole, observed, now.steady);
    let view = View { memory, now, settings };
    let Some(material) = whole else {
        let damage = stored.and_then(|stored| stored.content.as_ref().err());
        let write = view.without(damage.map(AsRef::as_ref), observed);
        let required = memory.held.clone();
        let bundle = required.map(|held| memory.require(&held, now.steady));
        return Plan { write, bundle, wake: SHORTEST };
    };
    let request = stored.and_then(|stored| stored.request);
    let (adopted, write) = view.with(material, request);
    let wake = view.wake(material);
    let required = match &memory.held {
        // Until others have taken what is stored, what they show has to be trusted as well.
        Some(held) if !adopted => material.clone().trusting(held.trusted()),
        _ => material.clone(),
    };
    if adopted {
        memory.held = Some(material.clone());
    }
    let bundle = memory.require(&required, now.steady);
    Plan { write, bundle: Some(bundle), wake }
}

struct View<'a> {
    memory: &'a Memory,
    now: Now,
    settings: &'a Settings,
}

impl View<'_> {
    /// The Secret is gone, or nothing in it can be shown.
    fn without(
        &self,
        damage: Option<&Damage>,
        observed: Option<&ObservedBundles>,
    ) -> Option<Write> {
        let now = self.now.wall;
        if let Some(held) = &self.memory.held {
            return Some(if held.ca.validity.covers(now) {
                Write::new("the Secret was deleted or spoiled", Action::Store(held.clone()))
            } else {
                Write::new("the CA is not valid", self.found(None, held.trusted()))
            });
        }
        // Where configurations carry a CA, some replica may still hold it, and puts it back.
        let nobody_else = observed.is_some_and(|observed| observed.entries.is_empty());
        let waited = self.memory.unusable_for(self.now.steady) >= PATIENCE;
        let ca = damage.and_then(|damage| damage.ca.clone());
        let trusted = damage.map_or(&[][..], |damage| &damage.trusted);
        let why = damage.map_or("there is no Secret", |damage| damage.reason);
        (nobody_else || waited).then(|| Write::new(why, self.found(ca, trusted.iter())))
    }

    fn found<'a>(
        &self,
        ca: Option<Authority>,
        trusted: impl Iterator<Item = &'a Authority>,
    ) -> Action {
        let now = self.now.wall;
        Action::Found {
            ca: ca.filter(|ca| ca.validity.covers(now)),
            trusted: trusted.filter(|ca| ca.validity.not_after > now).cloned().collect(),
        }
    }

    /// The Secret is whole: whether to show what it holds, and what to change in it.
    fn with(&self, stored: &Material, request: Option<Request>) -> (bool, Option<Write>) {
        let Some(held) = &self.memory.held else { return (true, self.maintain(stored, request)) };
        if self.usable(held) && !self.usable(stored) {
            let why = "the Secret was replaced by a certificate that is not valid";
            let action = Action::Store(held.clone());
            return (false, Some(Write::keeping(request, why, action)));
        }
        if held.ca.is(&stored.ca) {
            // What versions with the same CA never lose was taken out by hand.
            let mended = mend(stored, held, self.now.wall);
            if mended != *stored {
                let why = "keys were taken out of the Secret";
                return (true, Some(Write::keeping(request, why, Action::Store(mended))));
            }
        }
        // A CA that this replica was told of, or that has replaced nothing of use, or that API servers
        // have been seen to trust.
        if held.trusts(&stored.ca) || !self.usable(held) || self.settled(&stored.ca) {
            return (true, self.maintain(stored, request));
        }
        let write = (!stored.trusts(&held.ca)).then(|| {
            let both = stored.clone().trusting(std::iter::once(&held.ca));
            Write::keeping(request, "the Secret was replaced by another CA", Action::Store(both))
        });
        (false, write)
    }

    /// Keeps what is whole from running out.
    fn maintain(&self, stored: &Material, request: Option<Request>) -> Option<Write> {
        let now = self.now.wall;
        let Material { leaf, ca, next, retired } = stored;
        let step = |why, action| Some(Write::keeping(request, why, action));
        if !ca.validity.covers(now) {
            return match next {
                // Nobody trusts the leaf any more: there is nothing to wait for.
                Some(next) if next.validity.covers(now) => {
                    step("the CA is not valid", Action::Promote(stored.clone()))
                }
                _ => step("the CA is not valid", self.found(None, stored.trusted())),
            };
        }
        if !self.usable(stored) && ca.key.is_some() {
            let why = "the certificate is not valid, or for another name";
            return step(why, Action::RenewLeaf(stored.clone()));
        }
        let prepare = |why| step(why, Action::PrepareCa(stored.clone()));
        match next {
            Some(next) if !next.validity.covers(now) => return prepare("the next CA is not valid"),
            Some(next) if self.settled(next) || !self.usable(stored) => {
                return step("the next CA is trusted", Action::Promote(stored.clone()));
            }
            Some(_) => {}
            None if ca.key.is_none() => return prepare("the key of the CA is gone"),
            None if matches!(request, Some(Request::Ca | Request::LeakedCa)) => {
                return prepare("somebody asked for it");
            }
            None if now >= ca.validity.renewal() => {
                return prepare("two thirds of its life are over");
            }
            None => {}
        }
        if ca.key.is_some() {
            let renew = |why| step(why, Action::RenewLeaf(stored.clone()));
            if request == Some(Request::Certificate) {
                return renew("somebody asked for it");
            }
            let gain = leaf_expiry(ca, self.settings, now).saturating_sub(leaf.validity.not_after);
            let worth = self.settings.certificate_lifetime.as_secs() / 10;
            // A CA near its end signs ever shorter leaves: not one after the other.
            if now >= leaf.validity.renewal() && gain.unsigned_abs() > worth && gain > 0 {
                return renew("two thirds of its life are over");
            }
        }
        let forget = request == Some(Request::ForgetRetired)
            && next.is_none()
            && now >= leaf.validity.signed().saturating_add(FORGET_AFTER);
        let lasting = |ca: &&Authority| !forget && ca.validity.not_after > now;
        let left: Vec<_> = retired.iter().filter(lasting).cloned().collect();
        (forget || left.len() < retired.len()).then(|| {
            let less = Action::Store(Material { retired: left, ..stored.clone() });
            let write = Write::keeping(request, "a CA is trusted no more", less);
            if forget { Write { request: None, ..write } } else { write }
        })
    }

    /// Whether clients that trust its CA take the leaf.
    fn usable(&self, material: &Material) -> bool {
        let Material { leaf, ca, .. } = material;
        let now = self.now.wall;
        leaf.validity.covers(now)
            && ca.validity.covers(now)
            && leaf.names.contains(&self.settings.server_name())
    }

    /// Whether all configurations have carried a CA for long enough.
    fn settled(&self, ca: &Authority) -> bool {
        self.memory
            .carried_for(ca, self.now.steady)
            .is_some_and(|carried| carried >= self.settings.settle_time)
    }

    fn wake(&self, stored: &Material) -> Duration {
        let now = self.now.wall;
        let ends = stored.trusted().map(|ca| ca.validity.not_after);
        let times = [stored.leaf.validity, stored.ca.validity];
        let times = times.into_iter().flat_map(|v| [v.renewal(), v.not_after]).chain(ends);
        let until = times.filter_map(|time| u64::try_from(time.saturating_sub(now)).ok());
        let settling = [stored.next.as_ref(), Some(&stored.ca)].into_iter().flatten();
        let settling = settling
            .filter_map(|ca| self.memory.carried_for(ca, self.now.steady))
            .filter_map(|carried| self.settings.settle_time.checked_sub(carried));
        let soonest = until.filter(|seconds| *seconds > 0).map(Duration::from_secs).chain(settling);
        soonest.min().unwrap_or(LONGEST).clamp(SHORTEST, LONGEST)
    }
}

/// What is stored, with the keys that are only in memory.
fn mend(stored: &Material, held: &Material, now: i64) -> Material {
    let mut mended = stored.clone();
    if mended.ca.key.is_none() {
        mended.ca.key.clone_from(&held.ca.key);
    }
    if let (None, Some(next)) = (&mended.next, &held.next)
        && next.validity.covers(now)
    {
        mended.retired.retain(|ca| !ca.is(next));
        mended.next = Some(next.clone());
    }
    mended
}

#[cfg(test)]
mod tests;
