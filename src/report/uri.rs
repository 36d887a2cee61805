//! Addresses of files.

use std::fmt::Write as _;

/// A path with forward slashes as a relative reference, percent-encoded.
pub(super) fn encode(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// An absolute path as a whole address.
pub(super) fn file(path: &str) -> String {
    format!("file://{}", encode(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_reader_takes_stays_as_it_is() {
        assert_eq!(encode("jobs/a-b_c~1.yaml"), "jobs/a-b_c~1.yaml");
        assert_eq!(encode("a b:c%#?é\n\\.yaml"), "a%20b%3Ac%25%23%3F%C3%A9%0A%5C.yaml");
        assert_eq!(file("/srv/a b.yaml"), "file:///srv/a%20b.yaml");
    }
}
