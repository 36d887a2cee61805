//! Texts before and after edits.

mod blocks;
mod tables;

use serde_json::{Value, json};

use super::super::{Document, parse};
use super::{Refusal, Replacement, values};
use crate::edit::{Change, Edit};
use crate::pointer::Pointer;

fn set(pointer: &str, value: Value) -> Edit {
    Edit::set(Pointer::new(pointer), value)
}

fn append(pointer: &str, value: Value) -> Edit {
    Edit::append(Pointer::new(pointer), value)
}

fn remove(pointer: &str) -> Edit {
    Edit::remove(Pointer::new(pointer))
}

fn documents(text: &str) -> Vec<Document> {
    let manifest = parse(None, text.as_bytes().to_vec());
    assert_eq!(manifest.errors, [], "{text}");
    manifest.documents
}

fn spliced(text: &str, replacements: &[Replacement]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for one in replacements {
        out.push_str(&text[at..one.range.start]);
        out.push_str(&one.text);
        at = one.range.end;
    }
    out + &text[at..]
}

/// The text after edits of its document of this number; all values must then be as they should.
fn edited_at(text: &str, number: usize, edits: &[Edit]) -> Result<String, Refusal> {
    let before = documents(text);
    let replacements = before[number].plan(edits)?;
    let after = spliced(before[number].text().as_str(), &replacements);
    let after = if before[number].text().has_bom() { format!("\u{feff}{after}") } else { after };
    let found: Vec<Value> = documents(&after).into_iter().map(|one| one.value).collect();
    let mut wanted: Vec<Value> = before.into_iter().map(|one| one.value).collect();
    for edit in edits {
        apply(&mut wanted[number], edit);
    }
    assert_eq!(found, wanted, "\n{after}");
    Ok(after)
}

fn apply(value: &mut Value, edit: &Edit) {
    let tokens: Vec<_> = edit.pointer.tokens().collect();
    let Some((last, above)) = tokens.split_last() else {
        return values::change::<&str>(value, &[], &edit.change).unwrap();
    };
    if edit.change == Change::Remove {
        let parent = above.iter().try_fold(value, |value, token| match value {
            Value::Array(list) => list.get_mut(token.parse::<usize>().ok()?),
            other => other.get_mut(&**token),
        });
        match parent {
            Some(Value::Object(map)) => drop(map.remove(&**last)),
            Some(Value::Array(list)) => drop(list.remove(last.parse().unwrap())),
            _ => {}
        }
        return;
    }
    values::change(value, &tokens, &edit.change).unwrap();
}

fn edited(text: &str, edits: &[Edit]) -> String {
    edited_at(text, 0, edits).unwrap()
}

fn check(text: &str, edits: &[Edit], wanted: &str) {
    let found = edited(text, edits);
    assert!(found == wanted, "from\n{text}\nto\n{found}\nand not\n{wanted}");
    assert_eq!(edited(&found, &[]), found);
}

fn refused(text: &str, edits: &[Edit]) -> String {
    let refusal = edited_at(text, 0, edits).unwrap_err();
    format!("{}:{}: {}", refusal.place.line, refusal.place.column, refusal.message)
}
