//! Many small texts before and after an edit.

use super::*;

/// Cases of a text with its edit.
fn table(cases: &[(&str, Edit, &str)]) {
    for (before, edit, after) in cases {
        check(before, std::slice::from_ref(edit), after);
    }
}

#[test]
fn scalars_keep_their_quotes_where_they_can() {
    table(&[
        ("a: x\n", set("/a", json!("w z")), "a: w z\n"),
        ("a: 'x'\n", set("/a", json!("w")), "a: 'w'\n"),
        ("a: \"x\"\n", set("/a", json!("w")), "a: \"w\"\n"),
        ("a: 'x'\n", set("/a", json!("it's")), "a: 'it''s'\n"),
        ("a: 'x'\n", set("/a", json!("a\nb")), "a: \"a\\nb\"\n"),
        ("a: 'x'\n", set("/a", json!(2)), "a: 2\n"),
        ("a: 2\n", set("/a", json!("2")), "a: \"2\"\n"),
        ("a: 2\nb: 'x'\n", set("/a", json!("2")), "a: '2'\nb: 'x'\n"),
        ("a: x\n", set("/a", json!("on")), "a: \"on\"\n"),
        ("a: x\n", set("/a", json!("yes")), "a: \"yes\"\n"),
        ("a: x\n", set("/a", json!("0777")), "a: \"0777\"\n"),
        ("a: x\n", set("/a", json!("1e3")), "a: \"1e3\"\n"),
        ("a: x\n", set("/a", json!("null")), "a: \"null\"\n"),
        ("a: x\n", set("/a", json!("~")), "a: \"~\"\n"),
        ("a: x\n", set("/a", json!("")), "a: \"\"\n"),
        ("a: x\n", set("/a", json!("2026-11-21")), "a: 2026-11-21\n"),
        ("a: x\n", set("/a", json!("10:30")), "a: \"10:30\"\n"),
        ("a: x\n", set("/a", json!("a: b")), "a: \"a: b\"\n"),
        ("a: x\n", set("/a", json!("a #b")), "a: \"a #b\"\n"),
        ("a: x\n", set("/a", json!("a#b:c")), "a: a#b:c\n"),
        ("a: x\n", set("/a", json!("--flag=[1]")), "a: --flag=[1]\n"),
        ("a: x\n", set("/a", json!("- b")), "a: \"- b\"\n"),
        ("a: x\n", set("/a", json!("{b}")), "a: \"{b}\"\n"),
        ("a: x\n", set("/a", json!(null)), "a: null\n"),
        ("a: x\n", set("/a", json!(0.5)), "a: 0.5\n"),
        ("a:   x   # c\n", set("/a", json!("w")), "a:   w   # c\n"),
        ("a:\tx\t# c\n", set("/a", json!("w")), "a:\tw\t# c\n"),
        ("a:\n  # c\n  x # d\n", set("/a", json!("w")), "a:\n  # c\n  w # d\n"),
        ("a: one\n  two\n\n  three\nb: 1\n", set("/a", json!("w")), "a: w\nb: 1\n"),
        ("a: 'one\n\n  two' # c\nb: 1\n", set("/a", json!("w")), "a: 'w' # c\nb: 1\n"),
        ("a: |  # c\n  one\n\n  two\n\nb: 1\n", set("/a", json!("w")), "a: w  # c\n\nb: 1\n"),
        ("a: |+\n  one\n\n\nb: 1\n", set("/a", json!("w")), "a: w\nb: 1\n"),
        ("a: |-\n \n---\nb: 1\n", set("/a", json!("w")), "a: w\n---\nb: 1\n"),
        ("a: >2-\n    one\n  two\nb: 1\n", set("/a", json!("w")), "a: w\nb: 1\n"),
        ("\"a b\": x\n", set("/a b", json!("w")), "\"a b\": w\n"),
        ("a~b: {c/d: x}\n", set("/a~0b/c~1d", json!("w")), "a~b: {c/d: w}\n"),
        ("a: ünï # ☃\n", set("/a", json!("ü")), "a: ü # ☃\n"),
        ("a: [x, 'w']\n", set("/a/1", json!("a, b")), "a: [x, 'a, b']\n"),
        ("a: [x, w]\n", set("/a/1", json!("a, b")), "a: [x, \"a, b\"]\n"),
        ("a: {b: x}\n", set("/a/b", json!({"c": ["x w", "[z]"]})), "a: {b: {c: [x w, \"[z]\"]}}\n"),
    ]);
}

