//! A manifest's way: documents, then the same engine the webhook asks, then findings with their places.

mod facts;
mod judge;

pub use facts::Facts;
pub use judge::{DEFAULT_NAMESPACE, judge};
