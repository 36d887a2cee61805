//! Where fields stand.

use super::*;

/// The place of a field as `(line, column, the text there)`.
fn at(document: &Document, pointer: &str) -> (usize, usize, String) {
    let range = document.find(pointer).highlight();
    let place = document.locate(pointer);
    (place.line, place.column, document.text().as_str()[range].to_owned())
}

fn place(text: &str, pointer: &str) -> (usize, usize, String) {
    at(&one(text), pointer)
}

fn is(line: usize, column: usize, text: &str) -> (usize, usize, String) {
    (line, column, text.to_owned())
}

const POD: &str = "\
kind: Pod
spec:
  containers:
  - name: a
    image: \"x:1\"  # pinned
    resources: {limits: {cpu: 1}, requests: }
  - {name: b, image: y}
  hostNetwork:
";

#[test]
fn scalars_stand_at_their_value() {
    assert_eq!(place(POD, "/kind"), is(1, 7, "Pod"));
    assert_eq!(place(POD, "/spec/containers/0/image"), is(5, 12, "\"x:1\""));
    assert_eq!(place(POD, "/spec/containers/0/resources/limits/cpu"), is(6, 31, "1"));
    assert_eq!(place(POD, "/spec/containers/1/image"), is(7, 22, "y"));
    let end = one(POD).locate("/spec/containers/0/image");
    assert_eq!((end.end_line, end.end_column), (5, 17));
}

#[test]
fn collections_and_empty_values_stand_at_their_key() {
    assert_eq!(place(POD, "/spec/containers"), is(3, 3, "containers"));
    assert_eq!(place(POD, "/spec/hostNetwork"), is(8, 3, "hostNetwork"));
    assert_eq!(place(POD, "/spec/containers/0/resources/requests"), is(6, 35, "requests"));
    let found = one(POD).find("/spec/containers/0/resources");
    assert_eq!(&POD[found.value], "{limits: {cpu: 1}, requests: }");
    assert!(found.exact && !found.shared);
}

#[test]
fn absent_fields_stand_at_the_nearest_parent() {
    assert_eq!(place(POD, "/spec/containers/0/resources/limits/memory"), is(6, 17, "limits"));
    assert_eq!(place(POD, "/spec/dnsConfig/options/0"), is(2, 1, "spec"));
    assert_eq!(place(POD, "/spec/containers/7/image"), is(3, 3, "containers"));
    assert_eq!(place(POD, "/spec/containers/1/x"), is(7, 5, "{name: b, image: y}"));
    // An item without a key: its first line.
    assert_eq!(place(POD, "/spec/containers/0/x"), is(4, 5, "name: a"));
    assert_eq!(place(POD, "/metadata"), is(1, 1, "kind: Pod"));
    assert!(!one(POD).find("/metadata").exact);
    assert_eq!(place(POD, "no pointer"), is(1, 1, "kind: Pod"));
}

#[test]
fn pointers_are_unescaped_and_keys_compared_as_read() {
    let text = "a/b: {c~d: 1}\n\"\\u0065\": 2\n'it''s': 3\non: 4\n\"q\": 5\n? z\n: 6\n";
    assert_eq!(place(text, "/a~1b/c~0d"), is(1, 12, "1"));
    assert_eq!(place(text, "/e"), is(2, 11, "2"));
    assert_eq!(place(text, "/it's"), is(3, 10, "3"));
    assert_eq!(place(text, "/true"), is(4, 5, "4"));
    assert_eq!(place(text, "/q"), is(5, 6, "5"));
    assert_eq!(place(text, "/z"), is(7, 3, "6"));
}

#[test]
fn aliases_and_merges_stand_where_the_text_is() {
    let text = "\
base: &base
  image: x:1
  limits: &limits {cpu: 1}
a:
  <<: *base
  name: a
b: {<<: [*base, {extra: 1}], image: y}
c: {limits: *limits}
d: *base
e: {<<: {inline: 2}}
";
    let document = one(text);
    assert_eq!(at(&document, "/a/image"), is(2, 10, "x:1"));
    assert_eq!(at(&document, "/a/limits/cpu"), is(3, 25, "1"));
    assert_eq!(at(&document, "/a/name"), is(6, 9, "a"));
    assert_eq!(at(&document, "/b/image"), is(7, 37, "y"));
    assert_eq!(at(&document, "/b/extra"), is(7, 25, "1"));
    assert_eq!(at(&document, "/c/limits/cpu"), is(3, 25, "1"));
    assert_eq!(at(&document, "/d/image"), is(2, 10, "x:1"));
    assert_eq!(at(&document, "/e/inline"), is(10, 18, "2"));
    // What is absent from a merge is absent from the mapping that merges.
    assert_eq!(at(&document, "/a/absent"), is(4, 1, "a"));
    let shared = |pointer| document.find(pointer).shared;
    assert!(shared("/a/image") && shared("/base/image") && shared("/c/limits") && shared("/d"));
    assert!(!shared("/a/name") && !shared("/b/image") && !shared("/c"));
}

