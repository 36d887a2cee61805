//! The objects of a manifest, with a way from their fields to the text.

use std::sync::Arc;

use serde_json::Value;

use super::error::Place;
use super::locate::{Found, Tree};
use super::spans::NodeId;
use super::text::Text;

/// One document of a stream, or one item of a `List`.
///
/// Mostly a Kubernetes object, but whatever the text holds is here: [`Document::kind`] and the
/// others are `None` where a field is missing or is no string.
#[derive(Debug, Clone)]
pub struct Document {
    /// The value as `kubectl` would send it. Strings in it can be borrowed for deserializing.
    pub value: Value,
    /// The RFC 6901 pointer of the value in its document: `""`, or `"/items/3"` in a list.
    pub base: String,
    pub(super) root: NodeId,
    /// The list that this is the first item of.
    pub(super) list: Option<NodeId>,
    /// Whether the list that holds this item is anchored or an alias.
    pub(super) shared: bool,
    pub(super) tree: Arc<Tree>,
}

impl Document {
    /// `apiVersion`.
    pub fn api_version(&self) -> Option<&str> {
        self.value.get("apiVersion")?.as_str()
    }

    /// The group of `apiVersion`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version()
            .and_then(|version| version.split_once('/'))
            .map_or("", |(group, _)| group)
    }

    /// `kind`.
    pub fn kind(&self) -> Option<&str> {
        self.value.get("kind")?.as_str()
    }

    /// `metadata.name`.
    pub fn name(&self) -> Option<&str> {
        self.value.get("metadata")?.get("name")?.as_str()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.value.get("metadata")?.get("namespace")?.as_str()
    }

    /// Whether this is an object that the API server could know: with an API version and a kind.
    pub fn is_object(&self) -> bool {
        self.api_version().is_some() && self.kind().is_some()
    }

    /// Where the field at an RFC 6901 pointer (from this value, without [`Self::base`]) stands.
    ///
    /// A field that is absent gives its nearest parent.
    pub fn find(&self, pointer: &str) -> Found {
        self.tree.find(self.root, pointer)
    }

    /// Lines and columns to show for the field at a pointer, as [`Self::find`] has it: the value
    /// of a scalar, the key of a mapping or a list.
    pub fn locate(&self, pointer: &str) -> Place {
        self.tree.text.place(self.find(pointer).highlight())
    }

    /// Where a field of the list stands that this is the first item of, if it is there.
    pub fn in_list(&self, pointer: &str) -> Option<Place> {
        let found = self.tree.find(self.list?, pointer);
        found.exact.then(|| self.tree.text.place(found.highlight()))
    }

    /// Where everything in the file stands, not in this document alone.
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The text that the document was read from.
    pub fn text(&self) -> &Text {
        &self.tree.text
    }
}

/// Makes a document of a value, or several of a list.
pub(super) fn expand(tree: &Arc<Tree>, root: NodeId, value: Value) -> Vec<Document> {
    let mut found = Vec::new();
    let base = String::new();
    let document =
        Document { value, base, root, list: None, shared: false, tree: Arc::clone(tree) };
    let mut waiting = vec![document];
    while let Some(mut document) = waiting.pop() {
        let Some(items) = take_items(&mut document.value) else {
            found.push(document);
            continue;
        };
        let nodes = tree.items(document.root);
        let list = tree.find(document.root, "/items");
        let shared_list = document.shared || list.shared;
        let text = tree.text.as_str().as_bytes();
        let is_in_brackets = text.get(list.value.start) == Some(&b'[');
        let lists = items.into_iter().zip(nodes).enumerate().map(|(index, (mut value, root))| {
            inherit(&mut value, &document.value);
            let base = format!("{}/items/{index}", document.base);
            // A pair in a list's brackets without its own, `[kind: Pod]`, shares those with its neighbours.
            let is_bare = is_in_brackets
                && text.get(tree.find(root, "").value.start).is_some_and(|byte| *byte != b'{');
            let shared = shared_list || is_bare;
            let list = (index == 0).then_some(document.root);
            Document { value, base, root, list, shared, tree: Arc::clone(tree) }
        });
        let before = waiting.len();
        waiting.extend(lists);
        // The last one waiting is the next one.
        waiting.get_mut(before..).unwrap_or_default().reverse();
    }
    found
}

/// The items of a `List` or a `PodList`.
fn take_items(value: &mut Value) -> Option<Vec<Value>> {
    value.get("apiVersion")?.as_str()?;
    let is_list = value.get("kind")?.as_str()?.ends_with("List");
    match value.get_mut("items")? {
        Value::Array(items) if is_list => Some(std::mem::take(items)),
        _ => None,
    }
}

/// Items of a `PodList` need not say that they are pods.
fn inherit(item: &mut Value, list: &Value) {
    let kind = list.get("kind").and_then(Value::as_str);
    let kind = kind.and_then(|kind| kind.strip_suffix("List")).unwrap_or_default();
    let Value::Object(item) = item else { return };
    if kind.is_empty() || item.contains_key("kind") || item.contains_key("apiVersion") {
        return;
    }
    item.insert("kind".to_owned(), Value::from(kind));
    if let Some(version) = list.get("apiVersion") {
        item.insert("apiVersion".to_owned(), version.clone());
    }
}
