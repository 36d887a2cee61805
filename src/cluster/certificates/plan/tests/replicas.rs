//! Several replicas, one Secret, a leader that fills in what is required, and somebody who breaks things: at
//! no moment may an API server meet a certificate that it was not told to trust before.
//!
//! What is assumed: a replica that can reach the API server learns of a change within [`LAG`].

use std::cell::RefCell;

use proptest::prelude::*;

use super::*;

const REPLICAS: usize = 3;
/// The longest time for which a replica acts on what it saw.
const LAG: i64 = 8;

#[derive(Clone, Debug)]
enum Event {
    /// A replica asks what is stored.
    Read(usize),
    /// It learns what the configurations carry.
    Observe(usize),
    /// It decides, and writes where nobody was quicker.
    Act(usize),
    /// It leads from now on.
    Lead(usize),
    /// The leader fills a configuration in.
    Apply(usize),
    Pass(i64),
    PassMonths(i64),
    Restart(usize),
    Delete,
    /// One key of the Secret: taken away, nonsense, or another installation's.
    Spoil(usize, usize),
    Replace,
    SpoilBundle(usize, bool),
    Ask(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let replica = || 0..REPLICAS;
    prop_oneof![
        6 => replica().prop_map(Event::Read),
        6 => replica().prop_map(Event::Observe),
        8 => replica().prop_map(Event::Act),
        1 => replica().prop_map(Event::Lead),
        6 => (0..2_usize).prop_map(Event::Apply),
        6 => (1..LAG).prop_map(Event::Pass),
        2 => (1..5_i64).prop_map(Event::PassMonths),
        1 => replica().prop_map(Event::Restart),
        1 => Just(Event::Delete),
        1 => (0..6_usize, 0..3_usize).prop_map(|(key, kind)| Event::Spoil(key, kind)),
        1 => Just(Event::Replace),
        1 => (0..2_usize, any::<bool>()).prop_map(|(at, damage)| Event::SpoilBundle(at, damage)),
        2 => (0..3_usize).prop_map(Event::Ask),
    ]
}

#[derive(Default)]
struct Replica {
    memory: Memory,
    /// The version of the Secret it knows, and what that is.
    read: Option<(u64, Option<Stored>)>,
    observed: Option<ObservedBundles>,
    bundle: Option<CaBundle>,
    /// When all of that was last as it is.
    at: i64,
}

/// Data, and what the annotation asks for.
type Written = (BTreeMap<String, Vec<u8>>, Option<Request>);

struct World {
    now: i64,
    version: u64,
    secret: Option<Written>,
    replicas: Vec<Replica>,
    leader: usize,
    /// What each configuration carries, and whether somebody spoiled that.
    configurations: [Option<(Vec<u8>, bool)>; 2],
    strangers: [Material; 1],
    rotations: u32,
}

impl World {
    fn new() -> World {
        let replicas = (0..REPLICAS).map(|_| Replica { at: NOW, ..Replica::default() }).collect();
        let mut world = World {
            now: NOW,
            version: 0,
            secret: None,
            replicas,
            leader: 0,
            configurations: [None, None],
            strangers: [new(NOW)],
            rotations: 0,
        };
        // All start at once, without a Secret.
        for replica in 0..REPLICAS {
            world.read(replica);
            world.observe(replica);
        }
        for replica in 0..REPLICAS {
            world.act(replica);
        }
        world.catch_up();
        world
    }

    fn stored(&self) -> Option<Stored> {
        let (data, request) = self.secret.as_ref()?;
        Some(Stored { content: Material::read(data), request: *request })
    }

    fn read(&mut self, replica: usize) {
        self.replicas[replica].read = Some((self.version, self.stored()));
    }

    fn observe(&mut self, replica: usize) {
        let filled = self.configurations.iter().enumerate();
        let filled =
            filled.filter_map(|(at, filled)| Some((at.to_string(), filled.as_ref()?.0.clone())));
        self.replicas[replica].observed = Some(ObservedBundles { entries: filled.collect() });
    }

    fn act(&mut self, replica: usize) {
        let now = at(self.now);
        let Replica { memory, read, observed, bundle, .. } = &mut self.replicas[replica];
        let Some((version, stored)) = read else { return };
        let plan = decide(memory, stored.as_ref(), observed.as_ref(), now, &settings());
        *bundle = plan.bundle;
        let Some(write) = plan.write else { return };
        if *version != self.version {
            return;
        }
        self.rotations += u32::from(matches!(write.action, Action::Promote(_)));
        let material = write.action.perform(&settings(), self.now).unwrap();
        self.store(Some((data(&material), write.request)));
        self.read(replica);
        self.look(replica);
    }

    /// Decides without writing.
    fn look(&mut self, replica: usize) {
        let Replica { memory, read, observed, bundle, .. } = &mut self.replicas[replica];
        let Some((_, stored)) = read else { return };
        *bundle =
            decide(memory, stored.as_ref(), observed.as_ref(), at(self.now), &settings()).bundle;
    }

    fn store(&mut self, secret: Option<Written>) {
        self.secret = secret;
        self.version += 1;
    }

