//! Who a pod is attributed to: what a person would change to change it, and its successors.
//!
//! Told from the pod alone, so that recorded pods, whose owners are long gone, are attributed as live ones are.

mod runs;

use std::borrow::Cow;

use super::view::{OwnerReference, Pod};
use super::workload::{NamedOwner, Workload, controller_reference};

/// The label by which a ReplicaSet of a Deployment tells its pods from those of its sisters
/// (apps/v1 `DefaultDeploymentUniqueLabelKey`); its value ends the ReplicaSet's name.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// What is known of a top owner beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribution {
    /// A label names it, as one does the DAG of an Airflow task.
    Label,
    /// The controller's name tells who made the controller: `web-5d9c7` of a Deployment, `nightly-28912345` of a
    /// CronJob. Where names of runs are generated, the name is the prefix that stays: `etl-` of the Workflow
    /// `etl-7xk2p`.
    Name,
    /// The controller itself; it may have an owner of its own, of which the pod says nothing.
    Controller,
    /// No controller: the pod stands for all whose names are generated from the same prefix.
    GenerateName,
    /// No controller, and a name of its own.
    Pod,
}

/// The object at the top of a pod's owners.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopOwner<'p> {
    /// `group/version`, or `v1`; empty for what is no object of Kubernetes, such as a DAG.
    pub api_version: Cow<'p, str>,
    /// Kind: `Deployment`, `CronJob`, `DAG`.
    pub kind: Cow<'p, str>,
    /// Name; the prefix of the pods' names where these are generated and there is no controller.
    pub name: Cow<'p, str>,
    /// How it was found.
    pub attribution: Attribution,
}