#[test]
fn empty_values_become_what_they_should_hold() {
    table(&[
        ("a:\n", set("/a", json!(1)), "a: 1\n"),
        ("a:", set("/a/b", json!(1)), "a:\n  b: 1"),
        ("a: # c\nb: 2\n", set("/a/b/c", json!(1)), "a: # c\n  b:\n    c: 1\nb: 2\n"),
        ("a: null  # c\n", append("/a", json!("x")), "a:  # c\n- x\n"),
        ("a: {}\n", set("/a/cpu", json!("100m")), "a: {cpu: 100m}\n"),
        ("a: { }\n", set("/a/cpu", json!("100m")), "a: { cpu: 100m }\n"),
        ("a: []  # c\n", append("/a", json!({"b": 1})), "a: [{b: 1}]  # c\n"),
        ("a: {\n}\n", set("/a/b", json!(1)), "a: {b: 1}\n"),
        ("a: {b: {}}\n", set("/a/b/c", json!([])), "a: {b: {c: []}}\n"),
        ("a:\n-\n- # c\n", set("/a/0/b", json!({"c": 1})), "a:\n-\n  b:\n    c: 1\n- # c\n"),
        ("a:\n- ~\t# c\n", set("/a/0/b", json!(1)), "a:\n- # c\n  b: 1\n"),
        ("? a\n", set("/a", json!(null)), "? a\n"),
        ("{}\n", set("/a/b", json!(1)), "{\"a\": {\"b\": 1}}\n"),
    ]);
}

#[test]
fn new_fields_stand_behind_the_last_one() {
    table(&[
        (
            "a:\n   b: 1\nc: 2\n",
            set("/a/d", json!({"e": 1})),
            "a:\n   b: 1\n   d:\n      e: 1\nc: 2\n",
        ),
        (
            "a:\n    b:\n        c: 1\n",
            set("/a/d/e", json!(1)),
            "a:\n    b:\n        c: 1\n    d:\n        e: 1\n",
        ),
        ("a:\n  l:\n    - x\n", set("/a/m", json!(["w"])), "a:\n  l:\n    - x\n  m:\n    - w\n"),
        ("a:\n  l:\n  - x\n", set("/a/m", json!(["w"])), "a:\n  l:\n  - x\n  m:\n  - w\n"),
        (
            "a:\n  b: 1 # c\n# outer\nc: 1\n",
            set("/a/d", json!(1)),
            "a:\n  b: 1 # c\n  d: 1\n# outer\nc: 1\n",
        ),
        (
            "a:\n  b:\n    c: 1\n    # inner\n  # outer\n",
            set("/a/d", json!(1)),
            "a:\n  b:\n    c: 1\n    # inner\n  d: 1\n  # outer\n",
        ),
        (
            "l:\n- name: x\n  # c\n- name: w\n",
            set("/l/0/z", json!(1)),
            "l:\n- name: x\n  z: 1\n  # c\n- name: w\n",
        ),
        ("l:\n-   name: x\n", set("/l/0/z", json!(1)), "l:\n-   name: x\n    z: 1\n"),
        ("l:\n-\n   name: x\n", set("/l/0/z", json!(1)), "l:\n-\n   name: x\n   z: 1\n"),
        ("l:\n- - x: 1\n", set("/l/0/0/z", json!(1)), "l:\n- - x: 1\n    z: 1\n"),
        ("a: |\n  x\n\n\nb: 1\n", set("/b2", json!(1)), "a: |\n  x\n\n\nb: 1\nb2: 1\n"),
        (
            "b: 1\na: |\n  x\n\n\n---\nc: 1\n",
            set("/b2", json!(1)),
            "b: 1\na: |\n  x\nb2: 1\n\n\n---\nc: 1\n",
        ),
        (
            "b: 1\na: |+\n  x\n\n\n---\nc: 1\n",
            set("/b2", json!(1)),
            "b: 1\na: |+\n  x\n\n\nb2: 1\n---\nc: 1\n",
        ),
        ("a: 1\n...\n# end\n", set("/b", json!(1)), "a: 1\nb: 1\n...\n# end\n"),
        ("\u{feff}a: 1\n", set("/b", json!(1)), "\u{feff}a: 1\nb: 1\n"),
        (
            "--- # c\n# d\na: 1\n--- # e\n",
            set("/b", json!(1)),
            "--- # c\n# d\na: 1\nb: 1\n--- # e\n",
        ),
        ("a: 1\r\nb: {}\r\n", set("/c", json!([1])), "a: 1\r\nb: {}\r\nc:\r\n- 1\r\n"),
        ("a: 1\r\nb: 2", set("/c", json!(1)), "a: 1\r\nb: 2\r\nc: 1"),
        (
            "x: &x {w: 1}\nz: *x\na:\n  b: 1\n",
            set("/a/c", json!(1)),
            "x: &x {w: 1}\nz: *x\na:\n  b: 1\n  c: 1\n",
        ),
        (
            "a: 1\n",
            set("/app.kubernetes.io~1name", json!("x")),
            "a: 1\napp.kubernetes.io/name: x\n",
        ),
        ("a: 1\n", set("/on", json!("x")), "a: 1\n\"on\": x\n"),
        ("a: {b: 1,\n    c: 2}\n", set("/a/d", json!(1)), "a: {b: 1,\n    c: 2, d: 1}\n"),
        (
            "a: {\n  b: 1,\n  c: 2,\n}\n",
            set("/a/d", json!(1)),
            "a: {\n  b: 1,\n  c: 2,\n  d: 1,\n}\n",
        ),
        ("a: {\"b\": 1}\n", set("/a/d", json!("x")), "a: {\"b\": 1, \"d\": \"x\"}\n"),
        ("{\"a\": 1}", set("/b", json!([{"c": "d"}])), "{\"a\": 1, \"b\": [{\"c\": \"d\"}]}"),
        (
            "{\n\t\"a\": []\n}\n",
            set("/b", json!({"c": 1})),
            "{\n\t\"a\": [],\n\t\"b\": {\n\t\t\"c\": 1\n\t}\n}\n",
        ),
        ("{\n\t\"a\": []\n}\n", append("/a", json!("c")), "{\n\t\"a\": [\n\t\t\"c\"\n\t]\n}\n"),
    ]);
}

