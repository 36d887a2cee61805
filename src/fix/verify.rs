//! What was written, compared with what the engine made of the object.

use std::collections::HashMap;

use serde_json::Value;

use crate::manifest::{Manifest, Place};
use crate::pointer::Pointer;

/// A text that would not hold what it should.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// Where, in the text as it was.
    pub(super) place: Place,
    /// What would be wrong, without a full stop.
    pub(super) message: String,
}

/// The first thing by which the new text is not the old one with exactly the values in `expected`, by the position of
/// their documents.
pub(super) fn difference(
    before: &Manifest,
    after: &Manifest,
    expected: &HashMap<usize, Value>,
) -> Option<Difference> {
    let edited = expected.keys().min().and_then(|at| before.documents.get(*at));
    let start = edited.map(|document| document.locate("")).unwrap_or(Place {
        line: 1,
        column: 1,
        end_line: 1,
        end_column: 1,
    });
    if let Some(error) = after.errors.first() {
        let message = format!("it could not be read any more: {}", error.message);
        return Some(Difference { place: start, message });
    }
    if before.documents.len() != after.documents.len() {
        let [was, is] = [before, after].map(|manifest| manifest.documents.len());
        let message = format!("it would hold {is} objects and not {was}");
        return Some(Difference { place: start, message });
    }
    let mut pairs = before.documents.iter().zip(&after.documents).enumerate();
    pairs.find_map(|(at, (old, new))| {
        let wanted = expected.get(&at).unwrap_or(&old.value);
        let mut place = Pointer::default();
        (old.base != new.base || differs(wanted, &new.value, &mut place)).then(|| Difference {
            place: old.locate(place.as_str()),
            message: format!("{} would not be what it should", named(&place)),
        })
    })
}

fn named(place: &Pointer) -> String {
    let path = place.field_path();
    if path.is_empty() { "the object".to_owned() } else { path }
}

/// Whether two values differ, and then where.
fn differs(wanted: &Value, found: &Value, place: &mut Pointer) -> bool {
    if wanted == found {
        return false;
    }
    let inner = match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let keys = wanted.keys().chain(found.keys());
            keys.map(|key| (key.clone(), wanted.get(key), found.get(key)))
                .find(|(_, wanted, found)| wanted != found)
        }
        (Value::Array(wanted), Value::Array(found)) => (0..wanted.len().max(found.len()))
            .map(|at| (at.to_string(), wanted.get(at), found.get(at)))
            .find(|(_, wanted, found)| wanted != found),
        _ => None,
    };
    if let Some((step, wanted, found)) = inner {
        place.push(&step);
        if let (Some(wanted), Some(found)) = (wanted, found) {
            differs(wanted, found, place);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse;

    fn compare(before: &str, after: &str, expected: &[(usize, Value)]) -> Option<(usize, String)> {
        let read = |text: &str| parse(None, text.as_bytes().to_vec());
        let expected = expected.iter().cloned().collect();
        let found = difference(&read(before), &read(after), &expected);
        found.map(|found| (found.place.line, found.message))
    }

    #[test]
    fn only_what_was_expected_may_differ() {
        let before = "a: 1\n---\nb: {c: [1, 2]}\n";
        let expected = [(1, serde_json::json!({"b": {"c": [1, 3]}}))];
        assert_eq!(compare(before, "a: 1\n---\nb: {c: [1, 3]}\n", &expected), None);
        let said = |after: &str| compare(before, after, &expected).unwrap();
        assert_eq!(said(before), (3, "b.c[1] would not be what it should".to_owned()));
        assert_eq!(said("a: 2\n---\nb: {c: [1, 3]}\n").0, 1);
        assert_eq!(
            said("a: 1\n---\nb: {c: [1, 3]}\n---\nx: 1\n").1,
            "it would hold 3 objects and not 2"
        );
        assert!(said("a: 1\n---\nb: {c: [1, 3]\n").1.contains("could not be read"));
        assert_eq!(said("a: 1\n---\nd: 1\n"), (3, "b would not be what it should".to_owned()));
    }
}
