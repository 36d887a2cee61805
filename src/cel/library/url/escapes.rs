//! What stands for itself in which part of a URL (`shouldEscape`, `unescape` in net/url/url.go of Go).

/// Takes `%xx` back to bytes, where a byte is one of a text; none where an escape is none.
pub(super) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let [high, low, ..] = after else { return Err(wrong(rest)) };
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                return Err(wrong(rest));
            };
            bytes.push(high << 4 | low);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Ok(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn wrong(rest: &[u8]) -> String {
    let shown = String::from_utf8_lossy(rest.get(..3).unwrap_or(rest)).into_owned();
    format!("invalid URL escape \"{shown}\"")
}

/// A key or a value of a query, where `+` is a space; none where an escape is none.
pub(super) fn query(text: &str) -> Option<String> {
    let bytes = unescape(&text.replace('+', " ")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Letters, digits and `-_.~`.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// What a host may have as it is.
pub(super) fn may_be_in_host(byte: u8) -> bool {
    is_plain(byte) || !byte.is_ascii() || b"!$&'()*+,;=:[]<>\"".contains(&byte)
}

/// What a path that someone wrote may have as it is.
pub(super) fn may_be_in_path(byte: u8) -> bool {
    is_plain(byte) || b"/!$&'()*+,;=:@[]%".contains(&byte)
}

/// A path as Go writes it.
pub(super) fn path(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if is_plain(*byte) || b"/$&+,:;=@".contains(byte) {
            text.push((*byte).into());
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
