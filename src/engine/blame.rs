//! Which of many fixes broke what another rule wants.

use std::collections::HashSet;

use crate::finding::{Fix, Violation};
use crate::pointer::Pointer;

/// How widely a fix answers for what is broken after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// For the places it writes, and what stands above and below them.
    Place,
    /// For everything in the containers it writes to.
    Container,
    /// For everything.
    All,
}

/// The places at which something is broken.
#[derive(Debug)]
pub(super) struct Broken<'v> {
    blame: Blame,
    /// At [`Blame::Place`] the places themselves, at [`Blame::Container`] their containers.
    places: HashSet<&'v str>,
    /// Everything above the places.
    above: HashSet<&'v str>,
}

/// What is wrong after a change and was not before.
pub(super) fn newly_broken<'v>(
    before: &[Violation],
    after: &'v [Violation],
    blame: Blame,
) -> Broken<'v> {
    let base = Pointer::default();
    let known: HashSet<_> = before.iter().map(|violation| violation.identity(&base)).collect();
    let mut broken = Broken { blame, places: HashSet::new(), above: HashSet::new() };
    for violation in after.iter().filter(|one| !known.contains(&one.identity(&base))) {
        let place = violation.pointer.as_str();
        match blame {
            Blame::Place => broken.above.extend(prefixes(place)),
            Blame::Container | Blame::All => {}
        }
        broken.places.insert(if blame == Blame::Container { container(place) } else { place });
    }
    broken
}

impl Broken<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether the blame for it falls on a fix.
    pub(super) fn is_touched_by(&self, fix: &Fix) -> bool {
        fix.edits.iter().any(|edit| {
            let place = edit.pointer.as_str();
            match self.blame {
                Blame::Place => {
                    self.above.contains(place)
                        || prefixes(place).any(|above| self.places.contains(above))
                }
                Blame::Container => self.places.contains(container(place)),
                Blame::All => true,
            }
        })
    }
}

/// The place itself and all above it but the root.
fn prefixes(place: &str) -> impl Iterator<Item = &str> {
    let ends = place.match_indices('/').map(|(at, _)| at).skip(1).chain([place.len()]);
    ends.filter_map(|end| place.get(..end))
}

/// The first steps of a place: `/spec/containers/0`, and for what is in no container what it belongs to.
fn container(place: &str) -> &str {
    let end = place.match_indices('/').nth(3).map_or(place.len(), |(at, _)| at);
    place.get(..end).unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;
    use crate::finding::Safety;

    fn at(place: &str) -> Violation {
        Violation::pod(Pointer::new(place), "broken", "")
    }

    fn fix(place: &str) -> Fix {
        let edits = vec![Edit::set(Pointer::new(place), "x")];
        Fix { summary: String::new(), safety: Safety::Safe, edits }
    }

    #[test]
    fn blame_grows_from_the_place_to_the_container_to_all() {
        let after = [at("/spec/containers/1/resources/limits/cpu"), at("/spec/dnsPolicy")];
        let before = [at("/spec/dnsPolicy")];
        let blamed = |blame, place| newly_broken(&before, &after, blame).is_touched_by(&fix(place));
        let limit = "/spec/containers/1/resources/limits/cpu";
        let request = "/spec/containers/1/resources/requests/cpu";
        let other = "/spec/containers/10/resources/limits/cpu";
        assert!(blamed(Blame::Place, limit));
        assert!(blamed(Blame::Place, "/spec/containers/1/resources"));
        assert!(blamed(Blame::Place, "/spec/containers/1/resources/limits/cpu/x"));
        assert!(!blamed(Blame::Place, request) && blamed(Blame::Container, request));
        assert!(!blamed(Blame::Container, other) && blamed(Blame::All, other));
        assert!(newly_broken(&after, &after, Blame::All).is_empty());
    }
}
