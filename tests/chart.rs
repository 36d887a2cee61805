//! The chart: what it renders is right, a real API server takes it, Helm installs, upgrades and removes it, and
//! its alerts and dashboard are about metrics that exist.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/cluster.rs"]
mod cluster;

#[path = "chart/helm.rs"]
mod helm;
#[path = "chart/life.rs"]
mod life;
#[path = "chart/manifests.rs"]
mod manifests;
#[path = "chart/monitoring.rs"]
mod monitoring;
#[path = "chart/pages.rs"]
mod pages;
#[path = "chart/recipes.rs"]
mod recipes;
#[path = "chart/rendered.rs"]
mod rendered;
#[path = "chart/rights.rs"]
mod rights;
#[path = "chart/schemas.rs"]
mod schemas;
#[path = "chart/variants.rs"]
mod variants;
