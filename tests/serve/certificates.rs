//! Certificates in files: what is refused at the start, and what changes under a running server.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use plimsoll::serve::{Options, ServeError, Server, TlsSource};
use tempfile::TempDir;

use crate::support::{
    Ca, Running, connect, engine, eventually, exchange, files_in, get, good_review, options, post,
    serial_shown, write_pair,
};

fn options_with(folder: &Path) -> Options {
    Options { tls: files_in(folder), ..options() }
}

#[tokio::test]
async fn new_files_are_taken_without_a_restart_and_open_connections_stay() {
    let (ca, folder) = (Ca::new(), TempDir::new().unwrap());
    write_pair(folder.path(), &ca.sign(1));
    let mut server = Running::start(options_with(folder.path())).await;
    server.ca = ca.pem();
    let mut before = server.connect().await;
    assert_eq!(serial_shown(server.address, &ca).await, 1);
    write_pair(folder.path(), &ca.sign(2));
    assert!(eventually(async || serial_shown(server.address, &ca).await == 2).await);
    assert_eq!(exchange(&mut before, &post("/validate", &good_review())).await.status, 200);
}

/// The kubelet writes a new folder and then swaps the link `..data` to it: the names that were asked
/// for never change.
#[tokio::test]
async fn the_swap_of_a_mounted_secret_is_seen() {
    let (ca, folder) = (Ca::new(), TempDir::new().unwrap());
    let publish = |name: &str, serial: u64| {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        write_pair(&folder.path().join(name), &ca.sign(serial));
        symlink(name, folder.path().join("..data_tmp")).unwrap();
        std::fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).unwrap();
    };
    publish("..2026_01_01", 1);
    for name in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(name), folder.path().join(name)).unwrap();
    }
    let server = Running::start(options_with(folder.path())).await;
    assert_eq!(serial_shown(server.address, &ca).await, 1);
    publish("..2026_02_02", 2);
    std::fs::remove_dir_all(folder.path().join("..2026_01_01")).unwrap();
    assert!(eventually(async || serial_shown(server.address, &ca).await == 2).await);
    let reloads = r#"plimsoll_tls_certificate_reloads_total{result="taken"} 1"#;
    assert!(server.metrics().await.contains(reloads));
}

#[tokio::test]
async fn what_is_broken_leaves_the_old_certificate_in_force_until_it_is_mended() {
    let (ca, folder) = (Ca::new(), TempDir::new().unwrap());
    write_pair(folder.path(), &ca.sign(1));
    let server = Running::start(options_with(folder.path())).await;
    let failures = async || {
        let metrics = server.metrics().await;
        let name = r#"plimsoll_tls_certificate_reloads_total{result="failed"} "#;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.parse::<u64>().unwrap()
    };
    let (new_cert, new_key) = ca.sign(2);
    let cert = folder.path().join("tls.crt");
    for broken in [
        new_cert.as_str(),
        &new_cert[..new_cert.len() / 2],
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let before = failures().await;
        std::fs::write(&cert, broken).unwrap();
        assert!(eventually(async || failures().await > before + 1).await, "{broken:?}");
        assert_eq!(serial_shown(server.address, &ca).await, 1, "{broken:?}");
    }
    std::fs::remove_file(&cert).unwrap();
    let before = failures().await;
    assert!(eventually(async || failures().await > before + 1).await);
    assert_eq!(serial_shown(server.address, &ca).await, 1);
    write_pair(folder.path(), &(new_cert, new_key));
    assert!(eventually(async || serial_shown(server.address, &ca).await == 2).await);
}

#[tokio::test]
async fn the_expiry_is_told() {
    let (ca, folder) = (Ca::new(), TempDir::new().unwrap());
    let until = |year| {
        move |params: &mut rcgen::CertificateParams| {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        }
    };
    write_pair(folder.path(), &ca.sign_with(1, until(2100)));
    let server = Running::start(options_with(folder.path())).await;
    server.await_metric("plimsoll_tls_certificate_expiry_timestamp_seconds 4102444800.0").await;
    write_pair(folder.path(), &ca.sign_with(2, until(2090)));
    server.await_metric("plimsoll_tls_certificate_expiry_timestamp_seconds 3786912000.0").await;
}

