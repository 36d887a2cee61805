//! Workload classes: what a pod is, told from its owner, restart policy and well-known labels.
//!
//! One row of [`SYSTEMS`] adds one system. A row only says what a pod is; it never makes a rule skip one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::view::{OwnerReference, Pod};

mod owners;
mod systems;

pub use owners::NamedOwner;
pub use systems::{SYSTEMS, Sign, System};

/// What kind of work a pod does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Runs to completion: Job pods and the tasks of batch systems.
    Batch,
    /// Kept running by a controller.
    Service,
    /// One per node.
    Daemon,
    /// Run by a kubelet from a file; the API server only holds its mirror.
    Static,
    /// Created without a controller, and of no system that is known.
    Bare,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Batch, Self::Service, Self::Daemon, Self::Static, Self::Bare];

    /// The name policies use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch => "Batch",
            Self::Service => "Service",
            Self::Daemon => "Daemon",
            Self::Static => "Static",
            Self::Bare => "Bare",
        }
    }

    /// Whether pods of this class can come of a template whose pods get this controller. Without one, any can.
    pub fn may_be_of(self, template_owner: Option<(&str, &str)>) -> bool {
        let is_of_system = || SYSTEMS.iter().any(|system| system.class == self);
        match template_owner {
            None => true,
            Some(("apps", "DaemonSet")) => self == Self::Daemon,
            Some(("batch", "Job")) => self == Self::Batch || is_of_system(),
            Some(_) => self == Self::Service || is_of_system(),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Group and kind of the controller of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'p> {
    /// API group, without the version; empty for the core group.
    pub group: &'p str,
    /// Kind.
    pub kind: &'p str,
}

/// A pod's class, and its system where one is known.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// The class.
    pub class: Class,
    /// The system.
    pub system: Option<&'static System>,
    /// The controller is a ReplicationController, ReplicaSet or StatefulSet: the kinds whose pods the scheduler
    /// spreads by itself (pkg/scheduler/framework/plugins/helper/spread.go).
    pub replicated: bool,
}

impl Workload {
    /// What is known before a pod is read.
    pub const UNKNOWN: Self = Self { class: Class::Bare, system: None, replicated: false };

    /// Recognises a pod. `template_owner` is the controller that the pods of a template will have.
    pub fn of(pod: &Pod<'_>, template_owner: Option<(&'static str, &'static str)>) -> Self {
        let owner =
            template_owner.map(|(group, kind)| Owner { group, kind }).or_else(|| controller(pod));
        let system =
            SYSTEMS.iter().find(|system| system.signs.iter().any(|sign| sign.is_on(pod, owner)));
        let class = match (owner, system) {
            (Some(Owner { group: "", kind: "Node" }), _) => Class::Static,
            (Some(Owner { group: "apps", kind: "DaemonSet" }), _) => Class::Daemon,
            (_, Some(system)) => system.class,
            (Some(Owner { group: "batch", kind: "Job" }), _) => Class::Batch,
            (None, None) => Class::Bare,
            (Some(Owner { group: "apps" | "", .. }), None) => Class::Service,
            // A controller that is not known: what ends by itself is batch.
            (Some(_), None) => match pod.spec.as_ref().map(|spec| spec.restart_policy().value) {
                Some("Never" | "OnFailure") => Class::Batch,
                _ => Class::Service,
            },
        };
        let replicated = matches!(
            owner,
            Some(
                Owner { group: "", kind: "ReplicationController" }
                    | Owner { group: "apps", kind: "ReplicaSet" | "StatefulSet" }
            )
        );
        Self { class, system, replicated }
    }
}

impl Sign {
    fn is_on(&self, pod: &Pod<'_>, owner: Option<Owner<'_>>) -> bool {
        match *self {
            Self::Label(key) => pod.label(key).is_some(),
            Self::LabelIs(key, value) => pod.label(key) == Some(value),
            Self::Owner(group, kind) => owner == Some(Owner { group, kind }),
            Self::OwnerGroup(group) => owner.is_some_and(|owner| owner.group == group),
            Self::Container(name) => pod.spec.as_ref().is_some_and(|spec| {
                spec.all_containers().any(|found| found.container.name() == name)
            }),
            Self::All(signs) => signs.iter().all(|sign| sign.is_on(pod, owner)),
        }
    }
}

/// The controller of a pod (metav1 `GetControllerOf`).
pub fn controller<'p>(pod: &'p Pod<'_>) -> Option<Owner<'p>> {
    let owner = controller_reference(pod)?;
    let group = owner.api_version.as_deref()?.rsplit_once('/').map_or("", |(group, _)| group);
    Some(Owner { group, kind: owner.kind.as_deref()? })
}

/// The reference that names the controller of a pod.
pub fn controller_reference<'p, 'a>(pod: &'p Pod<'a>) -> Option<&'p OwnerReference<'a>> {
    let owners = pod.metadata.as_ref()?.owner_references.as_ref()?;
    owners.iter().find(|owner| owner.controller == Some(true))
}
