//! What an audit trusts: certificates, and what pods say of their owners.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certs::Authority;
use crate::server::Fault;
use crate::world::{World, owner, pod};

#[test]
fn kinds_that_make_no_pods_are_not_listed_whatever_pods_say() {
    let world = World::with_pods();
    let owners = [
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("example.com/v1?limit=1#", "Robot"),
        ("example.com/../../api/v1", "Robot"),
        ("v1?limit=1#", "Secret"),
        ("v1", "ReplicationController"),
    ];
    for (at, (api_version, kind)) in owners.into_iter().enumerate() {
        let owners = owner(api_version, kind, "x", 7);
        world.server.add("/api/v1/pods", pod("c", &format!("o{at}"), "latest", owners));
    }
    let run = world.audit(&["-n", "c"]);
    assert_eq!(run.counts(), (8, 7, Some(1)), "{run:?}");
    let asked = world.server.log();
    let lists = ["/namespaces?", "/limitranges?", "/pods?", "/replicationcontrollers?"];
    let is_expected = |uri: &String| lists.iter().any(|list| uri.contains(list));
    assert!(asked.iter().all(is_expected), "{asked:?}");
    assert!(asked.iter().any(|uri| uri.contains("replicationcontrollers")), "{asked:?}");
}

#[test]
fn a_bounded_number_of_foreign_kinds_is_looked_up() {
    let world = World::with_pods();
    for at in 0..40 {
        let owners = owner(&format!("g{at}.example.com/v1"), "Robot", "x", 7);
        world.server.add("/api/v1/pods", pod("c", &format!("o{at:02}"), "latest", owners));
    }
    world.server.trouble("/apis/g", Fault::NoSuchGroup, 999);
    let run = world.audit(&["-n", "a,c", "--qps", "0", "--page-size", "5"]);
    assert_eq!((run.counts().0, run.code), (45, Some(1)), "{run:?}");
    let asked = world.server.log().iter().filter(|uri| uri.starts_with("/apis/g")).count();
    assert_eq!(asked, 32);
    let further: Vec<_> = run.notes().into_iter().filter(|note| note.contains("further")).collect();
    let told = "owners of further kinds: more than 32 kinds of others are named as owners of pods";
    assert_eq!(further, [told], "{run:?}");
}

#[test]
fn a_kind_that_is_not_installed_any_more_is_no_missing_right() {
    let world = World::with_pods();
    for namespace in ["a", "c"] {
        let robot = owner("gone.example.com/v1", "Robot", "r", 7);
        world.server.add("/api/v1/pods", pod(namespace, "o", "latest", robot));
    }
    world.server.trouble("/apis/gone", Fault::NoSuchGroup, 99);
    let run = world.audit(&["-n", "a,c"]);
    let told = "owners of kind Robot (gone.example.com/v1): the API server knows no kind Robot of gone.example.com/v1";
    assert_eq!(run.notes(), [told], "{run:?}");
    let help = run.report["notes"][0]["help"].as_str().unwrap();
    assert!(!help.contains("grant"), "{help}");
    let asked = world.server.log().iter().filter(|uri| uri.starts_with("/apis/gone")).count();
    assert_eq!(asked, 1, "what is absent in one namespace is in all");
}

#[test]
fn without_the_kinds_there_are_no_policies_in_the_cluster() {
    let world = World::with_pods();
    world.server.trouble("/apis/plimsoll.dev", Fault::NoSuchGroup, 99);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(world.folder()).env_clear();
    command.args(["audit", "--kubeconfig", "kubeconfig", "--policies-from-cluster"]);
    let run = crate::world::Run::of(&command.output().unwrap());
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("knows no podpolicies.plimsoll.dev"), "{}", run.stderr);
    assert!(run.stderr.contains("apply charts/plimsoll/crds"), "{}", run.stderr);
}

#[test]
fn a_certificate_of_another_authority_is_a_matter_of_the_kubeconfig() {
    let world = World::new();
    let cert = Authority::new("theirs").unwrap().serving_cert(&["127.0.0.1"]).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(cert.cert_pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(cert.key_pem.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let mut connections = 0;
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut first = [0];
            let ended = rustls::Stream::new(&mut connection, &mut stream).read(&mut first);
            // Whoever does not speak TLS wants this to end.
            if matches!(&ended, Err(error) if error.to_string().contains("corrupt")) {
                return connections;
            }
            connections += 1;
        }
    });
    world.write("ca.pem", &Authority::new("ours").unwrap().ca_pem());
    world.point_at_with(&format!("https://{address}"), ", certificate-authority: ca.pem");
    let run = world.audit(&[]);
    std::io::Write::write_all(&mut std::net::TcpStream::connect(address).unwrap(), b"not TLS\r\n")
        .unwrap();
    assert_eq!(serving.join().unwrap(), 1, "it does not get better: {run:?}");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("invalid peer certificate"), "{}", run.stderr);
    assert!(run.stderr.contains("check certificate-authority"), "{}", run.stderr);
    assert!(!run.stderr.contains("network"), "{}", run.stderr);
    assert!(run.stderr.lines().count() == 1, "{}", run.stderr);
}
