//! Who pods are attributed to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::pod::top_owner::TopOwner;

/// Who pods are attributed to: the object a person would change to change them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// Its namespace, which is that of its pods.
    pub namespace: Arc<str>,
    /// Kind: `Deployment`, `CronJob`, `DAG`.
    pub kind: Arc<str>,
    /// Name; for pods without a controller, the prefix that their names are generated from.
    pub name: Arc<str>,
    /// `group/version`, or `v1`; empty for what is no object of Kubernetes, such as a DAG.
    pub api_version: Arc<str>,
}

impl Owner {
    /// The owner that a pod tells of.
    pub fn new(namespace: &str, owner: &TopOwner<'_>) -> Self {
        Self {
            namespace: namespace.into(),
            kind: (&*owner.kind).into(),
            name: (&*owner.name).into(),
            api_version: (&*owner.api_version).into(),
        }
    }

    /// Whether this is the owner that a pod in this namespace tells of.
    pub fn is(&self, namespace: &str, owner: &TopOwner<'_>) -> bool {
        self.parts() == parts(namespace, owner)
    }

    fn parts(&self) -> (&str, &str, &str, &str) {
        (&self.namespace, &self.kind, &self.name, &self.api_version)
    }
}

/// The parts of an owner in the order of its fields, so that both have one hash.
pub(super) fn parts<'o>(
    namespace: &'o str,
    owner: &'o TopOwner<'_>,
) -> (&'o str, &'o str, &'o str, &'o str) {
    (namespace, &owner.kind, &owner.name, &owner.api_version)
}
