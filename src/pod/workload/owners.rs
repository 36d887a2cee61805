//! What the pods of systems are attributed to.

/// What the pods of a system are attributed to.
#[derive(Debug)]
pub struct NamedOwner {
    /// `group/version`; empty for what is no object of Kubernetes.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// The labels whose values, with slashes between them, are its name.
    pub labels: &'static [&'static str],
    /// Whether the name may be that of one run, of which only the beginning stays the same.
    pub of_a_run: bool,
}

/// What keeps its name from run to run.
pub(super) const fn named(
    api_version: &'static str,
    kind: &'static str,
    labels: &'static [&'static str],
) -> NamedOwner {
    NamedOwner { api_version, kind, labels, of_a_run: false }
}

/// What may be named anew for each run.
pub(super) const fn run(
    api_version: &'static str,
    kind: &'static str,
    labels: &'static [&'static str],
) -> NamedOwner {
    NamedOwner { api_version, kind, labels, of_a_run: true }
}

/// A scale set of runners.
pub(super) const SCALE_SET: NamedOwner = named(
    "actions.github.com/v1alpha1",
    "AutoscalingRunnerSet",
    &["actions.github.com/scale-set-name"],
);
