//! Helm templates that happen to be YAML.

use memchr::memmem;

/// The first action of a Go template in a text.
///
/// `{{workflow.name}}` and `{{=expression}}`, which Argo and others fill in when they run, are none: no Go
/// template has a name with a dot behind it that does not start with one.
pub(crate) fn action(text: &str) -> Option<usize> {
    memmem::find_iter(text.as_bytes(), b"{{").find(|&at| {
        let rest = text.get(at + 2..).unwrap_or_default();
        let inner = rest.trim_start_matches([' ', '\t']);
        let name = inner.trim_start_matches(|byte: char| {
            byte.is_ascii_alphanumeric() || byte == '_' || byte == '-'
        });
        let is_named = name.len() < inner.len() && !inner.starts_with('-');
        let word = inner.get(..inner.len() - name.len()).unwrap_or_default();
        let behind = name.trim_start_matches([' ', '\t']);
        let is_item = word == "item" && behind.starts_with("}}");
        let is_argo = inner.starts_with('=') || is_named && name.starts_with('.') || is_item;
        !is_argo
    })
}
