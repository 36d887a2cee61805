use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::readiness::Readiness;

/// What was put in force, by the names of the policies.
#[derive(Default)]
struct Told(Mutex<Vec<Vec<String>>>);

impl Sink for Told {
    fn put_in_force(&self, policies: Arc<PolicySet>, _: Arc<ExemptionSet>) {
        let names = policies.policies().iter().map(|policy| policy.name.to_string()).collect();
        self.0.lock().unwrap().push(names);
    }

    fn know(&self, _: Arc<Namespaces>) {}

    fn used(&self) -> BTreeSet<Arc<str>> {
        BTreeSet::new()
    }
}

fn policy(name: &str, tags: usize) -> Value {
    let tags: Vec<String> = (0..tags).map(|at| format!("*{at}?-[a-f]{{x,y}}*z")).collect();
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
        "metadata": {"name": name, "uid": name, "generation": 1},
        "spec": {"rules": [{"name": "tags", "action": "Deny", "imageTag": {"deny": tags}}]},
    })
}

/// One whose compilation takes longer than this.
fn heavy(least: Duration) -> Value {
    let sizes = std::iter::successors(Some(500), |size| Some(size * 2));
    sizes
        .map(|size| policy("heavy", size))
        .find(|policy| {
            let begun = std::time::Instant::now();
            assert!(last_good::compile::<CompiledPolicy>(policy).is_ok());
            begun.elapsed() > least
        })
        .unwrap()
}

fn source<T>(readiness: &Readiness, name: &'static str) -> (mpsc::Sender<Delta<T>>, Inbox<T>) {
    let (sender, news) = mpsc::channel(8);
    (sender, Inbox { news, gate: readiness.gate(name) })
}

/// On the one thread that there is, reviews would be answered in between.
#[tokio::test]
async fn a_heavy_policy_holds_nobody_up_and_takes_effect_in_its_turn() {
    const LEAST: Duration = Duration::from_millis(400);
    let heavy = heavy(LEAST);
    let readiness = Readiness::default();
    let (policies, policy_inbox) = source(&readiness, "policies");
    let (exemptions, exemption_inbox) = source(&readiness, "exemptions");
    let (_namespaces, namespaces) = source(&readiness, "namespaces");
    let (_limit_ranges, limit_ranges) = source(&readiness, "limitranges");
    let inboxes =
        Inboxes { policies: policy_inbox, exemptions: exemption_inbox, namespaces, limit_ranges };
    let sink = Arc::new(Told::default());
    let keeper = Keeper {
        sink: Arc::clone(&sink) as Arc<dyn Sink>,
        metrics: Metrics::default(),
        wanted: watch::channel(Arc::default()).0,
        in_force: watch::channel(Arc::default()).0,
    };
    let keeping = tokio::spawn(keeper.run(inboxes));
    exemptions.send(Delta::All(Vec::new())).await.unwrap();
    let begun = Instant::now();
    policies.send(Delta::All(vec![heavy])).await.unwrap();
    // Sent later, so never in force before the other.
    policies.send(Delta::Set(policy("light", 1))).await.unwrap();
    let mut longest = Duration::ZERO;
    while sink.0.lock().unwrap().last().is_none_or(|names| names.len() < 2) {
        let before = Instant::now();
        tokio::time::sleep(Duration::from_millis(1)).await;
        longest = longest.max(before.elapsed());
    }
    let took = begun.elapsed();
    assert!(took > LEAST / 2, "it was not heavy: {took:?}");
    // Half of it and not a few milliseconds: other tests want the processor as well.
    assert!(longest < took / 2, "the thread was held up for {longest:?} of {took:?}");
    for names in sink.0.lock().unwrap().iter() {
        assert!(names == &["heavy", "light"] || names == &["heavy"], "{names:?}");
    }
    keeping.abort();
}
