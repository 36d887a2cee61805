use super::super::support::tests::shown;
use super::*;

fn ask(pattern: &'static str, values: Vec<Value<'static>>) -> String {
    shown(FUNCTIONS, "format", &[pattern.into(), Value::list(values)])
}

#[test]
fn values_are_shown_as_cel_go_shows_them() {
    for (pattern, value, wanted) in [
        ("%s", Value::from("a"), "a"),
        ("%s", Value::Double(1.5e300), "1.5e+300"),
        ("%s", Value::Null, "null"),
        ("%s", Value::list(vec!["a".into(), Value::Double(2.5)]), "[\"a\", 2.500000]"),
        ("%d", Value::Uint(42), "42"),
        ("%f", Value::Double(1.5), "1.500000"),
        ("%.3f", Value::Double(-1234.56789), "-1,234.568"),
        ("%.0f", Value::Double(2.5), "2"),
        ("%f", Value::from("NaN"), "NaN"),
        ("%f", Value::Double(f64::NEG_INFINITY), "-∞"),
        ("%e", Value::Double(12345.678), "1.234568×10⁰⁴"),
        ("%e", Value::Double(0.00012), "1.200000×10⁻⁰⁴"),
        ("%b", Value::Int(-5), "-101"),
        ("%b", Value::Bool(true), "1"),
        ("%x", Value::Int(-255), "-ff"),
        ("%X", Value::from("hello"), "68656C6C6F"),
        ("%o", Value::Int(8), "10"),
        ("100%%%s", Value::Int(1), "100%1"),
    ] {
        assert_eq!(ask(pattern, vec![value]), wanted, "{pattern}");
    }
}

#[test]
fn clauses_that_do_not_fit_are_refused() {
    for (pattern, value, why) in [
        (
            "%d",
            Value::from("x"),
            "error during formatting: decimal clause can only be used on integers, was given string",
        ),
        ("%f", Value::Int(1), "fixed-point clause"),
        ("%x", Value::Double(1.5), "was given double"),
        ("%b", Value::from("x"), "as binary"),
        ("%o", Value::from("x"), "octal clause"),
        ("%s", Value::none(), "string clause can only be used on"),
        ("%z", Value::Int(1), "unrecognized formatting clause \"z\""),
        ("%5d", Value::Int(1), "unrecognized formatting clause \"5\""),
        ("%", Value::Int(1), "unexpected end of string"),
        ("%.", Value::Int(1), "precision"),
        ("%s%s", Value::Int(1), "index 1 out of range"),
        ("%.70000f", Value::Double(1.0), "digits"),
    ] {
        let error = ask(pattern, vec![value]);
        assert!(error.starts_with("error: ") && error.contains(why), "{pattern}: {error}");
    }
}
