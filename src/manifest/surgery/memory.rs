//! What plans of one document find out about it.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::super::locate::Tree;
use super::super::spans::NodeId;
use super::children::Children;
use super::habits::Habits;

/// What is known of a document: a report can show a fix at each of its many fields, and none may cost a walk over all
/// the others.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    children: HashMap<NodeId, Rc<Children>>,
    pub(super) habits: OnceCell<Habits>,
    /// Where a template's action stands in it.
    pub(super) action: OnceCell<Option<usize>>,
}

impl Memory {
    pub(super) fn children(&mut self, tree: &Tree, parent: NodeId) -> Rc<Children> {
        let index = || Rc::new(Children::of(tree, parent));
        Rc::clone(self.children.entry(parent).or_insert_with(index))
    }
}
