//! Hostile expressions and objects: they end fast, with an error.

use std::time::Instant;

use super::harness::run;

const LIMIT: u64 = 1_000_000;

fn stops(expression: &str, object: &str) {
    let start = Instant::now();
    let (value, spent) = run(expression, object, LIMIT);
    assert!(value.contains("costs more than"), "{expression} = {value:.200}");
    assert!(spent <= LIMIT, "{spent}");
    // Far above what it takes, so that a busy machine does not matter.
    assert!(start.elapsed().as_secs() < 20, "{expression} took {:?}", start.elapsed());
}

fn numbers(count: usize) -> String {
    format!("{{\"list\": [{}]}}", vec!["1"; count].join(","))
}

#[test]
fn comprehensions_within_comprehensions_stop() {
    let object = numbers(1_000);
    stops("object.list.all(a, object.list.all(b, object.list.all(c, a + b + c > 0)))", &object);
    // A loop that costs nothing in Kubernetes.
    stops(
        "object.list.filter(a, size(object.list.filter(b, size(object.list.filter(c, false)) > 0)) > 0)",
        &object,
    );
    stops("object.list.map(a, object.list.map(b, object.list.map(c, [a, b, c])))", &object);
}

#[test]
fn doubling_stops_before_memory_is_taken() {
    let mut texts = "['0123456789']".to_owned();
    for level in 0..30 {
        texts = format!("{texts}.map(x{level}, x{level} + x{level})");
    }
    let lists = (0..40).fold("[object.list]".to_owned(), |list, level| {
        format!("{list}.map(x{level}, x{level} + x{level})")
    });
    stops(&lists, &numbers(10));
    stops(&texts, "{}");
}

#[test]
fn comparing_large_objects_again_and_again_stops() {
    let object = numbers(100_000);
    stops("object.list.all(x, object == object)", &object);
    stops("object.list.all(x, object.list != [object.list])", &object);
    stops("object.list.all(x, 5 in object.list || true)", &object);
}

#[test]
fn many_members_are_found_fast() {
    let members: Vec<String> = (0..100_000).map(|at| format!("\"k{at}\":{at}")).collect();
    let object = format!("{{\"map\": {{{}}}}}", members.join(","));
    let start = Instant::now();
    let (value, _) = run("object.map.all(k, object.map[k] >= 0)", &object, LIMIT);
    assert_eq!(value, "true");
    let made = "object.map.transformMap(k, v, v > 90000, v).all(k, v, v > 90000)";
    assert_eq!(run(made, &object, LIMIT).0, "true");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn lists_grow_in_linear_time() {
    let start = Instant::now();
    let (value, _) = run("size(object.list.map(x, x).filter(x, true))", &numbers(30_000), LIMIT);
    assert_eq!(value, "30000");
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(125), "]".repeat(125));
    assert_eq!(run("object == object && [object] == [object]", &deep, LIMIT).0, "true");
    let deeper = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
    let (value, _) = run("object == object", &deeper, LIMIT);
    assert_eq!(value, "! the object is not JSON: the value is nested too deep");
    let lists = format!("{}1{}", "[".repeat(240), "]".repeat(240));
    assert_eq!(run(&format!("{lists} == {lists}"), "{}", LIMIT).0, "true");
    let (value, _) = run(&format!("{0}object{1}", "[".repeat(240), "]".repeat(240)), "{}", LIMIT);
    assert_eq!(value, "! a value is nested deeper than 300 levels");
}

#[test]
fn deep_expressions_fit_the_stack() {
    for (open, close) in [
        ("-(", ")"),
        ("[", "][0]"),
        ("(true ? ", " : 2)"),
        ("{'a': ", "}.a"),
        ("optional.of(", ").value()"),
        ("1 + (", ")"),
    ] {
        let expression = format!("{}1{}", open.repeat(100), close.repeat(100));
        let (value, _) = run(&expression, "{}", LIMIT);
        assert!(!value.starts_with('!'), "{open}: {value}");
    }
    let mut nested = "true".to_owned();
    for level in 0..60 {
        nested = format!("[1].all(x{level}, {nested})");
    }
    assert_eq!(run(&nested, "{}", LIMIT).0, "true");
}

#[test]
fn what_is_malformed_is_told_when_it_is_looked_at() {
    let object = r#"{"good": 1, "bad": {"a": tru, "b": 1}}"#;
    assert_eq!(run("object.good", object, LIMIT).0, "1");
    assert_eq!(run("object.bad.b", object, LIMIT).0, "! the object is not JSON: expected a value");
    assert_eq!(run("object == {}", object, LIMIT).0, "false");
}