    fn apply(&mut self, configuration: usize) {
        if let Some(bundle) = &self.replicas[self.leader].bundle {
            self.configurations[configuration] = Some((bundle.pem().as_bytes().to_vec(), false));
        }
    }

    /// Nobody lags any more.
    fn catch_up(&mut self) {
        for _ in 0..2 {
            for replica in 0..REPLICAS {
                self.sync(replica);
            }
        }
    }

    fn sync(&mut self, replica: usize) {
        self.read(replica);
        self.observe(replica);
        self.act(replica);
        self.replicas[replica].at = self.now;
        if replica == self.leader {
            self.apply(0);
            self.apply(1);
        }
    }

    fn pass(&mut self, seconds: i64) {
        for replica in 0..REPLICAS {
            if self.now + seconds - self.replicas[replica].at >= LAG {
                self.sync(replica);
            }
        }
        self.now += seconds;
    }

    /// Whether API servers trust what is stored, so that a replica without a memory may show it.
    fn trusted(&self) -> bool {
        let Some(Ok(material)) = self.stored().map(|stored| stored.content) else { return false };
        self.configurations.iter().flatten().all(|(pem, _)| {
            ObservedBundles { entries: BTreeMap::from([(String::new(), pem.clone())]) }
                .carry(&material.ca.der)
        })
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Read(replica) => self.read(replica),
            Event::Observe(replica) => self.observe(replica),
            Event::Act(replica) => self.act(replica),
            Event::Lead(replica) => self.leader = replica,
            Event::Apply(configuration) => self.apply(configuration),
            Event::Pass(seconds) => self.pass(seconds),
            Event::PassMonths(months) => {
                for _ in 0..2 * months {
                    self.catch_up();
                    self.pass(LAG - 1);
                    self.catch_up();
                    self.now += 15 * DAY;
                    self.check();
                }
                self.catch_up();
            }
            Event::Restart(replica) => {
                let others = self.replicas.iter().filter(|other| other.memory.held.is_some());
                if others.count() == REPLICAS && self.trusted() {
                    self.replicas[replica] = Replica { at: self.now, ..Replica::default() };
                    self.sync(replica);
                }
            }
            Event::Delete => self.store(None),
            Event::Spoil(key, kind) => {
                let Some((mut data, request)) = self.secret.clone() else { return };
                let name = super::super::super::material::OWN[key].to_owned();
                let other = self.strangers[0].data().remove(name.as_str());
                let value = [None, Some(b"nonsense".to_vec()), other][kind].clone();
                match value {
                    None => drop(data.remove(&name)),
                    Some(value) => drop(data.insert(name, value)),
                }
                self.store(Some((data, request)));
            }
            Event::Replace => {
                if self.replicas.iter().all(|replica| replica.memory.held.is_some()) {
                    let stranger = new(self.now);
                    self.store(Some((data(&stranger), None)));
                }
            }
            Event::SpoilBundle(configuration, damage) => {
                if let Some((pem, spoiled)) = &mut self.configurations[configuration] {
                    *pem = if damage { b"nonsense".to_vec() } else { Vec::new() };
                    *spoiled = true;
                }
            }
            Event::Ask(which) => {
                if let Some((data, _)) = self.secret.clone() {
                    let request = [Request::Certificate, Request::Ca, Request::LeakedCa][which];
                    self.store(Some((data, Some(request))));
                }
            }
        }
    }

    /// The law.
    fn check(&self) {
        for (number, replica) in self.replicas.iter().enumerate() {
            let Some(held) = &replica.memory.held else { continue };
            assert!(held.leaf.validity.covers(self.now), "replica {number} shows an expired leaf");
            for (pem, spoiled) in self.configurations.iter().flatten() {
                let carried =
                    ObservedBundles { entries: BTreeMap::from([(String::new(), pem.clone())]) };
                assert!(
                    *spoiled || carried.carry(&held.ca.der),
                    "replica {number} shows a leaf of a CA that a configuration does not carry"
                );
            }
        }
    }
}

#[test]
fn no_api_server_ever_meets_a_certificate_it_was_not_told_to_trust() {
    let rotations = RefCell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24),
        ..ProptestConfig::default()
    });
    runner
        .run(&prop::collection::vec(event(), 1..120), |events| {
            let mut world = World::new();
            world.check();
            for event in events {
                world.happen(event);
                world.check();
            }
            // Left alone, all comes to rest: everybody shows what is stored, and everything is trusted.
            for _ in 0..40 {
                world.pass(LAG - 1);
                world.catch_up();
                world.check();
            }
            let Some(Ok(stored)) = world.stored().map(|stored| stored.content) else {
                return Err(TestCaseError::fail("the Secret is not whole"));
            };
            for replica in &world.replicas {
                prop_assert_eq!(replica.memory.held.as_ref(), Some(&stored));
            }
            prop_assert!(world.trusted());
            *rotations.borrow_mut() += world.rotations;
            Ok(())
        })
        .unwrap();
    assert!(*rotations.borrow() > 10, "hardly a CA was replaced: {}", rotations.borrow());
}
