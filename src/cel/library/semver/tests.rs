use super::super::support::tests::{call, shown};
use super::*;

fn of(text: &'static str) -> Value<'static> {
    call(FUNCTIONS, "semver", &[text.into()]).unwrap()
}

#[test]
fn versions_are_strict_unless_normalised() {
    for text in ["1.2.3", "1.2.3-alpha.1+build.5", "1.2.3+01"] {
        assert_eq!(shown(FUNCTIONS, "isSemver", &[text.into()]), "true", "{text}");
    }
    for text in [
        "v1.2.3",
        "1.2",
        "01.2.3",
        "1.2.3-01",
        "",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-a_b",
        "1.2.x",
        "1.2.3.4",
    ] {
        assert_eq!(shown(FUNCTIONS, "isSemver", &[text.into()]), "false", "{text}");
        assert!(shown(FUNCTIONS, "semver", &[text.into()]).starts_with("error: invalid version"));
    }
    let normalised =
        |text: &'static str| shown(FUNCTIONS, "isSemver", &[text.into(), Value::Bool(true)]);
    for text in ["v1.2.3", "1.2", "v1", "v01.02.03", "1.2.03-alpha"] {
        assert_eq!(normalised(text), "true", "{text}");
    }
    for text in ["", "v", "1-alpha", " 1.2.3", "1.2.3.4", "v1.0-alpha.1"] {
        assert_eq!(normalised(text), "false", "{text}");
    }
}

#[test]
fn versions_have_an_order_and_parts() {
    let compare = |a, b| shown(FUNCTIONS, "compareTo", &[of(a), of(b)]);
    assert_eq!(compare("1.2.3-alpha.10", "1.2.3-alpha.9"), "1");
    assert_eq!(compare("1.2.3-alpha.1", "1.2.3-alpha.beta"), "-1");
    assert_eq!(compare("1.2.3+a", "1.2.3+b"), "0");
    assert_eq!(shown(FUNCTIONS, "isLessThan", &[of("1.2.3-rc"), of("1.2.3")]), "true");
    assert_eq!(shown(FUNCTIONS, "isGreaterThan", &[of("1.2.3-rc"), of("1.2.3")]), "false");
    let parts = ["major", "minor", "patch"].map(|part| shown(FUNCTIONS, part, &[of("1.2.3")]));
    assert_eq!(parts, ["1", "2", "3"]);
    assert_eq!(shown(FUNCTIONS, "major", &[of("18446744073709551615.0.0")]), "-1");
}
