//! What speaks with a Kubernetes API server: the policies that live there, and what Plimsoll keeps there.
//!
//! Watches bring policies, exemptions, namespaces and LimitRanges, never a pod; the keeper makes snapshots of them
//! and hands those to a [`Sink`]. What is written there, the leader writes.

pub mod certificates;
pub mod client;
mod condition;
pub mod doctor;
mod events;
mod keeping;
mod knowing;
pub mod leadership;
mod lookup;
mod metrics;
mod policies;
mod running;
mod saying;
mod status;
mod watching;
pub mod webhooks;

pub use events::Subject;
pub use events::pods::{Reporter, Told};
pub use keeping::Sink;
pub use lookup::{Found, Lookup};
pub use metrics::Metrics;
pub use running::{Cluster, Settings};
pub use status::FIELD_MANAGER;
