//! The requests a policy can be about, as far as an API server can tell before it asks.

use std::collections::BTreeSet;

use super::condition::{Condition, Subject};
use crate::glob::GlobList;
use crate::pod::kinds::PodKind;
use crate::policy::CompiledPolicy;
use crate::policy::document::Verb;
use crate::selector::LabelSelector;

/// What one policy says of requests.
pub(super) struct Scope<'p> {
    policy: &'p CompiledPolicy,
    pub(super) verbs: BTreeSet<Verb>,
    /// The namespaces, where the policy names each of them in full.
    pub(super) namespaces: Option<BTreeSet<String>>,
    /// Conditions ask for the user's groups.
    pub(super) tells_groups: bool,
}

impl<'p> Scope<'p> {
    /// None where no request can be the policy's: it names only namespaces that are left out.
    pub(super) fn of(policy: &'p CompiledPolicy, left_out: &BTreeSet<String>) -> Option<Self> {
        let written = policy.matcher.written();
        let verbs: BTreeSet<Verb> = match &written.operations {
            Some(verbs) => verbs.iter().copied().collect(),
            None => [Verb::Create, Verb::Update].into(),
        };
        let namespaces = written.namespaces.as_ref().and_then(named_in_full).map(|names| {
            names.into_iter().filter(|name| !left_out.contains(name)).collect::<BTreeSet<_>>()
        });
        let nowhere = namespaces.as_ref().is_some_and(BTreeSet::is_empty);
        (!nowhere).then_some(Self { policy, verbs, namespaces, tells_groups: true })
    }

    pub(super) fn may_match_kind(&self, kind: &PodKind) -> bool {
        self.policy.matcher.may_match_kind(kind)
    }

    /// How many names of groups the policy holds.
    pub(super) fn group_names(&self) -> usize {
        let groups = self.policy.matcher.written().groups.as_ref();
        groups.map_or(0, |list| list.include.len() + list.exclude.len())
    }

    pub(super) fn namespace_selector(&self) -> Option<&'p LabelSelector> {
        self.policy.matcher.written().namespace_selector.as_ref()
    }

    pub(super) fn pod_selector(&self) -> Option<&'p LabelSelector> {
        self.policy.matcher.written().pod_selector.as_ref()
    }

    /// What holds at least for a request of the policy, where all of `verbs` are sent.
    pub(super) fn condition(&self, verbs: &BTreeSet<Verb>) -> Condition {
        let namespaces = self.policy.matcher.written().namespaces.as_ref();
        Condition::all([self.without_namespaces(verbs), globs(Subject::Namespace, namespaces)])
    }

    /// The same, namespaces aside.
    pub(super) fn without_namespaces(&self, verbs: &BTreeSet<Verb>) -> Condition {
        let written = self.policy.matcher.written();
        let operations: BTreeSet<Verb> = self.verbs.intersection(verbs).copied().collect();
        let operations =
            if operations == *verbs { Condition::ALWAYS } else { Condition::Operation(operations) };
        let groups = written.groups.as_ref().filter(|_| self.tells_groups);
        let who = Condition::all([
            globs(Subject::User, written.users.as_ref()),
            globs(Subject::Group, groups),
        ]);
        // The engine takes a request without a user for anybody's.
        let who = if who.is_always() {
            who
        } else {
            Condition::any([Condition::Not(Box::new(Condition::KnownUser)), who])
        };
        Condition::all([operations, who])
    }
}

fn globs(subject: Subject, list: Option<&GlobList>) -> Condition {
    list.map_or(Condition::ALWAYS, |list| Condition::globs(subject, list))
}

/// The namespaces of a list, where it names each of them in full.
fn named_in_full(list: &GlobList) -> Option<BTreeSet<String>> {
    let is_name = |name: &&String| {
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if list.include.is_empty() || !list.include.iter().all(|name| is_name(&name)) {
        return None;
    }
    let globs = list.compile().ok()?;
    // A longer name cannot be a namespace's, and would spoil the selector.
    let names = list.include.iter().filter(|name| name.len() <= 63 && globs.matches(name));
    Some(names.cloned().collect())
}
