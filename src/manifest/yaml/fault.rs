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

fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation => ("a tab cannot indent YAML", Some("indent with spaces")),
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
