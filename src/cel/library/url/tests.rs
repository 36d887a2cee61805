use super::super::support::tests::{call, shown};
use super::*;

fn part(name: &str, text: &'static str) -> String {
    let url = call(FUNCTIONS, "url", &[text.into()]).unwrap();
    shown(FUNCTIONS, name, &[url])
}

#[test]
fn parts_of_urls() {
    for (name, text, wanted) in [
        ("getScheme", "HTTPS://Example.COM/", "https"),
        ("getHost", "https://user@Example.com:80/", "Example.com:80"),
        ("getHost", "//host/path", "host"),
        ("getHostname", "https://[::1]:80/", "::1"),
        ("getHost", "http://[fe80::1%25en0]/", "[fe80::1%en0]"),
        ("getPort", "https://example.com:80/", "80"),
        ("getPort", "https://example.com/", ""),
        ("getEscapedPath", "https://example.com/path with spaces/", "/path%20with%20spaces/"),
        ("getEscapedPath", "https://example.com/a%2Fb/%7e#c", "/a%2Fb/%7e"),
        ("getEscapedPath", "https://example.com/日", "/%E6%97%A5"),
        ("getEscapedPath", "https://example.com", ""),
        ("getScheme", "mailto:a@b.c", "mailto"),
    ] {
        assert_eq!(part(name, text), wanted, "{name} {text}");
    }
}

#[test]
fn queries_are_maps_of_lists() {
    let url = call(FUNCTIONS, "url", &["/p?k1=a&k2=b&k2=c+d%20e&&x;y=1&z=%zz".into()]).unwrap();
    let Value::Map(map) = call(FUNCTIONS, "getQuery", &[url]).unwrap() else { panic!("no map") };
    let entries: Vec<_> = map
        .iter()
        .map(|entry| {
            let (key, value) = entry.unwrap();
            let Value::List(values) = value else { panic!("no list") };
            let values: Vec<String> =
                values.iter().map(|v| v.unwrap().to_text().unwrap()).collect();
            (key.to_text().unwrap(), values)
        })
        .collect();
    assert_eq!(
        entries,
        [
            ("k1".to_owned(), vec!["a".to_owned()]),
            ("k2".to_owned(), vec!["b".to_owned(), "c d e".to_owned()])
        ]
    );
}

#[test]
fn what_is_no_url_is_refused_with_a_reason() {
    for (text, why) in [
        ("", "empty url"),
        ("../relative", "invalid URI for request"),
        (":foo", "missing protocol scheme"),
        ("https://example.com:port/", "invalid port"),
        ("https://a:b:80/", "invalid port"),
        ("http://a b/", "invalid character \" \" in host name"),
        ("http://a/%zz", "invalid URL escape \"%zz\""),
        ("http://[::1", "missing ']' in host"),
        ("http://us er@a/", "invalid userinfo"),
        ("http://a\u{7f}", "control character"),
    ] {
        assert_eq!(shown(FUNCTIONS, "isURL", &[text.into()]), "false", "{text}");
        let error = shown(FUNCTIONS, "url", &[text.into()]);
        assert!(error.starts_with("error: URL parse error") && error.contains(why), "{error}");
    }
    for text in ["/absolute", "*", "http://", "http:", "https://a:80/", "https://a:/"] {
        assert_eq!(shown(FUNCTIONS, "isURL", &[text.into()]), "true", "{text}");
    }
}

#[test]
fn urls_are_equal_as_texts() {
    let of = |text: &'static str| call(FUNCTIONS, "url", &[text.into()]).unwrap();
    let equal = |a, b| {
        let (Value::Opaque(a), Value::Opaque(b)) = (of(a), of(b)) else { panic!("no URLs") };
        a.equals(&*b)
    };
    assert!(equal("HTTPS://a", "https://a"));
    assert!(!equal("https://a", "https://a/"));
}
