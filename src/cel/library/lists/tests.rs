use super::super::support::tests::shown;
use super::*;

fn numbers(numbers: &[i64]) -> Value<'static> {
    Value::list(numbers.iter().copied().map(Value::Int).collect())
}

#[test]
fn lists_of_numbers() {
    for (name, list, wanted) in [
        ("isSorted", &[1, 2, 2][..], "true"),
        ("isSorted", &[2, 1], "false"),
        ("isSorted", &[], "true"),
        ("sum", &[1, 2, 3], "6"),
        ("sum", &[], "0"),
        ("sum", &[i64::MAX, 1], "error: integer overflow"),
        ("min", &[2, 1, 3], "1"),
        ("max", &[2, 1, 3], "3"),
        ("max", &[], "error: max called on empty list"),
    ] {
        assert_eq!(shown(FUNCTIONS, name, &[numbers(list)]), wanted, "{name} {list:?}");
    }
}

#[test]
fn places_of_elements() {
    for (name, wanted, place) in [
        ("indexOf", 2, "1"),
        ("lastIndexOf", 2, "2"),
        ("indexOf", 5, "-1"),
        ("lastIndexOf", 5, "-1"),
    ] {
        let list = numbers(&[1, 2, 2]);
        assert_eq!(shown(FUNCTIONS, name, &[list, wanted.into()]), place, "{name} {wanted}");
    }
}

#[test]
fn what_has_no_order_is_no_extreme() {
    // As in Kubernetes, a value of another kind is passed over.
    let list = Value::list(vec![1.into(), "a".into()]);
    assert_eq!(shown(FUNCTIONS, "max", &[list]), "1");
    let lists = Value::list(vec![1.into(), numbers(&[1])]);
    assert_eq!(shown(FUNCTIONS, "max", &[lists]), "error: no such overload: max");
    let texts = Value::list(vec!["b".into(), "a".into()]);
    assert_eq!(shown(FUNCTIONS, "min", &[texts]), "a");
}
