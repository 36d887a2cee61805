use super::{Kind, MAX_LENGTH, Syntax, Text, parse};
use crate::cel::ast::Literal;

fn show(syntax: &Syntax) -> String {
    let list = |parts: &[Syntax]| parts.iter().map(show).collect::<Vec<_>>().join(", ");
    match &syntax.kind {
        Kind::Literal(Literal::Int(number)) => number.to_string(),
        Kind::Literal(Literal::Uint(number)) => format!("{number}u"),
        Kind::Literal(Literal::Double(number)) => format!("{number:?}"),
        Kind::Literal(Literal::String(text)) => format!("{text:?}"),
        Kind::Literal(Literal::Bytes(bytes)) => format!("b{bytes:?}"),
        Kind::Literal(Literal::Bool(value)) => value.to_string(),
        Kind::Literal(Literal::Null) => "null".to_owned(),
        Kind::Name(name) => name.to_string(),
        Kind::Select { operand, field, is_optional, is_test } => {
            let selected =
                format!("{}.{}{field}", show(operand), if *is_optional { "?" } else { "" });
            if *is_test { format!("has({selected})") } else { selected }
        }
        Kind::Call { function, target: Some(target), arguments } => {
            format!("{}.{function}({})", show(target), list(arguments))
        }
        Kind::Call { function, target: None, arguments } => {
            format!("{function}({})", list(arguments))
        }
        Kind::List(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| {
                    format!("{}{}", if item.is_optional { "?" } else { "" }, show(&item.value))
                })
                .collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let mark = if entry.value.is_optional { "?" } else { "" };
                    format!("{mark}{}: {}", show(&entry.key), show(&entry.value.value))
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Kind::Message { name, fields } => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| {
                    let mark = if field.value.is_optional { "?" } else { "" };
                    format!("{mark}{}: {}", field.name, show(&field.value.value))
                })
                .collect();
            format!("{name}{{{}}}", fields.join(", "))
        }
        Kind::Comprehension(parts) => format!(
            "fold({} as {}{}; {} = {}; while {}; {}; {})",
            show(&parts.range),
            parts.variable,
            parts.second.as_ref().map(|name| format!(" {name}")).unwrap_or_default(),
            parts.accumulator,
            show(&parts.initial),
            show(&parts.condition),
            show(&parts.step),
            show(&parts.result)
        ),
    }
}

fn read(source: &str) -> String {
    match parse(&Text::new(source)) {
        Ok(syntax) => show(&syntax),
        Err(error) => {
            format!("{}:{} {}", error.position.line, error.position.column, error.message)
        }
    }
}

