//! Streams, lists, encodings, merges, and what happens after an error.

use serde_json::json;

use super::*;

fn values(text: &str) -> Vec<serde_json::Value> {
    read(text).documents.into_iter().map(|document| document.value).collect()
}

#[test]
fn documents_are_separated_and_empty_ones_skipped() {
    let text =
        "# head\n---\n---\na: 1\n--- # next\nb: 2\n...\n---\n# nothing\n---\nnull\n---\nc: 3";
    assert_eq!(values(text), [json!({"a": 1}), json!({"b": 2}), json!({"c": 3})]);
    assert!(errors(text).is_empty());
    assert!(values("").is_empty() && values("\n# c\n").is_empty());
    assert_eq!(values("a: 1\r\n---\r\nb: 2\r\n"), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(values("a: |\n  ---\n  x\nb: ---x\n"), [json!({"a": "---\nx\n", "b": "---x"})]);
}

#[test]
fn directives_stay_with_their_document() {
    assert_eq!(values("%YAML 1.1\n---\na: 1\n"), [json!({"a": 1})]);
    assert_eq!(
        values("a: 1\n...\n%TAG !e! tag:yaml.org,2002:\n# c\n---\nb: !e!str 1\n"),
        [json!({"a": 1}), json!({"b": "1"})]
    );
}

#[test]
fn an_error_leaves_the_other_documents() {
    for broken in ["a: [1, 2", "a: 'open", "a: b: c", "a: 1\na: 2", "a: *none", "\ta: 1", "[1]"] {
        let text = format!("a: 1\n---\n{broken}\n---\nb: 2\n");
        assert_eq!(values(&text), [json!({"a": 1}), json!({"b": 2})], "{broken}");
        let errors = read(&text).errors;
        assert_eq!(errors.len(), 1, "{broken}");
        let line = errors[0].place.unwrap().line;
        assert!((3..=5).contains(&line), "{broken}: line {line}");
    }
}

#[test]
fn errors_say_where_and_why() {
    let cases = [
        ("a: 1\nb: 2\na: 3\n", "3:1: `a` stands twice in this mapping (first at line 1, column 1)"),
        (
            "x: {é: 1, \"é\": 2}",
            "1:11: `é` stands twice in this mapping (first at line 1, column 5)",
        ),
        ("é: 1\nb:\n\tc: 1\n", "3:1: a tab cannot indent YAML"),
        ("a:\n  - \tb\n", "2:5: a tab cannot indent YAML"),
        ("a:\n  b: c\n\td: e\n", "3:1: a tab cannot indent YAML"),
        ("a:\n  b: c\r\n \td: e\r\n", "3:2: a tab cannot indent YAML"),
        ("? [x]\n: 1", "1:3: a key must be a scalar"),
        ("image: {{ .Values.image }}", "1:9: a key must be a scalar"),
        ("a: !!int x", "1:10: `x` is no !!int"),
        ("a: .nan", "1:4: NaN has no place in JSON"),
        ("~: 1", "1:1: a key cannot be null"),
        ("a: &a [*a]", "1:8: the anchor of this alias contains the alias itself"),
        ("a: *b", "1:4: no anchor of this name stands before this alias"),
        (
            "b: &b {x: 1}\na:\n  x: 2\n  <<: *b\n",
            "4:3: this merge brings another `x` into the mapping (first at line 3, column 3)",
        ),
        ("a:\n  <<: 1\n", "2:3: `<<` needs a mapping or a list of mappings"),
        ("- a\n", "1:1: this document is no mapping, so it is no Kubernetes object"),
        (
            "{\"a\": 1, \"a\": 2}",
            "1:10: `a` stands twice in this mapping (first at line 1, column 2)",
        ),
        ("{\"a\": [1, 2}", "1:12: expected `,` or the closing bracket"),
        ("a: 1\n--- b: 2\n", "2:5: kubectl takes nothing but a comment behind `---`"),
        ("a: \"\u{2028}\"", "1:5: kubectl reads the character U+2028 as the end of a line"),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), [expected], "{text:?}");
    }
    let named = parse(Some(Path::new("a/b.yaml")), b"a: 1\na: 1".to_vec());
    assert!(named.errors[0].to_string().starts_with("a/b.yaml:2:1: `a` stands twice"));
}

#[test]
fn only_text_is_read() {
    let error = |bytes: &[u8]| parse(None, bytes.to_vec()).errors.remove(0).to_string();
    assert_eq!(error(b"a: 1\nb: \xc3\xa9\xff\n"), "2:5: byte 0xff is not valid UTF-8");
    assert_eq!(error(b"\xff\xfea\0:\0"), "1:1: the file is UTF-16, not UTF-8");
    assert_eq!(error(b"a\0:\0 \0"), "1:1: the file is UTF-16, not UTF-8");
    assert_eq!(error(b"a: \x07"), "1:4: unexpected character: `\\u{7}'");
    assert_eq!(values("\u{feff}a: 1"), [json!({"a": 1})]);
    assert!(read("\u{feff}a: 1").text.has_bom());
}

#[test]
fn json_is_read_as_json() {
    let text = "{\"a\":\t\"\\u00e9\\ud83d\\ude00\\/\\n\",\n\t\"b\": [1, -0, 1.0, 1e3, true, null]}";
    assert_eq!(values(text), [json!({"a": "é😀/\n", "b": [1, 0, 1.0, 1000.0, true, null]})]);
    let many = "{\"a\":1}{\"a\":2}\n{\"a\":3}\n---\n{\"a\":4}\n---\na: 5\n";
    assert_eq!(values(many).len(), 5);
    let key = "k".repeat(5000);
    assert_eq!(values(&format!("{{\"{key}\": \"on\"}}")), [json!({ key: "on" })]);
    // Text in braces that is no JSON is YAML.
    assert_eq!(values("{a: on, b: [c]}"), [json!({"a": true, "b": ["c"]})]);
    assert_eq!(values("{\"a\": 'x'} # c\n"), [json!({"a": "x"})]);
    let twice = read("{\"a\": 1, \"a\": 2}\n{\"b\": \"}\\\"\"}");
    assert_eq!((twice.errors.len(), twice.documents.len()), (1, 1));
}

#[test]
fn lists_are_taken_apart() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  apiVersion: v1\n\
                - apiVersion: v1\n  kind: PodList\n  items:\n  - metadata: {name: x}\n\
                - kind: Job\n  apiVersion: batch/v1\n---\nkind: List\nitems: [1]\n";
    let documents = read(text).documents;
    let seen: Vec<_> = documents.iter().map(|item| (item.kind(), item.base.as_str())).collect();
    let expected = [
        (Some("Pod"), "/items/0"),
        (Some("Pod"), "/items/1/items/0"),
        (Some("Job"), "/items/2"),
        (Some("List"), ""),
    ];
    assert_eq!(seen, expected);
    assert_eq!((documents[1].api_version(), documents[1].name()), (Some("v1"), Some("x")));
    assert!(documents[0].is_object() && !documents[3].is_object());
}
