//! Marks that templates carry through a rendering: comments that say of each line which line of which template wrote it.
//!
//! A chart is rendered twice, as it is and with marks. Only the first is judged; where the second says the same without its
//! marks, these tell where each line of the first came from.

use std::ops::Range;

use super::template::{self, Line, Lines};

/// What a mark starts with. A number and a semicolon follow.
const MARK: &str = " #plimsoll-line:";

/// A template, and whether its lines can be marked.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) text: String,
    /// `None` where it is no template that could be read.
    pub(super) lines: Option<Lines>,
}

impl Template {
    pub(super) fn new(text: String) -> Self {
        let lines = template::lines(&text).filter(|_| !text.contains(MARK.trim_start()));
        Self { text, lines }
    }

    fn kinds(&self) -> impl Iterator<Item = (usize, Line)> + '_ {
        let lines = self.lines.iter().flat_map(|lines| &lines.lines);
        lines.enumerate().map(|(index, (_, what))| (index, *what))
    }

    /// Whether an action on a line, or on those that it goes on to, writes something.
    pub(super) fn has_output(&self, line: usize) -> bool {
        let Some(lines) = &self.lines else { return false };
        let range = self.logical(line);
        lines.actions.iter().any(|action| {
            action.kind == template::Kind::Output
                && action.range.start < range.end
                && action.range.end > range.start
        })
    }

    /// The bytes of a line and of those that its actions go on to.
    pub(super) fn logical(&self, line: usize) -> Range<usize> {
        let rest = self.lines.iter().flat_map(|lines| lines.lines.iter().skip(line));
        let mut whole: Option<Range<usize>> = None;
        for (range, what) in rest {
            let start = whole.map_or(range.start, |whole| whole.start);
            whole = Some(start..range.end);
            if *what != Line::Open {
                break;
            }
        }
        whole.unwrap_or_default()
    }

    /// Whether something between two lines is written and cannot be marked.
    pub(super) fn hides(&self, between: Range<usize>) -> bool {
        self.kinds().any(|(line, what)| what == Line::Written && between.contains(&line))
    }
}

/// Gives out marks.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The template and the line of each mark, both counted from 0.
    origins: Vec<(usize, usize)>,
}

impl Marks {
    /// The template with a mark on each line that takes one.
    pub(super) fn put(&mut self, index: usize, template: &Template) -> String {
        let mut marked = String::with_capacity(template.text.len() * 2);
        let mut done = 0;
        let mut first = None;
        for (line, what) in template.kinds() {
            let start = *first.get_or_insert(line);
            match what {
                Line::Open => continue,
                Line::Taggable(at) => {
                    marked.push_str(template.text.get(done..at).unwrap_or_default());
                    marked.push_str(&format!("{MARK}{};", self.origins.len()));
                    self.origins.push((index, start));
                    done = at;
                }
                Line::Nothing | Line::Written => {}
            }
            first = None;
        }
        marked.push_str(template.text.get(done..).unwrap_or_default());
        marked
    }

    /// The template and the line that wrote a line with this mark.
    pub(super) fn origin(&self, mark: usize) -> Option<(usize, usize)> {
        self.origins.get(mark).copied()
    }
}

/// A line of output without its marks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unmarked {
    pub(super) text: String,
    /// The mark at its end, if there is just that one.
    pub(super) mark: Option<usize>,
    /// Whether there is no mark at all.
    pub(super) is_plain: bool,
}

/// Takes the marks off a line.
pub(super) fn unmark(line: &str) -> Unmarked {
    let mut text = String::with_capacity(line.len());
    let mut marks = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(MARK) {
        let (before, behind) = rest.split_at(at);
        let behind = behind.get(MARK.len()..).unwrap_or_default();
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = behind.split_at(digits);
        text.push_str(before);
        if let Some(tail) = tail.strip_prefix(';') {
            marks.push((number.parse().ok(), text.len()));
            rest = tail;
        } else {
            text.push_str(MARK);
            rest = behind;
        }
    }
    text.push_str(rest);
    let mark = match marks.as_slice() {
        // What a quotation, a closing bracket or a space may follow.
        [(mark, at)] if is_end(text.get(*at..).unwrap_or_default()) => *mark,
        _ => None,
    };
    Unmarked { mark, is_plain: marks.is_empty(), text }
}

fn is_end(rest: &str) -> bool {
    rest.trim().is_empty()
}
