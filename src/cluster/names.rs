//! Whether text can be a name in Kubernetes. What reviews name comes from whoever sent them, and goes into paths of the
//! API and into objects.

pub use crate::label::is_dns_label as is_label;

/// What a DNS-1123 label may have of characters.
const MOST_OF_A_LABEL: usize = 63;
/// What a DNS-1123 subdomain may have.
const MOST_OF_A_SUBDOMAIN: usize = 253;
/// A UUID has 36; objects of other makers may have other uids.
const MOST_OF_A_UID: usize = 128;

/// A DNS-1123 subdomain, as names of most objects are. A label of it has no bound of its own.
pub(super) fn is_subdomain(text: &str) -> bool {
    let part = |part: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty()
            && part.bytes().all(inner)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= MOST_OF_A_SUBDOMAIN && text.split('.').all(part)
}

/// `v1` or `group/version`.
pub(super) fn is_api_version(text: &str) -> bool {
    match text.split_once('/') {
        Some((group, version)) => is_subdomain(group) && is_label(version),
        None => is_label(text),
    }
}

/// A kind: `ReplicaSet`.
pub(super) fn is_kind(text: &str) -> bool {
    (1..=MOST_OF_A_LABEL).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A uid.
pub(super) fn is_uid(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MOST_OF_A_UID).contains(&text.len()) && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_other_text() {
        assert!(is_label("shop") && is_label("a-1") && is_label(&"a".repeat(63)));
        for bad in ["", "-a", "a-", "A", "a.b", "a/b", "..", "ä", "a b", &"a".repeat(64)] {
            assert!(!is_label(bad), "{bad}");
        }
        assert!(is_subdomain("web-7d4f") && is_subdomain("a.b.example.com"));
        for bad in ["", ".", "..", "a..b", "a.", "a/b", "a b", "Web", &"a".repeat(254)] {
            assert!(!is_subdomain(bad), "{bad}");
        }
    }

    #[test]
    fn what_says_which_object_it_is_has_a_shape_too() {
        assert!(
            is_api_version("v1") && is_api_version("apps/v1") && is_api_version("a.io/v1beta1")
        );
        assert!(!is_api_version("") && !is_api_version("a/b/c") && !is_api_version("click here"));
        assert!(
            is_kind("ReplicaSet") && !is_kind("") && !is_kind("9Lives") && !is_kind("Visit http")
        );
        assert!(is_uid("7d4f5b0e-0000-4000-8000-000000000001"));
        assert!(!is_uid("") && !is_uid("a b") && !is_uid(&"a".repeat(129)));
    }
}
