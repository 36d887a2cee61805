//! Random edits, and what they mean.

use std::collections::BTreeSet;

use plimsoll::edit::{Change, Edit};
use plimsoll::manifest::Document;
use plimsoll::pointer::Pointer;
use serde_json::{Map, Value};

use crate::values::{self, Dice};

/// Some edits of an object, each of which fits what the earlier ones leave.
pub fn some(object: &Value, dice: &mut Dice) -> Vec<Edit> {
    let mut now = object.clone();
    let mut edits = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let mut places = Vec::new();
        collect(&now, &Pointer::default(), &mut places);
        let (place, shape) = dice.pick(&places).clone();
        let edit = match (shape, dice.below(6)) {
            (Shape::Map, 0 | 1) | (Shape::Null, 0) => {
                let mut place = place;
                (0..1 + dice.below(3)).for_each(|_| place.push(values::key(dice)));
                if dice.once_in(4) {
                    Edit::append(place, values::value(dice, 2))
                } else {
                    Edit::set(place, values::value(dice, 2))
                }
            }
            (Shape::List, 0 | 1) | (Shape::Null, 1) => Edit::append(place, values::value(dice, 2)),
            (_, 2 | 3) if !place.as_str().is_empty() => Edit::remove(place),
            (Shape::Scalar | Shape::Null, _) => Edit::set(place, values::scalar(dice)),
            (_, 4) if !place.as_str().is_empty() => Edit::set(place, values::value(dice, 2)),
            _ => continue,
        };
        // A key can name a place below a text.
        if fits(&now, &edit) {
            apply(&mut now, &edit);
            edits.push(edit);
        }
    }
    edits
}

#[derive(Clone, Copy)]
enum Shape {
    Map,
    List,
    Null,
    Scalar,
}

fn collect(value: &Value, at: &Pointer, out: &mut Vec<(Pointer, Shape)>) {
    let shape = match value {
        Value::Object(_) => Shape::Map,
        Value::Array(_) => Shape::List,
        Value::Null => Shape::Null,
        _ => Shape::Scalar,
    };
    out.push((at.clone(), shape));
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| collect(inner, &at.clone().join(key), out));
        }
        Value::Array(list) => {
            for (number, inner) in list.iter().enumerate() {
                collect(inner, &at.clone().join(number), out);
            }
        }
        _ => {}
    }
}

fn fits(value: &Value, edit: &Edit) -> bool {
    let mut at = value;
    for token in edit.pointer.tokens() {
        at = match at {
            Value::Object(map) => match map.get(&*token) {
                Some(inner) => inner,
                None => return true,
            },
            Value::Array(list) => match token.parse::<usize>().ok().and_then(|at| list.get(at)) {
                Some(inner) => inner,
                None => return false,
            },
            Value::Null => return true,
            _ => return false,
        };
    }
    !matches!(edit.change, Change::Append(_)) || at.is_array() || at.is_null()
}

/// Makes an edit in a value.
pub fn apply(value: &mut Value, edit: &Edit) {
    let tokens: Vec<_> = edit.pointer.tokens().collect();
    if edit.change == Change::Remove {
        let (last, above) = tokens.split_last().unwrap();
        let mut parent = value;
        for token in above {
            parent = match parent {
                Value::Array(list) => &mut list[token.parse::<usize>().unwrap()],
                other => &mut other[&**token],
            };
        }
        match parent {
            Value::Array(list) => drop(list.remove(last.parse().unwrap())),
            other => drop(other.as_object_mut().unwrap().remove(&**last)),
        }
        return;
    }
    let mut place = value;
    for token in &tokens {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match place {
            Value::Array(list) => &mut list[token.parse::<usize>().unwrap()],
            other => other.as_object_mut().unwrap().entry(token.to_string()).or_insert(Value::Null),
        };
    }
    match &edit.change {
        Change::Set(new) => *place = new.clone(),
        Change::Append(new) => {
            if place.is_null() {
                *place = Value::Array(Vec::new());
            }
            place.as_array_mut().unwrap().push(new.clone());
        }
        Change::Remove => {}
    }
}

/// How many nodes a value has.
pub fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(map) => map.values().map(size).sum(),
        Value::Array(list) => list.iter().map(size).sum(),
        _ => 0,
    }
}

/// The lines whose comments may go along with what edits remove or write anew: those of the values that are
/// removed or replaced, and the comments below that are indented more.
pub fn lost_lines(document: &Document, edits: &[Edit]) -> BTreeSet<usize> {
    let text = document.text().as_str();
    let lines: Vec<&str> = text.split('\n').collect();
    let line_of = |at: usize| text[..at].matches('\n').count();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lost = BTreeSet::new();
    // Items move up when one in front of them goes: then everything in their list may.
    let moves =
        edits.iter().filter(|edit| edit.change == Change::Remove).count() > 0 && edits.len() > 1;
    for edit in edits {
        let mut pointer = edit.pointer.as_str().to_owned();
        if matches!(edit.change, Change::Append(_)) {
            continue;
        }
        if moves
            && let Some(at) = pointer.rfind(|c: char| c.is_ascii_digit())
            && let Some(list) = pointer[..at].rfind('/')
        {
            pointer.truncate(list);
        }
        let found = document.find(&pointer);
        if !found.exact {
            continue;
        }
        let start = found.key.as_ref().map_or(found.value.start, |key| key.start);
        let (mut first, mut last) = (line_of(start), line_of(found.value.end.max(start)));
        let is_item = found.key.is_none();
        let own_line = text[..start].rsplit('\n').next().is_some_and(|head| head.trim().is_empty());
        if is_item && own_line {
            // Up to the line of its dash.
            first -= lines[..first]
                .iter()
                .rev()
                .take_while(|line| !line.trim_start().starts_with('-'))
                .count();
            first = first.saturating_sub(1);
        }
        lost.extend(first..=last);
        while let Some(line) = lines.get(last + 1)
            && (line.trim().is_empty()
                || line.trim_start().starts_with('#') && indent(line) > indent(lines[first]))
        {
            last += 1;
            lost.insert(last);
        }
    }
    lost
}
