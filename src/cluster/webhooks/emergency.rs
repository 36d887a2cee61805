//! The record that somebody switched webhooks off. While it is there, no server touches the configuration.

/// When, who and why, on a configuration: `2026-11-21T17:04:05Z alice: node pool is stuck`.
pub const EMERGENCY_OFF: &str = "plimsoll.dev/emergency-off";
/// The webhooks as they were before, as JSON, so that `emergency-on` needs no server.
pub const EMERGENCY_BEFORE: &str = "plimsoll.dev/emergency-off-webhooks";
