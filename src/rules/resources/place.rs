//! One resource of one container: where its amounts stand, and how they are spoken of.

use super::amounts::{Resource, Side};
use super::ledger::QosChange;
use crate::edit::Edit;
use crate::finding::{Violation, quoted};
use crate::pod::containers::ContainerRef;
use crate::pointer::Pointer;
use crate::quantity::Quantity;

/// One resource of one container.
pub(super) struct Place<'c, 'p, 'a> {
    pub(super) container: &'c ContainerRef<'p, 'a>,
    pub(super) resource: Resource,
}

impl Place<'_, '_, '_> {
    pub(super) fn what(&self, side: Side) -> String {
        format!("{} {}", self.resource.name(), side.noun())
    }

    pub(super) fn pointer(&self, side: Side) -> Pointer {
        let resources = self.container.pointer().join("resources");
        resources.join(side.field()).join(self.resource.name())
    }

    /// The text of an amount that stands in the container.
    pub(super) fn written(&self, side: Side) -> Option<&str> {
        let container = self.container.container;
        match side {
            Side::Limit => container.limit(self.resource.name()),
            Side::Request => {
                let request = container.request(self.resource.name())?;
                (!request.defaulted).then_some(request.value)
            }
        }
    }

    /// An amount as its author wrote it, where someone did.
    pub(super) fn seen(&self, side: Side, value: Quantity) -> String {
        match self.written(side) {
            Some(text) => quoted(text),
            None => format!("`{value}`"),
        }
    }

    pub(super) fn violation(
        &self,
        side: Side,
        message: String,
        help: impl Into<String>,
    ) -> Violation {
        Violation::container(self.container, self.pointer(side), message, help)
    }

    pub(super) fn set(&self, side: Side, value: Quantity) -> Edit {
        Edit::set(self.pointer(side), value.to_string())
    }

    pub(super) fn part(&self, side: Side, value: Quantity) -> String {
        format!("{}.{} {value}", side.field(), self.resource.name())
    }

    pub(super) fn summary(&self, parts: &[String], qos: Option<QosChange>) -> String {
        let mut text =
            format!("container {}: {}", self.container.container.name(), parts.join(", "));
        if let Some(QosChange(before, after)) = qos {
            text += &format!("; QoS {before} -> {after}");
        }
        text
    }
}
