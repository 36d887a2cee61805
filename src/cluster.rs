//! What speaks with a Kubernetes API server: the policies that live there, and what Plimsoll keeps there.

pub mod certificates;
pub mod client;
pub mod leadership;
pub mod webhooks;
