//! Plimsoll's own life in a cluster: what its chart makes runs as Deployments do, under a load of pods, while
//! everything around it is restarted, killed, renewed and taken away.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/load.rs"]
mod load;
#[path = "support/node.rs"]
mod node;

#[path = "lifecycle/audit.rs"]
mod audit;
#[path = "lifecycle/files.rs"]
mod files;
#[path = "lifecycle/footprint.rs"]
mod footprint;
#[allow(dead_code, reason = "shared with the tests of the chart")]
#[path = "chart/helm.rs"]
mod helm;
#[path = "lifecycle/installation.rs"]
mod installation;
#[path = "lifecycle/under_load.rs"]
mod under_load;
#[path = "support/usage.rs"]
mod usage;

/// Held by a test that loads the machine: what fails under two loads at once says nothing.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