#[tokio::test]
async fn an_expired_certificate_is_served_all_the_same_but_the_server_is_not_ready() {
    let (ca, folder) = (Ca::new(), TempDir::new().unwrap());
    let pair = ca.sign_with(1, |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    write_pair(folder.path(), &pair);
    let server = Running::start(options_with(folder.path())).await;
    let says = async |text: &str| {
        let holds = eventually(async || get(server.admin, "/readyz").await.1.contains(text)).await;
        assert!(holds, "{}", get(server.admin, "/readyz").await.1);
    };
    says("certificate: the certificate expired 2020-01-01T00:00:00Z: clients refuse it").await;
    assert!(tokio::net::TcpStream::connect(server.address).await.is_ok());

    let early = ca.sign_with(2, |params| params.not_before = rcgen::date_time_ymd(2100, 1, 1));
    write_pair(folder.path(), &early);
    says("certificate: the certificate is not valid before 2100-01-01T00:00:00Z").await;

    write_pair(folder.path(), &ca.sign(3));
    says("ok").await;
    write_pair(folder.path(), &pair);
    says("expired 2020").await;
}

#[tokio::test]
async fn without_a_managed_certificate_nothing_is_shown_and_the_server_is_not_ready() {
    let (tell, shown) = tokio::sync::watch::channel(None);
    let server = Running::start(Options { tls: TlsSource::Handed(shown), ..options() }).await;
    assert_eq!(
        get(server.admin, "/readyz").await,
        (
            503,
            "not ready\ncertificate: no certificate has been read from the Secret yet\n".to_owned()
        )
    );
    assert!(server.metrics().await.contains("plimsoll_tls_ca_expiry_timestamp_seconds NaN"));
    assert!(
        connect(server.address, &Ca::new().pem()).await.is_err(),
        "nothing is shown that is not stored"
    );
    drop(tell);
}

async fn refusal(folder: &Path) -> String {
    match Server::bind(options_with(folder), engine()).await {
        Err(error @ ServeError::Certificate(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn unusable_files_are_named_with_what_to_do() {
    let (ca, folder) = (Ca::new(), TempDir::new().unwrap());
    let folder = folder.path();
    let (cert, key) = ca.sign(1);
    let told = refusal(folder).await;
    assert!(
        told.contains("tls.crt (--tls-cert): No such file") && told.contains("correct the path")
    );

    write_pair(folder, &(key.clone(), key.clone()));
    let told = refusal(folder).await;
    assert!(told.contains("tls.crt (--tls-cert) holds no certificate"), "{told}");

    write_pair(folder, &(cert.clone(), cert.clone()));
    let told = refusal(folder).await;
    assert!(told.contains("tls.key (--tls-key) holds no private key"), "{told}");

    write_pair(folder, &(cert.clone(), ca.sign(2).1));
    let told = refusal(folder).await;
    assert!(told.contains("does not belong to the first certificate"), "{told}");

    write_pair(folder, &("-----BEGIN CERTIFICATE-----\n!\n".to_owned(), key.clone()));
    let told = refusal(folder).await;
    assert!(told.contains("tls.crt (--tls-cert) is not valid PEM"), "{told}");

    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    write_pair(folder, &(nonsense.to_owned(), key.clone()));
    let told = refusal(folder).await;
    assert!(told.contains("cannot use") && told.contains("tls.crt (--tls-cert)"), "{told}");

    write_pair(folder, &(cert, key));
    let path = folder.join("tls.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads everything.
    if std::fs::read(&path).is_err() {
        let told = refusal(folder).await;
        assert!(told.contains("tls.key (--tls-key): Permission denied"), "{told}");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let told = refusal(folder).await;
    assert!(told.contains("tls.key (--tls-key)") && told.contains("name a file"), "{told}");
}
