//! Text with quotes and without.

use std::fmt::Write as _;

use super::super::yaml;

/// Whether a text without quotes is read back as this text.
pub(super) fn is_plain(text: &str, flow: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let second_is_space = matches!(bytes.get(1), None | Some(b' '));
    let starts_well = match first {
        b'-' => !second_is_space && !text.starts_with("---"),
        b'.' => !text.starts_with("..."),
        b'<' => !text.starts_with("<<"),
        _ => !b" ,[]{}#&*!|>'\"%@`?:=".contains(first),
    };
    let holds_mark = text.contains(": ") || text.contains(" #");
    let holds_bracket = flow && text.contains([',', '[', ']', '{', '}']);
    starts_well
        && !matches!(last, b' ' | b':')
        && is_printable(text)
        && !holds_mark
        && !holds_bracket
        && !looks_like_a_number_of_old(bytes)
        && yaml::plain(text).is_some_and(|value| value.is_string())
}

/// `10:30` is text to `kubectl`, but a number to readers that keep to YAML 1.1.
fn looks_like_a_number_of_old(bytes: &[u8]) -> bool {
    bytes.contains(&b':') && bytes.iter().all(|byte| b"0123456789_:.+-".contains(byte))
}

/// Whether all characters may stand in YAML without an escape, on one line.
pub(super) fn is_printable(text: &str) -> bool {
    !text.chars().any(needs_escape)
}

fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

pub(super) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Double quotes with the escapes that YAML and JSON share.
pub(super) fn double(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if needs_escape(other) => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
