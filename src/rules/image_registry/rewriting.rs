//! Which names are replaced by which.

use super::names::{Name, Prefix, below};
use crate::finding::{Claim, Renaming};

/// The pairs, those with the longest `from` first.
#[derive(Debug, Default)]
pub(super) struct Rewrites(Vec<Pair>);

#[derive(Debug)]
pub(super) struct Pair {
    pub(super) from: Prefix,
    pub(super) to: Prefix,
}

/// What becomes of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// The mirror.
    pub(super) to: String,
    /// The new name, as it is written.
    pub(super) name: String,
    /// The same as it is compared.
    pub(super) means: String,
}

impl Rewrites {
    pub(super) fn new(mut pairs: Vec<Pair>) -> Self {
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.from.name.len()));
        Self(pairs)
    }

    /// What becomes of a name; nothing where no pair is about it.
    pub(super) fn of(&self, name: &Name) -> Option<Rewritten> {
        self.0.iter().find_map(|pair| {
            let rest = name.below(&pair.from.name)?;
            let to = pair.to.written.clone();
            let means = format!("{}{rest}", pair.to.name);
            Some(Rewritten { name: format!("{to}{rest}"), to, means })
        })
    }

    /// Whether a name is at one of the mirrors.
    pub(super) fn is_mirrored(&self, name: &Name) -> bool {
        self.0.iter().any(|pair| name.below(&pair.to.name).is_some())
    }

    /// What is rewritten: another rule that rewrites the same to something else is at odds with it.
    pub(super) fn claims(&self) -> Vec<Claim> {
        let field = |prefix: &str| format!("spec.containers[*].image below {prefix}");
        let claim =
            |pair: &Pair| Claim { field: field(&pair.from.name), value: pair.to.written.clone() };
        self.0.iter().map(claim).collect()
    }

    pub(super) fn renamings(&self) -> Vec<Renaming> {
        let renaming =
            |pair: &Pair| Renaming { from: pair.from.name.clone(), to: pair.to.name.clone() };
        self.0.iter().map(renaming).collect()
    }
}

/// Whether a name at one of the prefixes can be at the other.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    below(one, other).is_some() || below(other, one).is_some()
}
