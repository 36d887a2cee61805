//! What can go wrong between an audit and the API server.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::server::Fault;
use crate::world::World;

const WHOLE: (u64, u64, Option<i32>) = (6, 5, Some(1));

#[test]
fn an_expired_token_is_resumed_with_the_one_that_is_told() {
    let world = World::with_pods();
    world.server.trouble("continue=a%2Fp1", Fault::Status(410, "expired", "", Some("a/p1x")), 1);
    let run = world.audit(&["--page-size", "2"]);
    assert_eq!(run.counts(), WHOLE, "{run:?}");
    assert!(world.server.log().iter().any(|uri| uri.contains("continue=a%2Fp1x")));
}

#[test]
fn without_a_token_the_list_begins_anew_and_no_pod_is_judged_twice() {
    let world = World::with_pods();
    world.server.trouble("continue=a%2Fp3", Fault::Status(410, "expired", "", None), 1);
    let run = world.audit(&["--page-size", "2"]);
    assert_eq!(run.counts(), WHOLE, "{run:?}");
    let beginnings = world.server.log();
    let is_beginning = |uri: &&String| uri.starts_with("/api/v1/pods") && !uri.contains("continue");
    assert_eq!(beginnings.iter().filter(is_beginning).count(), 2);
}

#[test]
fn a_list_that_expires_again_and_again_is_given_up() {
    let world = World::with_pods();
    let expired = Fault::Status(410, "expired", "", None);
    world.server.trouble("/api/v1/namespaces/a/pods?&limit=1&continue", expired, 99);
    let run = world.audit(&["--page-size", "1", "-n", "a,c"]);
    assert_eq!(run.code, Some(2));
    let [error] = &*run.errors() else { panic!("{run:?}") };
    assert!(error.starts_with("pods in namespace a: the rest of the list"), "{error}");
    assert!(error.ends_with("what follows pod a/p1 was not judged"), "{error}");
    assert_eq!(run.report["summary"]["pods"], 2, "{run:?}");
}

#[test]
fn too_many_requests_wait_as_long_as_they_are_told_to() {
    let world = World::with_pods();
    let busy = Fault::Status(429, "too many", "retry-after: 1\r\n", None);
    world.server.trouble("/api/v1/pods", busy, 2);
    let begun = Instant::now();
    let run = world.audit(&[]);
    assert_eq!(run.counts(), WHOLE, "{run:?}");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert_eq!(run.report["summary"]["cost"]["retries"], 2);
}

#[test]
fn what_fails_once_is_asked_for_again() {
    let faults = [
        Fault::Status(500, "etcd is slow", "", None),
        Fault::Html(503),
        Fault::Cut,
        Fault::Text("{\"metadata\": {}, \"items\": [{\"metadata\""),
        Fault::Text("[]"),
    ];
    for fault in faults {
        let world = World::with_pods();
        world.server.trouble("/api/v1/pods", fault.clone(), 1);
        let run = world.audit(&["--page-size", "4"]);
        assert_eq!(run.counts(), WHOLE, "{fault:?} {run:?}");
        let cost = &run.report["summary"]["cost"];
        assert_eq!((&cost["requests"], &cost["retries"]), (&5.into(), &1.into()), "{fault:?}");
    }
}

#[test]
fn a_page_that_is_lost_is_named_and_everything_else_is_judged() {
    let world = World::with_pods();
    let broken = Fault::Status(500, "etcd is gone", "", None);
    // The list of all pods, and then that of the rest of the namespace in which it was lost.
    world.server.trouble("/api/v1/pods?&limit=2&continue", broken.clone(), 99);
    world.server.trouble("/api/v1/namespaces/a/pods?", broken, 99);
    let run = world.audit(&["--page-size", "2"]);
    let [error] = &*run.errors() else { panic!("{run:?}") };
    assert!(error.starts_with("pods in namespace a: the API server failed"), "{error}");
    assert!(error.contains("etcd is gone") && error.contains("what follows pod a/p1"), "{error}");
    // The first page holds `a-b/p1`, which comes before `a/p1`.
    assert_eq!(run.counts(), (3, 2, Some(2)), "{run:?}");
}

#[test]
fn a_namespace_that_is_forbidden_is_named() {
    let world = World::with_pods();
    let no = |message| Fault::Status(403, message, "", None);
    world.server.trouble("/api/v1/pods", no("u cannot list pods at the cluster scope"), 99);
    world.server.trouble("/namespaces/a-b/pods", no("u cannot list pods in a-b"), 99);
    let run = world.audit(&[]);
    assert_eq!(run.errors(), ["pods in namespace a-b: u cannot list pods in a-b"]);
    assert_eq!(run.counts(), (5, 4, Some(2)));
}

#[test]
fn without_namespaces_the_named_ones_are_judged() {
    let world = World::with_pods();
    let no = Fault::Status(403, "u may not list that", "", None);
    world.server.trouble("/api/v1/pods", no.clone(), 99);
    world.server.trouble("/api/v1/namespaces?", no.clone(), 99);
    let run = world.audit(&["-n", "a", "--namespace", "c"]);
    assert_eq!(run.counts(), (5, 4, Some(1)), "labels of namespaces were read one by one: {run:?}");
    let run = world.audit(&[]);
    let told = ["namespaces: u may not list that", "pods of all namespaces: u may not list that"];
    assert_eq!((run.errors(), run.code), (told.map(str::to_owned).into(), Some(2)));
    assert!(run.report["errors"][1]["help"].as_str().unwrap().contains("--namespace"));

    world.server.trouble("/api/v1/namespaces/", no, 1);
    let run = world.audit(&["-n", "c"]);
    assert_eq!(run.errors(), ["namespace c: u may not list that"]);
    assert!(
        run.stderr.contains("policy team was not applied, or not in full, in 1 namespaces"),
        "{}",
        run.stderr
    );
}

