use super::check;

#[test]
fn texts() {
    check(&[
        ("'a' + 'b'", "\"ab\""),
        ("size('')", "0"),
        ("size('µ')", "1"),
        ("'日本'.size()", "2"),
        ("size(object.unit)", "1"),
        ("size(b'µ')", "2"),
        ("'abc'.contains('b')", "true"),
        ("'abc'.contains('')", "true"),
        ("'abc'.contains('x')", "false"),
        ("'abc'.startsWith('ab')", "true"),
        ("'abc'.endsWith('bc')", "true"),
        ("'abc'.endsWith('ab')", "false"),
        ("'abc'.matches('^a.c$')", "true"),
        ("'abc'.matches('b')", "true"),
        ("matches('abc', '[0-9]')", "false"),
        ("b'a' + b'b' == b'ab'", "true"),
        ("object.s.contains('ex')", "true"),
        ("dyn(1).contains('a')", "! no such overload: contains"),
        ("object.i.startsWith('a')", "! no such overload: startsWith"),
    ]);
    let (value, _) = super::run("'a'.matches('(')", super::OBJECT, 1_000);
    assert!(value.starts_with("! "), "{value}");
}
