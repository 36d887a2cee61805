//! What edits make of a document, node by node, before any text is touched.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use serde_json::Value;

use super::super::locate::Tree;
use super::super::spans::{NodeId, Shape};
use super::children::Children;
use super::memory::Memory;
use super::values;
use crate::edit::{Change, Edit};

/// Why a node cannot be changed.
#[derive(Debug)]
pub(super) struct Obstacle {
    /// The bytes to show; where there are none, what the edit is about.
    pub(super) range: Option<Range<usize>>,
    pub(super) message: String,
}

impl From<String> for Obstacle {
    fn from(message: String) -> Self {
        Self { range: None, message }
    }
}

/// What becomes of a node.
#[derive(Debug)]
pub(super) enum Fate {
    /// It gives way to a value.
    Value(Value),
    /// It is a mapping that loses and gains fields.
    Map { removed: HashSet<usize>, added: BTreeMap<String, Value> },
    /// It is a list with these items: first the numbers of its own, from `own` on those of `new`.
    List { slots: Vec<u32>, own: u32, new: Vec<Value> },
}

/// The fates of the nodes of one document.
#[derive(Debug)]
pub(super) struct Draft<'d> {
    pub(super) tree: &'d Tree,
    root: NodeId,
    value: &'d Value,
    pub(super) memory: &'d mut Memory,
    /// The parent of each node that was visited, and its number there.
    pub(super) spots: HashMap<NodeId, (NodeId, usize)>,
    pub(super) fates: HashMap<NodeId, Fate>,
}

/// Where a step leads.
enum Step {
    /// To the child of this number.
    Child(usize),
    /// To the new item of this number in a list.
    New(usize),
    /// To nothing yet.
    Missing,
}

impl<'d> Draft<'d> {
    pub(super) fn new(
        tree: &'d Tree,
        root: NodeId,
        value: &'d Value,
        memory: &'d mut Memory,
    ) -> Self {
        let (spots, fates) = Default::default();
        Self { tree, root, value, memory, spots, fates }
    }

    pub(super) fn children(&mut self, parent: NodeId) -> Rc<Children> {
        self.memory.children(self.tree, parent)
    }

    /// Makes an edit.
    pub(super) fn apply(&mut self, edit: &Edit) -> Result<(), Obstacle> {
        let path: Vec<Cow<'_, str>> = edit.pointer.tokens().collect();
        if path.is_empty() && edit.change == Change::Remove {
            return Err("the whole document cannot be removed".to_owned().into());
        }
        let (mut at, mut value) = (self.root, self.value);
        for (depth, token) in path.iter().enumerate() {
            let rest = path.get(depth..).unwrap_or_default();
            if self.is_shared(at) {
                return self.unless_done(value, rest, &edit.change, at);
            }
            if let Some(Fate::Value(new)) = self.fates.get_mut(&at) {
                return Ok(values::change(new, rest, &edit.change)?);
            }
            let below = path.get(depth + 1..).unwrap_or_default();
            match self.step(at, token) {
                Step::Child(number) => {
                    let Some(&child) = self.children(at).ids.get(number) else { break };
                    self.spots.insert(child, (at, number));
                    let inner = match value {
                        Value::Array(list) => list.get(number),
                        other => other.get(&**token),
                    };
                    let Some(inner) = inner else { break };
                    if below.is_empty() && edit.change == Change::Remove {
                        return self.remove(at, number);
                    }
                    (at, value) = (child, inner);
                }
                Step::New(number) => {
                    let Some(Fate::List { slots, own, new }) = self.fates.get_mut(&at) else {
                        break;
                    };
                    if below.is_empty() && edit.change == Change::Remove {
                        slots.remove(number);
                        return Ok(());
                    }
                    let slot = slots.get(number).and_then(|slot| slot.checked_sub(*own));
                    let Some(item) = slot.and_then(|slot| new.get_mut(slot as usize)) else {
                        break;
                    };
                    return Ok(values::change(item, below, &edit.change)?);
                }
                Step::Missing if edit.change == Change::Remove => {
                    return self.take_back(at, value, rest);
                }
                Step::Missing => return self.put(at, value, rest, &edit.change),
            }
        }
        self.change_here(at, value, &edit.change)
    }

    fn step(&mut self, at: NodeId, token: &str) -> Step {
        let children = self.children(at);
        match (self.shape(at), self.fates.get(&at)) {
            (Shape::Scalar, _) => Step::Missing,
            (Shape::Map, fate) => match (children.find(self.tree, token), fate) {
                (Some(number), Some(Fate::Map { removed, .. })) if removed.contains(&number) => {
                    Step::Missing
                }
                (Some(number), _) => Step::Child(number),
                (None, _) => Step::Missing,
            },
            (Shape::List, Some(Fate::List { slots, own, .. })) => {
                let number = values::index(token, slots.len()).unwrap_or(usize::MAX);
                match slots.get(number) {
                    Some(slot) if slot < own => Step::Child(*slot as usize),
                    Some(_) => Step::New(number),
                    None => Step::Missing,
                }
            }
            (Shape::List, _) => match values::index(token, children.ids.len()) {
                Some(number) if number < children.ids.len() => Step::Child(number),
                _ => Step::Missing,
            },
        }
    }

