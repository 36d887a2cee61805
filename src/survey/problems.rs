//! What could not be read or judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Problems that are told one by one; of more, the first by source and line are.
const MAX_PROBLEMS: usize = 100;

/// What could not be read or judged, in the order of sources and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Problems {
    told: BTreeMap<Problem, u64>,
    /// How many there were of what is not told one by one.
    untold: u64,
}

/// Something that could not be read or judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Problem {
    /// A file as the user named it, or a resource and its namespace: `pods in namespace etl`.
    pub source: Arc<str>,
    /// The line in the file, from 1.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, problem: Problem) {
        self.add_many(problem, 1);
    }

    fn add_many(&mut self, problem: Problem, count: u64) {
        let there = self.told.entry(problem).or_default();
        *there = there.saturating_add(count);
        if self.told.len() > MAX_PROBLEMS
            && let Some((_, count)) = self.told.pop_last()
        {
            self.untold = self.untold.saturating_add(count);
        }
    }

    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        self.untold = self.untold.saturating_add(other.untold);
        for (problem, count) in other.told {
            self.add_many(problem, count);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// The problems with how often each was met.
    pub fn iter(&self) -> impl Iterator<Item = (&Problem, u64)> {
        self.told.iter().map(|(problem, count)| (problem, *count))
    }

    /// How many there are beside those that are told.
    pub const fn untold(&self) -> u64 {
        self.untold
    }
}

/// The same as JSON can hold it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    told: Vec<(Problem, u64)>,
    untold: u64,
}

impl From<Stored> for Problems {
    fn from(Stored { told, untold }: Stored) -> Self {
        Self { told: told.into_iter().collect(), untold }
    }
}

impl From<Problems> for Stored {
    fn from(Problems { told, untold }: Problems) -> Self {
        Self { told: told.into_iter().collect(), untold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_told_in_whatever_order_they_come() {
        let problem = |line| Problem {
            source: "a.log".into(),
            line: Some(line),
            message: "cut".to_owned(),
            help: None,
        };
        let of = |lines: &mut dyn Iterator<Item = u64>| {
            let mut problems = Problems::default();
            lines.for_each(|line| problems.add(problem(line)));
            problems
        };
        let whole = of(&mut (1..=250));
        assert_eq!((whole.iter().count(), whole.untold()), (MAX_PROBLEMS, 150));
        assert_eq!(whole.iter().last().and_then(|(last, _)| last.line), Some(100));
        let mut parts = of(&mut (100..=250).rev());
        parts.merge(of(&mut (1..100)));
        assert_eq!(parts, whole);
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Problems>(&text).unwrap(), whole);
    }
}
