//! Reading one level of a tree.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::super::{JsonError, MAX_DEPTH, Reader, fault};
use super::node::{Branch, Fields, Node, Span, Words};

/// The value of a whole text.
pub(super) fn root(text: &str) -> Result<Node, JsonError> {
    if u32::try_from(text.len()).is_err() {
        return Err(fault("the text is longer than 4 GiB"));
    }
    let mut reader = Reader::new(text);
    let node = value(&mut reader, 1)?;
    reader.end()?;
    if let Node::Unread { span, depth, read } = &node {
        // The outermost level is always looked at, and its faults are found here.
        let branch = branch(text, *span, *depth)?;
        let _ = read.set(Ok(Box::new(branch)));
    }
    Ok(node)
}

/// One level of what stands in brackets.
pub(super) fn branch(text: &str, span: Span, depth: u8) -> Result<Branch, JsonError> {
    if depth > MAX_DEPTH {
        return Err(fault("the value is nested too deep"));
    }
    // Places count from the start of the whole text.
    let whole = text.get(..span.end as usize).ok_or(fault("a value is cut within a character"))?;
    let mut reader = Reader { text: whole, at: span.start as usize, depth: 0 };
    let mut first = true;
    let branch = if reader.peek()? == b'[' {
        reader.expect(b'[')?;
        let mut nodes = Vec::new();
        while reader.more(b']', &mut first)? {
            nodes.push(value(&mut reader, depth + 1)?);
        }
        Branch::Array(nodes)
    } else {
        reader.expect(b'{')?;
        let mut entries = Vec::new();
        while reader.more(b'}', &mut first)? {
            if reader.peek()? != b'"' {
                return Err(fault("expected a string"));
            }
            let key = words(&mut reader)?;
            reader.expect(b':')?;
            entries.push((key, value(&mut reader, depth + 1)?));
        }
        Branch::Object(Fields::new(entries, whole))
    };
    reader.end()?;
    Ok(branch)
}

fn value(reader: &mut Reader<'_>, depth: u8) -> Result<Node, JsonError> {
    Ok(match reader.peek()? {
        b'"' => Node::String(words(reader)?),
        b'{' | b'[' => {
            let start = reader.at;
            reader.pass()?;
            Node::Unread { span: span(start, reader.at), depth, read: OnceCell::new() }
        }
        _ => scalar(reader.pass()?)?,
    })
}

fn scalar(text: &str) -> Result<Node, JsonError> {
    Ok(match text {
        "null" => Node::Null,
        "true" => Node::Bool(true),
        "false" => Node::Bool(false),
        _ => {
            let plain = text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(number), _) if plain => Node::Int(number),
                (_, Ok(number)) if plain && number.is_finite() => Node::Double(number),
                _ => return Err(fault("expected a value")),
            }
        }
    })
}

/// The string whose opening quote is next.
fn words(reader: &mut Reader<'_>) -> Result<Words, JsonError> {
    let start = reader.at + 1;
    Ok(match reader.quoted()? {
        Cow::Borrowed(_) => Words::There(span(start, reader.at - 1)),
        Cow::Owned(text) => Words::Own(text.into()),
    })
}

/// Texts are shorter than 4 GiB, see [`root`].
fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32 }
}
