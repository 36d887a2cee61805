//! Every way from one state of the Secret to the next.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod replicas;

use std::collections::BTreeMap;

use super::*;

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn settings() -> Settings {
    Settings::new("plimsoll", "plimsoll-system")
}

fn at(wall: i64) -> Now {
    Now { wall, steady: Duration::from_secs(u64::try_from(wall).unwrap()) }
}

fn new(now: i64) -> Material {
    Action::Found { ca: None, trusted: Vec::new() }.perform(&settings(), now).unwrap()
}

fn stored(material: &Material) -> Stored {
    asked(material, None)
}

fn asked(material: &Material, request: Option<Request>) -> Stored {
    Stored { content: Ok(read_back(material)), request }
}

/// What the Secret says after it was written.
fn read_back(material: &Material) -> Material {
    Material::read(&data(material)).unwrap()
}

fn data(material: &Material) -> BTreeMap<String, Vec<u8>> {
    material.data().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

fn spoiled(material: &Material, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Stored {
    let mut data = data(material);
    change(&mut data);
    Stored { content: Material::read(&data), request: None }
}

fn holding(material: &Material) -> Memory {
    let mut memory = Memory::default();
    memory.held = Some(material.clone());
    memory
}

fn configurations(bundles: &[&CaBundle]) -> ObservedBundles {
    let named = bundles.iter().enumerate();
    let entries = named.map(|(at, bundle)| (at.to_string(), bundle.pem().as_bytes().to_vec()));
    ObservedBundles { entries: entries.collect() }
}

fn none_yet() -> ObservedBundles {
    ObservedBundles::default()
}

struct Look {
    memory: Memory,
    write: Option<Write>,
    bundle: Option<CaBundle>,
    wake: Duration,
}

fn look(
    mut memory: Memory,
    stored: Option<&Stored>,
    observed: Option<&ObservedBundles>,
    now: i64,
) -> Look {
    let Plan { write, bundle, wake } = decide(&mut memory, stored, observed, at(now), &settings());
    Look { memory, write, bundle, wake }
}

impl Look {
    /// What the Secret holds afterwards.
    fn written(&self, now: i64) -> Stored {
        let write = self.write.clone().expect("nothing is to be written");
        asked(&write.action.perform(&settings(), now).unwrap(), write.request)
    }

    fn stored(&self) -> Material {
        match self.write.clone().expect("nothing is to be written").action {
            Action::Store(material) => material,
            other => panic!("{}", other.name()),
        }
    }

    fn done(&self) -> &'static str {
        self.write.as_ref().map_or("nothing", |write| write.action.name())
    }
}

#[test]
fn what_is_made_is_read_back_as_it_was() {
    let mut material = new(NOW);
    assert_eq!(read_back(&material), material);
    material = Action::PrepareCa(material).perform(&settings(), NOW).unwrap();
    assert_eq!(read_back(&material), material);
    let promoted = Action::Promote(material.clone()).perform(&settings(), NOW).unwrap();
    assert_eq!(read_back(&promoted), promoted);
    assert!(promoted.ca.is(material.next.as_ref().unwrap()) && promoted.trusts(&material.ca));
    assert!(promoted.retired[0].key.is_none(), "the key of a CA that signs no more is destroyed");
    assert!(!format!("{material:?}").contains("PRIVATE"));
}

#[test]
fn certificates_are_for_every_name_of_the_service() {
    let leaf = new(NOW).leaf;
    assert_eq!(
        leaf.names,
        [
            "plimsoll.plimsoll-system.svc",
            "plimsoll.plimsoll-system.svc.cluster.local",
            "plimsoll.plimsoll-system",
            "plimsoll"
        ]
    );
    let days = |validity: Validity| (validity.not_after - NOW) / DAY;
    assert_eq!(days(leaf.validity), 90);
    assert_eq!(leaf.validity.signed(), NOW);
    assert_eq!(leaf.validity.renewal(), NOW + 60 * DAY);
}

#[test]
fn the_first_replica_makes_them_and_shows_nothing_before_they_are_stored() {
    for empty in [None, Some(spoiled(&new(NOW), BTreeMap::clear))] {
        let first = look(Memory::default(), empty.as_ref(), Some(&none_yet()), NOW);
        assert_eq!(first.done(), "new CA and certificate made");
        assert!(first.memory.held.is_none() && first.bundle.is_none());
        let stored = first.written(NOW);
        let second = look(first.memory, Some(&stored), Some(&none_yet()), NOW);
        assert!(second.write.is_none());
        assert_eq!(second.memory.held.as_ref(), stored.content.as_ref().ok());
        assert_eq!(second.bundle, Some(stored.content.unwrap().bundle()));
    }
}

#[test]
fn a_replica_that_holds_nothing_leaves_mending_to_others_for_a_while() {
    let carried = configurations(&[&new(NOW).bundle()]);
    for observed in [None, Some(&carried)] {
        let first = look(Memory::default(), None, observed, NOW);
        assert_eq!(first.done(), "nothing");
        let later = look(first.memory.clone(), None, observed, NOW + 9);
        assert_eq!(later.done(), "nothing");
        let late = look(later.memory, None, observed, NOW + 10);
        assert_eq!(late.done(), "new CA and certificate made");
    }
}

#[test]
fn a_secret_that_is_deleted_comes_back_as_it_was() {
    let material = new(NOW);
    let gone = look(holding(&material), None, None, NOW + 1);
    assert_eq!(gone.stored(), material);
    assert_eq!(gone.bundle, Some(material.bundle()));
    assert_eq!(gone.memory.held, Some(material));
}

#[test]
fn whatever_is_spoiled_comes_back_as_it_was() {
    let other = Action::PrepareCa(new(NOW)).perform(&settings(), NOW).unwrap();
    let material = Action::PrepareCa(new(NOW)).perform(&settings(), NOW).unwrap();
    for name in super::super::material::OWN {
        let nonsense: [&[u8]; 5] =
            [b"", b"nonsense", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\n!", &data(&other)[name]];
        for bytes in nonsense {
            let spoilt = spoiled(&material, |data| {
                data.insert(name.to_owned(), bytes.to_vec());
            });
            let mended = look(holding(&material), Some(&spoilt), None, NOW + 1);
            assert_eq!(mended.stored(), material, "{name}: {bytes:?}");
            assert!(mended.bundle.unwrap().is_carried_by(material.bundle().pem().as_bytes()));
        }
    }
    // Both keys of the next CA.
    let spoilt = spoiled(&material, |data| data.retain(|name, _| !name.starts_with("next")));
    assert_eq!(look(holding(&material), Some(&spoilt), None, NOW).stored(), material);
}

#[test]
fn without_anybody_who_holds_it_what_is_left_is_used() {
    let material = new(NOW);
    let old = material.ca.clone();
    let leafless = spoiled(&material, |data| drop(data.remove("tls.key")));
    let look_at =
        |stored: &Stored, now| look(Memory::default(), Some(stored), Some(&none_yet()), now);
    let mended = look_at(&leafless, NOW).written(NOW).content.unwrap();
    assert!(mended.ca == old && mended.leaf != material.leaf, "the same CA signs again");

    let keyless = spoiled(&material, |data| drop(data.remove("ca.key")));
    let first = look_at(&keyless, NOW);
    assert_eq!(first.memory.held.as_ref().unwrap().leaf, material.leaf, "it can still be shown");
    assert_eq!(first.done(), "next CA made: it signs once all webhooks carry it");

    let both = spoiled(&material, |data| {
        data.insert("ca.key".into(), b"?".to_vec());
        data.insert("tls.key".into(), b"?".to_vec());
    });
    let mended = look_at(&both, NOW).written(NOW).content.unwrap();
    assert!(!mended.ca.is(&old) && mended.trusts(&old), "some replica may still show the old one");
}

#[test]
fn leaves_are_renewed_at_two_thirds_of_their_life() {
    let material = new(NOW);
    let stored = stored(&material);
    let renewal = NOW + 60 * DAY;
    let before = look(holding(&material), Some(&stored), None, renewal - 10);
    assert!(before.write.is_none());
    assert_eq!(before.wake, Duration::from_secs(10));
    let due = look(holding(&material), Some(&stored), None, renewal);
    assert_eq!(due.done(), "certificate renewed");
    let renewed = due.written(renewal).content.unwrap();
    assert_eq!(renewed.leaf.validity.not_after, renewal + 90 * DAY);
    assert_eq!(renewed.bundle(), material.bundle());
}

#[test]
fn another_name_means_another_leaf_of_the_same_ca() {
    let material = new(NOW);
    let renamed = Settings::new("guard", "plimsoll-system");
    let mut memory = Memory::default();
    let plan = decide(&mut memory, Some(&stored(&material)), None, at(NOW), &renamed);
    let written = plan.write.unwrap().action.perform(&renamed, NOW).unwrap();
    assert_eq!(written.leaf.names[0], "guard.plimsoll-system.svc");
    assert!(written.ca.is(&material.ca));
}

/// The whole rotation of a CA, step by step.
#[test]
fn a_ca_signs_only_after_everybody_was_told_to_trust_it() {
    let due = NOW + 250 * DAY;
    let mut material = new(NOW);
    material.leaf = issue_leaf(&material, due);
    let before = material.bundle();
    let first = look(holding(&material), Some(&stored(&material)), Some(&none_yet()), due);
    assert_eq!(first.done(), "next CA made: it signs once all webhooks carry it");
    let prepared = first.written(due);
    let both = prepared.content.as_ref().unwrap().bundle();
    assert!(before.is_carried_by(both.pem().as_bytes()));

    // One configuration carries it and one does not yet; or one has no bundle, or a damaged one.
    let mut memory = first.memory;
    let mut observed = configurations(&[&both, &before]);
    for (wait, bundle) in [(1, before.pem()), (500, before.pem()), (600, ""), (700, "?")] {
        observed.entries.insert("1".to_owned(), bundle.into());
        let look = look(memory, Some(&prepared), Some(&observed), due + wait);
        assert!(look.write.is_none(), "{bundle}");
        assert_eq!(look.bundle.as_ref(), Some(&both));
        assert_eq!(look.memory.held.as_ref().unwrap().leaf, material.leaf);
        memory = look.memory;
    }
    // All carry it, then one does not, then all again: only from then on it counts.
    let all = configurations(&[&both, &both]);
    for (wait, observed) in [
        (800, Some(&all)),
        (859, Some(&all)),
        (860, Some(&observed)),
        (861, Some(&all)),
        (870, None),
        (871, Some(&all)),
        (930, Some(&all)),
    ] {
        let look = look(memory, Some(&prepared), observed, due + wait);
        assert!(look.write.is_none(), "{wait}");
        memory = look.memory;
    }
    let last = look(memory, Some(&prepared), Some(&all), due + 931);
    assert_eq!(last.done(), "next CA signs from now on");
    let promoted = last.written(due + 931);
    let after = promoted.content.clone().unwrap();
    assert!(after.bundle().is_carried_by(both.pem().as_bytes()));
    assert!(both.is_carried_by(after.bundle().pem().as_bytes()), "both are trusted still");

    // Other replicas take it at once: they were told of the CA.
    let other = look(holding(prepared.content.as_ref().unwrap()), Some(&promoted), None, due + 931);
    assert!(other.write.is_none() && other.memory.held == Some(after.clone()));

    // The one before is trusted until it expires.
    let end = material.ca.validity.not_after;
    let mut fresh = after.clone();
    fresh.leaf = issue_leaf(&after, end - 1);
    assert!(look(holding(&fresh), Some(&stored(&fresh)), None, end - 1).write.is_none());
    let tidied = look(holding(&fresh), Some(&stored(&fresh)), None, end).stored();
    assert_eq!(tidied.trusted().count(), 1);
}

fn issue_leaf(material: &Material, now: i64) -> Leaf {
    super::super::issue::leaf(&material.ca, &settings(), now).unwrap()
}

use super::super::material::{Leaf, Validity};

#[test]
fn people_can_ask_for_a_rotation() {
    let material = new(NOW);
    let renewed =
        look(holding(&material), Some(&asked(&material, Some(Request::Certificate))), None, NOW);
    assert_eq!(renewed.done(), "certificate renewed");
    assert_eq!(renewed.written(NOW).request, None);

    for (request, after) in [(Request::Ca, None), (Request::LeakedCa, Some(Request::ForgetRetired))]
    {
        let first = look(holding(&material), Some(&asked(&material, Some(request))), None, NOW);
        let prepared = first.written(NOW);
        let settled = look(first.memory, Some(&prepared), Some(&none_yet()), NOW).memory;
        let promoting = look(settled, Some(&prepared), Some(&none_yet()), NOW + 60);
        let promoted = promoting.written(NOW + 60);
        assert_eq!(promoted.request, after);
        let kept = look(promoting.memory, Some(&promoted), None, NOW + 119);
        assert!(kept.write.is_none(), "replicas may not have taken the new leaf yet");
        assert_eq!(kept.memory.held.as_ref().unwrap().trusted().count(), 2);
        let late = look(kept.memory, Some(&promoted), None, NOW + 120);
        assert_eq!(late.write.is_some(), after.is_some());
        if after.is_some() {
            let forgotten = late.written(NOW + 120);
            assert_eq!(forgotten.request, None);
            assert!(!forgotten.content.as_ref().unwrap().trusts(&material.ca));
            // Those that still hold the version before take it without bringing the CA back.
            let other = look(late.memory, Some(&forgotten), None, NOW + 121);
            assert!(other.write.is_none());
            let later = look(other.memory, Some(&forgotten), None, NOW + 151);
            assert_eq!(later.bundle, Some(forgotten.content.unwrap().bundle()));
        }
    }
    for request in Request::ALL {
        assert_eq!(Request::parse(request.value()), Some(request));
    }
    assert_eq!(Request::parse("now"), None);
}

#[test]
fn an_expired_ca_is_replaced_without_waiting() {
    let material = new(NOW);
    let end = material.ca.validity.not_after;
    let mut leaf = material.clone();
    leaf.leaf = issue_leaf(&material, end - 100);
    assert_eq!(leaf.leaf.validity.not_after, end, "no leaf outlives its CA");
    for memory in [holding(&leaf), Memory::default()] {
        let look = look(memory, Some(&stored(&leaf)), None, end);
        assert_eq!(look.done(), "new CA and certificate made");
        assert_eq!(look.written(end).content.unwrap().trusted().count(), 1);
    }
    let gone = look(holding(&leaf), None, None, end);
    assert_eq!(gone.done(), "new CA and certificate made");
    let prepared = Action::PrepareCa(leaf).perform(&settings(), end - 100).unwrap();
    let look = look(holding(&prepared), Some(&stored(&prepared)), None, end);
    assert_eq!(look.done(), "next CA signs from now on");
}

#[test]
fn a_ca_near_its_end_signs_no_rain_of_ever_shorter_leaves() {
    let prepared = Action::PrepareCa(new(NOW)).perform(&settings(), NOW).unwrap();
    let (mut material, mut writes) = (prepared.clone(), 0);
    let blocked = configurations(&[&new(NOW).bundle()]);
    let end = prepared.ca.validity.not_after;
    for now in (NOW..end - 1).step_by(usize::try_from(DAY / 2).unwrap()) {
        let look = look(holding(&material), Some(&stored(&material)), Some(&blocked), now);
        if look.write.is_some() {
            material = look.written(now).content.unwrap();
            writes += 1;
        }
        assert!(material.leaf.validity.covers(now));
    }
    assert!(writes <= 6, "{writes}");
}

#[test]
fn a_clock_that_is_set_back_or_forth_and_back_changes_nothing_of_value() {
    let material = new(NOW);
    let stored = stored(&material);
    // Within the hour that certificates count from earlier.
    assert!(look(holding(&material), Some(&stored), None, NOW - 3_000).write.is_none());
    // A replica far ahead replaced all: those whose clock is right put it back.
    let ahead = self::stored(&new(NOW + 3_650 * DAY));
    let look = look(holding(&material), Some(&ahead), None, NOW);
    assert_eq!(look.stored(), material);
    assert_eq!(look.memory.held, Some(material));
}

#[test]
fn the_settle_time_does_not_follow_the_wall_clock() {
    let prepared = Action::PrepareCa(new(NOW)).perform(&settings(), NOW).unwrap();
    let stored = stored(&prepared);
    let mut memory = Memory::default();
    let mut decide_at = |wall, steady| {
        let now = Now { wall, steady: Duration::from_secs(steady) };
        decide(&mut memory, Some(&stored), Some(&none_yet()), now, &settings())
    };
    assert!(decide_at(NOW, 0).write.is_none());
    let plan = decide_at(NOW + DAY, 59);
    assert!(plan.write.is_none() && plan.wake == Duration::from_secs(1));
    assert!(decide_at(NOW - 600, 60).write.is_some());
}

/// Somebody restores a backup of another installation: it is taken, but not before it is trusted.
#[test]
fn another_ca_takes_over_only_once_it_is_trusted() {
    let (material, foreign) = (new(NOW), new(NOW));
    let both = look(holding(&material), Some(&stored(&foreign)), None, NOW);
    assert_eq!(both.memory.held.as_ref(), Some(&material));
    let merged = both.written(NOW);
    let required = both.bundle.unwrap();
    assert_eq!(required, merged.content.as_ref().unwrap().bundle());
    assert!(material.bundle().is_carried_by(required.pem().as_bytes()));
    let carried = configurations(&[&required]);
    let settling = look(both.memory, Some(&merged), Some(&carried), NOW + 1);
    assert!(settling.write.is_none() && settling.memory.held == Some(material));
    let settled = look(settling.memory, Some(&merged), Some(&carried), NOW + 61);
    assert!(settled.write.is_none());
    assert_eq!(settled.memory.held.unwrap().leaf, foreign.leaf);
}
