//! What `--verbose` says on stderr: what is used, how much there was, and how long it took.

use std::time::Duration;

use super::output::say;
use crate::engine::Engine;
use crate::policy_source::{Loaded, Sources};
use crate::report::Report;

/// Which policies and exemptions are in force.
pub(super) fn told_of_policies(loaded: &Loaded, sources: Sources<'_>) {
    let from = |paths: &[std::path::PathBuf]| {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        names.join(", ")
    };
    let origin = match sources.policies {
        [] => format!("built in, profile {}", sources.profile),
        paths => from(paths),
    };
    let policies = loaded.policies.policies();
    let rules: usize = policies.iter().map(|policy| policy.rules.len()).sum();
    let names: Vec<&str> = policies.iter().map(|policy| &*policy.name).collect();
    say(format_args!(
        "policies: {} with {rules} rules ({origin}): {}",
        names.len(),
        names.join(", ")
    ));
    let exemptions = loaded.exemptions.exemptions();
    if !exemptions.is_empty() {
        let names: Vec<&str> = exemptions.iter().map(|exemption| &*exemption.name).collect();
        say(format_args!("exemptions: {}: {}", names.len(), names.join(", ")));
    }
}

/// How much was judged, what exempted how often, and how long it took to load and to judge.
pub(super) fn told(engine: &Engine, report: &Report, [loading, judging]: [Duration; 2]) {
    let summary = report.summary;
    say(format_args!(
        "files: {} with {} objects, {} of them with pods",
        summary.files, summary.objects, summary.pods
    ));
    for (exemption, count) in &report.exempted {
        say(format_args!("exemption {exemption}: {count} findings"));
    }
    say(format_args!(
        "time: {loading:.1?} for {} policies, {judging:.1?} for the files",
        engine.policies().policies().len()
    ));
}
