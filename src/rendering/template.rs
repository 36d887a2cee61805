//! Go templates, read without being run: which bytes are text, which are actions, and where lines of the output end.

use std::ops::Range;

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `if`, `with` and `range`.
    Open,
    /// `range`, which comes back to its start.
    Loop,
    /// `define`; what is in it is written where it is included.
    Define,
    Else,
    End,
    /// Nothing is written: comments, assignments, `break`, `continue`.
    Silent,
    /// Something is written.
    Output,
}

/// An action, with its braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
    /// `{{-`: space before it is not written.
    pub(super) trims_before: bool,
    /// `-}}`: space behind it is not written.
    pub(super) trims_after: bool,
}

/// The actions of a template in their order. What stands between them is text.
///
/// `None` where a brace, a quotation or a comment is not closed: Helm refuses such a template.
pub(super) fn actions(text: &str) -> Option<Vec<Action>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = memchr::memmem::find(bytes.get(at..)?, b"{{") {
        let start = at + open;
        let mut inner = start + 2;
        let trims_before = is_trim_start(bytes, inner);
        if trims_before {
            inner += 2;
        }
        let (end, trims_after) = if bytes.get(inner..)?.starts_with(b"/*") {
            let close = memchr::memmem::find(bytes.get(inner + 2..)?, b"*/")?;
            end_at(bytes, inner + 2 + close + 2)?
        } else {
            end_of_action(bytes, inner)?
        };
        let body = text.get(inner..end)?;
        found.push(Action { range: start..end, kind: kind(body), trims_before, trims_after });
        at = end;
    }
    Some(found)
}

fn is_trim_start(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'-') && bytes.get(at + 1).is_some_and(u8::is_ascii_whitespace)
}

/// The end of an action at `at`, where nothing but the closing braces may stand.
fn end_at(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let rest = bytes.get(at..)?;
    if rest.starts_with(b"}}") {
        return Some((at + 2, false));
    }
    let trims = rest.first()?.is_ascii_whitespace() && rest.get(1..)?.starts_with(b"-}}");
    trims.then_some((at + 4, true))
}

/// The end of an action from somewhere in it. Braces within quotation marks do not count.
fn end_of_action(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    loop {
        match *bytes.get(at)? {
            b'`' => at += 1 + memchr::memchr(b'`', bytes.get(at + 1..)?)?,
            quote @ (b'"' | b'\'') => {
                at += 1;
                loop {
                    match *bytes.get(at)? {
                        b'\\' => at += 1,
                        b'\n' => return None,
                        byte if byte == quote => break,
                        _ => {}
                    }
                    at += 1;
                }
            }
            _ => {
                if let Some(end) = end_at(bytes, at) {
                    return Some(end);
                }
            }
        }
        at += 1;
    }
}

/// What an action does, by its first word.
fn kind(body: &str) -> Kind {
    let body = body.trim_start();
    let word = body.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    match word {
        "if" | "with" => Kind::Open,
        "range" => Kind::Loop,
        "define" => Kind::Define,
        "else" => Kind::Else,
        "end" => Kind::End,
        "break" | "continue" => Kind::Silent,
        _ if body.starts_with("/*") => Kind::Silent,
        _ if body.starts_with('$') && is_assignment(body) => Kind::Silent,
        // `block` is one that opens too; what it writes is that of a template which others can define anew.
        "block" => Kind::Define,
        _ => Kind::Output,
    }
}

/// `$name := …`, `$name = …`.
fn is_assignment(body: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let rest = body.trim_start_matches(name).trim_start();
    rest.starts_with(":=") || (rest.starts_with('=') && !rest.starts_with("=="))
}

/// What a line of a template contributes to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing: it is empty, or holds only actions that write nothing.
    Nothing,
    /// It ends inside an action; the line where that began tells.
    Open,
    /// Something, and where it ends, in bytes of the template, a comment can be put without changing anything else.
    Taggable(usize),
    /// Something that no comment can follow.
    Written,
}

/// Lines of a template, with the bytes of each.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) lines: Vec<(Range<usize>, Line)>,
    pub(super) actions: Vec<Action>,
}

/// Reads a template line by line; `None` where it is broken.
pub(super) fn lines(text: &str) -> Option<Lines> {
    let actions = actions(text)?;
    let blocks = super::blocks::Blocks::new(text, &actions)?;
    let mut found = Vec::new();
    let mut start = 0;
    // The first byte of the lines that one action holds together.
    let mut logical = 0;
    let mut next = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end_matches(['\n', '\r']).len();
        while actions.get(next).is_some_and(|action| action.range.end <= end) {
            next += 1;
        }
        let is_open = actions.get(next).is_some_and(|action| action.range.start < end);
        let what = if is_open {
            Line::Open
        } else {
            let within = actions.get(..next).unwrap_or_default();
            judge(text, (logical..end, next), within, &blocks)
        };
        found.push((start..end, what));
        start += line.len();
        if !is_open {
            logical = start;
        }
    }
    Some(Lines { lines: found, actions })
}

/// What lines that end outside of actions contribute; `before` are the actions up to there.
fn judge(
    text: &str,
    (line, next): (Range<usize>, usize),
    before: &[Action],
    blocks: &super::blocks::Blocks<'_>,
) -> Line {
    let mut writes = false;
    let mut at = line.end;
    let mut last_trims = false;
    for (index, action) in
        before.iter().rev().take_while(|action| action.range.end > line.start).enumerate()
    {
        let between = text.get(action.range.end..at).unwrap_or_default();
        let is_blank = between.trim().is_empty();
        last_trims |= index == 0 && is_blank && action.trims_after;
        writes |= !is_blank || action.kind == Kind::Output;
        at = action.range.start;
    }
    let first = text.get(line.start..at.max(line.start)).unwrap_or_default();
    writes |= !first.trim().is_empty();
    let whole = text.get(line.clone()).unwrap_or_default();
    // What separates documents is part of none.
    if !writes || whole.trim_end() == "---" {
        return Line::Nothing;
    }
    if last_trims || !blocks.line_ends(line.end, next) {
        return Line::Written;
    }
    Line::Taggable(line.start + whole.trim_end().len())
}
