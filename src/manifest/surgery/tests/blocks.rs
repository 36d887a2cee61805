//! Edits in blocks.

use super::*;

const POD: &str = "\
# A pod.
kind: Pod
metadata:
  name: a  # its name
spec:
  # all of them
  containers:
  - name: x
    image: 'x:1' # pinned
    imagePullPolicy: 'Always'
    resources: {}
    # the end of x
  # in front of y
  - name: y
    image: y
# the end
";

#[test]
fn scalars() {
    check(
        POD,
        &[set("/spec/containers/0/imagePullPolicy", json!("IfNotPresent"))],
        &POD.replace("'Always'", "'IfNotPresent'"),
    );
    check(
        POD,
        &[set("/spec/containers/1/image", json!("z:2"))],
        &POD.replace("image: y", "image: z:2"),
    );
    check(
        POD,
        &[set("/spec/containers/1/image", json!("2"))],
        &POD.replace("image: y", "image: '2'"),
    );
    check(POD, &[set("/metadata/name", json!("b"))], &POD.replace("name: a", "name: b"));
    check(
        POD,
        &[set("/spec/containers/0/resources/limits/cpu", json!("100m"))],
        &POD.replace("{}", "{limits: {cpu: 100m}}"),
    );
}

#[test]
fn fields() {
    check(
        POD,
        &[set("/spec/dnsPolicy", json!("Default"))],
        &POD.replace("image: y\n", "image: y\n  dnsPolicy: Default\n"),
    );
    check(
        POD,
        &[set("/spec/containers/0/tty", json!(true))],
        &POD.replace("{}\n", "{}\n    tty: true\n"),
    );
    check(
        POD,
        &[set("/spec/containers/1/resources/limits/cpu", json!("1"))],
        &POD.replace("image: y\n", "image: y\n    resources:\n      limits:\n        cpu: '1'\n"),
    );
    check(
        POD,
        &[append("/spec/containers", json!({"name": "z", "args": ["a", "b"]}))],
        &POD.replace("image: y\n", "image: y\n  - args:\n    - a\n    - b\n    name: z\n"),
    );
}

#[test]
fn removals() {
    check(POD, &[remove("/spec/containers/1")], &POD.replace("  - name: y\n    image: y\n", ""));
    check(
        POD,
        &[remove("/spec/containers/0")],
        &POD.replace(&POD[POD.find("  - name: x").unwrap()..POD.find("  # in front").unwrap()], ""),
    );
    check(
        POD,
        &[remove("/metadata/name")],
        &POD.replace("metadata:\n  name: a  # its name\n", "metadata: {}\n"),
    );
    check(
        POD,
        &[remove("/spec/containers/0/name")],
        &POD.replace("- name: x\n    image", "- image"),
    );
}

#[test]
fn more() {
    let empty = "a:\n  resources: # none\n  x: ~ # c\n  l:\n  -\n  - # d\nb:\n";
    check(
        empty,
        &[set("/a/resources/limits/cpu", json!(1))],
        &empty.replace("# none\n", "# none\n    limits:\n      cpu: 1\n"),
    );
    check(empty, &[set("/a/x/k", json!(1))], &empty.replace(" ~ # c\n", " # c\n    k: 1\n"));
    check(empty, &[set("/a/x", json!("on"))], &empty.replace("~", "\"on\""));
    check(empty, &[set("/a/l/0/x", json!("on"))], &empty.replace("  -\n", "  -\n    x: \"on\"\n"));
    check(empty, &[set("/a/l/1", json!("b"))], &empty.replace("- # d", "- b # d"));
    check(empty, &[append("/a/l", json!("b"))], &empty.replace("# d\n", "# d\n  - b\n"));
    check(
        empty,
        &[append("/b", json!("b"))],
        "a:\n  resources: # none\n  x: ~ # c\n  l:\n  -\n  - # d\nb:\n- b\n",
    );
    check("a: 1", &[set("/b/c", json!([]))], "a: 1\nb:\n  c: []");
    check(
        "a: 1\r\nb: 2\r\n",
        &[set("/c/c", json!({"x": [1]}))],
        "a: 1\r\nb: 2\r\nc:\r\n  c:\r\n    x:\r\n    - 1\r\n",
    );
    check("a: 1\nb: |+\n  x\n\n", &[set("/c", json!(1))], "a: 1\nb: |+\n  x\n\nc: 1\n");
    check("a: |+\n  x\n\nb: 1", &[remove("/b")], "a: |+\n  x\n\n");
    check("a: |\n  x\n\nb: 1", &[remove("/b")], "a: |\n  x\n");
    check("a: 1\nb: 1", &[remove("/b")], "a: 1");
    check("a: 1\nb: 1\n", &[remove("/a"), remove("/b")], "{}\n");
    check(
        "l:\n- - a\n  - b\n-   x: 1\n    y: 2\n",
        &[remove("/l/0/0"), append("/l", json!({"u": 1, "v": 2}))],
        "l:\n- - b\n-   x: 1\n    y: 2\n-   u: 1\n    v: 2\n",
    );
    check("? a\n: b\n? c\n: d\n", &[set("/a", json!("x")), remove("/c")], "? a\n: x\n");
}

