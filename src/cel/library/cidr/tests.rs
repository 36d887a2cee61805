use super::super::support::tests::{call, shown};
use super::*;

fn of(text: &'static str) -> Value<'static> {
    call(FUNCTIONS, "cidr", &[text.into()]).unwrap()
}

#[test]
fn networks_are_taken_or_refused() {
    for text in ["10.0.0.0/8", "10.0.0.1/8", "::/0", "::1/128"] {
        assert_eq!(shown(FUNCTIONS, "isCIDR", &[text.into()]), "true", "{text}");
    }
    for text in [
        "",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "::ffff:1.2.3.0/120",
        "fe80::%eth0/64",
    ] {
        assert_eq!(shown(FUNCTIONS, "isCIDR", &[text.into()]), "false", "{text}");
        let error = shown(FUNCTIONS, "cidr", &[text.into()]);
        assert!(error.starts_with("error: network address parse error"), "{error}");
    }
}

#[test]
fn networks_contain_addresses_and_networks() {
    let network = of("192.168.0.0/16");
    for (name, within, wanted) in [
        ("containsIP", "192.168.1.1", "true"),
        ("containsIP", "10.0.0.1", "false"),
        ("containsIP", "::1", "false"),
        ("containsCIDR", "192.168.10.0/24", "true"),
        ("containsCIDR", "192.0.0.0/8", "false"),
        ("containsCIDR", "fe80::/10", "false"),
    ] {
        assert_eq!(shown(FUNCTIONS, name, &[network.clone(), within.into()]), wanted, "{within}");
    }
    let all = of("0.0.0.0/0");
    assert_eq!(shown(FUNCTIONS, "containsCIDR", &[all, network.clone()]), "true");
    let address = call(ip::FUNCTIONS, "ip", &["192.168.9.9".into()]).unwrap();
    assert_eq!(shown(FUNCTIONS, "containsIP", &[network.clone(), address]), "true");
    assert!(
        shown(FUNCTIONS, "containsIP", &[network, "nope".into()])
            .starts_with("error: no such overload")
    );
}

#[test]
fn parts_of_networks() {
    let masked = call(FUNCTIONS, "masked", &[of("2001:DB8::1/32")]).unwrap();
    assert_eq!(shown(FUNCTIONS, "string", &[masked]), "2001:db8::/32");
    assert_eq!(shown(FUNCTIONS, "prefixLength", &[of("10.0.0.1/8")]), "8");
    let address = call(FUNCTIONS, "ip", &[of("10.0.0.1/8")]).unwrap();
    assert_eq!(shown(ip::FUNCTIONS, "string", &[address]), "10.0.0.1");
}
