use super::super::support::tests::{call, shown};
use super::*;

fn ask(name: &str, text: &'static str) -> String {
    let address = call(FUNCTIONS, "ip", &[text.into()]).unwrap();
    shown(FUNCTIONS, name, &[address])
}

#[test]
fn addresses_are_taken_or_refused_with_a_reason() {
    for text in ["127.0.0.1", "::1", "2001:DB8::ABCD", "::1.2.3.4"] {
        assert_eq!(shown(FUNCTIONS, "isIP", &[text.into()]), "true", "{text}");
    }
    for (text, why) in [
        ("127.0.0.01", "parse error"),
        ("256.0.0.1", "parse error"),
        ("", "parse error"),
        ("1::2::3", "parse error"),
        ("[::1]", "parse error"),
        ("::ffff:1.2.3.4", "IPv4-mapped"),
        ("fe80::1%eth0", "zone"),
        ("1.2.3.4%eth0", "parse error"),
    ] {
        assert_eq!(shown(FUNCTIONS, "isIP", &[text.into()]), "false", "{text}");
        assert!(shown(FUNCTIONS, "ip", &[text.into()]).contains(why), "{text}");
    }
}

#[test]
fn the_canonical_form_is_go_s() {
    for (text, canonical) in [
        ("2001:DB8:0::ABCD", "2001:db8::abcd"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("::1.2.3.4", "::102:304"),
        ("10.0.0.1", "10.0.0.1"),
        ("::", "::"),
    ] {
        assert_eq!(ask("string", text), canonical);
        let is_canonical = (text == canonical).to_string();
        assert_eq!(shown(FUNCTIONS, "ip.isCanonical", &[text.into()]), is_canonical, "{text}");
    }
    assert!(shown(FUNCTIONS, "ip.isCanonical", &["nope".into()]).starts_with("error"));
}

#[test]
fn kinds_of_addresses() {
    for (name, yes, no) in [
        ("isUnspecified", &["0.0.0.0", "::"][..], &["127.0.0.1", "::1"][..]),
        ("isLoopback", &["127.0.0.9", "::1"], &["10.0.0.1", "2001:db8::1"]),
        ("isLinkLocalMulticast", &["224.0.0.1", "ff02::1", "ff12::1"], &["224.0.1.1", "fd00::1"]),
        ("isLinkLocalUnicast", &["169.254.1.1", "fe80::1", "febf::1"], &["10.0.0.1", "fd80::1"]),
        (
            "isGlobalUnicast",
            &["10.0.0.1", "fd00::1", "2001:db8::1"],
            &["255.255.255.255", "ff00::1", "0.0.0.0", "127.0.0.1", "fe80::1"],
        ),
    ] {
        for text in yes {
            assert_eq!(ask(name, text), "true", "{name} {text}");
        }
        for text in no {
            assert_eq!(ask(name, text), "false", "{name} {text}");
        }
    }
    assert_eq!((ask("family", "1.2.3.4"), ask("family", "::1")), ("4".into(), "6".into()));
}
