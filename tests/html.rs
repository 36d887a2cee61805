//! The HTML report in a real browser: what it shows, what can be done with it, and what it never does.
//!
//! The browser is a headless Chromium that is driven by `tests/html/page.mjs`. `PLIMSOLL_UPDATE=1` also takes the pictures in
//! `docs/images`; look at them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "html/browser.rs"]
mod browser;
#[path = "html/fixture.rs"]
mod fixture;
#[path = "support/go.rs"]
mod go;

use std::fs;
use std::path::Path;

use plimsoll::report::survey::html;
use plimsoll::survey::Survey;

use browser::Browser;
use fixture::Cluster;

#[test]
fn people_find_their_way_through_a_cluster() {
    let Some(browser) = Browser::find("people_find_their_way_through_a_cluster") else { return };
    let report = Cluster::of(240, 9).report();
    browser.run("walk", &report, &[]);
}

#[test]
fn nobody_is_shut_out() {
    let Some(browser) = Browser::find("nobody_is_shut_out") else { return };
    let report = Cluster::of(40, 3).report();
    browser.run("access", &report, &[]);
}

#[test]
fn ten_thousand_findings_stay_usable() {
    let Some(browser) = Browser::find("ten_thousand_findings_stay_usable") else { return };
    let report = Cluster::of(2_000, 1).report();
    let rows = report.matches("<tr><td><b class=").count();
    assert!(rows >= 10_000, "{rows} rows");
    println!("{rows} rows in {} bytes", report.len());
    assert!(report.len() < 5_500_000, "{} bytes for {rows} rows", report.len());
    browser.run("many", &report, &[]);
}

#[test]
fn names_of_users_stay_text() {
    let report = fixture::hostile();
    let data = report.split("<main>").nth(1).unwrap().split("<script>").next().unwrap();
    for markup in ["<script", "</script", "<img", "onerror=\"", "\u{202e}", "\u{2028}", "<!--"] {
        assert!(!data.contains(markup), "{markup:?} is in the page");
    }
    assert_eq!(report.matches("<script>").count(), 1);
    let Some(browser) = Browser::find("names_of_users_stay_text") else { return };
    browser.run("hostile", &report, &[]);
}

#[test]
fn a_cluster_without_findings_is_told_too() {
    let empty = fixture::report(&Survey::new(false), None);
    assert!(empty.contains("No pod was judged") && empty.contains("Nothing was found."), "{empty}");
    let Some(browser) = Browser::find("a_cluster_without_findings_is_told_too") else { return };
    browser.run("empty", &empty, &[]);
}

#[test]
fn the_same_survey_gives_the_same_bytes() {
    let cluster = Cluster::of(40, 4);
    let (one, mut two) = (cluster.survey(0..160), cluster.survey(80..160));
    two.merge(cluster.survey(0..80));
    let forecast = fixture::forecast();
    let text = fixture::report(&one, Some(&forecast));
    assert!(text == fixture::report(&two, Some(&forecast)), "the order of pods can be seen");
    assert!(text.contains("DAG/") && text.contains("Deployment/"), "nothing to compare");
}

/// What is written is written as it is made.
#[test]
fn a_full_disk_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let survey = Cluster::of(40, 4).survey(0..160);
    let overview = fixture::overview(&survey, None);
    let error = html::write(&overview, &mut Full).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn the_pictures_in_the_documentation_are_of_it() {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    let wanted = ["audit-report.png", "audit-report-dark.png"];
    if std::env::var_os("PLIMSOLL_UPDATE").is_some()
        && let Some(browser) = Browser::find("the_pictures_in_the_documentation_are_of_it")
    {
        fs::create_dir_all(&images).unwrap();
        let report = Cluster::of(240, 9).report();
        browser.run("pictures", &report, &[images.to_str().unwrap()]);
    }
    for name in wanted {
        let picture = fs::read(images.join(name)).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "{name} is no PNG");
        assert!(picture.len() < 200 << 10, "{name} has {} bytes", picture.len());
    }
}