#[test]
fn anchors_and_tags_are_not_part_of_the_value() {
    let text = "a: &x !!str 12\n&k b: 1\nc: !!map\n  d: *x\ne: &y\n  f: 1\n";
    assert_eq!(place(text, "/a"), is(1, 13, "12"));
    assert_eq!(place(text, "/b"), is(2, 7, "1"));
    assert_eq!(place(text, "/c/d"), is(1, 13, "12"));
    assert_eq!(place(text, "/e"), is(5, 1, "e"));
}

#[test]
fn columns_count_characters() {
    let text = "\u{feff}\"é😀\": {ü: 1, x: ß}\r\ny: |\r\n  ä\r\nz: 1\r\n";
    assert_eq!(place(text, "/é😀/ü"), is(1, 11, "1"));
    assert_eq!(place(text, "/é😀/x"), is(1, 17, "ß"));
    assert_eq!(place(text, "/z"), is(4, 4, "1"));
}

#[test]
fn block_scalars_reach_from_their_header_to_their_text() {
    let text = "a: &x |-  # > c\n  one\n\n  two\n\n\nb: >2\n\n    x\n# c\nc: |\nd: \"a\n  b\"\ne: f\n  g\n";
    assert_eq!(place(text, "/a"), is(1, 7, "|-  # > c\n  one\n\n  two"));
    assert_eq!(place(text, "/b"), is(7, 4, ">2\n\n    x"));
    assert_eq!(place(text, "/d"), is(12, 4, "\"a\n  b\""));
    assert_eq!(place(text, "/e"), is(14, 4, "f\n  g"));
    assert_eq!(one(text).value["c"], "");
}

#[test]
fn later_documents_and_items_count_from_the_start_of_the_file() {
    let text = "{\"a\": 1}\n---\n# c\nb: 2\n...\n---\napiVersion: v1\nkind: List\nitems:\n- c: 3\n- &x\n  d: {e: 4}\n- *x\n";
    let documents = read(text).documents;
    assert_eq!(at(&documents[0], "/a"), is(1, 7, "1"));
    assert_eq!(at(&documents[1], "/b"), is(4, 4, "2"));
    assert_eq!(at(&documents[2], "/c"), is(10, 6, "3"));
    assert_eq!(at(&documents[3], "/d/e"), is(12, 10, "4"));
    assert_eq!(at(&documents[4], "/d/e"), is(12, 10, "4"));
    assert_eq!(documents[4].base, "/items/2");
}

#[test]
fn long_lines_are_counted_in_characters() {
    let filler = "é".repeat(20_000);
    let text = format!("{{\"a\": \"{filler}\", \"b\": [1, 2]}}\n");
    assert_eq!(place(&text, "/b/1"), is(1, 20_000 + 18 + 2, "2"));
}

#[test]
fn json_positions_match_its_text() {
    let text = "{\n\t\"a\": {\"b\\n\": [true, \"x\"]},\n\t\"c\": {}\n}";
    assert_eq!(place(text, "/a/b\n/1"), is(2, 22, "\"x\""));
    assert_eq!(place(text, "/a"), is(2, 2, "\"a\""));
    assert_eq!(place(text, "/c/d"), is(3, 2, "\"c\""));
}

#[test]
fn no_place_lies_beyond_the_text() {
    for text in ["? a", "a:", "a: >", "? b\n: c", "a: |+\n ", "{a: 1}"] {
        let document = one(text);
        let key = document.value.as_object().unwrap().keys().next().unwrap();
        let found = document.find(&format!("/{key}"));
        assert!(text.get(found.value.clone()).is_some(), "{text:?}: {found:?}");
        assert!(text.get(found.key.clone().unwrap()).is_some(), "{text:?}: {found:?}");
    }
}
