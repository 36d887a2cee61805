//! Anchors, aliases, and the budget for the copies that they make.

use std::ops::Range;

use serde_json::Value;

use super::super::error::Fault;
use super::super::spans::{NodeId, Shape};
use super::{Composer, Done, MAX_DEPTH, Step, fields, too_deep};

/// A node that aliases may name.
#[derive(Debug)]
pub(super) struct Anchor {
    /// Absent for the scalar of a key, which is no node of its own.
    node: Option<NodeId>,
    value: Value,
    height: usize,
    weight: usize,
}

impl Composer<'_> {
    /// Puts a copy of an anchored value here.
    pub(in super::super) fn alias(&mut self, anchor: usize, range: Range<usize>) -> Step {
        let node = self.node(Shape::Scalar, range.clone());
        let Some(found) = self.anchors.get(&anchor) else {
            return Err(Fault::new(range, "the anchor of this alias contains the alias itself"));
        };
        if self.frames.len() + found.height > MAX_DEPTH {
            return Err(too_deep(range));
        }
        self.copy_budget =
            self.copy_budget.checked_sub(found.weight).ok_or_else(|| too_many_copies(range))?;
        if let Some(target) = found.node {
            self.output.spans.link(node, target);
        }
        let (value, height) = (found.value.clone(), found.height);
        self.done(Done { node, value, height, from_alias: true }, None)
    }

    /// Notes that aliases may name the scalar of a key.
    pub(in super::super) fn anchor_key(
        &mut self,
        anchor: usize,
        name: &str,
        range: Range<usize>,
    ) -> Step {
        let value = Value::String(name.to_owned());
        let weight = fields::weight(&value);
        self.spend(weight, range)?;
        self.anchors.insert(anchor, Anchor { node: None, value, height: 0, weight });
        Ok(())
    }

    /// The scalar that an alias in the place of a key stands for.
    pub(in super::super) fn alias_scalar(&self, anchor: usize) -> Option<&Value> {
        let value = &self.anchors.get(&anchor)?.value;
        (!value.is_array() && !value.is_object()).then_some(value)
    }

    pub(super) fn keep(&mut self, done: &Done, anchor: usize) -> Step {
        let weight = fields::weight(&done.value);
        let range = self.output.spans.node(done.node).map(|node| node.value());
        self.spend(weight, range.unwrap_or_default())?;
        self.output.spans.anchor(done.node);
        let (node, value, height) = (Some(done.node), done.value.clone(), done.height);
        self.anchors.insert(anchor, Anchor { node, value, height, weight });
        Ok(())
    }

    fn spend(&mut self, weight: usize, range: Range<usize>) -> Step {
        let left = self.copy_budget.checked_sub(weight);
        self.copy_budget = left.ok_or_else(|| too_many_copies(range))?;
        Ok(())
    }
}

fn too_many_copies(range: Range<usize>) -> Fault {
    Fault::new(range, "the anchors and aliases of this file multiply into too much data")
}
