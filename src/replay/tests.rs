//! Whole replays: damage, cuts and threads.

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::policy::PolicySet;

fn engine() -> Engine {
    let policy = json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "images"},
        "spec": {"rules": [{"name": "no-latest", "action": "Deny", "imageTag": {"deny": ["latest"]}}]}});
    Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()))
}

/// Every third event is the creation of a pod, half of them with an image that moves.
fn line(at: usize) -> String {
    let image = if at.is_multiple_of(2) { "nginx:latest" } else { "nginx:1.29" };
    let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": format!("p{at}")},
        "spec": {"containers": [{"name": "ü", "image": image, "args": ["}\\\"{"]}]}});
    let (verb, pod) = if at.is_multiple_of(3) { ("create", pod) } else { ("get", Value::Null) };
    let event = json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "stage": "ResponseComplete", "verb": verb,
        "requestURI": "/api/v1/namespaces/etl/pods", "user": {"username": "jane"},
        "objectRef": {"resource": "pods", "namespace": "etl"}, "responseStatus": {"code": 201},
        "requestObject": pod, "requestReceivedTimestamp": format!("2026-11-21T23:33:{:02}.000000Z", at % 60)});
    format!("{event}\n")
}

fn replayed(texts: &[&[u8]], threads: usize) -> Survey {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    for (at, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(format!("{at}.log")), text).unwrap();
    }
    let replay = Replay {
        before: None,
        shard: None,
        engine: &engine,
        known: &Namespaces::default(),
        now: None,
        forecasting: false,
        threads: NonZeroUsize::new(threads).unwrap(),
        follow: false,
        interrupted: Arc::default(),
        progress: Arc::default(),
    };
    replay.run(&[folder.path().to_owned()])
}

/// What a text comes to, apart from what is said of its lines, which names their file: a time that was lost is a note.
fn judged(texts: &[&[u8]]) -> Survey {
    let mut survey = replayed(texts, 2);
    survey.problems = Default::default();
    survey.notes = Default::default();
    survey
}

#[test]
fn every_record_is_counted_once() {
    let log: String = (0..30).map(line).collect();
    let survey = replayed(&[log.as_bytes(), b"garbage\n\n{}"], 1);
    let sources = survey.sources;
    assert_eq!((sources.records, sources.others, sources.damaged), (32, 20, 2));
    assert_eq!((survey.tally.outcomes.pods, survey.tally.outcomes.denied), (10, 5));
    assert_eq!(sources.bytes, log.len() as u64 + 11);
    let told: Vec<_> = survey.problems.iter().map(|(problem, _)| problem.line).collect();
    assert_eq!(told, [Some(1), Some(3)]);
}

#[test]
fn threads_and_chunks_change_nothing() {
    let mut log: String = (0..20_000).map(line).collect();
    log.insert_str(line(0).len(), "{\n  \"kind\": \"Event\"\n}\nx\n");
    assert!(log.len() > 4 << 20, "it is cut into chunks");
    let one = replayed(&[log.as_bytes()], 1);
    assert_eq!(one.tally.outcomes.pods, 6667);
    assert_eq!(replayed(&[log.as_bytes()], 4).tally, one.tally);
    assert_eq!(replayed(&[log.as_bytes()], 4).sources, one.sources);
    let half = log[..log.len() / 2].rfind('\n').unwrap() + 1;
    let (first, second) = log.as_bytes().split_at(half);
    assert_eq!(judged(&[first, second]), judged(&[log.as_bytes()]));
}

