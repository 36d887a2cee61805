//! Names as reports show them: people choose them, and terminals, XML and lines of a log each have characters that
//! they do not stand.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::policy::Action;

/// What a finding is called in formats for people: the word that the text format starts with.
pub(super) const fn word(action: Action) -> &'static str {
    match action {
        Action::Deny => "error",
        Action::Warn => "warning",
        Action::Patch => "patched",
        Action::Audit => "audit",
    }
}

/// `1 pod`, `2 pods`.
pub(super) fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Whether a character moves the cursor, ends a line, turns the direction of what follows, or is none at all in XML.
pub(super) fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// The text on one line, with what cannot be printed as `\u{1b}`.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        push(&mut shown, character);
    }
    Cow::Owned(shown)
}

/// One character of [`printable`].
pub(super) fn push(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ if is_unprintable(character) => {
            // Writing into a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        }
        _ => shown.push(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_for_terminals_and_xml_is_spelled_out() {
        assert!(matches!(printable("web é 日 🚢 a\\b"), Cow::Borrowed("web é 日 🚢 a\\b")));
        let hostile = "a\u{0}b\u{1b}[31mc\nd\re\tf\u{7f}\u{85}\u{202e}\u{2028}\u{ffff}";
        let shown = r"a\u{0}b\u{1b}[31mc\nd\re\tf\u{7f}\u{85}\u{202e}\u{2028}\u{ffff}";
        assert_eq!(printable(hostile), shown);
    }
}
