//! A projection while it is built.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Bond, METADATA, Mapped, SPEC};
use crate::pod::shapes::Whole;
use crate::pointer::Pointer;

/// A projection in the making.
pub(in crate::pod::shapes) struct Draft {
    pub(in crate::pod::shapes) spec: Map<String, Value>,
    pub(in crate::pod::shapes) metadata: Value,
    pub(in crate::pod::shapes) whole: Whole,
    pub(super) places: HashMap<String, Mapped>,
}

impl Draft {
    /// Puts a field into the pod's spec, and says where it stands.
    pub(in crate::pod::shapes) fn field(
        &mut self,
        name: &str,
        value: Option<&Value>,
        to: Pointer,
        bond: Bond,
    ) {
        if let Some(value) = value.filter(|value| bond == Bond::Same || is_small(value)) {
            self.spec.insert(name.to_owned(), value.clone());
        }
        self.at(&format!("{SPEC}/{name}"), to, bond);
    }

    /// Adds a container, and answers where it stands in the projection.
    pub(in crate::pod::shapes) fn container(
        &mut self,
        list: &str,
        container: Value,
        to: Pointer,
    ) -> String {
        let slot = self.spec.entry(list).or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(containers) = slot else { return String::new() };
        let at = format!("{SPEC}/{list}/{}", containers.len());
        containers.push(container);
        self.at(&at, to, Bond::Same);
        at
    }

    /// The same for all containers of a list.
    pub(in crate::pod::shapes) fn containers(
        &mut self,
        list: &str,
        from: Option<&Value>,
        to: &Pointer,
    ) {
        for (index, container) in from.and_then(Value::as_array).into_iter().flatten().enumerate() {
            self.container(list, container.clone(), to.clone().join(index));
        }
    }

    pub(in crate::pod::shapes) fn at(&mut self, from: &str, to: Pointer, bond: Bond) {
        self.places.insert(from.to_owned(), Mapped { to, bond });
    }

    /// Takes labels and annotations over, and says where they stand.
    pub(in crate::pod::shapes) fn metadata(
        &mut self,
        metadata: Option<&Value>,
        to: Pointer,
        bond: Bond,
    ) {
        self.at(METADATA, to, bond);
        let mut taken = Map::new();
        for field in ["labels", "annotations"] {
            if let Some(value) = metadata.and_then(|metadata| metadata.get(field)) {
                taken.insert(field.to_owned(), value.clone());
            }
        }
        self.metadata = Value::Object(taken);
    }

    /// Adds labels that the pod does not have.
    pub(in crate::pod::shapes) fn labels<'l>(
        &mut self,
        labels: impl IntoIterator<Item = (&'l str, &'l Value)>,
    ) {
        if self.metadata.is_null() {
            self.metadata = Value::Object(Map::new());
        }
        let Value::Object(metadata) = &mut self.metadata else { return };
        for (key, value) in labels.into_iter().filter(|(_, value)| is_small(value)).take(MAX_SHARED)
        {
            let slot = metadata.entry("labels").or_insert(Value::Null);
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(slot) = slot {
                slot.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Values that all pods of an object share are copied for each, so large ones are left out: an object can have a
/// million pods. The API server would not take those either.
const MAX_SHARED: usize = 256;

/// Whether a value may be copied often.
pub(in crate::pod::shapes) fn is_small(value: &Value) -> bool {
    fn weigh(value: &Value, left: &mut usize) -> bool {
        let weight = match value {
            Value::String(text) => text.len() / 16 + 1,
            _ => 1,
        };
        let Some(rest) = left.checked_sub(weight) else { return false };
        *left = rest;
        match value {
            Value::Array(list) => list.iter().all(|value| weigh(value, left)),
            Value::Object(map) => {
                map.iter().all(|(key, value)| key.len() < MAX_SHARED && weigh(value, left))
            }
            _ => true,
        }
    }
    weigh(value, &mut MAX_SHARED.clone())
}
