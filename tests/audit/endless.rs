//! Lists that go in circles: they end, and no pod is counted twice.

use crate::server::Fault;
use crate::world::{Run, World};

/// A cluster whose second page of all pods is this, and whose namespaces are not to be had one by one.
fn audited(page: Fault) -> (World, Run) {
    let world = World::with_pods();
    world.server.trouble("/api/v1/pods?&limit=2&continue", page, 99);
    let gone = Fault::Status(403, "no pods for u", "", None);
    for namespace in ["/api/v1/namespaces/a/pods", "/api/v1/namespaces/c/pods"] {
        world.server.trouble(namespace, gone.clone(), 99);
    }
    let run = world.audit(&["--page-size", "2", "--qps", "0"]);
    (world, run)
}

fn asked(world: &World) -> usize {
    world.server.log().iter().filter(|uri| uri.starts_with("/api/v1/pods")).count()
}

#[test]
fn a_page_that_names_itself_as_the_next_ends_the_list() {
    let page = r#"{"metadata":{"continue":"a/p1"},"items":[{"metadata":{"namespace":"c","name":"p1"},"spec":{"containers":[{"name":"c","image":"nginx:latest"}]}}]}"#;
    let (world, run) = audited(Fault::Text(page));
    // `a-b/p1` and `a/p1`, once.
    assert_eq!(run.counts(), (2, 2, Some(2)), "{run:?}");
    assert_eq!(asked(&world), 2, "{run:?}");
}

#[test]
fn a_page_of_what_was_there_before_ends_the_list() {
    let page = r#"{"metadata":{"continue":"b/p9"},"items":[{"metadata":{"namespace":"a","name":"p1"},"spec":{"containers":[{"name":"c","image":"nginx:latest"}]}}]}"#;
    let (world, run) = audited(Fault::Text(page));
    assert_eq!(run.counts(), (2, 2, Some(2)), "{run:?}");
    assert_eq!(asked(&world), 2, "{run:?}");
}

#[test]
fn empty_pages_without_end_are_given_up() {
    let (world, run) = audited(Fault::Empty);
    assert_eq!(run.counts(), (2, 2, Some(2)), "{run:?}");
    assert!((10..50).contains(&asked(&world)), "{run:?}");
}

#[test]
fn a_list_without_progress_says_so() {
    let world = World::with_pods();
    world.server.trouble("/api/v1/namespaces/c/pods", Fault::Empty, 999);
    let run = world.audit(&["-n", "a,c", "--qps", "0"]);
    let [error] = &*run.errors() else { panic!("{run:?}") };
    assert!(error.starts_with("pods in namespace c: "), "{error}");
    assert!(error.contains("makes no progress: page after page is empty"), "{error}");
    assert_eq!(run.counts(), (4, 4, Some(2)), "{run:?}");
}
