//! Plimsoll judges and patches Kubernetes pods at admission.

pub mod admission;
#[cfg(feature = "cli")]
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod decode;
pub mod edit;
pub mod engine;
pub mod finding;
pub mod glob;
pub mod image;
pub mod label;
#[cfg(feature = "cli")]
pub mod manifest;
pub mod pod;
pub mod pointer;
pub mod policy;
#[cfg(feature = "cli")]
pub mod policy_source;
pub mod quantity;
#[cfg(feature = "cli")]
pub mod report;
pub mod rules;
pub mod selector;
#[cfg(feature = "serve")]
pub mod serve;
