//! What holds for whatever expression.

use proptest::prelude::*;

use super::harness::run;

const OBJECT: &str =
    r#"{"a": 1, "b": [1, 2.5, "x", null], "c": {"d": "text", "e": [{"a": 1}]}, "n": null}"#;

fn leaf() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "object",
        "object.a",
        "object.b",
        "object.c",
        "object.c.d",
        "object.x",
        "object.?x",
        "object.?c.d",
        "unknown",
        "1",
        "0",
        "-1",
        "9223372036854775807",
        "2u",
        "0.0",
        "1.5",
        "'text'",
        "''",
        "b'x'",
        "null",
        "true",
        "false",
        "[]",
        "{}",
        "[1, 2]",
        "{'a': 1}",
        "duration('1h')",
        "timestamp(0)",
        "optional.none()",
        "type(1)",
        "int",
        "'a('",
        "'(a*)*b'",
        "double('NaN')",
    ])
    .prop_map(str::to_owned)
}

fn expression() -> impl Strategy<Value = String> {
    leaf().prop_recursive(6, 60, 3, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
        ]);
        let unary = prop::sample::select(vec![
            "!(#)",
            "-(#)",
            "size(#)",
            "int(#)",
            "uint(#)",
            "double(#)",
            "string(#)",
            "bytes(#)",
            "bool(#)",
            "dyn(#)",
            "type(#)",
            "duration(#)",
            "timestamp(#)",
            "optional.of(#)",
            "optional.ofNonZeroValue(#)",
            "(#).value()",
            "(#).hasValue()",
            "(#).getHours()",
            "(#).getFullYear()",
            "(#).first()",
            "[#]",
            "{'k': #}",
            "{#: 1}",
            "[?#]",
            "has((#).a)",
            "(#).a",
            "(#).?a",
            "[#, #]",
            "(#).unwrapOpt()",
            "(#)[?0]",
            "[1].map(z, #)",
        ]);
        let calls = prop::sample::select(vec![
            "(#).contains(@)",
            "(#).matches(@)",
            "(#).startsWith(@)",
            "(#)[@]",
            "(#)[?@]",
            "(#).all(x, @)",
            "(#).exists(x, @)",
            "(#).exists_one(x, @)",
            "(#).map(x, [x, @])",
            "(#).filter(x, @)",
            "(#).map(x, x == @, @)",
            "(#).all(x, y, x == y || @)",
            "(#).transformMap(x, y, @)",
            "(#).transformList(x, y, @)",
            "(#).or(@)",
            "(#).orValue(@)",
            "(#).optMap(x, x == @)",
            "(#).getHours(@)",
            "(#).transformMapEntry(x, y, {x: @})",
            "{'a': #, ?'b': @}",
        ]);
        prop_oneof![
            (inner.clone(), binary, inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            (unary, inner.clone()).prop_map(|(form, a)| form.replace('#', &a)),
            (calls, inner.clone(), inner.clone())
                .prop_map(|(form, a, b)| form.replace('#', &a).replace('@', &b)),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_panics_and_no_budget_is_overdrawn(expression in expression(), limit in 0_u64..300) {
        let (free, cost) = run(&expression, OBJECT, 100_000);
        let (bounded, spent) = run(&expression, OBJECT, limit);
        prop_assert!(spent <= limit);
        let stopped = bounded.contains("costs more than");
        // What is affordable comes to the same, and what is not is stopped.
        prop_assert!(stopped || bounded == free, "{expression}: {bounded} and {free}");
        prop_assert_eq!(stopped, cost > limit, "{}", expression);
    }
}
