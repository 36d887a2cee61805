//! The custom resources as an API server has to know them, made from the Rust types that policies are read into.
//!
//! Fields that are unknown are kept (`x-kubernetes-preserve-unknown-fields`) and not pruned: a `match` that lost a
//! misspelt field would hold for more pods than its author wanted. So they reach the webhook for policies, which
//! refuses them by name, and a policy that got in all the same does not compile and is not put in force.

use serde_json::{Value, json};

use crate::policy::document::API_VERSION;

mod exemption;
mod plain;
mod policy;
mod status;
mod structural;

pub use plain::{exemption_schema, plain_schema_of, policy_schema};

/// The CustomResourceDefinitions, in the order in which they are applied.
pub fn definitions() -> Vec<Value> {
    [policy::resource(), exemption::resource()].into_iter().map(Resource::definition).collect()
}

/// What is particular to a kind.
struct Resource {
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    short_name: &'static str,
    description: &'static str,
    spec: Value,
    status: Value,
    /// What `kubectl get` shows between name and age.
    columns: Vec<Value>,
}

impl Resource {
    fn definition(self) -> Value {
        let (group, version) = API_VERSION.split_once('/').unwrap_or_default();
        let mut columns = self.columns;
        columns.push(column("Age", "date", ".metadata.creationTimestamp"));
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{group}", self.plural)},
            "spec": {
                "group": group,
                "scope": "Cluster",
                "names": {
                    "kind": self.kind,
                    "listKind": format!("{}List", self.kind),
                    "plural": self.plural,
                    "singular": self.singular,
                    "shortNames": [self.short_name],
                    "categories": ["plimsoll"],
                },
                "versions": [{
                    "name": version,
                    "served": true,
                    "storage": true,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": {
                        "type": "object",
                        "description": self.description,
                        "required": ["spec"],
                        "properties": {
                            "apiVersion": {
                                "type": "string",
                                "description": format!("The version of this schema: {API_VERSION}."),
                            },
                            "kind": {
                                "type": "string",
                                "description": format!("The kind of the object: {}.", self.kind),
                            },
                            "metadata": {"type": "object"},
                            "spec": self.spec,
                            "status": self.status,
                        },
                    }},
                }],
            },
        })
    }
}

fn column(name: &str, kind: &str, path: &str) -> Value {
    json!({"name": name, "type": kind, "jsonPath": path})
}

/// A column that only `kubectl get -o wide` shows.
fn wide(mut column: Value) -> Value {
    column["priority"] = json!(1);
    column
}

/// The column of a condition.
fn condition(name: &str) -> Value {
    column(name, "string", &format!(".status.conditions[?(@.type==\"{name}\")].status"))
}

/// Why an object is ready, or is not. (Of a path that leads to several values, such as the actions of all rules, a
/// column shows the first one only.)
fn reason() -> Value {
    column("Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason")
}

#[cfg(test)]
mod tests;