#[test]
fn brackets() {
    check("a: {b: 1, c: 2}\n", &[set("/a/d", json!("x, y"))], "a: {b: 1, c: 2, d: \"x, y\"}\n");
    check("a: { b: 1, c: 2, }\n", &[set("/a/d", json!(3))], "a: { b: 1, c: 2, d: 3, }\n");
    check("a: {b: 1, c: 2}\n", &[remove("/a/b")], "a: {c: 2}\n");
    check("a: { b: 1, c: 2 }\n", &[remove("/a/c")], "a: { b: 1 }\n");
    check("a: { b: 1, c: 2 }\n", &[remove("/a/c"), remove("/a/b")], "a: {}\n");
    check(
        "a: [1, 2]\n",
        &[append("/a", json!(3)), append("/a", json!({"b": 4}))],
        "a: [1, 2, 3, {b: 4}]\n",
    );
    check(
        "a: {\n  b: 1, # b\n  c: 2 # c\n}\n",
        &[set("/a/d", json!(3))],
        "a: {\n  b: 1, # b\n  c: 2, # c\n  d: 3\n}\n",
    );
    check("a: {\n  b: 1, # b\n  c: 2 # c\n}\n", &[remove("/a/c")], "a: {\n  b: 1 # b\n}\n");
    check("a: {\n  b: 1, # b\n  c: 2 # c\n}\n", &[remove("/a/b")], "a: {\n  c: 2 # c\n}\n");
    check("a: {b, c: }\n", &[set("/a/b", json!(1)), set("/a/c", json!(1))], "a: {b: 1, c: 1 }\n");
    check(
        "{\"a\":{\"b\":1}}",
        &[set("/a/c/d", json!("x"))],
        "{\"a\":{\"b\":1,\"c\":{\"d\":\"x\"}}}",
    );
    check(
        "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"r\": {}\n}\n",
        &[set("/a/c/d", json!("x")), set("/r/x/k", json!([1]))],
        "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": \"x\"\n    }\n  },\n  \"r\": {\n    \"x\": {\n      \"k\": [\n        1\n      ]\n    }\n  }\n}\n",
    );
}

#[test]
fn refusals() {
    let text = "a: &a\n  b: 1\nc: *a\nd:\n  <<: *a\n  e: 1\nf: !!str 1\n";
    let anchored = "1:1: this is anchored, so other places can share its text";
    assert_eq!(refused(text, &[set("/a/b", json!(2))]), anchored);
    assert_eq!(refused(text, &[remove("/a")]), anchored);
    let alias = "3:1: this is an alias, and what it stands for serves other places too";
    assert_eq!(refused(text, &[set("/c/b", json!(2))]), alias);
    assert_eq!(
        refused(text, &[set("/d/b", json!(2))]),
        "4:1: this field comes through a merge key"
    );
    assert_eq!(
        refused(text, &[set("/f", json!("2"))]),
        "7:1: a tag or an anchor stands in front of this value"
    );
    assert_eq!(
        refused("a: \"{{ .Values.x }}\"\n", &[set("/b", json!(1))]),
        "1:5: this is a template, which only its engine turns into YAML"
    );
    check(
        text,
        &[set("/d/f", json!(1)), set("/a/b", json!(1))],
        &text.replace("e: 1\n", "e: 1\n  f: 1\n"),
    );
}

/// For the parser such a list starts with its first item, behind the dash.
#[test]
fn lists_at_the_indent_of_their_key_whose_items_are_flow() {
    for (text, wanted) in [
        ("a:\n- {b: 1}\n", "a:\n- {b: 1}\n- 2\n"),
        ("a: # x\n- [b]\n# y\n", "a: # x\n- [b]\n- 2\n# y\n"),
        ("c:\n  a:\n  - [b]\n  - {c: 1}\nd: 1\n", "c:\n  a:\n  - [b]\n  - {c: 1}\n  - 2\nd: 1\n"),
    ] {
        let at = if text.starts_with('a') { "/a" } else { "/c/a" };
        check(text, &[append(at, json!(2))], wanted);
    }
}

#[test]
fn a_block_list_may_start_with_a_bracket() {
    let text = "cases:\n- {a: 1}\n- b: 1\n  c: 2\n- [d]\n";
    check(
        text,
        &[set("/cases/1/x", json!(3)), remove("/cases/1/c")],
        "cases:\n- {a: 1}\n- b: 1\n  x: 3\n- [d]\n",
    );
}
