//! What speaks with a Kubernetes API server: the policies that live there, and what Plimsoll keeps there.

pub mod certificates;
pub mod client;
pub mod leadership;
mod metrics;
pub mod policies;
mod watching;
pub mod webhooks;

pub use metrics::Metrics;
