//! What became of fixes that were to be written into files.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use super::Problem;
use crate::finding::Safety;

/// Fixes that were made, and those that were not.
#[derive(Debug, Default)]
pub struct Fixes {
    /// Whether files were changed, or would be.
    pub written: bool,
    /// Whether those that a person should look at were asked for too.
    pub unsafe_too: bool,
    /// Files with fixes in them.
    pub files: usize,
    /// The fixes made, by policy and rule.
    pub applied: BTreeMap<(Arc<str>, Arc<str>), usize>,
    /// The fixes that were not made, and why.
    pub refused: Vec<Refused>,
}

/// Fixes that were not made.
#[derive(Debug)]
pub struct Refused {
    /// Why, and where.
    pub problem: Problem,
    /// How many they are.
    pub fixes: usize,
}

impl Fixes {
    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.written |= other.written;
        self.unsafe_too |= other.unsafe_too;
        self.files += other.files;
        for (rule, count) in other.applied {
            *self.applied.entry(rule).or_default() += count;
        }
        self.refused.extend(other.refused);
        self
    }

    /// Whether fixes that are as safe as this were asked for.
    pub(super) fn asked(&self, safety: Safety) -> bool {
        self.unsafe_too || safety == Safety::Safe
    }

    /// How many fixes were made.
    pub fn made(&self) -> usize {
        self.applied.values().sum()
    }

    /// How many were not, though they could have been.
    pub fn left_out(&self) -> usize {
        self.refused.iter().map(|refused| refused.fixes).sum()
    }

    pub(super) fn sort(&mut self) {
        let key =
            |refused: &Refused| (refused.problem.error.file.clone(), refused.problem.error.place);
        self.refused.sort_by_key(key);
    }

    /// Writes what was done, for people.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let made = self.made();
        if made == 0 {
            writeln!(out, "nothing {} fixed", if self.written { "was" } else { "would be" })?;
        } else {
            let rules = self.applied.iter();
            let rules: Vec<String> =
                rules.map(|((policy, rule), count)| format!("{count} {policy}/{rule}")).collect();
            writeln!(
                out,
                "{} {} in {}: {}",
                if self.written { "fixed" } else { "would fix" },
                counted(made, "finding"),
                counted(self.files, "file"),
                rules.join(", "),
            )?;
        }
        match self.left_out() {
            0 => Ok(()),
            count => writeln!(
                out,
                "{} could not be fixed, for {}",
                counted(count, "finding"),
                if self.refused.len() == 1 { "the reason above" } else { "the reasons above" },
            ),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
