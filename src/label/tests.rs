use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("simple")]
#[case("now-with-dashes")]
#[case("1-starts-with-num")]
#[case("1234")]
#[case("Uppercase_and.dots")]
#[case("simple/simple")]
#[case("now-with-dashes/simple")]
#[case("1.2.3.4/5678")]
#[case("example.com/Uppercase_Is_OK_123")]
fn keys(#[case] key: &str) {
    assert_eq!(validate_key(key), Ok(()));
}

#[test]
fn longest_keys_and_values() {
    let name = "a".repeat(63);
    // A label of a prefix may be longer than the 63 characters that DNS has for it.
    let prefix = "a".repeat(253);
    assert_eq!(validate_key(&format!("{prefix}/{name}")), Ok(()));
    assert_eq!(validate_value(&name), Ok(()));
    let part = Part::Prefix;
    let error = LabelError::TooLong { part, max: 253, length: 254 };
    assert_eq!(validate_key(&format!("{prefix}a/{name}")), Err(error));
    let part = Part::Name;
    assert_eq!(
        validate_key(&format!("{prefix}/{name}a")),
        Err(LabelError::TooLong { part, max: 63, length: 64 })
    );
    assert!(validate_value(&format!("{name}a")).is_err());
}

#[rstest]
#[case("", "the name of a label key must not be empty")]
#[case("/a", "the prefix of a label key must not be empty")]
#[case("a/", "the name of a label key must not be empty")]
#[case("a/b/c", "a label key must have at most one '/': another at character 4")]
#[case(
    "a b",
    "the name of a label key must consist of letters, digits, '-', '_' and '.': ' ' at character 2"
)]
#[case(
    "-a",
    "the name of a label key must start and end with a letter or digit: '-' at character 1"
)]
#[case("x.io/a_", "'_' at character 7")]
#[case("x.io/é", "'é' at character 6")]
#[case("X.io/a", "'X' at character 1")]
#[case("x_y/a", "'_' at character 2")]
#[case("x..y/a", "'.' at character 3")]
#[case("x-.y/a", "'-' at character 2")]
#[case("x-/a", "'-' at character 2")]
#[case(".x/a", "'.' at character 1")]
#[case("x./a", "'.' at character 2")]
#[case("a\n", "'\\n' at character 2")]
fn key_errors(#[case] key: &str, #[case] message: &str) {
    let error = validate_key(key).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case("", true)]
#[case("a", true)]
#[case("A.b_c-1", true)]
#[case("-", false)]
#[case("a.", false)]
#[case("_a", false)]
#[case("a/b", false)]
#[case("a b", false)]
#[case("ä", false)]
fn values(#[case] value: &str, #[case] ok: bool) {
    assert_eq!(validate_value(value).is_ok(), ok);
}

proptest! {
    #[test]
    fn never_panic(text in any::<String>()) {
        let _ = (validate_key(&text), validate_value(&text));
    }

    #[test]
    fn errors_point_at_the_character(text in "[aA0._/é -]{0,8}") {
        for error in [validate_key(&text), validate_value(&text)].into_iter().filter_map(Result::err) {
            if let LabelError::Character { found, position, .. } | LabelError::Edge { found, position, .. } = error {
                prop_assert_eq!(text.chars().nth(position - 1), Some(found));
            }
        }
    }
}
