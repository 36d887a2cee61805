//! The checks, a file for each group.

pub(super) mod certificate;
mod disruption;
pub(super) mod policies;
pub(super) mod replicas;
pub(super) mod versions;
pub(super) mod webhooks;
