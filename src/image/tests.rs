use proptest::prelude::*;
use rstest::rstest;

use super::*;

const HEX: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

fn read(text: &str) -> Reference<'_> {
    Reference::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[rstest]
#[case("nginx", None, "nginx", None, "docker.io/library/nginx:latest")]
#[case("nginx:1.27", None, "nginx", Some("1.27"), "docker.io/library/nginx:1.27")]
#[case("a/b", None, "a/b", None, "docker.io/a/b:latest")]
#[case("docker.io/nginx", Some("docker.io"), "nginx", None, "docker.io/library/nginx:latest")]
#[case(
    "index.docker.io/nginx",
    Some("index.docker.io"),
    "nginx",
    None,
    "docker.io/library/nginx:latest"
)]
#[case("index.docker.io/a/b:1", Some("index.docker.io"), "a/b", Some("1"), "docker.io/a/b:1")]
#[case("host:5000/app", Some("host:5000"), "app", None, "host:5000/app:latest")]
#[case("host:5000/app:5050", Some("host:5000"), "app", Some("5050"), "host:5000/app:5050")]
#[case("test.com:5000", None, "test.com", Some("5000"), "docker.io/library/test.com:5000")]
#[case("192.168.1.1", None, "192.168.1.1", None, "docker.io/library/192.168.1.1:latest")]
#[case("localhost", None, "localhost", None, "docker.io/library/localhost:latest")]
#[case("localhost/app", Some("localhost"), "app", None, "localhost/app:latest")]
#[case("[::1]:5000/x", Some("[::1]:5000"), "x", None, "[::1]:5000/x:latest")]
#[case("[2001:db8::1]/x", Some("[2001:db8::1]"), "x", None, "[2001:db8::1]/x:latest")]
#[case("MyHost/app", Some("MyHost"), "app", None, "MyHost/app:latest")]
#[case(
    "Host.Example.com/app",
    Some("Host.Example.com"),
    "app",
    None,
    "Host.Example.com/app:latest"
)]
#[case("foo_bar.com/x", Some("foo_bar.com"), "x", None, "foo_bar.com/x:latest")]
#[case(
    "xn--n3h.com/i:xn--n3h.com",
    Some("xn--n3h.com"),
    "i",
    Some("xn--n3h.com"),
    "xn--n3h.com/i:xn--n3h.com"
)]
#[case("a__b", None, "a__b", None, "docker.io/library/a__b:latest")]
#[case("a---b/c.d_e", None, "a---b/c.d_e", None, "docker.io/a---b/c.d_e:latest")]
#[case("app:Upper_-.", None, "app", Some("Upper_-."), "docker.io/library/app:Upper_-.")]
fn reads_and_normalises(
    #[case] text: &str,
    #[case] host: Option<&str>,
    #[case] path: &str,
    #[case] tag: Option<&str>,
    #[case] normalised: &str,
) {
    let reference = read(text);
    assert_eq!(reference, Reference { host, path, tag, digest: None });
    assert_eq!(reference.normalised().to_string(), normalised);
    assert_eq!(reference.to_string(), text);
    assert_eq!(read(normalised).normalised().to_string(), normalised);
}

#[test]
fn a_digest_pins_and_leaves_the_tag_as_it_is() {
    let (both, bare) = (format!("app:latest@sha256:{HEX}"), format!("app@sha256:{HEX}"));
    let (both, bare) = (read(&both), read(&bare));
    assert!(both.is_pinned() && bare.is_pinned() && !read("app").is_pinned());
    assert_eq!(both.tag_or_latest(), Some("latest"));
    assert_eq!(bare.tag_or_latest(), None);
    assert_eq!(read("app").tag_or_latest(), Some("latest"));
    assert_eq!(bare.normalised().to_string(), format!("docker.io/library/app@sha256:{HEX}"));
    assert_eq!(both.normalised().to_string(), format!("docker.io/library/app:latest@sha256:{HEX}"));
    assert_eq!(both.repository().to_string(), "docker.io/library/app");
    assert_eq!(read("index.docker.io/a/b").host_or_default(), "docker.io");
}

