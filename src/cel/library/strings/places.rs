//! Functions that count characters: `charAt`, `indexOf`, `lastIndexOf`, `substring`.

use super::super::support::{no_overload, other};
use super::{make, out_of_range};
use crate::cel::library::Machine;
use crate::cel::{EvalError, Value};

/// Where a character starts; the end, where there are as many characters. Text that is ASCII is not walked over.
fn byte_of(text: &str, place: usize) -> Option<usize> {
    if text.is_ascii() {
        return (place <= text.len()).then_some(place);
    }
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(place)
}

fn characters_before(text: &str, byte: usize) -> i64 {
    text.get(..byte).map_or(0, |before| before.chars().count() as i64)
}

fn at(text: &str, index: i64) -> Result<usize, EvalError> {
    let place = usize::try_from(index).ok();
    place.and_then(|place| byte_of(text, place)).ok_or_else(|| out_of_range(index))
}

pub(super) fn char_at<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [Value::String(text), Value::Int(index)] = arguments else {
        return Err(no_overload("charAt"));
    };
    let rest = text.get(at(text, *index)?..).unwrap_or_default();
    Ok(Value::text(rest.chars().next().map(String::from).unwrap_or_default()))
}

pub(super) fn substring<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (whole, start, end) = match arguments {
        [whole, Value::Int(start)] => (whole, *start, None),
        [whole, Value::Int(start), Value::Int(end)] => (whole, *start, Some(*end)),
        _ => return Err(no_overload("substring")),
    };
    let Value::String(text) = whole else { return Err(no_overload("substring")) };
    machine.budget.traverse(whole.size() as usize)?;
    if let Some(end) = end
        && start > end
    {
        return Err(other(format!("invalid substring range. start: {start}, end: {end}")));
    }
    let from = at(text, start)?;
    let to = end.map_or(Ok(text.len()), |end| at(text, end))?;
    let part = text.get(from..to).unwrap_or_default();
    make(machine.budget, part.len())?;
    Ok(Value::text(part))
}

pub(super) fn index_of<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (text, wanted, offset) = match arguments {
        [Value::String(text), Value::String(wanted)] => (text, wanted, 0),
        [Value::String(text), Value::String(wanted), Value::Int(offset)] => (text, wanted, *offset),
        _ => return Err(no_overload("indexOf")),
    };
    machine.budget.spend(text.len() as u64 / 10)?;
    if wanted.is_empty() {
        return Ok(Value::Int(offset));
    }
    let offset = usize::try_from(offset).map_err(|_| out_of_range(offset))?;
    let found = byte_of(text, offset).and_then(|start| {
        let at = text.get(start..)?.find(&**wanted)?;
        Some(characters_before(text, start + at))
    });
    Ok(Value::Int(found.unwrap_or(-1)))
}

pub(super) fn last_index_of<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (whole, wanted, offset) = match arguments {
        [whole, Value::String(wanted)] => (whole, wanted, None),
        [whole, Value::String(wanted), Value::Int(offset)] => (whole, wanted, Some(*offset)),
        _ => return Err(no_overload("lastIndexOf")),
    };
    let Value::String(text) = whole else { return Err(no_overload("lastIndexOf")) };
    machine.budget.spend(text.len() as u64 / 10)?;
    let length = whole.size() as i64;
    if wanted.is_empty() {
        return Ok(Value::Int(offset.unwrap_or(length)));
    }
    // The last place where it may start.
    let last = match offset {
        None => length,
        Some(offset) if offset < 0 => return Err(out_of_range(offset)),
        // Not the nearest place, but none: as cel-go has it.
        Some(offset) if offset >= length => return Ok(Value::Int(-1)),
        Some(offset) => offset,
    };
    let end = byte_of(text, last as usize).unwrap_or(text.len()).saturating_add(wanted.len());
    // One that starts at the last place may go on beyond what is a whole character there.
    let end = (0..4).filter_map(|less| end.min(text.len()).checked_sub(less));
    let end = end.into_iter().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let found = text.get(..end).and_then(|text| text.rfind(&**wanted));
    Ok(Value::Int(found.map_or(-1, |byte| characters_before(text, byte))))
}
