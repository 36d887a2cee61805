use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use rstest::rstest;
use serde_json::json;

use super::*;

fn document(source: &str, format: Format, value: serde_json::Value) -> Document {
    Document { source: source.to_owned(), format, bytes: value.to_string().into_bytes() }
}

/// A keyring with a user per key, called as the key is.
fn keyring(keys: &[&str]) -> Keyring {
    let auths: serde_json::Map<_, _> = keys
        .iter()
        .map(|key| (key.to_string(), json!({"username": key, "password": "p"})))
        .collect();
    let (keyring, problems) =
        Keyring::read(&[document("test", Format::DockerConfigJson, json!({"auths": auths}))]);
    assert_eq!(problems, Vec::<String>::new());
    keyring
}

fn users(keyring: &Keyring, repository: &str) -> Vec<String> {
    keyring.lookup(repository).iter().map(|login| login.username.clone()).collect()
}

/// The cases are those of `TestURLsMatch` and `TestDockerKeyringForGlob` in keyring_test.go of kubernetes/kubernetes.
#[rstest]
#[case("kubernetes.io", "kubernetes.io/x", true)]
#[case("*.kubernetes.io", "foo.kubernetes.io/x", true)]
#[case("*.kubernetes.io", "good.kubernetes.io/foo/bar", true)]
#[case("*.kubernetes.io", "kubernetes.io/x", false)]
#[case("*.*.kubernetes.io", "good.foo.kubernetes.io/x", true)]
#[case("foo.*.kubernetes.io", "foo.good.kubernetes.io/x", true)]
#[case("b*.kubernetes.io", "b.kubernetes.io/x", true)]
#[case("b*.kubernetes.io", "bar.kubernetes.io/x", true)]
#[case("b*.kubernetes.io", "foo.kubernetes.io/x", false)]
#[case("*a*.kubernetes.io", "bar.kubernetes.io/x", true)]
#[case("*.kubernetes.io:5000", "foo.kubernetes.io:5000/x", true)]
#[case("*.kubernetes.io:5000", "foo.kubernetes.io/x", false)]
#[case("*.kubernetes.io:5000", "foo.kubernetes.io:6000/x", false)]
#[case("*.kubernetes.io", "foo.kubernetes.io:5000/x", false)]
#[case("*.kubernetes.io/foo", "a.kubernetes.io/foo/bar", true)]
#[case("*.kubernetes.io/foo", "a.kubernetes.io/foobar", true)]
#[case("*.kubernetes.io/foo", "a.kubernetes.io/bar", false)]
#[case("*.io", "a.kubernetes.io/x", false)]
#[case("https://example.com", "example.com/x", true)]
#[case("http://example.com/v2/", "example.com/x", true)]
#[case("https://example.com/v1/team", "example.com/team/x", true)]
#[case("https://example.com/v1/team", "example.com/other/x", false)]
#[case("[::1]:5000", "[::1]:5000/x", true)]
#[case("[::1]:5000", "[::2]:5000/x", false)]
#[case("localhost:5000", "localhost:5000/x", true)]
// Not one of theirs: the port of TLS goes without saying.
#[case("r.example.com:443", "r.example.com/x", true)]
fn entries_are_for_the_images_that_kubelet_takes_them_for(
    #[case] key: &str,
    #[case] repository: &str,
    #[case] fits: bool,
) {
    assert_eq!(!users(&keyring(&[key]), repository).is_empty(), fits);
}

#[test]
fn the_longest_path_is_tried_first() {
    let keyring = keyring(&["gcr.io", "gcr.io/team/app", "gcr.io/team", "*.io", "quay.io"]);
    let expected = ["gcr.io/team/app", "gcr.io/team", "gcr.io", "*.io"];
    assert_eq!(users(&keyring, "gcr.io/team/app"), expected);
    assert_eq!(users(&keyring, "gcr.io/other"), ["gcr.io", "*.io"]);
}

