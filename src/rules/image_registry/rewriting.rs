//! Which names are replaced by which.

use super::names::{Name, Prefix, below};
use crate::finding::Claim;

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
    /// The new name.
    pub(super) name: String,
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
            Some(Rewritten { name: format!("{to}{rest}"), to })
        })
    }

    /// Whether a name is at one of the mirrors.
    pub(super) fn is_mirrored(&self, name: &Name) -> bool {
        self.0.iter().any(|pair| name.below(&pair.to.name).is_some())
    }

    /// What is rewritten, and that what it becomes stays: another rule that rewrites that in turn is at odds with it.
    pub(super) fn claims(&self) -> Vec<Claim> {
        let field = |prefix: &str| format!("spec.containers[*].image below {prefix}");
        let mut claims: Vec<Claim> = self
            .0
            .iter()
            .map(|pair| Claim { field: field(&pair.from.name), value: pair.to.written.clone() })
            .collect();
        for pair in &self.0 {
            let name = &pair.to.name;
            let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
            for above in ends.filter_map(|end| name.get(..end)) {
                let claim = Claim { field: field(above), value: "left as it is".to_owned() };
                if !claims.contains(&claim) {
                    claims.push(claim);
                }
            }
        }
        claims
    }
}

/// Whether a name at one of the prefixes can be at the other.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    below(one, other).is_some() || below(other, one).is_some()
}
