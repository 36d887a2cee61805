//! Whether a line of a template ends a line of the output, whatever its conditions turn out to be.

use std::cell::RefCell;

use super::template::{Action, Kind};

/// Actions looked at one behind the other, before the answer is no.
const MAX_DEPTH: usize = 64;

/// Actions with the ends that belong to their beginnings.
pub(super) struct Blocks<'t> {
    text: &'t str,
    actions: &'t [Action],
    /// For an action that opens a block, its `else`s and its `end`; for those, the action that opened it.
    partners: Vec<Vec<usize>>,
    /// What was found out about actions.
    known: RefCell<Vec<Option<bool>>>,
}

impl<'t> Blocks<'t> {
    /// `None` where an `end` is missing or there is one too many.
    pub(super) fn new(text: &'t str, actions: &'t [Action]) -> Option<Self> {
        let mut partners = vec![Vec::new(); actions.len()];
        let mut open = Vec::new();
        for (index, action) in actions.iter().enumerate() {
            match action.kind {
                Kind::Open | Kind::Loop | Kind::Define => open.push(index),
                Kind::Else | Kind::End => {
                    let opener = *open.last()?;
                    partners.get_mut(opener)?.push(index);
                    partners.get_mut(index)?.push(opener);
                    if action.kind == Kind::End {
                        open.pop();
                    }
                }
                Kind::Silent | Kind::Output => {}
            }
        }
        let known = RefCell::new(vec![None; actions.len()]);
        open.is_empty().then_some(Self { text, actions, partners, known })
    }

    /// Whether a line break is written at byte `at`, before which a line ends, or at least before anything else is.
    /// `next` is the first action behind it.
    pub(super) fn line_ends(&self, at: usize, next: usize) -> bool {
        match self.actions.get(next) {
            None => true,
            Some(action) => {
                let between = self.text.get(at..action.range.start).unwrap_or_default();
                !between.trim().is_empty() || !action.trims_before || self.breaks(next, 0)
            }
        }
    }

    /// Whether the first thing that is written from an action on is a line break.
    fn breaks(&self, index: usize, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        if let Some(Some(known)) = self.known.borrow().get(index) {
            return *known;
        }
        let remember = |answer: bool| {
            if let Some(slot) = self.known.borrow_mut().get_mut(index) {
                *slot = Some(answer);
            }
            answer
        };
        // A loop comes back here, and then the others decide.
        remember(true);
        let Some(action) = self.actions.get(index) else { return true };
        let partners = self.partners.get(index).map(Vec::as_slice).unwrap_or_default();
        let behind = |index: &usize| self.breaks_behind(*index, depth + 1);
        let answer = match action.kind {
            Kind::Silent => behind(&index),
            Kind::Open | Kind::Loop => behind(&index) && partners.iter().all(behind),
            Kind::Define => partners.last().is_some_and(behind),
            Kind::Else => {
                let opener = partners.first().and_then(|opener| self.partners.get(*opener));
                opener.and_then(|all| all.last()).is_some_and(behind)
            }
            Kind::End => {
                let opener =
                    partners.first().and_then(|opener| Some((opener, self.actions.get(*opener)?)));
                opener.is_some_and(|(opener, opening)| match opening.kind {
                    // What follows stands where this is included.
                    Kind::Define => false,
                    Kind::Loop => behind(&index) && behind(opener),
                    _ => behind(&index),
                })
            }
            Kind::Output => {
                let text = self.text.get(action.range.clone()).unwrap_or_default();
                text.contains("nindent")
            }
        };
        remember(answer)
    }

    /// Whether the first thing that is written behind an action is a line break.
    fn breaks_behind(&self, index: usize, depth: usize) -> bool {
        let Some(action) = self.actions.get(index) else { return true };
        let next = self.actions.get(index + 1);
        let end = next.map_or(self.text.len(), |next| next.range.start);
        let between = self.text.get(action.range.end..end).unwrap_or_default();
        let space = between.len() - between.trim_start().len();
        let head = between.get(..space).unwrap_or_default();
        let is_blank = space == between.len();
        match next {
            None if is_blank => true,
            Some(next) if is_blank && (action.trims_after || next.trims_before) => {
                self.breaks(index + 1, depth)
            }
            _ if action.trims_after => false,
            _ if head.contains('\n') => true,
            Some(_) if is_blank => self.breaks(index + 1, depth),
            _ => false,
        }
    }
}
