//! The nodes below a node.

use std::collections::HashMap;

use super::super::locate::Tree;
use super::super::spans::{KeyText, NodeId};

/// The nodes below a collection, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Children {
    pub(super) ids: Vec<NodeId>,
    /// The numbers of the fields of large mappings.
    by_key: HashMap<String, usize>,
    /// Whether a `<<` is among them.
    pub(super) merges: bool,
}

/// Fields from which on they are found by an index.
const FEW: usize = 16;

impl Children {
    pub(super) fn of(tree: &Tree, parent: NodeId) -> Self {
        let mut children = Self::default();
        for (id, node) in tree.spans.children(parent) {
            children.merges |= node.key_text == KeyText::Merge;
            children.ids.push(id);
        }
        let names = children.ids.iter().map(|&id| name(tree, id)).enumerate();
        if children.ids.len() > FEW {
            let named = names.filter_map(|(at, name)| Some((name?.to_owned(), at)));
            children.by_key = named.collect();
        }
        children
    }

    /// The number of a field.
    pub(super) fn find(&self, tree: &Tree, key: &str) -> Option<usize> {
        if self.ids.len() > FEW {
            return self.by_key.get(key).copied();
        }
        self.ids.iter().position(|&id| name(tree, id) == Some(key))
    }
}

/// The key of a node.
pub(super) fn name(tree: &Tree, id: NodeId) -> Option<&str> {
    tree.spans.name(tree.text.terminated(), id, tree.spans.node(id)?)
}
