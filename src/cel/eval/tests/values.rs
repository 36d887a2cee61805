//! What expressions come to, as in cel-go.

mod collections;
mod conversions;
mod numbers;
mod texts;
mod times;

use super::harness::run;

const OBJECT: &str = r#"{
    "i": 3, "big": 9223372036854775808, "d": 1.5, "s": "text", "t": true, "f": false, "nil": null,
    "list": [1, 2, 3], "words": ["a", "b"], "empty": [], "none": {},
    "map": {"a": 1, "b": 2}, "deep": {"a": {"b": [{"c": "x"}]}},
    "esc\"aped": "li\nne", "unit": "µ"
}"#;

fn check(cases: &[(&str, &str)]) {
    let wrong = cases.iter().filter_map(|(expression, expected)| {
        let (value, _) = run(expression, OBJECT, 1_000_000);
        (value != *expected).then(|| format!("{expression} = {value}, and not {expected}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}
