//! Charts and kustomizations, rendered with the real tools, and led back to the lines that people wrote.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "rendering/charts.rs"]
mod charts;
#[path = "rendering/doors.rs"]
mod doors;
#[path = "rendering/failures.rs"]
mod failures;
#[path = "support/go.rs"]
mod go;
#[path = "rendering/kustomizations.rs"]
mod kustomizations;
#[path = "rendering/lines.rs"]
mod lines;
#[path = "cli/sandbox.rs"]
#[allow(dead_code, reason = "the tests of the command use all of it")]
mod sandbox;
#[path = "rendering/world.rs"]
mod world;
