//! The `plimsoll` command as a process: what it prints, where, and how it exits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "linux")]
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/compare.rs"]
mod compare;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/custom_resources.rs"]
mod custom_resources;
#[path = "cli/digests.rs"]
mod digests;
#[path = "cli/doors.rs"]
mod doors;
#[path = "cli/exemptions.rs"]
mod exemptions;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/facts.rs"]
mod facts;
#[path = "cli/fix.rs"]
mod fix;
#[path = "cli/formats.rs"]
mod formats;
#[path = "support/go.rs"]
mod go;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "support/images.rs"]
mod images;
#[path = "cli/input.rs"]
mod input;
#[path = "cli/manners.rs"]
mod manners;
#[path = "cli/matching.rs"]
mod matching;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/parts.rs"]
mod parts;
#[path = "cli/policies.rs"]
mod policies;
#[path = "cli/policy_files.rs"]
mod policy_files;
#[path = "cli/property.rs"]
mod property;
#[path = "cli/replay.rs"]
mod replay;
#[path = "cli/sandbox.rs"]
mod sandbox;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/selection.rs"]
mod selection;
#[path = "cli/shells.rs"]
mod shells;
#[path = "cli/silencing.rs"]
mod silencing;
#[path = "cli/silencing_laws.rs"]
mod silencing_laws;
#[path = "cli/since.rs"]
mod since;
#[cfg(unix)]
#[path = "cli/since_places.rs"]
mod since_places;
#[path = "cli/suite_words.rs"]
mod suite_words;
#[path = "cli/suites.rs"]
mod suites;
#[path = "cli/survey_formats.rs"]
mod survey_formats;
