//! Places inside an object: RFC 6901 pointers for machines, field paths for people.

use std::borrow::Cow;
use std::fmt;

/// An RFC 6901 JSON pointer, for example `/spec/containers/0/image`. The empty pointer is the whole object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Pointer(String);

impl Pointer {
    /// Takes `text` as it is; it must be empty or begin with `/`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pointer one step further: to a member of an object, or with a number to an element of a list.
    #[must_use]
    pub fn join(mut self, token: impl fmt::Display) -> Self {
        self.push(token);
        self
    }

    /// Moves one step further, escaping `~` and `/` in the token.
    pub fn push(&mut self, token: impl fmt::Display) {
        use fmt::Write;
        self.0.push('/');
        let start = self.0.len();
        // Writing into a String cannot fail.
        let _ = write!(self.0, "{token}");
        if self.0[start..].contains(['~', '/']) {
            let escaped = self.0[start..].replace('~', "~0").replace('/', "~1");
            self.0.truncate(start);
            self.0.push_str(&escaped);
        }
    }

    /// The place seen from the root of an object, where it was seen from the part at `base`; a leading `/..` is what
    /// that part stands in.
    #[must_use]
    pub fn seen_from_root(&self, base: &Self) -> Self {
        let Some(rest) = self.0.strip_prefix("/..") else {
            return Self(format!("{base}{self}"));
        };
        let above = base.0.rsplit_once('/').map_or("", |(above, _)| above);
        Self(format!("{above}{rest}"))
    }

    /// Whether it leads out of the part of an object that it is seen from.
    pub fn leads_out(&self) -> bool {
        self.0.starts_with("/../")
    }

    /// The pointer as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The unescaped steps from the root.
    pub fn tokens(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.0.split('/').skip(1).map(unescape)
    }

    /// The same place as Kubernetes writes it: `spec.containers[0].image`, `metadata.labels["a/b"]`.
    pub fn field_path(&self) -> String {
        let mut path = String::with_capacity(self.0.len());
        for token in self.tokens() {
            if token.bytes().all(|b| b.is_ascii_digit()) && !token.is_empty() {
                path.push('[');
                path.push_str(&token);
                path.push(']');
            } else if token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&token);
            } else {
                path.push_str("[\"");
                path.push_str(&token);
                path.push_str("\"]");
            }
        }
        path
    }
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_reads_back() {
        let pointer = Pointer::default().join("metadata").join("labels").join("a/b~c");
        assert_eq!(pointer.as_str(), "/metadata/labels/a~1b~0c");
        assert_eq!(pointer.tokens().last().as_deref(), Some("a/b~c"));
    }

    #[test]
    fn field_paths_read_like_kubernetes() {
        let path = |text: &str| Pointer::new(text).field_path();
        assert_eq!(path("/spec/containers/0/image"), "spec.containers[0].image");
        assert_eq!(
            path("/metadata/labels/plimsoll.dev~1crowd"),
            "metadata.labels[\"plimsoll.dev/crowd\"]"
        );
        assert_eq!(
            path("/spec/resources/requests/ephemeral-storage"),
            "spec.resources.requests.ephemeral-storage"
        );
        assert_eq!(path(""), "");
    }
}