#[test]
fn globs_choose_namespaces_whose_labels_are_not_known() {
    let world = World::with_pods();
    world.server.trouble(
        "/api/v1/namespaces?",
        Fault::Status(403, "u may not list that", "", None),
        99,
    );
    let run = world.audit(&["-n", "a*,c"]);
    assert_eq!(run.errors(), ["namespaces: u may not list that"]);
    assert_eq!(run.counts(), (6, 5, Some(2)), "{run:?}");
}

#[test]
fn ranges_that_are_forbidden_are_named() {
    let world = World::with_pods();
    world.server.trouble("limitranges", Fault::Status(403, "no ranges for u", "", None), 99);
    let run = world.audit(&["-n", "a"]);
    assert_eq!(run.errors(), ["LimitRanges in namespace a: no ranges for u"]);
    assert_eq!(run.counts(), (4, 4, Some(2)));
}

#[test]
fn a_wrong_selector_is_sent_once() {
    let wrong = || Fault::Status(400, "field label not supported: x", "", None);
    let asked = |args: &[&str], on: &'static str| {
        let world = World::with_pods();
        world.server.trouble(on, wrong(), 99);
        let run = world.audit(args);
        assert_eq!(run.counts(), (0, 0, Some(2)), "{run:?}");
        let error = &run.errors()[0];
        assert!(error.contains("(400): field label not supported"), "{error}");
        world.server.log().iter().filter(|uri| uri.contains("/pods")).count()
    };
    assert_eq!(asked(&["--field-selector", "x=y"], "pods"), 1);
    assert_eq!(asked(&["--field-selector", "x=y", "-n", "a,a-b,c"], "pods"), 1);
}

#[test]
fn who_cannot_begin_says_why() {
    let said = |fault: Fault, args: &[&str]| {
        let world = World::with_pods();
        world.server.trouble("", fault, 99);
        let run = world.audit(args);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.report.is_null() && run.stderr.lines().count() == 1, "{run:?}");
        run.stderr
    };
    let expired = said(Fault::Status(401, "Unauthorized", "", None), &[]);
    assert!(expired.contains("does not accept the credentials: Unauthorized; log in"), "{expired}");
    assert_eq!(expired.matches("Unauthorized").count(), 1, "told once: {expired}");
    let begun = Instant::now();
    let stalled = said(Fault::Stall, &["--request-timeout", "1"]);
    assert!(stalled.contains("did not answer within 1 s") && stalled.contains("--request-timeout"));
    assert!(begun.elapsed() < Duration::from_secs(10));
    let foreign = said(Fault::Html(200), &[]);
    assert!(foreign.contains("no API server: 200 OK, of type text/html"), "{foreign}");
}

#[test]
fn a_stall_on_the_way_keeps_what_was_judged() {
    let world = World::with_pods();
    world.server.trouble("continue", Fault::Stall, 99);
    let run = world.audit(&["--page-size", "4", "--request-timeout", "1"]);
    assert_eq!(run.counts(), (4, 4, Some(2)), "{run:?}");
    let [error] = &*run.errors() else { panic!("{run:?}") };
    assert!(error.contains("did not answer within 1 s; what follows pod a/p3"), "{error}");
}

#[test]
fn an_address_where_nothing_listens_is_told_soon() {
    let world = World::new();
    // Nobody accepts there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.point_at(&format!("http://{address}"));
    let begun = Instant::now();
    let run = world.audit(&[]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("cannot be reached"), "{}", run.stderr);
    assert!(run.stderr.contains(&address.to_string()), "{}", run.stderr);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_clock_that_is_off_is_told() {
    let world = World::with_pods();
    world.server.set_clock_ahead(-3600);
    let run = world.audit(&["-n", "c"]);
    let [note] = &*run.notes() else { panic!("{run:?}") };
    let seconds: i64 = note.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert!(
        note.contains("s behind that of this machine") && (3590..3660).contains(&seconds),
        "{note}"
    );
    assert_eq!(run.code, Some(0), "that is no problem");
    world.server.set_clock_ahead(20);
    assert!(world.audit(&["-n", "c"]).notes().is_empty());
}

#[test]
fn an_interrupted_audit_tells_what_it_judged() {
    let world = World::with_pods();
    world.server.trouble("continue", Fault::Stall, 99);
    let mut command = world.command(&["--page-size", "4"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = child.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !world.server.log().iter().any(|uri| uri.contains("continue")) {
        assert!(Instant::now() < deadline, "it never asked");
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success()
    );
    let run = crate::world::Run::of(&child.wait_with_output().unwrap());
    assert_eq!(run.counts(), (4, 4, Some(2)), "{run:?}");
    assert_eq!(run.errors(), ["audit: stopped by SIGINT before all pods were judged"]);
}