#[test]
fn what_is_written_is_read() {
    for (source, tree) in [
        ("1 + 2 * 3 - 4", "_-_(_+_(1, _*_(2, 3)), 4)"),
        ("(1 + 2) * 3", "_*_(_+_(1, 2), 3)"),
        ("a < b == c", "_==_(_<_(a, b), c)"),
        ("a in b && c || d", "_||_(_&&_(@in(a, b), c), d)"),
        ("a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))"),
        ("a || b ? c && d : e", "_?_:_(_||_(a, b), _&&_(c, d), e)"),
        ("!a", "!_(a)"),
        ("!!a", "a"),
        ("!!!a.b", "!_(a.b)"),
        ("-a", "-_(a)"),
        ("--a", "a"),
        ("-1", "-1"),
        ("--1", "-_(-1)"),
        ("---1", "-1"),
        ("1 - -1", "_-_(1, -1)"),
        ("1-1", "_-_(1, 1)"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775807", "9223372036854775807"),
        ("0xff", "255"),
        ("-0x10", "-16"),
        ("0xffu", "255u"),
        ("18446744073709551615u", "18446744073709551615u"),
        ("1.5e3", "1500.0"),
        (".5", "0.5"),
        ("-.5e-1", "-0.05"),
        ("1e3", "1000.0"),
        ("1.size()", "1.size()"),
        ("'a\\n\\t\\\\\\'\\u00e9\\U0001F431\\x41\\101'", "\"a\\n\\t\\\\'é🐱AA\""),
        ("r'a\\n'", "\"a\\\\n\""),
        ("R\"\"\"a\"b\\\"\"\"", "\"a\\\"b\\\\\""),
        ("'''a'\nb'''", "\"a'\\nb\""),
        ("\"\"\"a\r\nb\"\"\"", "\"a\\nb\""),
        ("''", "\"\""),
        ("''''''", "\"\""),
        ("b'\\xff\\377é'", "b[255, 255, 195, 169]"),
        ("br'\\x'", "b[92, 120]"),
        ("B\"a\"", "b[97]"),
        ("[1, 2,]", "[1, 2]"),
        ("[?a, b]", "[?a, b]"),
        ("{'a': 1, ?'b': c,}", "{\"a\": 1, ?\"b\": c}"),
        ("{}", "{}"),
        ("a.?b[?c][0].d", "_[_](_[?_](a.?b, c), 0).d"),
        ("a.b.c(1, 2).d()", "a.b.c(1, 2).d()"),
        ("f(1)", "f(1)"),
        (".a.b", "a.b"),
        ("a.namespace", "a.namespace"),
        ("Object{spec: Object.spec{?a: 1,}}", "Object{spec: Object.spec{?a: 1}}"),
        ("has(a.b.c)", "has(a.b.c)"),
        ("// why\na // that\n", "a"),
        ("x.map(y, z)", "fold(x as y; @result = []; while true; _+_(@result, [z]); @result)"),
        (
            "x.map(y, p, z)",
            "fold(x as y; @result = []; while true; _?_:_(p, _+_(@result, [z]), @result); @result)",
        ),
        (
            "x.filter(y, p)",
            "fold(x as y; @result = []; while true; _?_:_(p, _+_(@result, [y]), @result); @result)",
        ),
        (
            "x.all(y, p)",
            "fold(x as y; @result = true; while @not_strictly_false(@result); _&&_(@result, p); @result)",
        ),
        (
            "x.exists(i, y, p)",
            "fold(x as i y; @result = false; while @not_strictly_false(!_(@result)); _||_(@result, p); @result)",
        ),
        (
            "x.exists_one(y, p)",
            "fold(x as y; @result = 0; while true; _?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))",
        ),
        (
            "x.transformMap(k, v, v)",
            "fold(x as k v; @result = {}; while true; cel.@mapInsert(@result, k, v); @result)",
        ),
        (
            "x.transformMapEntry(k, v, p, {v: k})",
            "fold(x as k v; @result = {}; while true; _?_:_(p, cel.@mapInsert(@result, {v: k}), @result); @result)",
        ),
        (
            "x.optFlatMap(v, w)",
            "fold([] as @unused; @target = x; while false; @target; _?_:_(@target.hasValue(), fold([] as @unused; v = @target.value(); while false; v; w), optional.none()))",
        ),
        ("x.map(a)", "x.map(a)"),
        ("all(a, b)", "all(a, b)"),
        ("[1, 2].has(a)", "[1, 2].has(a)"),
    ] {
        assert_eq!(read(source), tree, "{source}");
    }
}

#[test]
fn faults_are_told_where_they_are() {
    for (source, error) in [
        ("", "1:1 the expression ends where a value is expected"),
        ("1 +", "1:4 the expression ends where a value is expected"),
        ("1 2", "1:3 found '2' where an operator or the end is expected"),
        ("(1", "1:3 the expression ends where ')' is expected"),
        ("1)", "1:2 found ')' where an operator or the end is expected"),
        ("[1, , 2]", "1:5 found ',' where a value is expected"),
        ("[,]", "1:2 found ',' where a value is expected"),
        ("{'a' 1}", "1:6 found '1' where ':' is expected"),
        ("a.", "1:3 the expression ends where the name of a field or function is expected"),
        ("a.in", "1:3 found 'in' where the name of a field or function is expected"),
        ("a.`b`", "1:3 names in backticks are not supported"),
        ("a = b", "1:3 '=' is no operator; two values are compared by '=='"),
        ("a & b", "1:3 unexpected character '&'"),
        ("é + 1", "1:1 unexpected character 'é'"),
        ("\n  'é' + $", "2:9 unexpected character '$'"),
        ("'a", "1:1 the text has no closing quote"),
        ("'a\nb'", "1:1 the text does not end on its line"),
        ("'''a''", "1:1 the text has no closing quote"),
        (
            "'a\\d'",
            "1:3 there is no such escape; a backslash itself is written '\\\\', or the text as r'…'",
        ),
        ("'\\ud800'", "1:2 no character has this number"),
        ("'\\u12'", "1:2 digits of the escape are missing"),
        ("'\\u+123'", "1:2 digits of the escape are missing"),
        (
            "'\\400'",
            "1:2 there is no such escape; a backslash itself is written '\\\\', or the text as r'…'",
        ),
        (
            "b'\\u0041'",
            "1:3 there is no such escape; a backslash itself is written '\\\\', or the text as r'…'",
        ),
        ("9223372036854775808", "1:1 the number is out of the range of int"),
        ("18446744073709551616u", "1:1 the number is out of the range of uint"),
        ("1e400", "1:1 the number is out of the range of double"),
        ("for", "1:1 reserved identifier: for"),
        ("a + namespace", "1:5 reserved identifier: namespace"),
        ("has(a)", "1:5 invalid argument to has() macro"),
        ("has(a.?b)", "1:8 invalid argument to has() macro"),
        ("has(a['b'])", "1:6 invalid argument to has() macro"),
        ("x.map(y.z, 1)", "1:9 argument must be a simple name"),
        ("x.all(1, true)", "1:7 argument must be a simple name"),
        ("x.all(y, y, true)", "1:10 duplicate variable name: y"),
        ("a ? b", "1:6 the expression ends where ':' is expected"),
        ("-!b", "1:2 found '!' where a value is expected"),
        ("f(1,)", "1:5 found ')' where a value is expected"),
        ("\u{1F431}", "1:1 unexpected character '🐱'"),
    ] {
        assert_eq!(read(source), error, "{source}");
    }
}

#[test]
fn nothing_overflows_the_stack() {
    let deep = |result: &str| result.contains("nested deeper than");
    for count in [95, 5_000] {
        for (source, is_nested) in [
            (vec!["1"; count].join(" + "), true),
            (vec!["a"; count].join(" == "), true),
            (vec!["a"; count].join(" && "), false),
            (vec!["a"; count].join(" || "), false),
            (format!("{}1{}", "(".repeat(count), ")".repeat(count)), true),
            (format!("{}1{}", "[".repeat(count), "]".repeat(count)), true),
            (format!("{}1{}", "{1: ".repeat(count), "}".repeat(count)), true),
            (format!("{}1{}", "f(".repeat(count), ")".repeat(count)), true),
            (format!("{}1{}", "A{a: ".repeat(count), "}".repeat(count)), true),
            (format!("{}1", "a ? b : ".repeat(count)), true),
            (format!("{}a{}", "a ? (".repeat(count), ") : b".repeat(count)), true),
            (format!("{}a", "!".repeat(count)), false),
            (format!("{}a", "-".repeat(count)), false),
            (format!("a{}", ".b".repeat(count)), true),
            (format!("a{}", ".b()".repeat(count)), true),
            (format!("a{}", "[0]".repeat(count)), true),
            (format!("{}", "a[".repeat(count)), true),
        ] {
            let result = read(&source);
            if count > 100 && is_nested {
                assert!(deep(&result) || result.contains("expected"), "{result}");
            } else {
                assert!(!deep(&result), "{result}");
            }
        }
    }
    for macros in
        ["x.map(y, ", "x.all(y, ", "x.optMap(y, ", "x.transformMap(k, v, ", "x.filter(y, "]
    {
        let nested =
            |count: usize| read(&format!("{}true{}", macros.repeat(count), ")".repeat(count)));
        assert!(nested(40).starts_with("fold"), "{}", nested(40));
        assert!(deep(&nested(2_000)), "{}", nested(2_000));
        let row = format!("x{}", format!(".{}true)", &macros[2..]).repeat(2_000));
        assert!(deep(&read(&row)));
    }
    assert!(deep(&read(&"[".repeat(MAX_LENGTH))));
    assert!(read(&"(".repeat(MAX_LENGTH + 1)).contains("longer than 100000 characters"));
    assert!(read(&format!("'{}'", "é".repeat(MAX_LENGTH - 2))).starts_with('"'));
}

#[test]
fn positions_are_exact_in_long_texts() {
    let source = format!("\n{}\n'{}' + $", " ".repeat(1_000), "é".repeat(700));
    assert!(read(&source).starts_with("3:706 "), "{}", read(&source));
}
