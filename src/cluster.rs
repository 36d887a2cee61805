//! What speaks with a Kubernetes API server: the policies that live there, and what Plimsoll keeps there.
//!
//! Watches bring policies, exemptions, namespaces and LimitRanges, never a pod; the keeper makes snapshots of them
//! and hands those to a [`Sink`]. What is written there, the leader writes.

pub mod certificates;
pub mod client;
pub mod doctor;
mod events;
mod last_good;
pub mod leadership;
mod metrics;
pub mod names;
mod namespaces;
pub mod pauses;
mod snapshots;
mod status;
mod tasks;
mod watch;
pub mod webhooks;

pub use events::Subject;
pub use events::pods::{Reporter, Told};
pub use metrics::Metrics;
pub use namespaces::lookup::{Found, Lookup};
pub use snapshots::Sink;
pub use status::FIELD_MANAGER;
pub use tasks::{Cluster, Settings};