impl<'p> TopOwner<'p> {
    /// The top owner as far as the pod itself tells it.
    pub fn of(pod: &'p Pod<'_>) -> Self {
        let system = Workload::of(pod, None).system;
        let owners = system.map_or(&[][..], |system| system.owners);
        if let Some(owner) = owners.iter().find_map(|owner| Self::named(pod, owner)) {
            return owner;
        }
        if let Some(owner) = controller_reference(pod) {
            return Self::above(pod, owner);
        }
        let metadata = pod.metadata.as_ref();
        let generated = metadata.and_then(|metadata| metadata.generate_name.as_deref());
        let own = metadata.and_then(|metadata| metadata.name.as_deref());
        let (name, attribution) = match generated.filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => (prefix, Attribution::GenerateName),
            None => (own.unwrap_or_default(), Attribution::Pod),
        };
        Self { api_version: "v1".into(), kind: "Pod".into(), name: name.into(), attribution }
    }

    /// The same, with texts of its own.
    pub fn into_owned(self) -> TopOwner<'static> {
        let owned = |text: Cow<'p, str>| Cow::Owned(text.into_owned());
        TopOwner {
            api_version: owned(self.api_version),
            kind: owned(self.kind),
            name: owned(self.name),
            attribution: self.attribution,
        }
    }

    /// A pod of which nothing but its name is known.
    pub fn unknown(name: &'p str) -> Self {
        Self {
            api_version: "v1".into(),
            kind: "Pod".into(),
            name: name.into(),
            attribution: Attribution::Pod,
        }
    }

    /// The owner that labels name.
    fn named(pod: &'p Pod<'_>, owner: &NamedOwner) -> Option<Self> {
        let values = owner.labels.iter().map(|label| pod.label(label).filter(|it| !it.is_empty()));
        let values: Vec<&str> = values.collect::<Option<_>>()?;
        let name = match *values {
            [name] => Cow::Borrowed(name),
            _ => Cow::Owned(values.join("/")),
        };
        let (kind, name) = match &name {
            Cow::Borrowed(name) if owner.of_a_run => {
                let (kind, name) = runs::of(owner.api_version, owner.kind, name);
                (kind, Cow::Borrowed(name))
            }
            _ => (owner.kind, name),
        };
        Some(Self {
            api_version: owner.api_version.into(),
            kind: kind.into(),
            name,
            attribution: Attribution::Label,
        })
    }

    /// The controller, or whoever its name shows to have made it.
    fn above(pod: &'p Pod<'_>, owner: &'p OwnerReference<'_>) -> Self {
        let text = |text: Option<&'p str>| text.unwrap_or_default();
        let (api_version, kind, name) = (
            text(owner.api_version.as_deref()),
            text(owner.kind.as_deref()),
            text(owner.name.as_deref()),
        );
        let made = |kind: &'p str, name: &'p str| Self {
            api_version: api_version.into(),
            kind: kind.into(),
            name: name.into(),
            attribution: Attribution::Name,
        };
        match (api_version, kind) {
            ("apps/v1", "ReplicaSet") => {
                let hash = pod.label(POD_TEMPLATE_HASH).unwrap_or_default();
                let above = name.strip_suffix(hash).and_then(|name| name.strip_suffix('-'));
                if let Some(above) = above.filter(|above| !hash.is_empty() && !above.is_empty()) {
                    return made("Deployment", above);
                }
            }
            _ if runs::are_named_anew(api_version, kind) => {
                let (above, beginning) = runs::of(api_version, kind, name);
                if beginning != name {
                    return made(above, beginning);
                }
            }
            _ => {}
        }
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            name: name.into(),
            attribution: Attribution::Controller,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::pod::kinds::{Object, PodKind};

    fn of(metadata: Value) -> (String, String, String, Attribution) {
        let pod = json!({"metadata": metadata, "spec": {"containers": []}});
        let kind = PodKind::find("", "Pod").unwrap();
        let pod = kind.read(Object::Value(&pod)).unwrap();
        let owner = TopOwner::of(&pod);
        let text = |text: Cow<'_, str>| text.into_owned();
        (text(owner.api_version), text(owner.kind), text(owner.name), owner.attribution)
    }

    fn controlled(api_version: &str, kind: &str, name: &str, labels: Value) -> Value {
        let owner = json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": "u", "controller": true});
        json!({"name": "x", "labels": labels, "ownerReferences": [owner]})
    }

    fn is(found: (String, String, String, Attribution), expected: (&str, &str, &str, Attribution)) {
        assert_eq!((&*found.0, &*found.1, &*found.2, found.3), expected);
    }

    #[test]
    fn names_of_controllers_tell_who_made_them() {
        use Attribution::{Controller, Name};
        let hash = json!({"pod-template-hash": "5d9c7"});
        let replicas = |name, labels| of(controlled("apps/v1", "ReplicaSet", name, labels));
        is(replicas("web-5d9c7", hash.clone()), ("apps/v1", "Deployment", "web", Name));
        is(replicas("web-other", hash), ("apps/v1", "ReplicaSet", "web-other", Controller));
        is(replicas("web", json!({})), ("apps/v1", "ReplicaSet", "web", Controller));
        let job = |name| of(controlled("batch/v1", "Job", name, json!({})));
        is(job("nightly-28912345"), ("batch/v1", "CronJob", "nightly", Name));
        is(job("nightly-20240131"), ("batch/v1", "Job", "nightly-20240131", Controller));
        is(job("-28912345"), ("batch/v1", "Job", "-28912345", Controller));
    }

    #[test]
    fn labels_of_systems_count_most() {
        let labels = json!({"dag_id": "etl", "task_id": "load", "kubernetes_executor": "True"});
        is(
            of(json!({"name": "etl-load-x", "labels": labels})),
            ("", "DAG", "etl", Attribution::Label),
        );
    }

    #[test]
    fn pods_without_a_controller_stand_for_themselves() {
        let generated = json!({"name": "run-abcde", "generateName": "run-"});
        is(of(generated), ("v1", "Pod", "run-", Attribution::GenerateName));
        is(of(json!({"name": "one"})), ("v1", "Pod", "one", Attribution::Pod));
        is(of(json!({})), ("v1", "Pod", "", Attribution::Pod));
    }
}
