//! What the tests ask with.

use std::time::Duration;

use plimsoll::digests::Resolution;
use plimsoll::registry::{
    Credentials, Document, Format, Keyring, Listed, Proxies, Registries, Resolver,
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Nothing here takes longer unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A registry that is listed to be spoken to without TLS.
pub(crate) fn plain(host: &str) -> Listed {
    Listed { host: host.to_owned(), plain_http: true, ca: None }
}

/// These registries and no proxy, whatever the environment says; patient.
pub(crate) fn config(registries: Vec<Listed>) -> Registries {
    let patience = PATIENCE.as_millis() as u64;
    Registries {
        registries,
        timeout_milliseconds: patience,
        background_milliseconds: patience,
        proxies: Some(Proxies::default()),
        ..Registries::default()
    }
}

pub(crate) fn resolver(config: &Registries) -> Resolver {
    Resolver::new(config, Credentials::default()).unwrap()
}

/// A user for one registry, as a Secret says it.
pub(crate) fn keyring(host: &str, username: &str, password: &str) -> Keyring {
    document(json!({"auths": {host: {"username": username, "password": password}}}))
}

pub(crate) fn document(value: Value) -> Keyring {
    let document = Document {
        source: "Secret plimsoll-system/pull".to_owned(),
        format: Format::DockerConfigJson,
        bytes: value.to_string().into_bytes(),
    };
    let (keyring, problems) = Keyring::read(&[document]);
    assert_eq!(problems, Vec::<String>::new());
    keyring
}

pub(crate) fn login(host: &str, username: &str, password: &str) -> Credentials {
    Credentials::new(keyring(host, username, password))
}

/// Asks for one image, with the timeout of the configuration.
pub(crate) async fn ask(resolver: &Resolver, image: &str) -> Resolution {
    let images = [image.to_owned()];
    let digests = resolver.resolve(&images, Instant::now() + resolver.timeout()).await;
    digests.get(image).unwrap().clone()
}

/// The reason of a failure.
pub(crate) async fn failure(resolver: &Resolver, image: &str) -> String {
    match ask(resolver, image).await {
        Resolution::Failed(why) => {
            assert!(why.len() < 300 && !why.contains('\n'), "{why:?} is for people");
            why
        }
        found => panic!("{found:?}"),
    }
}

/// How often this came of the questions to a registry.
pub(crate) fn outcomes(resolver: &Resolver, registry: usize, outcome: &str) -> u64 {
    let statistics = resolver.statistics();
    let found = statistics.registries[registry].outcomes.iter().find(|(of, _)| *of == outcome);
    found.unwrap().1
}

/// Waits until no question is under way.
pub(crate) async fn settled(resolver: &Resolver) {
    let began = Instant::now();
    while resolver.statistics().under_way > 0 {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
