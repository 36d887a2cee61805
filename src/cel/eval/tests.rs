#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bounds;
mod costs;
mod harness;
mod values;
