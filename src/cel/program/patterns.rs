//! RE2's syntax in that of the regex crate.
//!
//! Kubernetes compiles patterns with Go's regexp package (github.com/google/re2/wiki/Syntax). There `\d`, `\s`, `\w`
//! and `\b` know ASCII alone, `\Q…\E` quotes, and `[`, `&&`, `--` and `~~` have no meaning within a class.

/// The same pattern for the regex crate.
pub(super) fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut class: Option<usize> = None;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match (first, class) {
            ('\\', _) => escape(after, class.is_some(), &mut translated),
            ('[', None) => {
                translated.push('[');
                let negated = after.strip_prefix('^');
                if negated.is_some() {
                    translated.push('^');
                }
                let after = negated.unwrap_or(after);
                class = Some(0);
                // A bracket that comes first is one of the characters.
                match after.strip_prefix(']') {
                    Some(after) => {
                        translated.push_str("\\]");
                        after
                    }
                    None => after,
                }
            }
            ('[', Some(_)) => match named_class(rest) {
                Some(named) => {
                    translated.push_str(named);
                    rest.get(named.len()..).unwrap_or_default()
                }
                None => {
                    translated.push_str("\\[");
                    after
                }
            },
            (']', Some(_)) => {
                class = None;
                translated.push(']');
                after
            }
            ('&' | '~', Some(_)) => {
                translated.push('\\');
                translated.push(first);
                after
            }
            ('-', Some(_)) if after.starts_with('-') => {
                translated.push_str("\\-");
                after
            }
            _ => {
                translated.push(first);
                after
            }
        };
    }
    translated
}

/// `[:alpha:]` at the start of a text.
fn named_class(rest: &str) -> Option<&str> {
    let end = rest.strip_prefix("[:")?.find(":]")?;
    rest.get(..end + 4)
}

/// What follows a backslash; answers with the rest.
fn escape<'p>(after: &'p str, is_class: bool, translated: &mut String) -> &'p str {
    let Some(escaped) = after.chars().next() else {
        translated.push('\\');
        return after;
    };
    let rest = after.get(escaped.len_utf8()..).unwrap_or_default();
    match escaped {
        'd' if is_class => translated.push_str("0-9"),
        'd' => translated.push_str("[0-9]"),
        'D' => translated.push_str("[^0-9]"),
        's' if is_class => translated.push_str("\\t\\n\\f\\r "),
        's' => translated.push_str("[\\t\\n\\f\\r ]"),
        'S' => translated.push_str("[^\\t\\n\\f\\r ]"),
        'w' if is_class => translated.push_str("0-9A-Za-z_"),
        'w' => translated.push_str("[0-9A-Za-z_]"),
        'W' => translated.push_str("[^0-9A-Za-z_]"),
        'b' if !is_class => translated.push_str("(?-u:\\b)"),
        'B' if !is_class => translated.push_str("(?-u:\\B)"),
        'Q' if !is_class => {
            let (quoted, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
            translated.push_str(&regex::escape(quoted));
            return rest;
        }
        other => {
            translated.push('\\');
            translated.push(other);
        }
    }
    rest
}
