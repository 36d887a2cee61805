use super::super::support::tests::{call, shown};
use super::*;

fn of(text: &'static str) -> Value<'static> {
    call(FUNCTIONS, "quantity", &[text.into()]).unwrap()
}

fn ask(name: &str, arguments: &[Value<'static>]) -> String {
    shown(FUNCTIONS, name, arguments)
}

#[test]
fn texts_are_quantities_or_not() {
    for text in ["1.3Gi", "10000k", "+1", ".5", "5.", "1E3", "-1"] {
        assert_eq!(ask("isQuantity", &[text.into()]), "true", "{text}");
    }
    for text in ["1,3G", "200K", "Three", "", " 1", "1e", "0x1"] {
        assert_eq!(ask("isQuantity", &[text.into()]), "false", "{text}");
        assert!(ask("quantity", &[text.into()]).starts_with("error"), "{text}");
    }
}

#[test]
fn quantities_compare_by_value() {
    assert_eq!(ask("compareTo", &[of("1k"), of("1000")]), "0");
    assert_eq!(ask("compareTo", &[of("50M"), of("50Mi")]), "-1");
    assert_eq!(ask("isGreaterThan", &[of("1"), of("500m")]), "true");
    assert_eq!(ask("isLessThan", &[of("1"), of("500m")]), "false");
    assert_eq!(ask("sign", &[of("-1m")]), "-1");
    assert_eq!(ask("sign", &[of("0")]), "0");
}

#[test]
fn integers_are_told_by_the_form_that_go_holds() {
    for (text, number) in
        [("50k", "50000"), ("1E", "1000000000000000000"), ("1Ki", "1024"), ("1e3", "1000")]
    {
        assert_eq!(ask("asInteger", &[of(text)]), number, "{text}");
        assert_eq!(ask("isInteger", &[of(text)]), "true", "{text}");
    }
    for text in ["2000m", "1.5", "9999999999999999999999999999999999999G", "8Ei", "1.0"] {
        assert_eq!(ask("isInteger", &[of(text)]), "false", "{text}");
        assert_eq!(
            ask("asInteger", &[of(text)]),
            "error: cannot convert value to integer",
            "{text}"
        );
    }
}

#[test]
fn sums_and_floats() {
    let sum = call(FUNCTIONS, "add", &[of("50k"), Value::Int(20)]).unwrap();
    assert_eq!(ask("asInteger", std::slice::from_ref(&sum)), "50020");
    let difference = call(FUNCTIONS, "sub", &[sum, of("20")]).unwrap();
    assert_eq!(ask("compareTo", &[difference.clone(), of("50k")]), "0");
    assert_eq!(ask("asApproximateFloat", &[difference]), "Double(50000.0)");
    assert_eq!(ask("asApproximateFloat", &[of("100m")]), "Double(0.1)");
}