#[test]
fn new_items_stand_behind_the_last_one() {
    table(&[
        ("l:\n- a # c\n# d\nx: 1\n", append("/l", json!("b")), "l:\n- a # c\n- b\n# d\nx: 1\n"),
        (
            "l:\n    - a\n",
            append("/l", json!({"b": 1, "c": [1]})),
            "l:\n    - a\n    - b: 1\n      c:\n          - 1\n",
        ),
        ("l:\n-   a\n", append("/l", json!("b")), "l:\n-   a\n-   b\n"),
        ("l:\n- - a\n  - b\n", append("/l/0", json!("c")), "l:\n- - a\n  - b\n  - c\n"),
        ("l:\n- a\n", append("/l", json!(["b", "c"])), "l:\n- a\n- - b\n  - c\n"),
        ("l: [a, b]\n", append("/l", json!("c")), "l: [a, b, c]\n"),
        ("l: [ a, b, ]\n", append("/l", json!("c")), "l: [ a, b, c, ]\n"),
        (
            "l: [\n  a, # c\n  b # d\n]\n",
            append("/l", json!("c")),
            "l: [\n  a, # c\n  b, # d\n  c\n]\n",
        ),
        ("a: 1\n", append("/l", json!("c")), "a: 1\nl:\n- c\n"),
        ("l: [a, c]\n", set("/l", json!(["a", "b", "c"])), "l: [a, b, c]\n"),
        ("l:\n- c # c\n", set("/l", json!(["a", "c"])), "l:\n- a\n- c # c\n"),
    ]);
}

