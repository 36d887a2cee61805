//! Which pods a policy is about.

use serde_json::Value;

use super::document::{Match, Verb};
use super::fields::Fields;
use crate::decode::{DecodeError, nearest};
use crate::glob::{GlobList, Globs};
use crate::pod::kinds::PodKind;
use crate::pod::workload::{Class, SYSTEMS, Workload};
use crate::pointer::Pointer;
use crate::selector::{LabelSelector, Selector};

/// The label with its own name that the API server gives every namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A compiled `match`.
#[derive(Debug, Default)]
pub struct Matcher {
    written: Match,
    namespaces: Option<Globs>,
    namespace_selector: Option<Selector>,
    /// The selector asks for labels other than the one that every namespace is known to have.
    needs_namespace_labels: bool,
    pod_selector: Option<Selector>,
    workloads: Option<Vec<Named>>,
    operations: Option<Vec<Verb>>,
    users: Option<Globs>,
    groups: Option<Globs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Class(Class),
    System(&'static str),
}

/// What is known of a request before its object is read.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'r> {
    /// What happens to the object.
    pub verb: Verb,
    /// The namespace; empty where a manifest names none.
    pub namespace: &'r str,
    /// The labels of the namespace, where the door knows them.
    pub namespace_labels: Option<&'r Value>,
    /// The user's name, where there is one.
    pub user: Option<&'r str>,
    /// The user's groups.
    pub groups: &'r [&'r str],
}

impl RequestFacts<'_> {
    /// The value of a label of the namespace. Every namespace carries its own name as one.
    pub fn namespace_label(&self, key: &str) -> Option<&str> {
        if key == NAME_LABEL {
            return Some(self.namespace);
        }
        self.namespace_labels?.get(key)?.as_str()
    }
}

impl Matcher {
    /// Reads and compiles the field `match` of a spec; absent, it is every pod.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let Some(written) = fields.value("match") else { return Self::default() };
        let (written, mut errors) = Match::read(written);
        let matcher =
            Self::compile(&written).map_err(|more| errors.extend(more)).unwrap_or_default();
        fields.errors.extend(errors.into_iter().map(|error| error.below("match")));
        matcher
    }

    /// Compiles a `match`; errors point from it on.
    pub(super) fn compile(written: &Match) -> Result<Self, Vec<DecodeError>> {
        let mut errors = Vec::new();
        let namespace_selector =
            selector("namespaceSelector", written.namespace_selector.as_ref(), &mut errors);
        let matcher = Self {
            written: written.clone(),
            needs_namespace_labels: namespace_selector
                .as_ref()
                .is_some_and(|selector| selector.keys().any(|key| key != NAME_LABEL)),
            namespace_selector,
            namespaces: globs("namespaces", written.namespaces.as_ref(), &mut errors),
            pod_selector: selector("podSelector", written.pod_selector.as_ref(), &mut errors),
            workloads: written.workloads.as_ref().map(|names| named(names, &mut errors)),
            operations: written.operations.clone(),
            users: globs("users", written.users.as_ref(), &mut errors),
            groups: globs("groups", written.groups.as_ref(), &mut errors),
        };
        if errors.is_empty() { Ok(matcher) } else { Err(errors) }
    }

    /// What was compiled, as its author wrote it.
    pub fn written(&self) -> &Match {
        &self.written
    }

    /// Whether a pod in an object of this kind can be one of the policy's, as far as the kind tells.
    pub fn may_match_kind(&self, kind: &PodKind) -> bool {
        self.workloads.as_ref().is_none_or(|names| {
            names.iter().any(|name| match name {
                Named::Class(class) => class.may_be_of(kind.pods_owned_by),
                // Any pod can carry the labels of a system.
                Named::System(_) => true,
            })
        })
    }

    /// Whether the policy cannot be applied where the labels of namespaces are not known.
    pub fn needs_namespace_labels(&self) -> bool {
        self.needs_namespace_labels
    }

    /// Whether it asks who made the request.
    pub fn needs_user(&self) -> bool {
        self.users.is_some() || self.groups.is_some()
    }

    /// Whether the policy might be about the request, and nobody can tell: the door does not know the labels
    /// of the namespace.
    pub fn is_undecided(&self, facts: &RequestFacts<'_>) -> bool {
        self.needs_namespace_labels
            && facts.namespace_labels.is_none()
            && self.matches_but_for_labels(facts)
    }

    /// Whether the request may be about a pod of the policy, as far as can be told without reading it.
    pub fn matches_request(&self, facts: &RequestFacts<'_>) -> bool {
        self.matches_but_for_labels(facts)
            && (facts.namespace_labels.is_some() || !self.needs_namespace_labels)
            && self
                .namespace_selector
                .as_ref()
                .is_none_or(|selector| selector.matches(|key| facts.namespace_label(key)))
    }

    fn matches_but_for_labels(&self, facts: &RequestFacts<'_>) -> bool {
        self.operations.as_ref().is_none_or(|verbs| verbs.contains(&facts.verb))
            && self.namespaces.as_ref().is_none_or(|globs| globs.matches(facts.namespace))
            && match (&self.users, facts.user) {
                (Some(globs), Some(user)) => globs.matches(user),
                _ => true,
            }
            && match (&self.groups, facts.user) {
                (Some(globs), Some(_)) => globs.matches_any(facts.groups),
                _ => true,
            }
    }

    /// Whether the policy is about this pod, the request being one that matches.
    pub fn matches_pod<'p>(
        &self,
        label: impl Fn(&str) -> Option<&'p str>,
        workload: &Workload,
    ) -> bool {
        self.workloads.as_ref().is_none_or(|names| {
            let system = workload.system.map(|system| system.name);
            names.iter().any(|name| name.is(workload.class, system))
        }) && self.pod_selector.as_ref().is_none_or(|selector| selector.matches(label))
    }

    /// Whether no pod can be matched by both, as far as that can be seen.
    pub(super) fn is_disjoint(&self, other: &Self) -> bool {
        match (&self.workloads, &other.workloads) {
            (Some(mine), Some(theirs)) => !workloads().any(|(class, system)| {
                let is_named = |names: &[Named]| names.iter().any(|name| name.is(class, system));
                is_named(mine) && is_named(theirs)
            }),
            _ => false,
        }
    }
}

