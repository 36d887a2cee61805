//! A PodPolicy as its author writes it.

use std::borrow::Cow;
use std::collections::HashSet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use super::fields::Fields;
use crate::decode::DecodeError;
use crate::glob::GlobList;
use crate::pod::workload::{Class, SYSTEMS};
use crate::selector::LabelSelector;

/// API version of the policy kinds.
pub const API_VERSION: &str = "plimsoll.dev/v1alpha1";
/// Kind of a policy.
pub const KIND: &str = "PodPolicy";
/// Rules in a policy: the API server checks a schema's conditions only on lists that end somewhere.
pub(crate) const MAX_RULES: usize = 4096;
/// Kind of an exemption from policies.
pub const EXEMPTION_KIND: &str = "PodPolicyExemption";

/// The pods a policy is about. All of it must hold; what is absent holds for every pod.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Match {
    /// Namespaces by name, as globs. An object without a namespace has an empty name.
    pub namespaces: Option<GlobList>,
    /// Namespaces by label; the label `kubernetes.io/metadata.name` is the name.
    pub namespace_selector: Option<LabelSelector>,
    /// Pods by label; a workload counts by the labels of its template.
    pub pod_selector: Option<LabelSelector>,
    /// Classes (Batch, Service, Daemon, Static, Bare) and systems (Airflow, Spark …); any of them.
    #[schemars(with = "Option<Vec<WorkloadName>>", length(min = 1))]
    pub workloads: Option<Vec<String>>,
    /// Operations; absent: both.
    #[schemars(length(min = 1))]
    pub operations: Option<Vec<Verb>>,
    /// Users by name, as globs. A door that knows no user (a manifest has none) matches.
    pub users: Option<GlobList>,
    /// Users by group, as globs. Any of a user's groups counts.
    pub groups: Option<GlobList>,
}

/// An operation a policy may be limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// Objects that come into being.
    Create,
    /// Objects that change.
    Update,
}

impl Verb {
    /// As a request names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
        }
    }
}

/// The schema of a name that `workloads` takes. Reading takes any, so that a refusal can offer the nearest.
struct WorkloadName;

impl JsonSchema for WorkloadName {
    fn schema_name() -> Cow<'static, str> {
        "WorkloadName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut names: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
        let systems = SYSTEMS.iter().map(|system| system.name);
        names.extend(systems);
        // A system whose pods are of two classes has two rows.
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        json_schema!({"type": "string", "enum": names})
    }
}

impl Match {
    /// Reads a `match`: what is right in it, and every field that is unknown or wrong, pointing from
    /// the `match` on.
    pub(super) fn read(value: &Value) -> (Self, Vec<DecodeError>) {
        let mut fields = match Fields::of(value, "`match`") {
            Ok(fields) => fields,
            Err(error) => return (Self::default(), vec![error]),
        };
        fields.only(&[
            "namespaces",
            "namespaceSelector",
            "podSelector",
            "workloads",
            "operations",
            "users",
            "groups",
        ]);
        let written = Self {
            namespaces: fields.optional("namespaces"),
            namespace_selector: fields.optional("namespaceSelector"),
            pod_selector: fields.optional("podSelector"),
            workloads: fields.optional("workloads"),
            operations: fields.optional("operations"),
            users: fields.optional("users"),
            groups: fields.optional("groups"),
        };
        let empty = [
            ("workloads", written.workloads.as_ref().is_some_and(Vec::is_empty)),
            ("operations", written.operations.as_ref().is_some_and(Vec::is_empty)),
        ];
        for (field, _) in empty.into_iter().filter(|(_, empty)| *empty) {
            let help = "name one, or leave the field out, which matches all";
            fields.refuse(field, "an empty list matches nothing", help);
        }
        (written, fields.errors)
    }
}
