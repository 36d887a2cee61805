//! The grammar of image references, read from left to right without allocating.

use super::{DEFAULT_HOST, Expected, LEGACY_HOST, OFFICIAL_PREFIX, Reference, ReferenceError};

const MAX_PATH: usize = 255;
const MAX_TAG: usize = 128;
const IDENTIFIER: usize = 64;

/// A part of the reference, and how many bytes of the reference precede it.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Part<'a> {
    /// Splits at the first `separator`.
    fn cut(self, separator: char) -> (Part<'a>, Option<Part<'a>>) {
        match self.text.split_once(separator) {
            None => (self, None),
            Some((left, right)) => {
                let offset = self.offset + left.len() + separator.len_utf8();
                let left = Part { text: left, offset: self.offset };
                (left, Some(Part { text: right, offset }))
            }
        }
    }

    /// The fault at byte `at` of this part, which must follow ASCII only, or at its end.
    fn fault(self, at: usize, expected: Expected) -> ReferenceError {
        let found = self.text.get(at..).and_then(|rest| rest.chars().next());
        let white = found.is_some_and(char::is_whitespace);
        let expected = if white { Expected::NoWhiteSpace } else { expected };
        ReferenceError { offset: self.offset + at, found, expected }
    }

    fn whole(self, expected: Expected) -> ReferenceError {
        ReferenceError { offset: self.offset, found: None, expected }
    }
}

pub(super) fn parse(text: &str) -> Result<Reference<'_>, ReferenceError> {
    let all = Part { text, offset: 0 };
    if text.is_empty() {
        return Err(all.whole(Expected::NotEmpty));
    }
    if text.len() == IDENTIFIER && text.bytes().all(is_lower_hex) {
        return Err(all.whole(Expected::NotAnIdentifier));
    }
    let (host, remainder) = match all.cut('/') {
        (first, Some(rest)) if is_host(first.text) => (Some(first), rest),
        _ => (None, all),
    };
    if let Some(host) = host {
        if matches!(host.text, "http:" | "https:") {
            return Err(all.whole(Expected::NoScheme));
        }
        check_host(host)?;
    }
    let (name, digest) = remainder.cut('@');
    let (path, tag) = name.cut(':');
    check_path(host.map(|host| host.text), path)?;
    tag.map_or(Ok(()), check_tag)?;
    digest.map_or(Ok(()), check_digest)?;
    Ok(Reference {
        host: host.map(|host| host.text),
        path: path.text,
        tag: tag.map(|tag| tag.text),
        digest: digest.map(|digest| digest.text),
    })
}

/// Whether what precedes the first slash is a registry: `splitDockerDomain` in `normalize.go`.
fn is_host(first: &str) -> bool {
    first == "localhost" || first.chars().any(|c| matches!(c, '.' | ':') || c.is_uppercase())
}

fn check_host(host: Part<'_>) -> Result<(), ReferenceError> {
    let bytes = host.text.as_bytes();
    let port = if bytes.first() == Some(&b'[') {
        let address = bytes[1..].iter().take_while(|b| b.is_ascii_hexdigit() || **b == b':');
        let end = 1 + address.count();
        if end == 1 || bytes.get(end) != Some(&b']') {
            return Err(host.fault(end, Expected::Ipv6Address));
        }
        end + 1
    } else {
        let end = host.text.find(':').unwrap_or(bytes.len());
        let name = Part { text: &host.text[..end], offset: host.offset };
        // The grammar reads a first component such as `my_registry.io` as a path, and whoever pulls
        // the image takes it for the registry.
        if check_host_name(name).is_err() && (end < bytes.len() || check_components(name).is_err())
        {
            return check_host_name(host);
        }
        end
    };
    match bytes.get(port) {
        None => Ok(()),
        Some(b':') => {
            let digits = bytes[port + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            let end = port + 1 + digits;
            if digits == 0 || end < bytes.len() {
                return Err(host.fault(end, Expected::Port));
            }
            Ok(())
        }
        Some(_) => Err(host.fault(port, Expected::Port)),
    }
}

/// Checks a domain name up to its end or its port's colon.
fn check_host_name(host: Part<'_>) -> Result<(), ReferenceError> {
    let mut edge = true;
    for (at, byte) in host.text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => edge = false,
            b'-' if edge => return Err(host.fault(at, Expected::HostEdge)),
            b'-' if matches!(host.text.as_bytes().get(at + 1), None | Some(b'.' | b':')) => {
                return Err(host.fault(at, Expected::HostEdge));
            }
            b'-' => {}
            b'.' | b':' if edge => return Err(host.fault(at, Expected::HostEdge)),
            b'.' => edge = true,
            b':' => return Ok(()),
            _ => return Err(host.fault(at, Expected::HostCharacter)),
        }
    }
    if edge { Err(host.fault(host.text.len(), Expected::HostEdge)) } else { Ok(()) }
}

