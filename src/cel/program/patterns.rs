//! RE2's syntax in that of the regex crate.
//!
//! Kubernetes compiles patterns with Go's regexp package (github.com/google/re2/wiki/Syntax, regexp/syntax/parse.go in
//! Go). There `\d`, `\s`, `\w` and `\b` know ASCII alone, `\Q…\E` quotes, `[`, `&&`, `--` and `~~` have no meaning
//! within a class, and what only the regex crate knows is refused.

/// How often something can be repeated (`ErrInvalidRepeatSize` in Go's regexp/syntax).
const MOST_REPEATS: u32 = 1000;
/// Flags that can be set within a pattern.
const FLAGS: &str = "imsU-";
/// The names that stand between `[:` and `:]`.
const NAMED_CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The same pattern for the regex crate.
///
/// # Errors
/// Why Go would not take it; not all that it would not take is told here, the regex crate finds the rest.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translation =
        Translation { made: String::with_capacity(pattern.len() + 16), was_repeated: false };
    let mut rest = pattern;
    let mut is_class = false;
    while let Some(first) = rest.chars().next() {
        rest = if is_class {
            translation.in_class(rest, first, &mut is_class)?
        } else {
            translation.outside(rest, first, &mut is_class)?
        };
    }
    Ok(translation.made)
}

struct Translation {
    made: String,
    /// Whether the last thing was a repetition, which cannot be repeated.
    was_repeated: bool,
}

impl Translation {
    /// Translates what comes first, outside of a class; answers with the rest.
    fn outside<'p>(
        &mut self,
        rest: &'p str,
        first: char,
        is_class: &mut bool,
    ) -> Result<&'p str, String> {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let repeats = match first {
            '*' | '+' | '?' => Some(after),
            '{' => count(after)?,
            _ => None,
        };
        if let Some(mut after) = repeats {
            if self.was_repeated {
                return Err(format!("invalid nested repetition operator at {rest:?}"));
            }
            after = after.strip_prefix('?').unwrap_or(after);
            self.was_repeated = true;
            self.made.push_str(rest.strip_suffix(after).unwrap_or(rest));
            return Ok(after);
        }
        self.was_repeated = false;
        match first {
            '\\' => return self.escape(after, false),
            '{' => self.made.push_str("\\{"),
            '[' => {
                *is_class = true;
                self.made.push('[');
                let negated = after.strip_prefix('^');
                if negated.is_some() {
                    self.made.push('^');
                }
                let after = negated.unwrap_or(after);
                // A bracket that comes first is one of the characters.
                return Ok(match after.strip_prefix(']') {
                    Some(after) => {
                        self.made.push_str("\\]");
                        after
                    }
                    None => after,
                });
            }
            '(' => {
                check_flags(after)?;
                self.made.push('(');
            }
            other => self.made.push(other),
        }
        Ok(after)
    }

    /// Translates what comes first within a class; answers with the rest.
    fn in_class<'p>(
        &mut self,
        rest: &'p str,
        first: char,
        is_class: &mut bool,
    ) -> Result<&'p str, String> {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '\\' => return self.escape(after, true),
            '[' => match named_class(rest)? {
                Some(named) => {
                    self.made.push_str(named);
                    return Ok(rest.get(named.len()..).unwrap_or_default());
                }
                None => self.made.push_str("\\["),
            },
            ']' => {
                *is_class = false;
                self.made.push(']');
            }
            '-' if !after.starts_with('-') => self.made.push('-'),
            '&' | '~' | '-' => {
                self.made.push('\\');
                self.made.push(first);
            }
            other => self.made.push(other),
        }
        Ok(after)
    }

    /// Translates what follows a backslash; answers with the rest.
    fn escape<'p>(&mut self, after: &'p str, is_class: bool) -> Result<&'p str, String> {
        let Some(escaped) = after.chars().next() else {
            return Err("trailing backslash at end of expression".to_owned());
        };
        let rest = after.get(escaped.len_utf8()..).unwrap_or_default();
        let translated = match escaped {
            'd' if is_class => "0-9",
            'd' => "[0-9]",
            'D' => "[^0-9]",
            's' if is_class => "\\t\\n\\f\\r ",
            's' => "[\\t\\n\\f\\r ]",
            'S' => "[^\\t\\n\\f\\r ]",
            'w' if is_class => "0-9A-Za-z_",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            'b' if !is_class => "(?-u:\\b)",
            'B' if !is_class => "(?-u:\\B)",
            'A' if !is_class => "\\A",
            'z' if !is_class => "\\z",
            'a' => "\\a",
            'f' => "\\f",
            'n' => "\\n",
            'r' => "\\r",
            't' => "\\t",
            'v' => "\\v",
            'Q' if !is_class => {
                let (quoted, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
                self.made.push_str(&regex::escape(quoted));
                return Ok(rest);
            }
            'p' | 'P' | 'x' => {
                self.made.push('\\');
                self.made.push(escaped);
                let end = match rest.strip_prefix('{') {
                    Some(braced) => braced.find('}').map_or(rest.len(), |end| end + 2),
                    None => 0,
                };
                let (braced, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
                if braced.contains([':', '=', '!']) {
                    return Err(format!("invalid character class range: \\{escaped}{braced}"));
                }
                self.made.push_str(braced);
                return Ok(rest);
            }
            '0' => return Ok(self.octal(after)),
            '1'..='7' if rest.starts_with(|next| matches!(next, '0'..='7')) => {
                return Ok(self.octal(after));
            }
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => {
                self.made.push_str(&regex::escape(other.encode_utf8(&mut [0; 4])));
                return Ok(rest);
            }
            other => return Err(format!("invalid escape sequence: \\{other}")),
        };
        self.made.push_str(translated);
        Ok(rest)
    }

    /// Up to three octal digits that stand for a character; answers with the rest.
    fn octal<'p>(&mut self, digits: &'p str) -> &'p str {
        let length = digits.bytes().take(3).take_while(|digit| matches!(digit, b'0'..=b'7'));
        let (digits, rest) = digits.split_at_checked(length.count()).unwrap_or((digits, ""));
        let character = u32::from_str_radix(digits, 8).unwrap_or_default();
        self.made.push_str(&format!("\\x{{{character:x}}}"));
        rest
    }
}

