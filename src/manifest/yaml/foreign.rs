//! Text that the parser takes and `kubectl` rejects or reads in another way.

use std::ops::Range;

use super::super::error::Fault;

/// Finds a character that ends a line for `kubectl` and for no one else, so that text could hide.
pub(super) fn line_break(text: &str, range: &Range<usize>) -> Option<Fault> {
    let bytes = text.as_bytes().get(range.clone())?;
    memchr::memchr2_iter(0xc2, 0xe2, bytes).find_map(|at| {
        let (code, width) = match bytes.get(at..)? {
            [0xc2, 0x85, ..] => ("U+0085", 2),
            [0xe2, 0x80, 0xa8, ..] => ("U+2028", 3),
            [0xe2, 0x80, 0xa9, ..] => ("U+2029", 3),
            _ => return None,
        };
        let start = range.start + at;
        let message = format!("kubectl reads the character {code} as the end of a line");
        let help = "remove it, or write it as an escape in double quotes";
        Some(Fault::new(start..start + width, message).help(help))
    })
}

/// Finds text behind the `---` that starts a document; `kubectl` wants it on the next line.
pub(super) fn marker(text: &str, range: &Range<usize>) -> Option<Fault> {
    let line = text.get(range.clone())?.lines().next()?;
    let behind = line.strip_prefix("---")?.strip_prefix([' ', '\t'])?.trim();
    if behind.is_empty() || behind.starts_with('#') {
        return None;
    }
    let start = range.start + line.rfind(behind)?;
    let message = "kubectl takes nothing but a comment behind `---`";
    Some(
        Fault::new(start..start + behind.len(), message)
            .help("start the document on the next line"),
    )
}

/// Where the first `-` of a list stands whose key ends at `key_end`. The parser knows that only of lists that are
/// indented.
pub(super) fn first_dash(text: &str, key_end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = key_end;
    loop {
        at += match bytes.get(at)? {
            b'-' => return Some(at),
            b' ' | b'\t' | b'\n' | b'\r' | b':' => 1,
            b'#' => memchr::memchr2(b'\n', b'\r', bytes.get(at..)?)?,
            b'!' | b'&' => bytes.get(at..)?.iter().position(u8::is_ascii_whitespace)?,
            _ => return None,
        };
    }
}

/// Refuses a tab that indents, or that follows `-` or `?`, in `gap`: text between two values in
/// block style. `base` is where the document begins.
pub(super) fn indenting_tab(text: &str, base: usize, gap: Range<usize>) -> Result<(), Fault> {
    let bytes = text.as_bytes().get(gap.clone()).unwrap_or_default();
    if !bytes.contains(&b'\t') {
        return Ok(());
    }
    let mut allowed = gap.start > base;
    let mut in_comment = false;
    for (at, byte) in (gap.start..).zip(bytes) {
        match byte {
            b'\n' | b'\r' => (allowed, in_comment) = (false, false),
            b'\t' if !allowed => {
                return Err(
                    Fault::new(at..at + 1, "a tab cannot indent YAML").help("indent with spaces")
                );
            }
            _ if in_comment => {}
            b'#' => (allowed, in_comment) = (true, true),
            b'-' | b'?' => allowed = false,
            b' ' | b'\t' => {}
            _ => allowed = true,
        }
    }
    Ok(())
}

/// Refuses plain text in brackets that starts with an indicator.
pub(super) fn flow_scalar(text: &str, range: &Range<usize>) -> Result<(), Fault> {
    if text.starts_with(['?', ':']) {
        return Err(Fault::new(range.clone(), "kubectl does not read this as text; quote it"));
    }
    Ok(())
}

/// Refuses a plain key in brackets whose `:` touches what follows: `{a:}` has the key `a:` there.
pub(super) fn flow_key(text: &str, range: &Range<usize>) -> Result<(), Fault> {
    let after = text.get(range.end..).unwrap_or_default().trim_start_matches([' ', '\t']);
    let touches = after.strip_prefix(':').is_some_and(|rest| rest.starts_with([',', ']', '}']));
    if touches {
        let message = "kubectl takes this `:` as part of the key; put a space behind it";
        return Err(Fault::new(range.clone(), message));
    }
    Ok(())
}

/// Refuses a tag in brackets that touches what follows: `[!a, b]` has the tag `!a,` there.
pub(super) fn flow_tag(text: &str, tag: Range<usize>) -> Result<(), Fault> {
    let after = text.get(tag.end..).unwrap_or_default();
    if after.starts_with([',', '[', ']', '{', '}']) {
        let message = "kubectl takes what follows as part of the tag; put a space between";
        return Err(Fault::new(tag, message));
    }
    Ok(())
}

/// Refuses a block scalar, given from its header on, that starts with a tab.
pub(super) fn block_tab(written: &str, value: &str, range: &Range<usize>) -> Result<(), Fault> {
    let header = written.lines().next().unwrap_or_default();
    let header = header.split('#').next().unwrap_or_default();
    let says_indent = header.contains(|character: char| character.is_ascii_digit());
    if !says_indent && value.trim_start_matches(['\n', ' ']).starts_with('\t') {
        return Err(Fault::new(
            range.clone(),
            "kubectl does not take a block that starts with a tab",
        )
        .help("say how far it is indented, as in `|2`"));
    }
    Ok(())
}

/// Refuses the name of an anchor that `kubectl` would end earlier.
pub(super) fn anchor(name: &str, range: Range<usize>) -> Result<(), Fault> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.bytes().all(is_fine) {
        return Ok(());
    }
    Err(Fault::new(range, "kubectl takes only letters, digits, `-` and `_` in an anchor"))
}