    /// Puts a value where nothing stands: at the first token of `rest` below `at`.
    fn put(
        &mut self,
        at: NodeId,
        value: &Value,
        rest: &[Cow<'_, str>],
        change: &Change,
    ) -> Result<(), Obstacle> {
        let Some((token, below)) = rest.split_first() else { return Ok(()) };
        let children = self.children(at);
        match self.shape(at) {
            Shape::Scalar if value.is_null() => {
                self.fates.insert(at, Fate::Value(values::wrapped(rest, change)));
            }
            Shape::Scalar => return Err(values::no_mapping(token).into()),
            Shape::Map => {
                if children.merges && value.get(&**token).is_some() {
                    return self.unless_done(value, rest, change, at);
                }
                let own = children.find(self.tree, token);
                let Fate::Map { removed, added } = self.map_fate(at) else { return Ok(()) };
                if let Some(number) = own.filter(|number| removed.remove(number)) {
                    // It was removed and comes back, in its place.
                    let child = children.ids.get(number).copied().unwrap_or(at);
                    self.spots.insert(child, (at, number));
                    let original = value.get(&**token).unwrap_or(&Value::Null);
                    return self.set(child, original, values::wrapped(below, change));
                }
                if let Some(new) = added.get_mut(&**token) {
                    return Ok(values::change(new, below, change)?);
                }
                added.insert(token.to_string(), values::wrapped(below, change));
            }
            Shape::List => {
                let Fate::List { slots, own, new } = self.list_fate(at) else { return Ok(()) };
                if values::index(token, slots.len()).is_none() {
                    return Err(values::no_item(token, slots.len()).into());
                }
                slots.push(*own + new.len() as u32);
                new.push(values::wrapped(below, change));
            }
        }
        Ok(())
    }

    /// Removes at `rest` below `at` what is not in the text, but may come from an earlier edit or a merge key.
    fn take_back(
        &mut self,
        at: NodeId,
        value: &Value,
        rest: &[Cow<'_, str>],
    ) -> Result<(), Obstacle> {
        let Some((token, below)) = rest.split_first() else { return Ok(()) };
        if let Some(Fate::Map { added, .. }) = self.fates.get_mut(&at)
            && let Some(new) = added.get_mut(&**token)
        {
            if below.is_empty() {
                added.remove(&**token);
                return Ok(());
            }
            return Ok(values::change(new, below, &Change::Remove)?);
        }
        if self.children(at).merges {
            return self.unless_done(value, rest, &Change::Remove, at);
        }
        Ok(())
    }

    fn change_here(&mut self, at: NodeId, value: &Value, change: &Change) -> Result<(), Obstacle> {
        match change {
            Change::Set(new) => return self.set(at, value, new.clone()),
            Change::Remove => return Ok(()),
            Change::Append(_) if self.is_shared(at) => return Err(self.shared(at)),
            Change::Append(_) => {}
        }
        let Change::Append(item) = change else { return Ok(()) };
        if let Some(Fate::Value(new)) = self.fates.get_mut(&at) {
            return Ok(values::change::<&str>(new, &[], change)?);
        }
        match self.shape(at) {
            Shape::List => {
                if let Fate::List { slots, own, new } = self.list_fate(at) {
                    slots.push(*own + new.len() as u32);
                    new.push(item.clone());
                }
            }
            Shape::Scalar if value.is_null() => {
                self.fates.insert(at, Fate::Value(Value::Array(vec![item.clone()])));
            }
            Shape::Scalar | Shape::Map => return Err(values::no_list().into()),
        }
        Ok(())
    }

    fn remove(&mut self, at: NodeId, number: usize) -> Result<(), Obstacle> {
        let children = self.children(at);
        if let Some(&child) = children.ids.get(number) {
            self.refuse_anchors(child)?;
        }
        if children.merges {
            let message = "a merge key stands in this mapping and could bring the field back";
            return Err(self.obstacle(at, message));
        }
        if self.shape(at) == Shape::Map {
            if let Fate::Map { removed, .. } = self.map_fate(at) {
                removed.insert(number);
            }
        } else if let Fate::List { slots, .. } = self.list_fate(at) {
            // Removed items are mostly the last ones.
            if let Some(index) = slots.iter().rposition(|slot| *slot as usize == number) {
                slots.remove(index);
            }
        }
        Ok(())
    }

    fn map_fate(&mut self, at: NodeId) -> &mut Fate {
        let fate = || Fate::Map { removed: HashSet::new(), added: BTreeMap::new() };
        self.fates.entry(at).or_insert_with(fate)
    }

    fn list_fate(&mut self, at: NodeId) -> &mut Fate {
        let own = self.children(at).ids.len() as u32;
        let fate = || Fate::List { slots: (0..own).collect(), own, new: Vec::new() };
        self.fates.entry(at).or_insert_with(fate)
    }

    pub(super) fn shape(&self, id: NodeId) -> Shape {
        self.tree.spans.node(id).map_or(Shape::Scalar, |node| node.shape)
    }
}
