//! From a value that is set to the few nodes that have to change for it, and what keeps them from changing.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::super::spans::{NodeId, Shape};
use super::children::name;
use super::draft::{Draft, Fate, Obstacle};
use super::values;
use crate::edit::Change;

impl Draft<'_> {
    /// Makes a node hold `new`; `original` is what its text says.
    pub(super) fn set(&mut self, id: NodeId, original: &Value, new: Value) -> Result<(), Obstacle> {
        if self.is_shared(id) {
            return if *original == new { Ok(()) } else { Err(self.shared(id)) };
        }
        match (self.shape(id), original, new) {
            (Shape::Map, Value::Object(original), Value::Object(new)) => {
                self.set_map(id, original, new)
            }
            (Shape::List, Value::Array(original), Value::Array(new)) => {
                self.set_list(id, original, new)
            }
            (_, original, new) if *original == new => {
                self.fates.remove(&id);
                Ok(())
            }
            (_, _, new) => {
                self.refuse_anchors(id)?;
                self.fates.insert(id, Fate::Value(new));
                Ok(())
            }
        }
    }

    fn set_map(
        &mut self,
        id: NodeId,
        original: &Map<String, Value>,
        mut new: Map<String, Value>,
    ) -> Result<(), Obstacle> {
        let children = self.children(id);
        if children.merges {
            if *original == new {
                self.fates.remove(&id);
                return Ok(());
            }
            return Err(self.obstacle(id, "a merge key brings fields into this mapping"));
        }
        let mut gone = HashSet::new();
        for (number, &child) in children.ids.iter().enumerate() {
            let name = name(self.tree, child).unwrap_or_default().to_owned();
            match new.remove(&name) {
                Some(value) => {
                    self.spots.insert(child, (id, number));
                    self.set(child, original.get(&name).unwrap_or(&Value::Null), value)?;
                }
                None => {
                    self.refuse_anchors(child)?;
                    gone.insert(number);
                }
            }
        }
        if gone.is_empty() && new.is_empty() {
            self.fates.remove(&id);
        } else {
            let added: BTreeMap<_, _> = new.into_iter().collect();
            self.fates.insert(id, Fate::Map { removed: gone, added });
        }
        Ok(())
    }

    /// Keeps the items at both ends that stay, and pairs the others in their order.
    fn set_list(
        &mut self,
        id: NodeId,
        original: &[Value],
        new: Vec<Value>,
    ) -> Result<(), Obstacle> {
        let children = self.children(id);
        let shorter = original.len().min(new.len());
        let head = original.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let ends = original.iter().rev().zip(new.iter().rev());
        let tail = ends.take(shorter - head).take_while(|(old, new)| old == new).count();
        let pairs = shorter - tail;
        let (own, length) = (original.len() as u32, new.len());
        let (mut slots, mut extra) = (Vec::with_capacity(length), Vec::new());
        for (number, value) in new.into_iter().enumerate() {
            let from = if number < pairs {
                number
            } else if number >= length - tail {
                original.len() + number - length
            } else {
                slots.push(own + extra.len() as u32);
                extra.push(value);
                continue;
            };
            slots.push(from as u32);
            if let (Some(&child), Some(old)) = (children.ids.get(from), original.get(from)) {
                self.spots.insert(child, (id, from));
                self.set(child, old, value)?;
            }
        }
        for from in pairs..original.len() - tail {
            if let Some(&child) = children.ids.get(from) {
                self.refuse_anchors(child)?;
            }
        }
        if extra.is_empty() && slots.len() == original.len() {
            self.fates.remove(&id);
        } else {
            self.fates.insert(id, Fate::List { slots, own, new: extra });
        }
        Ok(())
    }

    /// Whether a node's text serves other places.
    pub(super) fn is_shared(&self, id: NodeId) -> bool {
        self.tree.spans.node(id).is_some_and(|node| node.anchored || node.link().is_some())
    }

    pub(super) fn shared(&self, id: NodeId) -> Obstacle {
        let is_alias = self.tree.spans.node(id).is_some_and(|node| node.link().is_some());
        let message = if is_alias {
            "this is an alias, and what it stands for serves other places too"
        } else {
            "this is anchored, so other places can share its text"
        };
        self.obstacle(id, message)
    }

    pub(super) fn obstacle(&self, id: NodeId, message: &str) -> Obstacle {
        let node = self.tree.spans.node(id);
        let range = node.map(|node| {
            let (key, value) = (node.key(), node.value());
            match node.shape {
                _ if !key.is_empty() => key,
                Shape::Scalar => value,
                Shape::Map | Shape::List => value.start..value.start,
            }
        });
        Obstacle { range, message: message.to_owned() }
    }

    /// A node that goes must not take along what an alias elsewhere stands for.
    pub(super) fn refuse_anchors(&self, id: NodeId) -> Result<(), Obstacle> {
        let Some(node) = self.tree.spans.node(id) else { return Ok(()) };
        if self.is_shared(id) {
            return Err(self.shared(id));
        }
        let mut below = id..=node.last();
        match below.find(|&id| self.tree.spans.node(id).is_some_and(|node| node.anchored)) {
            Some(anchored) => Err(self.shared(anchored)),
            None => Ok(()),
        }
    }

    /// Accepts a change in shared text only where it is made already.
    pub(super) fn unless_done<T: AsRef<str>>(
        &self,
        value: &Value,
        rest: &[T],
        change: &Change,
        at: NodeId,
    ) -> Result<(), Obstacle> {
        let there = values::look_up(value, rest);
        let done = match change {
            Change::Set(new) => there == Some(new),
            Change::Remove => there.is_none(),
            Change::Append(_) => false,
        };
        if done {
            return Ok(());
        }
        if self.is_shared(at) {
            return Err(self.shared(at));
        }
        Err(self.obstacle(at, "this field comes through a merge key"))
    }
}
