//! The text of a file: decoding, and byte offsets turned into lines and columns.

use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use super::error::{ManifestError, Place};

mod garbled;

const BOM: &str = "\u{feff}";
/// Distance in bytes at which a long line gets another mark, so that a look-up never counts the
/// characters of more than this.
const MARK_EVERY: usize = 4096;
/// Spans are held in 32 bits.
const MAX_BYTES: usize = u32::MAX as usize - 1;

/// UTF-8 text without its byte order mark, and an index of its lines that is made when first used.
#[derive(Debug, Default)]
pub struct Text {
    /// Ends with a line break, added if need be, as `kubectl` does.
    text: String,
    /// Length without the added line break.
    length: usize,
    bom: bool,
    marks: OnceLock<Vec<Mark>>,
}

/// A known position: the character at `offset` stands at `line`, `column`.
#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: u32,
    line: u32,
    column: u32,
}

/// Why bytes are no text.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

impl Refused {
    pub(super) fn into_error(self, file: Option<&Path>) -> ManifestError {
        ManifestError::new(file, Some(self.place), self.message, self.help)
    }
}

impl Text {
    /// The text of a file, and where it is none: a YAML document with bytes that are no text is left out, and the others
    /// stay where they are.
    pub(super) fn decode(bytes: Vec<u8>) -> Result<(Self, Vec<Refused>), Refused> {
        if bytes.len() > MAX_BYTES {
            return Err(refuse("the file is larger than 4 GiB", None));
        }
        if looks_like_utf16(&bytes) {
            return Err(refuse("the file is UTF-16, not UTF-8", Some("save the file as UTF-8")));
        }
        let (mut text, garbled) = match String::from_utf8(bytes) {
            Ok(text) => (text, Vec::new()),
            Err(error) => garbled::leave_out(error.into_bytes()),
        };
        let bom = text.starts_with(BOM);
        if bom {
            text.drain(..BOM.len());
        }
        Ok((Self::new(text, bom), garbled))
    }

    fn new(mut text: String, bom: bool) -> Self {
        let length = text.len();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Self { text, length, bom, marks: OnceLock::new() }
    }

    /// The text, without the byte order mark; all byte offsets count from its start.
    pub fn as_str(&self) -> &str {
        self.text.get(..self.length).unwrap_or_default()
    }

    /// The text with a line break at its end.
    pub(super) fn terminated(&self) -> &str {
        &self.text
    }

    /// A range without the line break that was added.
    pub(super) fn clamp(&self, range: Range<usize>) -> Range<usize> {
        range.start.min(self.length)..range.end.min(self.length)
    }

    /// Whether the file starts with a UTF-8 byte order mark, which [`Self::as_str`] leaves out.
    pub fn has_bom(&self) -> bool {
        self.bom
    }

    /// Lines and columns of a byte range; offsets beyond the end count as the end.
    pub fn place(&self, range: Range<usize>) -> Place {
        let (line, column) = self.position(range.start);
        let (end_line, end_column) = self.position(range.end.max(range.start));
        Place { line, column, end_line, end_column }
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let marks = self.marks.get_or_init(|| marks(self.as_str()));
        let after = marks.partition_point(|mark| mark.offset as usize <= offset);
        let Some(mark) = after.checked_sub(1).and_then(|index| marks.get(index)) else {
            return (1, 1);
        };
        let between = self.text.get(mark.offset as usize..offset).unwrap_or_default();
        (mark.line as usize, mark.column as usize + between.chars().count())
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.length);
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Lines and columns of a byte range of a text that was not read as a manifest, such as a template.
pub fn place(text: &str, range: Range<usize>) -> Place {
    Text::new(text.to_owned(), false).place(range)
}

fn marks(text: &str) -> Vec<Mark> {
    let bytes = text.as_bytes();
    let mut marks = vec![Mark { offset: 0, line: 1, column: 1 }];
    let mut line = 1;
    let mut start = 0;
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        // The \n of \r\n closes the line.
        if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n') {
            continue;
        }
        mark_long_line(text, start..at, line, &mut marks);
        line += 1;
        start = at + 1;
        marks.push(Mark { offset: start as u32, line, column: 1 });
    }
    mark_long_line(text, start..text.len(), line, &mut marks);
    marks
}

fn mark_long_line(text: &str, range: Range<usize>, line: u32, marks: &mut Vec<Mark>) {
    let mut from = range.start;
    let mut column = 1;
    while range.end - from > MARK_EVERY {
        let mut next = from + MARK_EVERY;
        while !text.is_char_boundary(next) {
            next -= 1;
        }
        column += text.get(from..next).unwrap_or_default().chars().count() as u32;
        from = next;
        marks.push(Mark { offset: from as u32, line, column });
    }
}

fn looks_like_utf16(bytes: &[u8]) -> bool {
    // JSON and YAML start with an ASCII character, so a zero beside it is half of a UTF-16 one.
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(bytes, [0, ascii, ..] | [ascii, 0, ..] if *ascii != 0)
}

/// About the whole file.
fn refuse(message: &str, help: Option<&'static str>) -> Refused {
    let place = Place { line: 1, column: 1, end_line: 1, end_column: 1 };
    Refused { place, message: message.to_owned(), help }
}
