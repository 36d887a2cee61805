//! The tables of what `kubectl` makes of YAML.

use serde_json::{Value, json};

use super::*;

const SCALARS: &str = include_str!("../../../tests/data/yaml-scalars.json");
const MORE: &str = include_str!("../../../tests/data/yaml-more.json");

fn table(text: &str, name: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(text).unwrap();
    table[name].as_array().unwrap().clone()
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    for case in table(SCALARS, "cases") {
        let yaml = case["yaml"].as_str().unwrap();
        let expected = match yaml {
            // kubectl loses precision here.
            "i_bigger: 18446744073709551615" => json!({"i_bigger": u64::MAX}),
            "i_huge: 18446744073709551616" => json!({"i_huge": 18446744073709551616.0}),
            _ => case["json"].clone(),
        };
        assert_eq!(one(yaml).value, expected, "{yaml}");
    }
}

#[test]
fn documents_are_read_as_kubectl_reads_them() {
    for case in table(MORE, "cases") {
        let yaml = case["yaml"].as_str().unwrap();
        assert_eq!(one(yaml).value, case["json"], "{yaml}");
    }
}

#[test]
fn what_kubectl_would_read_differently_is_an_error_with_a_place() {
    for case in table(MORE, "refused") {
        let yaml = case["yaml"].as_str().unwrap();
        let errors = read(yaml).errors;
        let place = errors.first().and_then(|error| error.place).unwrap();
        assert_eq!(
            json!([place.line, place.column]),
            json!([case["line"], case["column"]]),
            "{yaml}"
        );
    }
}