/// Every class and system that a pod can have at once. A system's labels do not keep a pod from being owned by
/// a DaemonSet or from being static.
fn workloads() -> impl Iterator<Item = (Class, Option<&'static str>)> {
    let systems = SYSTEMS.iter().flat_map(|system| {
        [system.class, Class::Daemon, Class::Static].map(|class| (class, Some(system.name)))
    });
    systems.chain(Class::ALL.map(|class| (class, None)))
}

impl Named {
    fn is(&self, class: Class, system: Option<&str>) -> bool {
        match self {
            Self::Class(named) => *named == class,
            Self::System(named) => system == Some(*named),
        }
    }
}

fn globs(field: &str, written: Option<&GlobList>, errors: &mut Vec<DecodeError>) -> Option<Globs> {
    written?.compile().map_err(|error| errors.push(error.below(field))).ok()
}

fn selector(
    field: &str,
    written: Option<&LabelSelector>,
    errors: &mut Vec<DecodeError>,
) -> Option<Selector> {
    Selector::compile(written?)
        .map_err(|found| {
            errors.extend(found.into_iter().map(|error| DecodeError::from(error).below(field)))
        })
        .ok()
}

fn named(names: &[String], errors: &mut Vec<DecodeError>) -> Vec<Named> {
    let mut found = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let class = Class::ALL.into_iter().find(|class| class.name() == name).map(Named::Class);
        let system = || SYSTEMS.iter().find(|system| system.name == name);
        match class.or_else(|| system().map(|system| Named::System(system.name))) {
            Some(named) => found.push(named),
            None => {
                let known = Class::ALL.iter().map(|class| class.name());
                errors.push(DecodeError {
                    pointer: Pointer::default().join("workloads").join(index),
                    message: format!("`{name}` is no workload class and no system"),
                    help: nearest(name, known.chain(SYSTEMS.iter().map(|system| system.name))),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disjoint(mine: &[&str], theirs: &[&str]) -> bool {
        let matcher = |names: &[&str]| {
            let workloads = Some(names.iter().map(|name| (*name).to_owned()).collect());
            Matcher::compile(&Match { workloads, ..Match::default() }).unwrap()
        };
        matcher(mine).is_disjoint(&matcher(theirs))
    }

    #[test]
    fn policies_are_apart_only_where_no_pod_is_in_both() {
        assert!(disjoint(&["Batch"], &["Service", "Daemon"]));
        assert!(disjoint(&["Airflow"], &["Spark"]));
        assert!(disjoint(&["Airflow"], &["Bare"]));
        // One system, two classes.
        assert!(!disjoint(&["Ray"], &["Batch"]));
        assert!(!disjoint(&["Ray"], &["Service"]));
        // A DaemonSet may give its pods the labels of any system.
        assert!(!disjoint(&["Airflow"], &["Daemon"]));
        assert!(!disjoint(&["Airflow"], &["Service", "Airflow"]));
    }
}
