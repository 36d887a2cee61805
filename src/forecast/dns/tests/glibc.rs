//! The queries that glibc really sends, counted by a name server of our own.
//!
//! It listens on a loopback address at port 53, and `getent` sees a resolv.conf of its own in a mount namespace. Where
//! neither is allowed, nothing is tested.

use std::net::UdpSocket;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

/// What is there; everything else is not.
const THERE: [&str; 5] = [
    "example.com",
    "db.example.com",
    "db.eu.example.com",
    "a.db.eu.example.com",
    "db.etl.svc.cluster.local",
];

/// The name that a query asks for, and its type.
fn question(query: &[u8]) -> Option<(String, u8)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*query.get(at)?);
        if length == 0 {
            return Some((labels.join("."), *query.get(at + 2)?));
        }
        labels.push(String::from_utf8(query.get(at + 1..=at + length)?.to_vec()).ok()?);
        at += length + 1;
    }
}

/// An address for names that are there, no IPv6 address for any, and NXDOMAIN for the others.
fn answer(query: &[u8], name: &str, kind: u8) -> Vec<u8> {
    let is_there = THERE.contains(&name);
    let address = is_there && kind == 1;
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, if is_there { 0x80 } else { 0x83 }, 0, 1, 0, address.into(), 0, 0, 0, 0]);
    let mut end = 12;
    while query[end] != 0 {
        end += usize::from(query[end]) + 1;
    }
    answer.extend(&query[12..end + 5]);
    if address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    }
    answer
}

#[test]
fn glibc_asks_as_often_as_is_told() {
    let address =
        format!("127.53.{}.{}", std::process::id() / 250 % 250, std::process::id() % 250 + 1);
    let Ok(server) = UdpSocket::bind((address.as_str(), 53)) else {
        eprintln!("skipped: port 53 of {address} cannot be had");
        return;
    };
    let (count, log) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, logged) = (Arc::clone(&count), Arc::clone(&log));
    // It ends with the process.
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = server.recv_from(&mut buffer) {
            let query = &buffer[..length];
            let Some((name, kind)) = question(query) else { continue };
            counted.fetch_add(1, Ordering::SeqCst);
            server.send_to(&answer(query, &name, kind), client).unwrap();
            logged.lock().unwrap().push(format!("{name}/{kind}"));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolv.conf");
    for (ndots, options) in [(5, ""), (2, ""), (1, ""), (5, " single-request")] {
        let search = "etl.svc.cluster.local svc.cluster.local cluster.local node.example";
        let text =
            format!("nameserver {address}\nsearch {search}\noptions ndots:{ndots}{options}\n");
        std::fs::write(&file, text).unwrap();
        let resolver = Resolver { kind: Kind::Cluster, ndots, searches: 0, questions: 2 };
        for name in Name::ALL {
            let asked = name.example();
            count.store(0, Ordering::SeqCst);
            log.lock().unwrap().clear();
            let script =
                "mount --bind \"$0\" /etc/resolv.conf || exit 99; exec getent ahosts \"$1\"";
            let run = Command::new("unshare")
                .args(["-rm", "sh", "-c", script])
                .arg(&file)
                .arg(asked)
                .output();
            let run = match run {
                Ok(run) if run.status.success() => run,
                Ok(run) if run.status.code() == Some(2) => {
                    panic!("{asked} was not found: {:?}", log.lock().unwrap())
                }
                _ => {
                    eprintln!("skipped: no mount namespace, or no getent");
                    return;
                }
            };
            assert!(String::from_utf8_lossy(&run.stdout).contains("192.0.2.1"), "{run:?}");
            let expected = resolver.queries(name, Range::exactly(1.0)).unwrap();
            let sent = float(count.load(Ordering::SeqCst) as u64);
            assert_eq!(
                Range::exactly(sent),
                expected,
                "{asked} ndots:{ndots}{options}: {:?}",
                log.lock().unwrap()
            );
        }
    }
    eprintln!("glibc sent what was told");
}
