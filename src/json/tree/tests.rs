#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::json;

use super::{Shape, Tree, TreeChange};
use crate::edit::Edit;
use crate::pointer::Pointer;

const OBJECT: &str =
    r#"{"a": {"b": [1, -2.5, "x\ny", null, true]}, "a": {"c": {}}, "big": 18446744073709551615}"#;

#[test]
fn what_is_read_is_what_serde_reads() {
    for text in [
        OBJECT,
        r#" { "a" : [ [ ] , { } , "" ] , "" : 0 } "#,
        "[]",
        "1",
        "1e3",
        "\"\\u00b5\"",
        "null",
        r#"{"x": "{[", "y": "\\\"", "z": [[["]"]]]}"#,
    ] {
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let read = Tree::parse(text).unwrap();
        if text == OBJECT {
            // Numbers that 63 bits do not hold are floating point numbers in Kubernetes.
            assert_eq!(read.get("a").unwrap().to_json(), expected["a"]);
            let Shape::Double(big) = read.get("big").unwrap().shape().unwrap() else { panic!() };
            assert_eq!(big, 18446744073709551615.0);
        } else {
            assert_eq!(read.view().to_json().to_string(), expected.to_string(), "{text}");
        }
        assert_eq!(Tree::from(&expected).view().to_json(), read.view().to_json());
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        "{",
        "[1",
        "{\"a\" 1}",
        "{\"a\": 1,}",
        "[1 2]",
        "tru",
        "1 2",
        "{a: 1}",
        "\"\\x\"",
        "+1",
        "infinity",
    ] {
        assert!(Tree::parse(text).is_err(), "{text}");
    }
}

#[test]
fn many_members_are_kept_in_order_and_the_last_of_a_name_counts() {
    let members: Vec<String> = (0..200).map(|at| format!("\"k{}\": {at}", at % 100)).collect();
    let text = format!("{{{}}}", members.join(", "));
    let tree = Tree::parse(&text).unwrap();
    let Shape::Object(members) = tree.view().shape().unwrap() else { panic!() };
    assert_eq!(members.len(), 100);
    assert_eq!(members.at(0).map(|(name, _)| name), Some("k0"));
    assert_eq!(members.get("k7").unwrap().to_json(), json!(107));
    assert!(members.get("k100").is_none());
}

#[test]
fn changes_are_those_of_edits() {
    let text = r#"{"a": {"b": [1, {"c": 2}]}, "n": null}"#;
    let value = json!("new");
    for pointer in [
        "/a", "/a/b", "/a/b/1/c", "/a/b/1/d", "/a/b/7", "/x/y/z", "/n/x", "/n", "", "/a/b/0/x",
        "/a/b/0",
    ] {
        let changes = [
            (TreeChange::Set(&value), Edit::set(Pointer::new(pointer), value.clone())),
            (TreeChange::Append(&value), Edit::append(Pointer::new(pointer), value.clone())),
            (TreeChange::Remove, Edit::remove(Pointer::new(pointer))),
        ];
        for (change, edit) in changes {
            let mut tree = Tree::parse(text).unwrap();
            let mut expected: serde_json::Value = serde_json::from_str(text).unwrap();
            let fits = edit.apply(&mut expected);
            assert_eq!(tree.change(&Pointer::new(pointer), change), fits, "{pointer} {change:?}");
            assert_eq!(tree.view().to_json(), expected, "{pointer} {change:?}");
        }
    }
}