/// What follows a count after a brace (`2}`, `2,}`, `2,3}`); where there is none, the brace is a character.
fn count(after: &str) -> Result<Option<&str>, String> {
    let Some((count, rest)) = after.split_once('}') else { return Ok(None) };
    let (least, most) = count.split_once(',').unwrap_or((count, count));
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if least.is_empty() || !is_number(least) || !is_number(most) {
        return Ok(None);
    }
    let is_small = |text: &str| text.parse().is_ok_and(|number: u32| number <= MOST_REPEATS);
    if !is_small(least) || !most.is_empty() && !is_small(most) {
        return Err(format!("invalid repeat count: {{{count}}}, at most {MOST_REPEATS}"));
    }
    Ok(Some(rest))
}

/// Looks at what stands after `(`: `(?x)` and others are the regex crate's own.
fn check_flags(after: &str) -> Result<(), String> {
    let Some(flags) = after.strip_prefix('?') else { return Ok(()) };
    // Names of groups; and what is ahead or behind, which the regex crate refuses in better words.
    if flags.starts_with("P<") || flags.starts_with(['<', '=', '!']) {
        return Ok(());
    }
    let end = flags.find([':', ')']).unwrap_or(flags.len());
    let flags = flags.get(..end).unwrap_or_default();
    if flags.chars().all(|flag| FLAGS.contains(flag)) {
        Ok(())
    } else {
        Err(format!("invalid or unsupported Perl syntax: (?{flags}"))
    }
}

/// `[:alpha:]` and `[:^alpha:]` at the start of a text.
fn named_class(rest: &str) -> Result<Option<&str>, String> {
    let Some(end) = rest.strip_prefix("[:").and_then(|inner| inner.find(":]")) else {
        return Ok(None);
    };
    let named = rest.get(..end + 4).unwrap_or_default();
    let name = rest.get(2..end + 2).unwrap_or_default();
    if NAMED_CLASSES.contains(&name.trim_start_matches('^')) {
        Ok(Some(named))
    } else {
        Err(format!("invalid character class range: {named}"))
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn syntax_is_that_of_re2() {
        for (pattern, wanted) in [
            (r"\d+?[\w.-]*", "[0-9]+?[0-9A-Za-z_.-]*"),
            ("a{", r"a\{"),
            ("a{,2}", r"a\{,2}"),
            ("a{2,}b{3}?", "a{2,}b{3}?"),
            (r"\<a\>", "<a>"),
            (r"\Qa+b\Ec", r"a\+bc"),
            (r"\101\x41", r"\x{41}\x41"),
            ("[]a&&b[:alpha:][]", r"[\]a\&\&b[:alpha:]\[]"),
            (r"\b{start}", r"(?-u:\b)\{start}"),
            ("(?i)a(?s-m:b)(?P<n>c)", "(?i)a(?s-m:b)(?P<n>c)"),
        ] {
            assert_eq!(translate(pattern).as_deref(), Ok(wanted), "{pattern}");
        }
    }

    #[test]
    fn what_re2_does_not_take_is_refused() {
        for pattern in [
            "a**",
            "a++",
            "a???",
            "a{2}*",
            "a{1001}",
            "a{2,1001}",
            "(?x)a",
            "(?u:a)",
            "(?R)a",
            r"\u00e9",
            r"\Z",
            r"\1",
            r"\p{scx:Greek}",
            "[[:foo:]]",
            "a\\",
        ] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
