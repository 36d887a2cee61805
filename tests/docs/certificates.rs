//! What docs/certificates.md and certs/ show is what their commands print, and what the program knows.

use std::fs;
use std::path::Path;

use plimsoll::cluster::certificates::Settings;

use crate::markdown::{Page, pages, root};
use crate::shell::{Shell, has_blocks, run_blocks};

fn is_about_certificates(command: &str) -> bool {
    command.starts_with("certs/") || command.starts_with("openssl ")
}

#[test]
fn the_commands_for_certificate_files_print_what_is_shown() {
    let mut shown = 0;
    for page in pages().iter().filter(|page| has_blocks(page, is_about_certificates)) {
        let mut shell = Shell::new(page, &[]);
        let folder = shell.folder().join("certs");
        fs::create_dir(&folder).unwrap();
        fs::copy(root().join("certs/make.sh"), folder.join("make.sh")).unwrap();
        run_blocks(&mut shell, &page.path, is_about_certificates);
        shown += 1;
    }
    assert!(shown > 0);
}

fn made(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let done = std::process::Command::new(root().join("certs/make.sh"))
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn certificate_files_are_renewed_by_the_same_ca() {
    let folder = tempfile::TempDir::new().unwrap();
    let (done, said) = made(folder.path(), &["guard", "team-a"]);
    assert!(done && said.contains("guard.team-a.svc "), "{said}");
    assert!(said.contains("create secret generic guard-tls --namespace team-a"), "{said}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let (ca, leaf) = (read("ca.crt"), read("tls.crt"));
    let bundle = said.lines().last().unwrap();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, bundle);
    assert_eq!(decoded.unwrap(), ca.as_bytes());
    assert!(made(folder.path(), &["127.0.0.1", "localhost", "::1"]).0);
    assert!(read("ca.crt") == ca && read("tls.crt") != leaf);
    let (done, said) = made(folder.path(), &["guard"]);
    assert!(!done && said.contains("make.sh FOLDER NAME NAMESPACE"), "{said}");
}

#[test]
fn the_lifetimes_on_the_page_are_the_real_ones() {
    let page = Page::read(Path::new("docs/certificates.md"));
    let days = |time: std::time::Duration| time.as_secs() / (24 * 60 * 60);
    for (what, lifetime) in
        [("certificate", Settings::CERTIFICATE_LIFETIME), ("CA", Settings::CA_LIFETIME)]
    {
        let lasts = days(lifetime);
        let row = format!("| {what} | {lasts} days | after two thirds: {} days |", lasts * 2 / 3);
        assert!(page.text.contains(&row), "{row}");
    }
    assert_eq!(Settings::SETTLE_TIME.as_secs(), 60, "the page says a minute");
}