#[rstest]
#[case("https://index.docker.io/v1/")]
#[case("index.docker.io")]
#[case("docker.io")]
fn docker_hub_has_several_names(#[case] key: &str) {
    assert_eq!(users(&keyring(&[key]), "docker.io/library/nginx"), [key]);
    assert!(users(&keyring(&[key]), "ghcr.io/library/nginx").is_empty());
}

#[rstest]
#[case(json!({"auth": STANDARD.encode("user:pass:word")}))]
#[case(json!({"auth": STANDARD_NO_PAD.encode("user:pass:word")}))]
#[case(json!({"auth": STANDARD.encode("user:pass:word\0\0")}))]
#[case(json!({"username": "user", "password": "pass:word", "email": "a@example.com"}))]
#[case(json!({"username": "old", "password": "old", "auth": STANDARD.encode("user:pass:word")}))]
fn both_ways_to_write_a_login(#[case] entry: serde_json::Value) {
    for (format, value) in [
        (Format::DockerConfigJson, json!({"auths": {"example.com": entry}})),
        (Format::DockerCfg, json!({"example.com": entry})),
    ] {
        let (keyring, problems) = Keyring::read(&[document("s", format, value)]);
        assert!(problems.is_empty(), "{problems:?}");
        let found = keyring.lookup("example.com/x");
        assert_eq!((&*found[0].username, &*found[0].password), ("user", "pass:word"));
    }
}

#[test]
fn what_is_malformed_is_told_without_secrets_and_left_out() {
    let broken = json!({"auths": {
        "a.example.com": {"auth": "c2VjcmV0"},
        "b.example.com": {"auth": "%secret%"},
        "c.example.com": ["secret"],
        "bad host": {"username": "secret", "password": "secret"},
        "good.example.com": {"username": "u", "password": "hunter2"},
    }});
    let (keyring, problems) = Keyring::read(&[
        document("Secret a/b", Format::DockerConfigJson, broken),
        Document { source: "t".into(), format: Format::DockerCfg, bytes: b"\"secret".to_vec() },
        document("u", Format::DockerConfigJson, json!({"auths": "secret"})),
    ]);
    let form = "`auth` is not base64 of username:password";
    assert_eq!(
        problems,
        [
            format!("Secret a/b: \"a.example.com\": {form}"),
            format!("Secret a/b: \"b.example.com\": {form}"),
            "Secret a/b: \"bad host\" names no registry".into(),
            "Secret a/b: \"c.example.com\": the entry is not of the form that is expected".into(),
            "t: not JSON, at line 1, column 7".into(),
            "u: not of the form that is expected, at line 1, column 17".into(),
        ]
    );
    assert_eq!(users(&keyring, "good.example.com/x"), ["u"]);
    assert!(!format!("{keyring:?}{:?}", keyring.lookup("good.example.com/x")).contains("hunter2"));
}

#[test]
fn helpers_and_tokens_are_named() {
    let (keyring, _) = Keyring::read(&[document(
        "config.json",
        Format::DockerConfigJson,
        json!({
            "auths": {"https://index.docker.io/v1/": {}, "acr.example.com": {"identitytoken": "t"}},
            "credHelpers": {"gcr.io": "gcloud"},
            "credsStore": "desktop",
        }),
    )]);
    assert!(keyring.lookup("docker.io/library/nginx").is_empty());
    let helper = |name: &str| {
        Some(format!("the credential helper docker-credential-{name}, which Plimsoll does not run"))
    };
    let elsewhere = |host| keyring.elsewhere(host).map(str::to_owned);
    assert_eq!(elsewhere("docker.io"), helper("desktop"));
    assert_eq!(elsewhere("gcr.io"), helper("gcloud"));
    let token = "an identity token, which Plimsoll cannot use";
    assert_eq!(elsewhere("acr.example.com").as_deref(), Some(token));
}

#[test]
fn few_are_tried() {
    let documents: Vec<_> = (0..10)
        .map(|n| {
            let entry = json!({"example.com": {"username": n.to_string(), "password": "p"}});
            document("s", Format::DockerCfg, entry)
        })
        .collect();
    let (keyring, _) = Keyring::read(&documents);
    assert_eq!(users(&keyring, "example.com/x"), ["0", "1", "2", "3"]);
}
