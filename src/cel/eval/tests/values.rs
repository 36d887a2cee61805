//! What expressions come to, as in cel-go.

mod collections;
mod conversions;
mod numbers;
mod texts;
mod times;

use super::harness::{run, run_checked};

const OBJECT: &str = r#"{
    "i": 3, "big": 9223372036854775808, "d": 1.5, "s": "text", "t": true, "f": false, "nil": null,
    "list": [1, 2, 3], "words": ["a", "b"], "empty": [], "none": {},
    "map": {"a": 1, "b": 2}, "deep": {"a": {"b": [{"c": "x"}]}},
    "esc\"aped": "li\nne", "unit": "µ"
}"#;

/// Values and errors, of expressions that were checked and of those that were not.
fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expression, expected) in cases {
        let (value, cost) = run(expression, OBJECT, 1_000_000);
        if value != *expected {
            wrong.push(format!("{expression} = {value}, and not {expected}"));
        }
        if let Some(checked) = run_checked(expression, OBJECT, 1_000_000)
            && checked != (value, cost)
        {
            wrong.push(format!("{expression} = {checked:?} once it is checked ({cost})"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
