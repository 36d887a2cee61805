//! The results of a run, written out.

pub mod github;
pub mod json;
pub mod junit;
pub mod text;

use similar::{ChangeTag, TextDiff};

use super::Difference;

/// The lines of a difference: what was expected and is not, what is and was not expected, and what is both.
pub(super) fn lines(difference: &Difference) -> Vec<(char, String)> {
    let slices = |lines: &[String]| -> Vec<String> { lines.to_vec() };
    let (old, new) = (slices(&difference.expected), slices(&difference.actual));
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    let sign = |tag| match tag {
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
        ChangeTag::Equal => ' ',
    };
    let line = |change: similar::Change<&str>| (sign(change.tag()), change.value().to_owned());
    diff.iter_all_changes().map(line).collect()
}

/// The same as one text.
pub(super) fn text_of(difference: &Difference) -> String {
    let lines = lines(difference);
    lines.iter().map(|(sign, line)| format!("{sign} {line}\n")).collect()
}

/// `1 case`, `2 cases`.
pub(super) fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}
