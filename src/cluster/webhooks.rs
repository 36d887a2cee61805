//! The webhook configurations: what they should hold, and keeping it so.
//!
//! The chart makes them empty. The leader fills them by server-side apply once a replica answers behind the Service,
//! as narrow as the policies allow, and puts back what others change. Nobody here can create or delete one: a person's
//! `kubectl delete` is the last word.

mod condition;
mod configuration;
mod plan;
mod scope;

pub use configuration::{Configuration, FailurePolicy, Target};
pub use plan::webhooks;

#[cfg(test)]
mod tests;
