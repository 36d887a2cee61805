use super::super::support::tests::shown;
use super::*;

fn ask(name: &str, arguments: &[Value<'static>]) -> String {
    shown(FUNCTIONS, name, arguments)
}

#[test]
fn places_are_characters() {
    let text = || Value::from("日本語日");
    for (name, arguments, wanted) in [
        ("charAt", vec![text(), 1.into()], "本"),
        ("charAt", vec![text(), 4.into()], ""),
        ("charAt", vec![text(), 5.into()], "error: index out of range: 5"),
        ("charAt", vec![text(), (-1).into()], "error: index out of range: -1"),
        ("indexOf", vec![text(), "日".into(), 1.into()], "3"),
        ("indexOf", vec![text(), "x".into()], "-1"),
        ("indexOf", vec![text(), "".into(), 2.into()], "2"),
        ("indexOf", vec![text(), "日".into(), 9.into()], "-1"),
        ("indexOf", vec![text(), "日".into(), (-1).into()], "error: index out of range: -1"),
        ("lastIndexOf", vec![text(), "日".into()], "3"),
        ("lastIndexOf", vec![text(), "日".into(), 2.into()], "0"),
        ("lastIndexOf", vec![text(), "日".into(), 3.into()], "3"),
        ("lastIndexOf", vec![text(), "日".into(), 4.into()], "-1"),
        ("lastIndexOf", vec![text(), "".into()], "4"),
        ("lastIndexOf", vec!["aaé".into(), "a".into(), 0.into()], "0"),
        ("substring", vec![text(), 1.into(), 2.into()], "本"),
        ("substring", vec![text(), 4.into()], ""),
        ("substring", vec![text(), 5.into()], "error: index out of range: 5"),
        (
            "substring",
            vec![text(), 2.into(), 1.into()],
            "error: invalid substring range. start: 2, end: 1",
        ),
    ] {
        assert_eq!(ask(name, &arguments), wanted, "{name} {arguments:?}");
    }
}

#[test]
fn texts_are_split_and_joined_as_in_go() {
    for (text, between, most, wanted) in [
        ("a,b,c", ",", -1, "[a|b|c]"),
        ("a,b,c", ",", 2, "[a|b,c]"),
        ("a,b,c", ",", 0, "[]"),
        ("a,b,c", ",", 1, "[a,b,c]"),
        ("日本語", "", -1, "[日|本|語]"),
        ("日本語", "", 2, "[日|本語]"),
        ("", ",", -1, "[]"),
        ("", "", -1, "[]"),
    ] {
        assert_eq!(ask("split", &[text.into(), between.into(), most.into()]), wanted, "{text}");
    }
    let list = Value::list(vec!["a".into(), "b".into()]);
    assert_eq!(ask("join", std::slice::from_ref(&list)), "ab");
    assert_eq!(ask("join", &[list, ", ".into()]), "a, b");
    assert!(ask("join", &[Value::list(vec![1.into()])]).starts_with("error: no such overload"));
}

#[test]
fn texts_are_changed() {
    for (name, arguments, wanted) in [
        ("replace", vec!["hello hello".into(), "he".into(), "we".into()], "wello wello"),
        ("replace", vec!["hello hello".into(), "he".into(), "we".into(), 1.into()], "wello hello"),
        ("replace", vec!["日本".into(), "".into(), "-".into()], "-日-本-"),
        ("lowerAscii", vec!["ÀBC".into()], "Àbc"),
        ("upperAscii", vec!["àbc".into()], "àBC"),
        ("trim", vec!["\u{a0} x\n".into()], "x"),
        ("strings.quote", vec!["a\"b\n\u{7}日".into()], "\"a\\\"b\\n\\a日\""),
    ] {
        assert_eq!(ask(name, &arguments), wanted, "{name}");
    }
}

#[test]
fn no_text_is_made_beyond_the_budget() {
    let long = Value::from("a".repeat(100_000));
    let error = ask("replace", &[long.clone(), "a".into(), long]);
    assert!(error.contains("costs more"), "{error}");
}
