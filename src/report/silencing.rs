//! Findings that somebody asked not to hear of, and what is odd about the asking.

use std::sync::Arc;

use serde::Serialize;

use crate::manifest::ManifestError;

/// What keeps a finding quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilencedBy {
    /// A comment in the manifest.
    Comment,
    /// An annotation of the object or its pod template.
    Annotation,
    /// The baseline file.
    Baseline,
}

/// Why a finding is not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What keeps it quiet.
    pub by: SilencedBy,
    /// The reason that its author gave; empty where none is given, and always for a baseline.
    pub reason: Arc<str>,
}

/// Counts of findings that are not reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Silenced {
    /// By comments.
    pub comments: usize,
    /// By annotations.
    pub annotations: usize,
    /// By the baseline.
    pub baseline: usize,
}

/// Something that is probably not what its author means, and no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What and where.
    pub error: ManifestError,
    /// Whether `--quiet` leaves it out.
    pub minor: bool,
}

impl Silenced {
    /// Counts one more.
    pub fn add(&mut self, by: SilencedBy) {
        *match by {
            SilencedBy::Comment => &mut self.comments,
            SilencedBy::Annotation => &mut self.annotations,
            SilencedBy::Baseline => &mut self.baseline,
        } += 1;
    }

    /// All of them.
    pub const fn total(self) -> usize {
        self.comments + self.annotations + self.baseline
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            comments: self.comments + other.comments,
            annotations: self.annotations + other.annotations,
            baseline: self.baseline + other.baseline,
        }
    }

    /// For the summary, with what exemptions keep quiet: `3 silenced (2 by comments, 1 exempted)`.
    pub(super) fn told(self, exempted: usize) -> Option<String> {
        if self.total() == 0 {
            let plural = if exempted == 1 { "" } else { "s" };
            return (exempted > 0).then(|| format!("{exempted} finding{plural} exempted"));
        }
        let by = |count: usize, what: &str| {
            format!("{count} by {what}{}", if count == 1 { "" } else { "s" })
        };
        let kinds = [
            (self.comments, by(self.comments, "comment")),
            (self.annotations, by(self.annotations, "annotation")),
            (self.baseline, format!("{} in the baseline", self.baseline)),
            (exempted, format!("{exempted} exempted")),
        ];
        let kinds: Vec<_> =
            kinds.into_iter().filter(|(count, _)| *count > 0).map(|(_, told)| told).collect();
        Some(format!("{} silenced ({})", self.total() + exempted, kinds.join(", ")))
    }
}