#[test]
fn what_is_removed_takes_along_what_is_its_own() {
    table(&[
        ("a: 1 # a\n# b\nb: 2 # b\nc: 3\n", remove("/b"), "a: 1 # a\n# b\nc: 3\n"),
        ("a: 1\nb: 2 # b\n# end\n", remove("/b"), "a: 1\n# end\n"),
        ("a: 1\nb:\n  c: 1\n  # in b\n# end\n", remove("/b"), "a: 1\n# end\n"),
        ("a:\n  b: 1 # b\n  # c\n", remove("/a/b"), "a: {}\n  # c\n"),
        ("a: # c\n  b: 1\n", remove("/a/b"), "a: {} # c\n"),
        ("l:\n- a\n", remove("/l/0"), "l: []\n"),
        ("l:\n- a # a\n# b\n- b # b\n", remove("/l/0"), "l:\n# b\n- b # b\n"),
        ("l:\n- a: 1 # a\n  b: 2 # b\n", remove("/l/0/a"), "l:\n- b: 2 # b\n"),
        ("l:\n- a: 1 # a\n  # b\n  b: 2\n", remove("/l/0/a"), "l:\n-\n  # b\n  b: 2\n"),
        ("l:\n- a: 1 # a\n- b: 2\n", remove("/l/0/a"), "l:\n- {}\n- b: 2\n"),
        ("l:\n- - a\n  - b\n", remove("/l/0/0"), "l:\n- - b\n"),
        ("a: |+\n  x\n\nb: 1\n\n\nc: 2\n", remove("/b"), "a: |+\n  x\n\nc: 2\n"),
        ("a: |\n  x\nb: |\n  w\n\nc: 2\n", remove("/b"), "a: |\n  x\n\nc: 2\n"),
        ("a: {b: 1, c: 2, d: 3}\n", remove("/a/c"), "a: {b: 1, d: 3}\n"),
        ("a: {b: 1, c: 2,}\n", remove("/a/c"), "a: {b: 1,}\n"),
        ("a: [x,\n    w,\n    z]\n", remove("/a/1"), "a: [x,\n    z]\n"),
        ("a: [x, w,\n    z]\n", remove("/a/1"), "a: [x,\n    z]\n"),
        ("a: [x]\n", remove("/a/0"), "a: []\n"),
        ("{\"a\":1,\"b\":2}", remove("/b"), "{\"a\":1}"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", remove("/b"), "{\n  \"a\": 1\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", remove("/a"), "{\n  \"b\": 2\n}\n"),
        ("? a\n: 1\n? b\n: 2\n", remove("/a"), "? b\n: 2\n"),
        ("a: 1\r\nb: 2\r\nc: 3\r\n", remove("/b"), "a: 1\r\nc: 3\r\n"),
        ("a: 1\n", remove("/b"), "a: 1\n"),
    ]);
}

#[test]
fn values_can_become_others() {
    table(&[
        ("a: x # c\nb: 1\n", set("/a", json!({"c": 1})), "a: # c\n  c: 1\nb: 1\n"),
        ("a:\n  c: 1 # c\nb: 1\n", set("/a", json!("x")), "a: x\nb: 1\n"),
        ("a:\n- c: 1\n  d: 1\n- e\n", set("/a/0", json!("x")), "a:\n- x\n- e\n"),
        ("a:\n- c\nb: 1\n", set("/a", json!({"c": 1})), "a:\n  c: 1\nb: 1\n"),
        ("a:\n  c: 1\nb: 1\n", set("/a", json!(["x"])), "a:\n  - x\nb: 1\n"),
        ("a: [x]\n", set("/a", json!({"c": 1})), "a:\n  c: 1\n"),
        (
            "a:\n  b: 1 # b\n  c: 2 # c\n",
            set("/a", json!({"b": 1, "c": 3})),
            "a:\n  b: 1 # b\n  c: 3 # c\n",
        ),
        ("a:\n  b: 1\n", set("/a", json!({})), "a: {}\n"),
        ("a:\n  b: 1 # b\n", set("/a", json!({"c": 2})), "a:\n  c: 2\n"),
    ]);
}

#[test]
fn later_edits_see_what_earlier_ones_did() {
    let edits = [
        set("/a/b", json!({})),
        set("/a/b/c", json!(1)),
        append("/a/l", json!({"x": 1})),
        set("/a/l/0/w", json!(2)),
        remove("/a/l/0/x"),
        remove("/k"),
        set("/k", json!(2)),
    ];
    check("k: 1 # k\n", &edits, "k: 2 # k\na:\n  b:\n    c: 1\n  l:\n  - w: 2\n");
    check("l: [a, b, c]\n", &[remove("/l/0"), set("/l/0", json!("x"))], "l: [x, c]\n");
    check("a: 1\n", &[set("/b", json!(1)), remove("/b")], "a: 1\n");
}

#[test]
fn one_document_of_many_is_edited() {
    let text = "kind: A\n--- # two\nkind: B\nl: []\n---\nkind: C\n";
    let found = edited_at(text, 1, &[append("/l", json!(1)), set("/x", json!(2))]).unwrap();
    assert_eq!(found, text.replace("l: []\n", "l: [1]\nx: 2\n"));
    let list = "apiVersion: v1\nkind: List\nitems:\n- kind: A # a\n  # b\n- kind: B\n# c\n";
    let found = edited_at(list, 0, &[set("/x", json!(2))]).unwrap();
    assert_eq!(found, list.replace("# a\n", "# a\n  x: 2\n"));
    let found = edited_at(list, 1, &[set("/x/z", json!(2)), remove("/kind")]).unwrap();
    assert_eq!(found, list.replace("- kind: B\n", "- x:\n    z: 2\n"));
    let found = edited_at(list, 1, &[remove("/kind")]).unwrap();
    assert_eq!(found, list.replace("- kind: B\n", "- {}\n"));
}
