//! Adding a pod that was judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::owner::parts;
use super::{Example, FindingKey, Found, Outcomes, Owned, Owner, Seen, Tally};
use crate::engine::{Decision, Finding};
use crate::finding::Violation;
use crate::pod::top_owner::TopOwner;
use crate::pod::workload::Class;
use crate::policy::Action;

/// A pod that was judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Who it is attributed to.
    pub owner: &'a TopOwner<'a>,
    /// Its class; none where the pod could not be read.
    pub class: Option<Class>,
    /// Its name, or the prefix of the name it is given.
    pub name: &'a str,
    /// When it was created, in seconds since 1970.
    pub at: Option<i64>,
    /// What was decided.
    pub decision: &'a Decision,
}

impl Tally {
    /// Adds a pod.
    pub fn take(&mut self, judged: Judged<'_>) {
        let Judged { namespace, owner, decision, .. } = judged;
        let outcomes = Outcomes::of(decision, |_| true);
        self.outcomes.merge(outcomes);
        at(&mut self.namespaces, namespace).merge(outcomes);
        self.take_policies(namespace, decision);
        for exempted in &decision.exempted {
            *at(&mut self.exempted, &exempted.exemption) += 1;
        }
        for policy in &decision.undecided {
            let namespaces = at(&mut self.undecided, policy);
            if !namespaces.contains(namespace) {
                namespaces.insert(namespace.into());
            }
        }
        match self.owners.find_mut(&parts(namespace, owner), |there| there.is(namespace, owner)) {
            Some(owned) => owned.take(judged, outcomes),
            None => {
                let mut owned = Owned::default();
                owned.take(judged, outcomes);
                self.add(Owner::new(namespace, owner), owned);
            }
        }
    }

    fn take_policies(&mut self, namespace: &str, decision: &Decision) {
        let found = decision.findings.iter().map(|finding| &finding.policy);
        let unreadable = decision.unreadable.iter().map(|found| &found.policy);
        let mut done: Vec<&Arc<str>> = Vec::new();
        for policy in found.chain(unreadable) {
            if !done.contains(&policy) {
                done.push(policy);
                let outcomes = Outcomes::of(decision, |other| other == &**policy);
                at(at(&mut self.policies, policy), namespace).merge(outcomes);
            }
        }
    }
}

/// The value of a key that is only copied where it is new.
fn at<'m, V: Default>(map: &'m mut BTreeMap<Arc<str>, V>, key: &str) -> &'m mut V {
    let key = match map.get_key_value(key) {
        Some((key, _)) => Arc::clone(key),
        None => key.into(),
    };
    map.entry(key).or_default()
}

impl Outcomes {
    /// What some policies make of one pod.
    pub fn of(decision: &Decision, counts: impl Fn(&str) -> bool) -> Self {
        let mut outcomes = Self { pods: 1, ..Self::default() };
        let mut count = |action| match action {
            Action::Deny => outcomes.denied = 1,
            Action::Warn => outcomes.warned = 1,
            Action::Patch => outcomes.patched = 1,
            Action::Audit => outcomes.audited = 1,
        };
        for finding in decision.findings.iter().filter(|finding| counts(&finding.policy)) {
            count(finding.action);
        }
        if let Some(found) = decision.unreadable.as_ref().filter(|found| counts(&found.policy)) {
            count(found.action);
            outcomes.unreadable = 1;
        }
        let told = [outcomes.denied, outcomes.warned, outcomes.patched, outcomes.audited];
        outcomes.clean = u64::from(told == [0; 4]);
        outcomes
    }
}

impl Owned {
    fn take(&mut self, judged: Judged<'_>, outcomes: Outcomes) {
        self.class = self.class.max(judged.class);
        self.outcomes.merge(outcomes);
        self.seen.merge(Seen::once(judged.at));
        let findings = &judged.decision.findings;
        for (at, finding) in findings.iter().enumerate() {
            let is_first = |other: &Finding| !same(other, finding);
            if findings.iter().take(at).all(is_first) {
                self.take_finding(judged, finding, findings.get(at + 1..).unwrap_or_default());
            }
        }
        if let Some(found) = &judged.decision.unreadable {
            let key = FindingKey {
                policy: Arc::clone(&found.policy),
                rule: Arc::clone(&found.rule),
                container: None,
            };
            let example = Example {
                at: judged.at,
                name: judged.name.into(),
                path: found.error.pointer.as_str().into(),
                message: format!("the pod cannot be read: {}", found.error.message).into(),
                help: "give the field the type that the API has for it".into(),
                fix: None,
                fix_safety: None,
            };
            self.add(key, Found::once(found.kind, found.action, example));
        }
    }

    /// Adds what one rule found in one container: `finding`, and those of `more` that are about the same.
    fn take_finding(&mut self, judged: Judged<'_>, finding: &Finding, more: &[Finding]) {
        let container = container(&finding.violation);
        let parts = (&*finding.policy, &*finding.rule, container);
        let is = |key: &FindingKey| (&*key.policy, &*key.rule, key.container.as_deref()) == parts;
        let all = || std::iter::once(finding).chain(more.iter().filter(|more| same(more, finding)));
        let action = all().map(|finding| finding.action).max().unwrap_or(finding.action);
        if let Some(there) = self.findings.find_mut(&parts, is) {
            // Most pods are neither the last nor say anything new.
            if (there.example.at, &*there.example.name) > (judged.at, judged.name) {
                there.action = there.action.max(action);
                there.count += 1;
                there.seen.merge(Seen::once(judged.at));
                return;
            }
        }
        let key = FindingKey {
            policy: Arc::clone(&finding.policy),
            rule: Arc::clone(&finding.rule),
            container: container.map(Arc::from),
        };
        let said = |text: fn(&Violation) -> Option<&str>| {
            let mut texts: Vec<&str> =
                all().filter_map(|finding| text(&finding.violation)).collect();
            texts.dedup();
            (!texts.is_empty()).then(|| texts.join("; "))
        };
        let fixes = || all().filter_map(|finding| finding.violation.fix.as_ref());
        let example = Example {
            at: judged.at,
            name: judged.name.into(),
            path: finding.violation.pointer.as_str().into(),
            message: said(|found| Some(&found.message)).unwrap_or_default().into(),
            help: said(|found| Some(&found.help)).unwrap_or_default().into(),
            fix: said(|found| found.fix.as_ref().map(|fix| &*fix.summary)).map(Arc::from),
            fix_safety: fixes().map(|fix| fix.safety).max(),
        };
        self.add(key, Found::once(finding.kind, action, example));
    }
}

impl Found {
    fn once(kind: &str, action: Action, example: Example) -> Self {
        Self { kind: kind.into(), action, count: 1, seen: Seen::once(example.at), example }
    }
}

/// Whether two findings are of one rule and one container.
fn same(one: &Finding, other: &Finding) -> bool {
    (&one.policy, &one.rule) == (&other.policy, &other.rule)
        && container(&one.violation) == container(&other.violation)
}

fn container(violation: &Violation) -> Option<&str> {
    violation.container.as_ref().map(|container| &*container.name)
}
