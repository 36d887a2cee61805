//! Plimsoll judges and patches Kubernetes pods at admission.

pub mod admission;
#[cfg(feature = "cli")]
pub mod check;
pub mod decode;
pub mod edit;
pub mod engine;
pub mod finding;
pub mod glob;
pub mod image;
#[cfg(feature = "cli")]
pub mod manifest;
pub mod pod;
pub mod pointer;
pub mod policy;
#[cfg(feature = "cli")]
pub mod report;
pub mod rules;
pub mod selector;
