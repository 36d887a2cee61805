//! What the dearest expressions take: time is bounded by what they cost.

use std::time::{Duration, Instant};

use plimsoll::cel::cost::PER_EXPRESSION;
use plimsoll::cel::program::Program;
use plimsoll::cel::{Budget, Environment, Type, Value};
use plimsoll::json::Tree;

use crate::here::Slots;

/// Far above what is taken even without optimisations, so that a busy machine does not matter.
const LONGEST: Duration = Duration::from_secs(30);

/// Expressions that do as much as they can for each unit.
const DEAR: &[&str] = &[
    "l.all(a, l.all(b, a + b >= 0))",
    "l.all(a, l.all(b, object == object))",
    "l.map(a, object.texts.sort().size()).size()",
    "l.map(a, object.numbers.distinct().size()).size()",
    "l.all(a, [object.texts] == [object.texts])",
    "l.all(a, sets.contains(object.numbers, object.numbers))",
    "l.all(a, sets.equivalent(object.texts, object.texts))",
    "l.all(a, sets.intersects(object.texts, [[a]]))",
    "l.all(a, object.text.matches('[ab]*a[ab]{900}c'))",
    "l.all(a, !object.text.matches('(.*)(.*)(.*)(.*)(.*)x'))",
    "l.all(a, object.text.findAll('a|b').size() > 0)",
    "l.all(a, object.text.find('(?i)[^b]{1,500}(a|b)*c') == '')",
    "l.all(a, 'a'.matches('a' + string(a)) || true)",
    "l.all(a, 'a'.matches(r'\\pL{900}' + string(a)) || true)",
    "l.all(a, ''.matches(r'((\\pL{30}){30}){30}' + string(a)) || true)",
    "l.all(a, !object.text.matches('[ab]*a[ab]{100}c'))",
    "l.all(a, !object.text.substring(0, 2000).matches('[ab]*a[ab]{900}c'))",
    "l.all(a, !object.text.substring(0, 1000).matches('(?i).*a.{400}c'))",
    "l.all(a, !object.text.contains('aaaaaaaaab'))",
    "l.all(a, object.text.startsWith('x') || object.text.size() > 0)",
    "l.map(a, object.text.replace('a', 'bb')).size()",
    "l.map(a, object.text.split('')).size()",
    "l.map(a, object.text + object.text).size()",
    "l.map(a, object.text.upperAscii()).size()",
    "l.map(a, object.texts.join(',')).size()",
    "l.map(a, '%s %s'.format([object, object.numbers])).size()",
    "l.map(a, '%.1000f'.format([1e300])).size()",
    "l.map(a, strings.quote(object.text)).size()",
    "l.all(a, quantity('1e100').add(quantity('1n')).compareTo(quantity('1E')) > 0)",
    "l.all(a, quantity(string(a) + 'Ei').isInteger())",
    "l.all(a, timestamp(a).getHours('America/New_York') >= 0)",
    "l.all(a, timestamp(a).getDayOfYear('Europe/Berlin') >= 0)",
    "l.all(a, timestamp('2024-02-29T12:34:56.789+01:00') > timestamp(a))",
    "l.all(a, string(timestamp(a)) != string(duration('1h')))",
    "l.all(a, url('https://user@example.com:80/path?a=b&c=d').getQuery().size() == 2)",
    "l.all(a, cidr('2001:db8::/32').containsIP(ip('2001:db8::1')))",
    "l.all(a, semver('1.2.3-a.b.c').isLessThan(semver('1.2.4')))",
    "l.all(a, !format.dns1123Label().validate('a').hasValue())",
    "l.all(a, format.named('uuid').value().validate(object.text).hasValue())",
    "l.map(a, l.map(b, [a, b, l])).size()",
    "l.map(a, l.reverse().slice(0, 100)).size()",
    "l.transformMap(i, a, l.transformMap(j, b, a)).size()",
    "[[l]].map(a, l.map(b, a)).flatten(5).size()",
    "l.all(a, a in object.numbers || true)",
    "l.all(a, object.texts.indexOf('z') < 0)",
    "l.all(a, object.numbers.sum() >= object.numbers.max())",
    "l.all(a, double(object.text.size()) != double('1.7976931348623157e308'))",
    "l.all(a, string(1.7976931348623157e308) != string(a))",
    "l.all(a, type(object) == map)",
    "l.all(a, [1, 2, 3, 4, 5, 6, 7, 8, 9].sortBy(x, -x)[0] == 9)",
];

#[test]
fn no_expression_takes_longer_than_its_budget_allows() {
    let texts: Vec<String> = (0..300).map(|n| format!("text-{n:04}")).collect();
    let numbers: Vec<u32> = (0..300).collect();
    let noise = (0_u32..20_000)
        .map(|n| if n.wrapping_mul(2_654_435_761) >> 30 & 1 == 0 { 'a' } else { 'b' });
    let object = serde_json::json!({
        "text": noise.collect::<String>(), "texts": texts, "numbers": numbers,
        "members": (0..300).map(|n| (format!("key-{n}"), n.into())).collect::<serde_json::Map<_, _>>(),
    });
    let object = object.to_string();
    // A list that is longer than any budget.
    let list = serde_json::json!((0..1_000_000).collect::<Vec<u32>>()).to_string();
    let trees = [&object, &list].map(|text| Tree::parse(text).unwrap());
    let mut environment = Environment::new();
    environment.add("object", Type::Dyn);
    environment.add("l", Type::Dyn);
    let mut times = Vec::new();
    for expression in DEAR {
        let program = Program::compile(expression, &environment, &[])
            .unwrap_or_else(|e| panic!("{expression}: {e}"));
        let bindings = Slots(trees.iter().map(|tree| Value::from_tree(tree).unwrap()).collect());
        let mut budget = Budget::new(PER_EXPRESSION);
        let start = Instant::now();
        let result = program.evaluate(&bindings, &mut budget);
        times.push((
            start.elapsed(),
            budget.spent(),
            result.map_or_else(|e| e.to_string(), |_| String::new()),
            *expression,
        ));
    }
    times.sort();
    for (time, spent, error, expression) in times.iter().rev() {
        println!("{time:>12.3?} {spent:>8} {expression} {error}");
    }
    assert!(times.iter().all(|(time, ..)| *time < LONGEST), "see what was printed");
}
