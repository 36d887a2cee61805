//! Files that are text in part.

use std::ops::Range;

use super::super::error::Place;
use super::super::yaml::chunks;
use super::{BOM, Refused};

/// Blanks the documents that hold bytes of no character; everything else keeps its line and its offset.
pub(super) fn leave_out(mut bytes: Vec<u8>) -> (String, Vec<Refused>) {
    let chunks: Vec<_> = chunks::marked(&bytes).collect();
    let (mut garbled, mut line, mut counted) = (Vec::new(), 1, 0);
    for chunk in chunks {
        let Some(at) = first_garbled(&bytes, chunk.clone()) else { continue };
        line += line_ends(bytes.get(counted..at).unwrap_or_default());
        counted = at;
        garbled.push(refuse(&bytes, at, line));
        // Its marker ends the document before.
        let marker = if bytes.get(chunk.clone()).is_some_and(|text| text.starts_with(b"---")) {
            3
        } else {
            0
        };
        let document = bytes.get_mut(chunk.start + marker..chunk.end).unwrap_or_default();
        document.iter_mut().filter(|byte| !b"\r\n".contains(byte)).for_each(|byte| *byte = b' ');
    }
    (String::from_utf8(bytes).unwrap_or_default(), garbled)
}

fn first_garbled(bytes: &[u8], chunk: Range<usize>) -> Option<usize> {
    let error = std::str::from_utf8(bytes.get(chunk.clone())?).err()?;
    Some(chunk.start + error.valid_up_to())
}

/// Counts as [`super::marks`] does.
fn line_ends(bytes: &[u8]) -> usize {
    let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
    ends.filter(|&at| bytes.get(at) != Some(&b'\r') || bytes.get(at + 1) != Some(&b'\n')).count()
}

fn refuse(bytes: &[u8], at: usize, line: usize) -> Refused {
    let before = bytes.get(..at).unwrap_or_default();
    let start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1);
    // The document is text up to here.
    let before = std::str::from_utf8(before.get(start..).unwrap_or_default()).unwrap_or_default();
    let column = before.strip_prefix(BOM).unwrap_or(before).chars().count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    Refused {
        place: Place { line, column, end_line: line, end_column: column },
        message: format!("byte 0x{byte:02x} is not valid UTF-8"),
        help: Some("save the file as UTF-8"),
    }
}
