use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader::new(text);
    let value = reader.read()?;
    reader.end()?;
    Ok(value)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e15..1e15_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z\"\\\\/\n\t{}\\[\\]:,é😀]{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(&read(&text).unwrap(), &value);
            let mut reader = Reader::new(&text);
            prop_assert_eq!(reader.pass().unwrap(), text.as_str());
        }
    }

    /// What serde_json takes means the same here; what it refuses never panics here.
    #[test]
    fn agrees_with_serde_json(text in r#"[\[\]{}:,"\\ntrufalse0-9.eE+\- \néa]{0,24}"#) {
        let found = read(&text);
        if let Ok(expected) = serde_json::from_str::<Value>(&text) {
            prop_assert_eq!(found.unwrap(), expected);
        }
        let _ = Reader::new(&text).pass();
    }

    #[test]
    fn any_text_is_harmless(text in any::<String>()) {
        let _ = read(&text);
        let _ = Reader::new(&text).members(|_, reader| reader.pass().map(drop));
    }
}

#[test]
fn members_come_one_by_one() {
    let text = r#" { "a" : 1 , "b\u0063" : [ {"x": "]"} ], "d": null } "#;
    let mut seen = Vec::new();
    let mut reader = Reader::new(text);
    reader
        .members(|key, reader| {
            seen.push((key.to_owned(), reader.pass()?.to_owned()));
            Ok(())
        })
        .unwrap();
    reader.end().unwrap();
    let expected = [("a", "1"), ("bc", r#"[ {"x": "]"} ]"#), ("d", "null")];
    assert_eq!(seen, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn what_is_cut_off_is_an_error() {
    let text = json!({"a": [1, "two", {"three": null}], "b": "\u{e9}\\"}).to_string();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert!(read(&text[..end]).is_err(), "{}", &text[..end]);
    }
}

#[test]
fn depth_is_bounded_where_it_is_followed() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&deep).is_err());
    assert_eq!(Reader::new(&deep).pass().unwrap().len(), deep.len());
}

proptest! {
    /// Long values whose strings hold quotes, brackets and backslashes at every place of a block.
    #[test]
    fn long_values_end_where_they_end(
        strings in proptest::collection::vec(r#"[a\\"{}\[\]]{0,40}"#, 1..40),
        behind in "[\\]},\" a]{0,70}",
    ) {
        let text = json!([{"k": strings}]).to_string();
        let padded = format!("{text}{behind}");
        prop_assert_eq!(Reader::new(&padded).pass().unwrap(), text.as_str());
    }
}
