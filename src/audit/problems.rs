//! What an audit met on its way beside pods.

use super::failure::Failure;
use crate::survey::{Problem, Problems};

/// What an audit met on its way beside pods.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What could not be judged.
    pub(super) problems: Problems,
    /// What is less exact than it could be.
    pub(super) notes: Problems,
}

/// Something that was not answered.
pub(super) fn problem(source: String, failure: &Failure) -> Problem {
    Problem {
        source: source.into(),
        line: None,
        message: failure.to_string(),
        help: failure.help().map(str::to_owned),
    }
}