#[test]
fn longest_parts() {
    assert!(Reference::parse(&format!("app:{}", "t".repeat(128))).is_ok());
    assert!(Reference::parse(&format!("host.io/{}", "a".repeat(255))).is_ok());
    assert!(Reference::parse(&format!("host.io/{}", "a".repeat(256))).is_err());
    // Docker Hub's implied `library/` counts.
    assert!(Reference::parse(&"a".repeat(247)).is_ok());
    assert!(Reference::parse(&"a".repeat(248)).is_err());
    // So does a host that is none by the grammar.
    assert!(Reference::parse(&format!("a_b.c/{}", "a".repeat(249))).is_ok());
    assert!(Reference::parse(&format!("a_b.c/{}", "a".repeat(250))).is_err());
    assert!(Reference::parse(&format!("docker.io/{HEX}")).is_ok());
    assert!(Reference::parse(&format!("{HEX}:tag")).is_ok());
    for (name, digits) in [("sha256", 64), ("sha384", 96), ("sha512", 128)] {
        for (length, ok) in [(digits - 1, false), (digits, true), (digits + 1, false)] {
            let text = format!("a@{name}:{}", "0".repeat(length));
            assert_eq!(Reference::parse(&text).is_ok(), ok, "{text}");
        }
    }
}

#[rstest]
#[case("", Expected::NotEmpty, "an image reference must not be empty")]
#[case(
    " nginx",
    Expected::NoWhiteSpace,
    "an image reference must not contain white space: ' ' at character 1"
)]
#[case("nginx ", Expected::NoWhiteSpace, "': ' at character 6")]
#[case("nginx\n", Expected::NoWhiteSpace, "'\\n' at character 6")]
#[case("nginx:1 ", Expected::NoWhiteSpace, "' ' at character 8")]
#[case("myApp", Expected::LowerCase, "a repository name must be lower case: 'A' at character 3")]
#[case("Nginx", Expected::LowerCase, "'N' at character 1")]
#[case("a/Nginx:1", Expected::LowerCase, "'N' at character 3")]
#[case("test:5000/Upper/x", Expected::LowerCase, "'U' at character 11")]
#[case("a.B", Expected::LowerCase, "'B' at character 3")]
#[case("a//b", Expected::PathEdge, "'/' at character 3")]
#[case("a/b/", Expected::PathEdge, "it ends too early, at character 5")]
#[case("/a", Expected::PathEdge, "'/' at character 1")]
#[case("-a", Expected::PathEdge, "'-' at character 1")]
#[case("a-", Expected::PathEdge, "'-' at character 2")]
#[case("a-/b", Expected::PathEdge, "'-' at character 2")]
#[case("a..b", Expected::Separator, "'.' at character 3")]
#[case("a...b", Expected::Separator, "'.' at character 3")]
#[case("a___b", Expected::Separator, "'_' at character 4")]
#[case("a-_b", Expected::Separator, "'_' at character 3")]
#[case("aa/asdf$$^/aa", Expected::PathCharacter, "'$' at character 8")]
#[case("é", Expected::PathCharacter, "'é' at character 1")]
#[case("app:", Expected::TagStart, "it ends too early, at character 5")]
#[case("app:-x", Expected::TagStart, "'-' at character 5")]
#[case("app:a:b", Expected::TagCharacter, "':' at character 6")]
#[case("app:a/b", Expected::Port, "'a' at character 5")]
#[case(":tag", Expected::PathEdge, "it ends too early, at character 1")]
#[case("app@", Expected::DigestAlgorithm, "it starts at character 5")]
#[case("app@sha256", Expected::DigestAlgorithm, "it starts at character 5")]
#[case("app@md5:00", Expected::DigestAlgorithm, "it starts at character 5")]
#[case("app@SHA256:00", Expected::DigestAlgorithm, "it starts at character 5")]
#[case(
    "app@sha256:00",
    Expected::DigestLength(64),
    "64 hexadecimal digits: it starts at character 12"
)]
#[case("app@sha256:F0", Expected::DigestCharacter, "'F' at character 12")]
#[case("https://host/app", Expected::NoScheme, "leave \"https://\" out")]
#[case("host:/app", Expected::Port, "a registry's port must be a number: it ends too early")]
#[case("host.io./app", Expected::HostEdge, "it ends too early, at character 9")]
#[case("-host.io/app", Expected::HostEdge, "'-' at character 1")]
#[case("host-.io/app", Expected::HostEdge, "'-' at character 5")]
#[case("host..io/app", Expected::HostEdge, "'.' at character 6")]
#[case("My_Host/app", Expected::HostCharacter, "'_' at character 3")]
#[case("foo_bar.com:5000/x", Expected::HostCharacter, "'_' at character 4")]
#[case("fc00::1:5000/x", Expected::Port, "':' at character 6")]
#[case("[::1/x", Expected::Ipv6Address, "it ends too early, at character 5")]
#[case("[fe80::1%eth0]/x", Expected::Ipv6Address, "'%' at character 9")]
#[case("[::]x/y", Expected::Port, "'x' at character 5")]
#[case("[:]/", Expected::PathEdge, "it ends too early, at character 5")]
#[case("[]:1/x", Expected::Ipv6Address, "']' at character 2")]
#[case("[::1]", Expected::PathCharacter, "'[' at character 1")]
fn says_where_the_grammar_breaks(
    #[case] text: &str,
    #[case] expected: Expected,
    #[case] message: &str,
) {
    let error = Reference::parse(text).unwrap_err();
    assert_eq!(error.expected, expected, "{text}: {error}");
    assert!(error.to_string().contains(message.trim_start_matches("': ")), "{text}: {error}");
}