fn check_path(host: Option<&str>, path: Part<'_>) -> Result<(), ReferenceError> {
    check_components(path)?;
    // The limit counts the path as normalised: with the prefix that Docker Hub implies, and with a
    // host that the grammar takes for a path, which only an underscore brings about.
    let before = match host {
        None | Some(LEGACY_HOST | DEFAULT_HOST) if !path.text.contains('/') => {
            OFFICIAL_PREFIX.len()
        }
        Some(host) if host.contains('_') => host.len() + 1,
        _ => 0,
    };
    let length = before + path.text.len();
    if length > MAX_PATH { Err(path.whole(Expected::NameLength)) } else { Ok(()) }
}

fn check_components(path: Part<'_>) -> Result<(), ReferenceError> {
    let bytes = path.text.as_bytes();
    let mut at = 0;
    // Whether a letter or digit has to come next: at the start of a component.
    let mut edge = true;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' => {
                edge = false;
                at += 1;
            }
            b'A'..=b'Z' => return Err(path.fault(at, Expected::LowerCase)),
            b'.' | b'_' | b'-' if !edge => {
                let length = separator_length(&bytes[at..]);
                match bytes.get(at + length) {
                    Some(b'0'..=b'9' | b'a'..=b'z') => at += length,
                    Some(b'.' | b'_' | b'-') => {
                        return Err(path.fault(at + length, Expected::Separator));
                    }
                    None | Some(b'/') => return Err(path.fault(at, Expected::PathEdge)),
                    Some(b'A'..=b'Z') => return Err(path.fault(at + length, Expected::LowerCase)),
                    Some(_) => return Err(path.fault(at + length, Expected::PathCharacter)),
                }
            }
            b'/' if !edge => {
                edge = true;
                at += 1;
            }
            b'.' | b'_' | b'-' | b'/' => return Err(path.fault(at, Expected::PathEdge)),
            _ => return Err(path.fault(at, Expected::PathCharacter)),
        }
    }
    if edge { Err(path.fault(at, Expected::PathEdge)) } else { Ok(()) }
}

/// The length of the separator that the bytes start with: `.`, `_`, `__` or any number of `-`.
fn separator_length(bytes: &[u8]) -> usize {
    match bytes {
        [b'-', ..] => bytes.iter().take_while(|b| **b == b'-').count(),
        [b'_', b'_', ..] => 2,
        _ => 1,
    }
}

fn check_tag(tag: Part<'_>) -> Result<(), ReferenceError> {
    let bytes = tag.text.as_bytes();
    if !bytes.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return Err(tag.fault(0, Expected::TagStart));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if let Some(at) = bytes.iter().position(|b| !allowed(*b)) {
        return Err(tag.fault(at, Expected::TagCharacter));
    }
    if bytes.len() > MAX_TAG { Err(tag.whole(Expected::TagLength)) } else { Ok(()) }
}

fn check_digest(digest: Part<'_>) -> Result<(), ReferenceError> {
    // The algorithms that kubelet's and the API server's parser registers.
    const ALGORITHMS: [(&str, usize); 3] = [("sha256:", 64), ("sha384:", 96), ("sha512:", 128)];
    let known = ALGORITHMS.iter().find(|(prefix, _)| digest.text.starts_with(prefix));
    let Some((prefix, length)) = known else {
        return Err(digest.whole(Expected::DigestAlgorithm));
    };
    let hex = Part { text: &digest.text[prefix.len()..], offset: digest.offset + prefix.len() };
    if let Some(at) = hex.text.bytes().position(|b| !is_lower_hex(b)) {
        return Err(hex.fault(at, Expected::DigestCharacter));
    }
    if hex.text.len() == *length { Ok(()) } else { Err(hex.whole(Expected::DigestLength(*length))) }
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}
