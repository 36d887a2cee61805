//! The webhook configurations: what they should hold, and keeping it so.
//!
//! The chart makes them empty. The leader fills them by server-side apply once a replica answers behind the Service,
//! as narrow as the policies allow, and puts back what others change. Nobody here can create or delete one: a person's
//! `kubectl delete` is the last word.

mod apply;
pub mod ca_file;
mod condition;
mod configuration;
pub mod emergency;
mod live;
mod pace;
mod plan;
mod probe;
mod reconcile;
mod scope;

pub use configuration::{
    Configuration, EMERGENCY_BEFORE, EMERGENCY_OFF, FailurePolicy, Settings, Target,
};
pub use live::{Standing, differences};
pub use plan::webhooks;
pub use reconcile::{Inputs, Report, keep};

#[cfg(test)]
mod tests;
