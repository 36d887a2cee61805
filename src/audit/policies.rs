//! The policies and exemptions that are installed in the cluster, read once.

use std::sync::Arc;

use serde_json::{Value, json};

use super::failure::Failure;
use super::list::{List, Listed};
use super::requests::{JSON, Requests};
use crate::decode::DecodeError;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy::{CompiledExemption, CompiledPolicy, ExemptionSet, PolicySet};
use crate::policy_source::digest;
use crate::survey::{Problem, Problems};

const POLICIES: &str = "podpolicies";
const EXEMPTIONS: &str = "podpolicyexemptions";

/// The policies and exemptions that are installed in a cluster.
#[derive(Debug, Default)]
pub struct Installed {
    /// Policies that can be used.
    pub policies: PolicySet,
    /// Exemptions that can be used.
    pub exemptions: ExemptionSet,
    /// A digest of all that is installed.
    pub digest: String,
    /// What cannot be used as it is written. On servers that have seen one, an earlier version may be in force.
    pub problems: Problems,
}

/// Why nobody knows what is installed.
#[derive(Debug, thiserror::Error)]
pub enum InstalledError {
    /// The cluster does not know the kind.
    #[error(
        "the cluster knows no {0}.plimsoll.dev, so no policies are installed in it; apply charts/plimsoll/crds, or \
         leave out --policies-from-cluster"
    )]
    Unknown(&'static str),
    /// They may not be listed, or the API server does not answer.
    #[error("{0}.plimsoll.dev: {1}{help}", help = .1.help().map(|help| format!("; {help}")).unwrap_or_default())]
    Failed(&'static str, Failure),
}

/// Reads what is installed. Needs the right to list `podpolicies` and `podpolicyexemptions`.
///
/// # Errors
/// When one of the kinds cannot be listed: to judge by half of what is installed would be wrong.
pub async fn installed(requests: &mut Requests) -> Result<Installed, InstalledError> {
    let mut problems = Problems::default();
    let policies = list(requests, POLICIES, KIND).await?;
    let exemptions = list(requests, EXEMPTIONS, EXEMPTION_KIND).await?;
    let digest = digest::of(policies.iter().collect(), exemptions.iter().collect());
    let policies = compile(&policies, "policy", CompiledPolicy::compile, &mut problems);
    let exemptions = compile(&exemptions, "exemption", CompiledExemption::compile, &mut problems);
    Ok(Installed {
        policies: PolicySet::of(policies),
        exemptions: ExemptionSet::of(exemptions),
        digest,
        problems,
    })
}

async fn list(
    requests: &mut Requests,
    plural: &'static str,
    kind: &str,
) -> Result<Vec<Value>, InstalledError> {
    let path = format!("/apis/{API_VERSION}/{plural}");
    let mut list = List::new(Listed { path, accept: JSON, ..Listed::default() }, None);
    let mut objects = Vec::new();
    while let Some(page) = list.next(requests).await.map_err(|failure| match failure {
        Failure::NotFound(_) => InstalledError::Unknown(plural),
        other => InstalledError::Failed(plural, other),
    })? {
        objects.extend(page.items.iter().map(|item| object(page.item(item), kind)));
    }
    Ok(objects)
}

/// As its author wrote it: what the API server keeps beside it changes with every status.
fn object(text: &str, kind: &str) -> Value {
    let mut stored: Value = serde_json::from_str(text).unwrap_or_default();
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": stored["metadata"]["name"]},
           "spec": stored["spec"].take()})
}

fn compile<T>(
    objects: &[Value],
    noun: &str,
    compile: impl Fn(&Value) -> Result<T, Vec<DecodeError>>,
    problems: &mut Problems,
) -> Vec<Arc<T>> {
    let mut good = Vec::new();
    for object in objects {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let errors = match compile(object) {
            Ok(one) => {
                good.push(Arc::new(one));
                continue;
            }
            Err(errors) => errors,
        };
        let (name, kind) = (text("/metadata/name"), text("/kind").to_lowercase());
        let lines: Vec<String> = errors.iter().map(DecodeError::line).collect();
        problems.add(Problem {
            source: format!("{noun} {name}").into(),
            line: None,
            message: lines.join("; "),
            help: Some(format!(
                "correct it (kubectl edit {kind} {name}): nothing was judged by it"
            )),
        });
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_and_the_rest_is_in_force() {
        let policy = |name: &str, rule: Value| {
            json!({"metadata": {"name": name, "uid": "x", "managedFields": []}, "spec": {"rules": [rule]},
            "status": {"conditions": []}})
        };
        let good = json!({"name": "r", "action": "Deny", "imageTag": {"deny": ["latest"]}});
        let bad = json!({"name": "r", "action": "Denny", "imageTag": {"deny": ["latest"]}});
        let objects =
            [policy("good", good), policy("bad", bad)].map(|one| object(&one.to_string(), KIND));
        let mut problems = Problems::default();
        let found = compile(&objects, "policy", CompiledPolicy::compile, &mut problems);
        assert_eq!(found.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["good"]);
        let told: Vec<_> = problems.iter().collect();
        assert_eq!(told.len(), 1);
        assert_eq!(&*told[0].0.source, "policy bad");
        assert!(told[0].0.message.contains("spec.rules[0].action"), "{told:?}");
    }
}
