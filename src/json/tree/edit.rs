//! Changes to a tree, as `edit` makes them to a JSON value.

use serde_json::Value;

use super::Tree;
use super::node::{Branch, Fields, Node, Words};
use crate::pointer::Pointer;

/// What happens at a place; as `Change` of `edit`, which is not below this module.
#[derive(Clone, Copy, Debug)]
pub enum TreeChange<'e> {
    /// The place holds this value afterwards; missing parents are made.
    Set(&'e Value),
    /// The place is gone afterwards.
    Remove,
    /// The list at the place ends with this value afterwards; a missing list is made.
    Append(&'e Value),
}

impl Tree<'_> {
    /// Makes a change at a place as `Edit::apply` does: a null counts as absent. Answers whether the
    /// change fits there: what it does not fit is left as it was, or has got parents that were missing.
    pub fn change(&mut self, pointer: &Pointer, change: TreeChange<'_>) -> bool {
        let text = &*self.text;
        let is_removal = matches!(change, TreeChange::Remove);
        let mut tokens = pointer.tokens().peekable();
        let mut at = &mut self.root;
        while let Some(token) = tokens.next() {
            let removed = is_removal && tokens.peek().is_none();
            if matches!(at, Node::Null) && !is_removal {
                *at = Node::Own(Box::new(Branch::Object(Fields::default())));
            }
            at = match at.branch_mut(text) {
                Some(Branch::Object(fields)) => {
                    let place = fields.place(&token, text);
                    match place {
                        None if is_removal => return false,
                        Some(place) if removed => {
                            fields.entries.remove(place);
                            fields.reorder(text);
                            return true;
                        }
                        _ => {}
                    }
                    let place = place.unwrap_or_else(|| {
                        fields.entries.push((Words::Own((*token).into()), Node::Null));
                        fields.reorder(text);
                        fields.entries.len() - 1
                    });
                    let Some((_, node)) = fields.entries.get_mut(place) else { return false };
                    node
                }
                Some(Branch::Array(nodes)) => {
                    let Some(index) = token.parse().ok().filter(|index| *index < nodes.len())
                    else {
                        return false;
                    };
                    if removed {
                        nodes.remove(index);
                        return true;
                    }
                    &mut nodes[index]
                }
                None => return false,
            };
        }
        match change {
            TreeChange::Set(value) => *at = Node::from(value),
            TreeChange::Append(value) if matches!(at, Node::Null) => {
                *at = Node::Own(Box::new(Branch::Array(vec![Node::from(value)])));
            }
            TreeChange::Append(value) => match at.branch_mut(text) {
                Some(Branch::Array(nodes)) => nodes.push(Node::from(value)),
                _ => return false,
            },
            TreeChange::Remove => return false,
        }
        true
    }
}

impl Node {
    /// What stands in brackets, to be changed; none where it is malformed.
    fn branch_mut(&mut self, text: &str) -> Option<&mut Branch> {
        if let Self::Unread { span, depth, read } = self {
            let branch = match read.take() {
                Some(read) => read.ok()?,
                None => Box::new(super::read::branch(text, *span, *depth).ok()?),
            };
            *self = Self::Own(branch);
        }
        match self {
            Self::Own(branch) => Some(branch),
            _ => None,
        }
    }
}

impl Fields {
    /// Puts names in order again after members came or went.
    fn reorder(&mut self, text: &str) {
        let entries = std::mem::take(&mut self.entries);
        *self = Self::new(entries, text);
    }
}
