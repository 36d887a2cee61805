//! What expressions cost: the numbers of cel-go's interpreter/runtimecost_test.go, less what Kubernetes' options make free.

use super::harness::run;

const OBJECT: &str = r#"{
    "empty": [], "one": [1], "two": [1, 2], "map": {"k": {"n": 5}}, "text": "0123456789", "t": true, "f": false,
    "a": {"b": {"c": 1}}, "n": 3
}"#;

#[test]
fn parts_cost_what_they_cost_in_kubernetes() {
    let cases = [
        // Constants are free, and what is made of them.
        ("'Hello World!'", 0),
        ("[1, 2, 3]", 0),
        ("{'a': 1, 'b': 2}", 0),
        ("duration('1h')", 0),
        ("int('3')", 0),
        ("true ? 1 : 2", 0),
        ("false || false", 0),
        ("true && false", 0),
        // Attributes cost one for themselves and one for each step.
        ("object", 1),
        ("object.n", 2),
        ("object['n']", 2),
        ("object.two[0]", 3),
        ("object['t' + 'ext']", 3),
        ("object.two[3 - 3]", 4),
        ("object.a.b.c", 4),
        ("object.two[object.one[0]]", 5),
        // has() counts all but the last step.
        ("has(object.n)", 1),
        ("has(object.a.b)", 2),
        ("object.?n", 2),
        ("object.?x.?y", 3),
        ("object.?n.orValue(1)", 2),
        ("object.?n.hasValue()", 3),
        // What is no attribute becomes one for a unit.
        ("[1, 2, object.n][0]", 14),
        ("{'a': object.n}.a", 34),
        // Operators.
        ("1 < 2", 1),
        ("1 == 2", 1),
        ("'' == ''", 0),
        ("'12345678901234567890' == '123456789012345678901234567890'", 2),
        ("object.two == [1, 2]", 3),
        ("2 in [1, 2, 3]", 0),
        ("object.n in [1, 2, 3]", 2),
        ("object.n in object.two", 6),
        ("'n' in object", 2),
        ("1 + 1", 1),
        ("'abc' + object.text", 4),
        ("object.text.startsWith('0')", 3),
        ("object.text.contains('0')", 3),
        ("object.text.matches('[0-9]')", 6),
        ("'123'.matches('[0-9]')", 2),
        ("size('123')", 1),
        ("object.text.size()", 3),
        ("bytes(object.text)", 3),
        ("string(object.n)", 3),
        ("(object.n > 2 ? object.one : object.two).all(y, true)", 8),
        ("(1 > 2 ? 5 : 3) > 1", 2),
        ("(1 > 2 || 2 > 1) == true", 3),
        ("object.t ? object.n : object.text", 3),
        // Comprehensions.
        ("object.empty.all(x, true)", 3),
        ("[1, 2, 3].all(x, true)", 10),
        ("object.map.all(k, object.map[k].n > 3)", 11),
        ("(object.one + object.two).all(x, true)", 15),
        ("[1, 2, 3, 4, 5].filter(x, x % 2 == 0)", 42),
        ("[1, 2, 3, 4, 5].map(x, x)", 66),
        ("[1, 2, 3, 4, 5].map(x, x).filter(x, x % 2 == 0)", 108),
        ("[1, 2, 3, 4, 5].map(x, x).exists(x, x == 5) == true", 98),
        ("[1, 2, 3, 4, 5].map(x, x).map(x, x)", 132),
        ("[1, 2, 3, 4, 5].map(x, [x, x]).filter(z, z.size() == 2)", 202),
        ("[1, 2, 3, 4, 5].map(x, x).map(x, x) + [1]", 133),
        ("[1, 2, 3].exists_one(x, x == 2)", 10),
    ];
    let wrong = cases.iter().filter_map(|(expression, cost)| {
        let (value, spent) = run(expression, OBJECT, 1_000_000);
        (spent != *cost).then(|| format!("{expression} = {value}: {spent} and not {cost}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}
