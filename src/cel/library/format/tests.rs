use super::super::support::tests::{call, shown};
use super::*;

fn check(format: &'static str, text: &str) -> String {
    let Value::Optional(Some(format)) = call(FUNCTIONS, "format.named", &[format.into()]).unwrap()
    else {
        panic!("no format {format}")
    };
    match call(FUNCTIONS, "validate", &[(*format).clone(), Value::text(text)]).unwrap() {
        Value::Optional(None) => String::new(),
        Value::Optional(Some(list)) => {
            let Value::List(list) = (*list).clone() else { panic!("no list") };
            let texts: Vec<String> = list.iter().map(|v| v.unwrap().to_text().unwrap()).collect();
            texts.join("|")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_fits_a_format() {
    for (format, text) in [
        ("dns1123Label", "my-label"),
        ("dns1123Subdomain", "a.b-c.d"),
        ("dns1035Label", "a9"),
        ("qualifiedName", "example.com/A_b.c"),
        ("dns1123LabelPrefix", "a-"),
        ("dns1123SubdomainPrefix", "a.b-"),
        ("dns1035LabelPrefix", "a-"),
        ("labelValue", ""),
        ("uri", "https://example.com"),
        ("uuid", "123E4567-E89B-12D3-A456-426614174000"),
        ("uuid", "123e4567e89b12d3a456426614174000"),
        ("byte", "aGVsbG8="),
        ("byte", ""),
        ("date", "2024-02-29"),
        ("datetime", "2024-02-29t12:34:56.789+01:00"),
    ] {
        assert_eq!(check(format, text), "", "{format} {text}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    for (format, text, why) in [
        ("dns1123Label", "a.b", "must not contain dots"),
        (
            "dns1123Label",
            "",
            "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        ),
        ("dns1123Label", &"a".repeat(64), "must be no more than 63 characters"),
        ("dns1123Subdomain", "a..b", "RFC 1123 subdomain"),
        ("dns1035Label", "9a", "DNS-1035"),
        ("qualifiedName", "a/b/c", "a valid label key"),
        ("qualifiedName", "/b", "prefix part must be non-empty"),
        ("qualifiedName", "a/", "name part must be non-empty|name part must consist"),
        ("labelValue", "-a", "a valid label must be"),
        ("uri", "../relative", "invalid URI for request"),
        ("uuid", "nope", "UUID"),
        ("byte", "a", "invalid base64"),
        ("date", "2023-02-29", "invalid date"),
        ("datetime", "2024-02-29 12:34:56Z", "invalid datetime"),
        ("datetime", "2024-02-29T24:34:56Z", "invalid datetime"),
    ] {
        assert!(check(format, text).contains(why), "{format} {text}: {}", check(format, text));
    }
}

#[test]
fn every_format_has_a_function_and_a_name() {
    for format in &FORMATS {
        let of = call(FUNCTIONS, &format!("format.{}", format.name), &[]).unwrap();
        assert_eq!(inside::<Named>(&of).unwrap().name, format.name);
    }
    assert_eq!(shown(FUNCTIONS, "format.named", &["nope".into()]), "Optional(None)");
}