#[test]
fn an_image_id_is_no_name() {
    assert_eq!(Reference::parse(HEX).unwrap_err().expected, Expected::NotAnIdentifier);
    let long = format!("app:{}", "t".repeat(129));
    let error = Reference::parse(&long).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a tag must have at most 128 characters: it starts at character 5"
    );
}

proptest! {
    #[test]
    fn never_panics_and_points_into_the_text(text in any::<String>()) {
        if let Err(error) = Reference::parse(&text) {
            prop_assert_eq!(text.chars().nth(error.offset).is_none(), text.len() <= error.offset);
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn near_references_read_back_or_point_at_the_fault(text in r"[\[\]a-cA0.:/@_é-]{0,12}(@sha256:[0f]{62,66})?") {
        match Reference::parse(&text) {
            Ok(reference) => {
                prop_assert_eq!(reference.to_string(), text.clone());
                let normalised = reference.normalised().to_string();
                let again = read(&normalised);
                prop_assert_eq!(again.normalised().to_string(), normalised.clone());
                prop_assert_eq!(again.tag, reference.tag_or_latest());
                prop_assert!(normalised.starts_with(&reference.repository().to_string()));
            }
            Err(error) => if let Some(found) = error.found {
                prop_assert_eq!(text.chars().nth(error.offset), Some(found));
            }
        }
    }

    #[test]
    fn well_formed_references_read_back(
        host in proptest::option::of(r"([a-z]{1,5}\.io|localhost|[A-Z][a-z]{0,5}|\[::[0-9a-f]{1,4}\])(:[0-9]{1,5})?"),
        path in r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,8}){0,3}",
        tag in proptest::option::of(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"),
        digest in proptest::option::of(r"sha256:[0-9a-f]{64}"),
    ) {
        // Without a host, a first component with a dot would be one.
        let path = if host.is_none() { path.replace('.', "-") } else { path };
        prop_assume!(host.is_some() || !path.starts_with("localhost/"));
        let parts = Reference { host: host.as_deref(), path: &path, tag: tag.as_deref(), digest: digest.as_deref() };
        let text = parts.to_string();
        prop_assert_eq!(Reference::parse(&text), Ok(parts));
    }
}
