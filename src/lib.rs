//! Plimsoll judges and patches Kubernetes pods at admission.

#[cfg(feature = "cli")]
pub mod manifest;
