//! Expressions that are refused, where and why.

use super::*;
use proptest::prelude::*;

#[test]
fn faults_are_told() {
    for (source, expected) in [
        // Names.
        ("foo", "1:1 undeclared reference to 'foo'"),
        ("1 +\n  foo", "2:3 undeclared reference to 'foo'"),
        ("[1].all(x, y)", "1:12 undeclared reference to 'y'"),
        ("[1].all(x, x > 0) && x", "1:22 undeclared reference to 'x'"),
        ("foo(1)", "1:1 undeclared reference to 'foo'"),
        ("object.foo(1)", "1:8 undeclared reference to 'foo'"),
        ("authorizer.group('')", "1:1 undeclared reference to 'authorizer'"),
        ("variables.replica", "1:11 undeclared reference to 'variables.replica'"),
        ("variables", "1:1 undeclared reference to 'variables'"),
        ("JSONPatch{op: 'add'}", "1:1 undeclared reference to 'JSONPatch'"),
        ("@result", "1:1 unexpected character '@'"),
        // Fields.
        ("object.spec.containers[0].imagee", "1:27 undefined field 'imagee'"),
        ("object.spec.containers.all(c, c.imagee == '')", "1:33 undefined field 'imagee'"),
        ("has(object.spec.prio)", "1:17 undefined field 'prio'"),
        ("object.spec.?prio", "1:14 undefined field 'prio'"),
        ("object.?spec.prio", "1:14 undefined field 'prio'"),
        (
            "object.spec.containers.name",
            "1:24 type 'list(io.k8s.api.core.v1.Container)' does not support field selection",
        ),
        ("'a'.b", "1:5 type 'string' does not support field selection"),
        ("request.object", "1:9 undefined field 'object'"),
        ("namespaceObject.metadata.managedFields", "1:26 undefined field 'managedFields'"),
        ("params.min", "1:8 undefined field 'min'"),
        ("object.metadata.__namespace__", "1:17 undefined field '__namespace__'"),
        // Operators and functions.
        ("1 + 'a'", "1:3 found no matching overload for '_+_' applied to '(int, string)'"),
        ("1 + 1.0", "1:3 found no matching overload for '_+_' applied to '(int, double)'"),
        ("1 == 'a'", "1:3 found no matching overload for '_==_' applied to '(int, string)'"),
        ("1 == 1.0", "1:3 found no matching overload for '_==_' applied to '(int, double)'"),
        (
            "object.metadata.name == null",
            "1:22 found no matching overload for '_==_' applied to '(string, null)'",
        ),
        (
            "[1] == ['a']",
            "1:5 found no matching overload for '_==_' applied to '(list(int), list(string))'",
        ),
        ("'a' < 1", "1:5 found no matching overload for '_<_' applied to '(string, int)'"),
        ("-'a'", "1:1 found no matching overload for '-_' applied to '(string)'"),
        ("-1u", "1:1 found no matching overload for '-_' applied to '(uint)'"),
        ("!1", "1:1 found no matching overload for '!_' applied to '(int)'"),
        ("1 && true", "1:1 expected type 'bool' but found 'int'"),
        ("true || 'a'", "1:9 expected type 'bool' but found 'string'"),
        ("1 ? 2 : 3", "1:3 found no matching overload for '_?_:_' applied to '(int, int, int)'"),
        (
            "true ? 1 : 'a'",
            "1:6 found no matching overload for '_?_:_' applied to '(bool, int, string)'",
        ),
        ("1 in ['a']", "1:3 found no matching overload for '@in' applied to '(int, list(string))'"),
        ("1 in 2", "1:3 found no matching overload for '@in' applied to '(int, int)'"),
        ("[1]['a']", "1:4 found no matching overload for '_[_]' applied to '(list(int), string)'"),
        (
            "{'a': 1}[1]",
            "1:9 found no matching overload for '_[_]' applied to '(map(string, int), int)'",
        ),
        ("1[0]", "1:2 found no matching overload for '_[_]' applied to '(int, int)'"),
        ("size(1)", "1:1 found no matching overload for 'size' applied to '(int)'"),
        ("1.size()", "1:3 found no matching overload for 'size' applied to 'int.()'"),
        (
            "'a'.startsWith(1)",
            "1:5 found no matching overload for 'startsWith' applied to 'string.(int)'",
        ),
        (
            "startsWith('a', 'b')",
            "1:1 found no matching overload for 'startsWith' applied to '(string, string)'",
        ),
        ("'a'.contains()", "1:5 found no matching overload for 'contains' applied to 'string.()'"),
        (
            "optional.of(1).orValue('a')",
            "1:16 found no matching overload for 'orValue' applied to 'optional_type(int).(string)'",
        ),
        (
            "object.spec.containers.size() <= '3'",
            "1:31 found no matching overload for '_<=_' applied to '(int, string)'",
        ),
        // Literals.
        ("[1, 'a']", "1:5 expected type 'int' but found 'string'"),
        ("[1, dyn('a')]", "1:5 expected type 'int' but found 'dyn'"),
        ("{'a': 1, 'b': 'c'}", "1:15 expected type 'int' but found 'string'"),
        ("{'a': 1, 2: 3}", "1:10 expected type 'string' but found 'int'"),
        ("[?1]", "1:3 expected type 'optional_type(int)' but found 'int'"),
        (
            "'a'.matches('(')",
            "1:13 invalid matches argument: no regular expression: unclosed group",
        ),
        (
            "'a'.matches('(?=a)')",
            "1:13 invalid matches argument: no regular expression: look-around, including look-ahead and look-behind, is not supported",
        ),
        (
            "'a'.matches('((a{1000}){1000}){1000}')",
            "1:13 invalid matches argument: the regular expression takes more than 1048576 bytes",
        ),
        // Macros.
        (
            "1.all(x, true)",
            "1:1 expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        (
            "'a'.map(x, x)",
            "1:1 expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        ("[1].all(x, x)", "1:12 expected type 'bool' but found 'int'"),
        (
            "[1].map(x, x, x)",
            "1:5 found no matching overload for '_?_:_' applied to '(int, list(int), list(int))'",
        ),
        ("[1].existsOne(1, true)", "1:5 undeclared reference to 'existsOne'"),
        ("[1].all(1)", "1:5 undeclared reference to 'all'"),
        (
            "optional.of(1).optFlatMap(x, x)",
            "1:16 found no matching overload for '_?_:_' applied to '(bool, int, optional_type(dyn))'",
        ),
        ("1.optMap(x, x)", "1:3 found no matching overload for 'hasValue' applied to 'int.()'"),
    ] {
        assert_eq!(compile(source), expected, "{source}");
    }
    for (source, start) in [
        ("duration('1 hour')", "1:10 invalid duration argument: "),
        ("timestamp(253402300800)", "1:11 invalid timestamp argument: "),
        ("timestamp('yesterday')", "1:11 invalid timestamp argument: "),
        ("[1].map(x, duration('x'))", "1:21 invalid duration argument: "),
    ] {
        assert!(compile(source).starts_with(start), "{source}: {}", compile(source));
    }
}

#[test]
fn the_type_of_the_result_is_looked_at() {
    let refused = |source: &str, expected: &[Type]| {
        Program::compile(source, &environment(), expected).unwrap_err().message
    };
    assert_eq!(refused("1", &[Type::Bool]), "must evaluate to bool but got int");
    assert_eq!(refused("dyn(true)", &[Type::Bool]), "must evaluate to bool but got dyn");
    assert_eq!(
        refused("[1]", &[Type::Bool, Type::String]),
        "must evaluate to one of bool, string but got list(int)"
    );
}

#[test]
fn what_is_meant_is_offered() {
    for (source, expected) in [
        ("object.spec.containers[0].imagee", Some("did you mean 'image'?")),
        ("object.spec.hostNetwrk", Some("did you mean 'hostNetwork'?")),
        ("objct.spec", Some("did you mean 'object'?")),
        ("namespace_object", Some("did you mean 'namespaceObject'?")),
        ("object.metadata.name.startWith('a')", Some("did you mean 'startsWith'?")),
        ("variables.replica", Some("did you mean 'variables.replicas'?")),
        ("variables.x", Some("before this expression there are only: images, replicas")),
        ("object.spec.zzz", Some("io.k8s.api.core.v1.PodSpec has no such field")),
        ("[1].all(contaner, containr)", Some("did you mean 'contaner'?")),
        (
            "object.metadata.name == null",
            Some("fields that are not there are asked for by has(); they are never null"),
        ),
        ("qqq", None),
    ] {
        let error = Program::compile(source, &environment(), &[]).unwrap_err();
        assert_eq!(error.help.as_deref(), expected, "{source}");
    }
    let error = Program::compile("authorizer", &environment(), &[]).unwrap_err();
    assert!(error.help.unwrap().contains("without asking the API server"));
}

#[test]
fn patches_know_their_fields() {
    let environment = environment().with_patches();
    for (source, expected) in [
        ("JSONPatch{op: 1}", "expected type of field 'op' is 'string' but provided type is 'int'"),
        ("JSONPatch{opp: 'add'}", "undefined field 'opp'"),
        ("Other{}", "undeclared reference to 'Other'"),
    ] {
        let error = Program::compile(source, &environment, &[]).unwrap_err();
        assert_eq!(error.message, expected, "{source}");
    }
}

/// Pieces of expressions, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "object",
        ".spec",
        ".containers",
        "[0]",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        " + ",
        " - ",
        "!",
        " && ",
        " || ",
        " ? ",
        " : ",
        "1",
        "1u",
        "1.5",
        "'a'",
        "b'\\x00'",
        "r'\\d'",
        "null",
        "true",
        ".all(x, ",
        ".map(x, ",
        ".optMap(x, ",
        ".transformMap(k, v, ",
        "x",
        "has(",
        ", ",
        ".?",
        "[?",
        "size(",
        ".matches('",
        "')",
        "dyn(",
        "[]",
        "{}",
        " == ",
        " in ",
        "// c\n",
        "é",
        "\\",
        "\"\"\"",
        "type(",
        "optional.none()",
        "JSONPatch{",
        "op: ",
        "duration('",
    ]);
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Program::compile(&text, &environment(), &[]);
    }

    #[test]
    fn no_expression_panics(text in pieces()) {
        struct Nothing;
        impl<'v> Bindings<'v> for Nothing {
            fn get(&self, _: usize, _: &mut Budget) -> Result<Value<'v>, EvalError> {
                Ok(Value::Null)
            }
        }
        if let Ok(program) = Program::compile(&text, &environment().with_patches(), &[]) {
            let _ = program.evaluate(&Nothing, &mut Budget::new(10_000));
        }
    }
}
