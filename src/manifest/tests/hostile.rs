//! Nothing panics, hangs or grows, whatever the text is.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SAMPLE: &str = "a: &x {p: q}\nb:\n- <<: *x\n  r: 'it''s'\n- |\n  text\n\n  more\n- \"é\\n\"\n\
                      ? c\n: !!str 1\nd: [1, 2, {e: f}]\n---\n{\"g\": [true, null, 1.5e3]}\n";

/// Reads a text and asks for every place in it, as a check would.
fn walk(bytes: &[u8]) {
    let manifest = parse(None, bytes.to_vec());
    for document in &manifest.documents {
        let mut waiting = vec![(String::new(), &document.value)];
        while let Some((pointer, value)) = waiting.pop() {
            let found = document.find(&pointer);
            assert!(found.exact, "{pointer} in {:?}", document.text().as_str());
            assert!(document.text().as_str().get(found.value).is_some());
            document.locate(&format!("{pointer}/absent"));
            let escape = |key: &String| key.replace('~', "~0").replace('/', "~1");
            match value {
                Value::Array(list) => waiting.extend(
                    list.iter().enumerate().map(|(at, item)| (format!("{pointer}/{at}"), item)),
                ),
                Value::Object(map) => waiting.extend(
                    map.iter().map(|(key, item)| (format!("{pointer}/{}", escape(key)), item)),
                ),
                _ => {}
            }
        }
    }
}

fn fast(name: &str, text: &str) -> Manifest {
    let start = Instant::now();
    let manifest = read(text);
    // Optimised, each takes far less than a second.
    assert!(start.elapsed() < Duration::from_secs(20), "{name} took {:?}", start.elapsed());
    manifest
}

#[test]
fn depth_is_bounded() {
    let deep = 100_000;
    let block: String = (0..3_000).map(|level| " ".repeat(level) + "a:\n").collect();
    let chain: String = (1..5_000).map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1)).collect();
    let texts = [
        ("[", "a: ".to_owned() + &"[".repeat(deep)),
        ("{", "{a: ".repeat(deep)),
        ("-", "- ".repeat(deep)),
        ("block", block),
        ("json", "{\"a\":".repeat(deep)),
        ("json list", "[".repeat(deep) + &"]".repeat(deep)),
        ("aliases", format!("a0: &a0 [x]\n{chain}")),
    ];
    for (name, text) in texts {
        let manifest = fast(name, &text);
        assert_eq!(manifest.documents.len(), 0, "{name}");
        assert_eq!(manifest.errors.len(), 1, "{name}");
        assert_eq!(manifest.errors[0].message, "nested more than 512 levels deep", "{name}");
    }
    let flow = |depth: usize| format!("a: {}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!((read(&flow(511)).errors.len(), read(&flow(512)).errors.len()), (0, 1));
}

#[test]
fn copies_are_bounded() {
    let name = |at: u8| char::from(b'a' + at);
    let level = |at: u8| {
        let alias = format!("*{},", name(at));
        format!("{}: &{0} [{}]\n", name(at + 1), alias.repeat(10))
    };
    let bomb =
        "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned() + &(0..12).map(level).collect::<String>();
    let long = format!("a: &a {}\nb: [{}]\n", "y".repeat(500_000), "*a, ".repeat(50_000));
    let merges: String =
        (1..3_000).map(|at| format!("m{at}: &m{at} {{<<: *m{}, k{at}: v}}\n", at - 1)).collect();
    let nested: String = (0..400).map(|at| format!("&x{at} [")).collect();
    let nested = format!("a: {nested}{}{}", "y".repeat(300_000), "]".repeat(400));
    let merges = format!("m0: &m0 {{k: v}}\n{merges}");
    for (name, text) in [("bomb", bomb), ("long", long), ("merges", merges), ("nested", nested)] {
        let manifest = fast(name, &text);
        let message = "the anchors and aliases of this file multiply into too much data";
        assert_eq!(manifest.errors[0].message, message, "{name}");
    }
}

#[test]
fn long_texts_take_time_in_proportion() {
    let texts = [
        "a: 'open\n---\n".repeat(20_000),
        "a: [\n---\n".repeat(20_000),
        "---\n".repeat(100_000),
        "%X\n".repeat(50_000),
        format!("a:\n{}  b: 1", "  # c\n".repeat(50_000)),
        (0..30_000).map(|at| format!("k{at}: v\n")).collect(),
        format!("a: [{}]", "x, ".repeat(100_000)),
        "{\"a\":1,\"a\":2}".repeat(20_000),
        "{}".repeat(100_000),
        "\t".repeat(300_000),
        "? ".repeat(100_000),
    ];
    for text in texts {
        fast(&text[..12], &text);
    }
    // The limit of the parser on comments before a value does not show.
    assert!(errors(&format!("a:\n{}  b: 1", "  # c\n".repeat(500))).is_empty());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        walk(&bytes);
    }

    #[test]
    fn any_text(text in "\\PC{0,80}") {
        walk(text.as_bytes());
    }

    #[test]
    fn any_yaml_like_text(text in "([a-c]|[ \n\t-]|: |, |[\\[\\]{}&*!|>'\"#%?]|<<: |- |\n  |é|---\n|\r\n){0,40}") {
        walk(text.as_bytes());
    }

    #[test]
    fn mutated_text(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..4_usize, "[ -~\n\té]{0,3}"), 1..5)
    ) {
        let mut text: Vec<char> = SAMPLE.chars().collect();
        for (at, gone, new) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + gone).min(text.len());
            text.splice(at..end, new.chars());
        }
        walk(text.into_iter().collect::<String>().as_bytes());
    }

    #[test]
    fn json_comes_back(value in any_json()) {
        let value = json!({ "v": value });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let document = one(&text);
            prop_assert_eq!(&document.value, &value);
            walk(text.as_bytes());
        }
    }
}
