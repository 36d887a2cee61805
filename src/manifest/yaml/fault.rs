//! Errors of syntax in words that help.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::super::compose::MAX_DEPTH;
use super::super::error::Fault;

pub(super) fn complex_key(range: Range<usize>) -> Fault {
    Fault::new(range, "a key must be a scalar")
        .help("quote the key if it starts with `{` or `[`, as templates do")
}

/// Turns an error of the parser, which counts from `base`, into one about the whole text.
pub(super) fn syntax(text: &str, base: usize, error: &ScanError) -> Fault {
    let offset = error.marker().byte_offset().unwrap_or_default().min(text.len());
    let offset = match error.kind() {
        // It speaks of where the text begins that the tab seems to go on with.
        ErrorKind::TabInPlainScalar => next_tab(text, offset),
        kind if is_about_tab(kind) => first_tab(text, offset),
        _ => offset,
    };
    let width = match text.get(offset..).and_then(|rest| rest.chars().next()) {
        None | Some('\n' | '\r') => 0,
        Some(character) => character.len_utf8(),
    };
    let range = base + offset..base + offset + width;
    let (message, help) = words(error.kind());
    let fault = Fault::new(range, message);
    match help {
        Some(help) => fault.help(help),
        None => fault,
    }
}

fn is_about_tab(kind: &ErrorKind) -> bool {
    use ErrorKind::{TabInBlockIndentation, TabInIndentation, TabInPlainScalar, TabNotAllowed};
    matches!(kind, TabInBlockIndentation | TabInIndentation | TabInPlainScalar | TabNotAllowed)
}

/// The first tab of the white space that reaches up to `offset`.
fn first_tab(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t']).len();
    before.get(start..).and_then(|space| space.find('\t')).map_or(offset, |tab| start + tab)
}

/// The first tab that indents a line after `offset`.
fn next_tab(text: &str, offset: usize) -> usize {
    let is_break = |character: char| matches!(character, '\n' | '\r');
    let after = text.get(offset..).unwrap_or_default();
    after
        .match_indices(is_break)
        .find_map(|(at, _)| {
            let line = after.get(at + 1..)?;
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            let tab = line.get(..indent)?.find('\t')?;
            (!line.get(indent..)?.starts_with(['\n', '\r', '#'])).then_some(offset + at + 1 + tab)
        })
        .unwrap_or(offset)
}

fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        kind if is_about_tab(kind) => ("a tab cannot indent YAML", Some("indent with spaces")),
        ErrorKind::RecursionLimitExceeded => {
            return (format!("nested more than {MAX_DEPTH} levels deep"), None);
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("unclosed quote", None)
        }
        ErrorKind::UnknownAnchor => ("no anchor of this name stands before this alias", None),
        ErrorKind::MappingValueNotAllowed => (
            "a mapping cannot start here",
            Some("quote a value that contains `: `, or check the indentation"),
        ),
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("the document ends before a bracket is closed", None)
        }
        ErrorKind::InvalidQuotedScalarIndent => {
            ("a quote is not closed, or the next line of its text is not indented enough", None)
        }
        ErrorKind::ExpectedDocumentStart => (
            "this does not belong to what stands above",
            Some("check the indentation of this line and those above"),
        ),
        ErrorKind::SimpleKeyExpected => ("expected `:` after this key", None),
        ErrorKind::ExpectedBlockMappingKey => (
            "expected a key of the mapping",
            Some("check the indentation of this line and those above"),
        ),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("expected `-`", Some("check the indentation of this line and those above"))
        }
        other => return (other.to_string(), None),
    };
    (message.to_owned(), help)
}