#[test]
fn what_is_too_long_is_passed_over() {
    let long = |start: &str| {
        let mut text = start.as_bytes().to_vec();
        text.resize(cutter::MAX_RECORD + 5000, b'x');
        text.push(b'\n');
        text
    };
    let good = line(0);
    let lines =
        [good.as_bytes(), &long("{\"a\": \""), good.as_bytes(), &long("{\n  "), good.as_bytes()];
    let text = lines.concat();
    let survey = replayed(&[&text, &long("")], 2);
    assert_eq!(survey.tally.outcomes.pods, 3);
    assert_eq!((survey.sources.records, survey.sources.damaged), (6, 3));
    assert_eq!(survey.sources.bytes, (text.len() + cutter::MAX_RECORD + 5001) as u64);
    let told: Vec<_> = survey.problems.iter().map(|(problem, _)| problem.line).collect();
    assert_eq!(told, [Some(2), Some(4), Some(1)]);
    // The longest that is read is as long as the limit.
    let mut longest = line(0).trim_end().to_owned();
    longest.push_str(&" ".repeat(cutter::MAX_RECORD - longest.len() - 1));
    longest.push('\n');
    assert_eq!(replayed(&[longest.as_bytes()], 1).tally.outcomes.pods, 1);
    longest.insert(longest.len() - 1, ' ');
    assert_eq!(replayed(&[longest.as_bytes()], 1).sources.damaged, 1);
}

#[test]
fn one_pod_that_two_webhooks_were_asked_about_is_one() {
    let review = |uid: &str, image: &str| {
        let review = json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
            "uid": uid, "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "etl",
            "operation": "CREATE", "object": {"metadata": {"name": uid}, "spec": {"containers": [{"name": "a", "image": image}]}}}});
        format!("{review}\n")
    };
    let log = review("a", "nginx:latest")
        + &review("b", "nginx:1")
        + &review("a", "nginx:1")
        + &review("c", "nginx");
    let survey = replayed(&[log.as_bytes()], 3);
    assert_eq!((survey.tally.outcomes.pods, survey.tally.outcomes.denied), (3, 2));
    assert_eq!((survey.sources.records, survey.sources.others), (4, 1));
    let printed: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let survey = replayed(&[format!("{printed:#}\n").as_bytes(), log.as_bytes()], 2);
    assert_eq!((survey.tally.outcomes.pods, survey.sources.others), (3, 2));
    // As the API server asks: each webhook by a uid of its own.
    let asked = |uid: &str, pod: &str| {
        let named = json!({"name": "x", "uid": pod}).to_string();
        review(uid, "nginx").replace(&json!({"name": uid}).to_string(), &named)
    };
    let log = asked("a", "p") + &asked("b", "p") + &asked("c", "q");
    let survey = replayed(&[log.as_bytes()], 1);
    assert_eq!((survey.tally.outcomes.pods, survey.sources.others), (2, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// What is garbled changes nothing of what is said of other lines.
    #[test]
    fn damage_stays_where_it_is(
        garbled in 0..12_usize,
        at in 0..1000_usize,
        length in 0..60_usize,
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(&b"\"\\{}[]:,\n\0 \xff"[..])], 0..20),
    ) {
        let lines: Vec<String> = (0..12).map(line).collect();
        let mut damaged = lines[garbled].clone().into_bytes();
        let body = damaged.len() - 1;
        let (start, end) = (at.min(body), (at + length).min(body));
        damaged.splice(start..end, bytes);
        let (before, after) = (lines[..garbled].concat(), lines[garbled + 1..].concat());
        let whole = [before.as_bytes(), &damaged, after.as_bytes()].concat();
        let apart = judged(&[before.as_bytes(), &damaged, after.as_bytes()]);
        prop_assert_eq!(judged(&[&whole]), apart);
        let found = replayed(&[&whole], 2);
        let sources = found.sources;
        prop_assert_eq!(
            sources.records,
            found.tally.outcomes.pods + sources.others + sources.refused + sources.without_content + sources.damaged
        );
    }

    /// What comes before a cut is judged as if nothing had been cut.
    #[test]
    fn a_cut_leaves_what_comes_before(at in 0..4000_usize) {
        let log: String = (0..12).map(line).collect();
        let cut = &log.as_bytes()[..at.min(log.len())];
        let whole = cut.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let (before, rest) = cut.split_at(whole);
        prop_assert_eq!(judged(&[cut]), judged(&[before, rest]));
    }
}
