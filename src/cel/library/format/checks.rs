//! What is wrong with a text, in the words of k8s.io/apimachinery/pkg/util/validation and of
//! k8s.io/kube-openapi/pkg/validation/strfmt.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, PAD};

use crate::cel::library::url;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const OLD_LABEL: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} characters"))
}

fn wrong(message: &str, regex: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{regex}')", examples.join("or "))
}

/// Begins and ends with the one, has the other between them.
fn is_framed(text: &str, frame: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(first), Some(last)) if frame(*first) && frame(*last))
        && bytes.iter().all(|byte| frame(*byte) || inner(*byte))
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    is_framed(text, is_lower, |byte| byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_name(text: &str) -> bool {
    is_framed(text, |byte| byte.is_ascii_alphanumeric(), |byte| b"-_.".contains(&byte))
}

/// The beginning of a name that is to be continued: a dash at its end is none (`maskTrailingDash` in
/// k8s.io/apimachinery/pkg/api/validation/generic.go).
pub(super) fn masked(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(before) if !before.is_empty() => {
            let end = before.char_indices().next_back().map_or(0, |(at, _)| at);
            format!("{}a", before.get(..end).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

pub(super) fn dns_1123_label(text: &str) -> Vec<String> {
    let mut found: Vec<String> = too_long(text, LABEL_MAX).into_iter().collect();
    if !is_label(text) {
        found.push(if is_subdomain(text) {
            "must not contain dots".to_owned()
        } else {
            let message = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
                           and must start and end with an alphanumeric character";
            wrong(message, LABEL, &["my-name", "123-abc"])
        });
    }
    found
}

pub(super) fn dns_1123_subdomain(text: &str) -> Vec<String> {
    let mut found: Vec<String> = too_long(text, SUBDOMAIN_MAX).into_iter().collect();
    if !is_subdomain(text) {
        let message = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                       '.', and must start and end with an alphanumeric character";
        found.push(wrong(message, &format!("{LABEL}(\\.{LABEL})*"), &["example.com"]));
    }
    found
}

pub(super) fn dns_1035_label(text: &str) -> Vec<String> {
    let mut found: Vec<String> = too_long(text, LABEL_MAX).into_iter().collect();
    if !is_label(text) || text.starts_with(|c: char| c.is_ascii_digit()) {
        let message = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                       alphabetic character, and end with an alphanumeric character";
        found.push(wrong(message, OLD_LABEL, &["my-name", "abc-123"]));
    }
    found
}

fn name_message() -> String {
    let message = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                   alphanumeric character";
    wrong(message, NAME, &["MyName", "my.name", "123-abc"])
}

pub(super) fn qualified_name(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                name_message()
            )];
        }
        Some(("", name)) => {
            found.push("prefix part must be non-empty".to_owned());
            name
        }
        Some((prefix, name)) => {
            found.extend(dns_1123_subdomain(prefix).iter().map(|why| format!("prefix part {why}")));
            name
        }
    };
    if name.is_empty() {
        found.push("name part must be non-empty".to_owned());
    }
    if name.len() > LABEL_MAX {
        found.push(format!("name part must be no more than {LABEL_MAX} bytes"));
    }
    if !is_name(name) {
        found.push(format!("name part {}", name_message()));
    }
    found
}

pub(super) fn label_value(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if text.len() > LABEL_MAX {
        found.push(format!("must be no more than {LABEL_MAX} bytes"));
    }
    if !text.is_empty() && !is_name(text) {
        let message = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
                       '.', and must start and end with an alphanumeric character";
        let examples = ["MyValue", "my_value", "12345"];
        found.push(wrong(message, &format!("({NAME})?"), &examples));
    }
    found
}

fn unless(is_right: bool, why: &str) -> Vec<String> {
    if is_right { Vec::new() } else { vec![why.to_owned()] }
}

pub(super) fn uri(text: &str) -> Vec<String> {
    url::parse(text).err().into_iter().collect()
}

/// Hexadecimal digits in groups of 8, 4, 4, 4 and 12, with or without dashes between them.
pub(super) fn uuid(text: &str) -> Vec<String> {
    let mut rest = Some(text);
    for (number, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        rest = rest.and_then(|rest| {
            let rest = if number > 0 { rest.strip_prefix('-').unwrap_or(rest) } else { rest };
            let (group, rest) = rest.split_at_checked(length)?;
            group.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(rest)
        });
    }
    unless(rest == Some(""), "does not match the UUID format")
}

pub(super) fn byte(text: &str) -> Vec<String> {
    // Go leaves line breaks out, and does not mind bits that are left over.
    let lenient = PAD.with_decode_allow_trailing_bits(true);
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let is_right = GeneralPurpose::new(&STANDARD, lenient).decode(text).is_ok();
    unless(is_right, "invalid base64")
}

fn is_date(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 10 && b.get(4) == Some(&b'-') && text.parse::<jiff::civil::Date>().is_ok()
}

pub(super) fn date(text: &str) -> Vec<String> {
    unless(is_date(text), "invalid date")
}

pub(super) fn date_time(text: &str) -> Vec<String> {
    unless(is_date_time(&text.to_ascii_lowercase()), "invalid datetime")
}

fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('t') else { return false };
    let two = |time: &mut &str, most: u8| {
        let Some((digits, rest)) = time.split_at_checked(2) else { return false };
        *time = rest;
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u8>().is_ok_and(|number| number <= most)
    };
    let colon = |time: &mut &str| match time.strip_prefix(':') {
        Some(rest) => {
            *time = rest;
            true
        }
        None => false,
    };
    let mut time = time;
    let is_time = two(&mut time, 23)
        && colon(&mut time)
        && two(&mut time, 59)
        && colon(&mut time)
        && two(&mut time, 59);
    if let Some(part) = time.strip_prefix('.') {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == part.len() {
            return false;
        }
        time = rest;
    }
    let is_zone = time == "z"
        || time.strip_prefix(['+', '-']).is_some_and(|zone| {
            let mut zone = zone;
            two(&mut zone, 99) && colon(&mut zone) && two(&mut zone, 99) && zone.is_empty()
        });
    is_date(date) && is_time && is_zone
}
