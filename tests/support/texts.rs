//! Texts of objects, and edits of them.

use plimsoll::edit::{Change, Edit};
use plimsoll::manifest::{Manifest, parse};
use serde_json::Value;

/// A value as YAML and as JSON, in several manners.
pub(crate) fn manners(value: &Value) -> Vec<String> {
    let yaml = serde_saphyr::to_string(value).unwrap();
    let commented: String = yaml
        .lines()
        .enumerate()
        .map(|(at, line)| {
            format!(
                "{line}{}\r\n",
                if line.ends_with(':') { format!(" # {at}") } else { String::new() }
            )
        })
        .collect();
    vec![
        format!("# first\n{yaml}# last\n"),
        commented,
        value.to_string(),
        serde_json::to_string_pretty(value).unwrap() + "\n",
    ]
}

/// Edits an object in a text: then that holds what is wanted, all else as it was, and every comment.
pub(crate) fn assert_edited(text: &str, object: &Value, wanted: &Value, edits: &[Edit]) {
    let before = read(text);
    let at = before.documents.iter().position(|one| one.value == *object).unwrap();
    let changes = before.documents[at].plan(edits);
    let changes = changes.unwrap_or_else(|refusal| panic!("{refusal:?} of\n{text}"));
    if edits.is_empty() {
        return assert_eq!(changes, []);
    }
    let mut after = text.to_owned();
    for change in changes.iter().rev() {
        after.replace_range(change.range.clone(), &change.text);
    }
    let mut values: Vec<Value> = before.documents.into_iter().map(|one| one.value).collect();
    values[at] = wanted.clone();
    let found: Vec<Value> = read(&after).documents.into_iter().map(|one| one.value).collect();
    assert_eq!(found, values, "of\n{text}\nbecame\n{after}");
    // What is removed takes the comment on its line along.
    let (was, is) = (comments(text), comments(&after));
    let mut lost = was.iter();
    let all_known = is.iter().all(|comment| lost.any(|known| known == comment));
    let removed = edits.iter().filter(|edit| edit.change == Change::Remove).count();
    assert!(all_known && is.len() + removed >= was.len(), "of\n{text}\nbecame\n{after}");
    if text.contains("\r\n") {
        assert!(!after.replace("\r\n", "").contains('\n'), "lines end as they did:\n{after:?}");
    }
}

fn read(text: &str) -> Manifest {
    let manifest = parse(None, text.as_bytes().to_vec());
    assert!(manifest.errors.is_empty(), "{:?} in\n{text}", manifest.errors);
    manifest
}

/// What stands behind a `#` that is at the start of a line or behind a space; texts with others in quotes are equal in
/// those too.
fn comments(text: &str) -> Vec<&str> {
    let of_line = |line: &'_ str| -> Option<usize> {
        line.char_indices()
            .find(|(at, c)| *c == '#' && (*at == 0 || line[..*at].ends_with([' ', '\t'])))
            .map(|(at, _)| at)
    };
    text.lines().filter_map(|line| of_line(line).map(|at| line[at..].trim_end())).collect()
}
