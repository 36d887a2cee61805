//! The policies and exemptions that are installed in the cluster, read once.

use std::sync::Arc;

use serde_json::{Value, json};

use super::failure::Failure;
use super::list::{List, Listed};
use super::page::Page;
use super::requests::{JSON, Requests};
use crate::decode::DecodeError;
use crate::policy::document::{API_VERSION, EXEMPTION_KIND, KIND};
use crate::policy::{CompiledExemption, CompiledPolicy, ExemptionSet, PolicySet};
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
    let pages = list(requests, POLICIES).await?;
    let policies = compile(&pages, KIND, "policy", CompiledPolicy::compile, &mut problems);
    let pages = list(requests, EXEMPTIONS).await?;
    let exemptions =
        compile(&pages, EXEMPTION_KIND, "exemption", CompiledExemption::compile, &mut problems);
    Ok(Installed {
        policies: PolicySet::of(policies),
        exemptions: ExemptionSet::of(exemptions),
        problems,
    })
}

async fn list(requests: &mut Requests, plural: &'static str) -> Result<Vec<Page>, InstalledError> {
    let path = format!("/apis/{API_VERSION}/{plural}");
    let mut list = List::new(Listed { path, accept: JSON, ..Listed::default() }, None);
    let mut pages = Vec::new();
    while let Some(page) = list.next(requests).await.map_err(|failure| match failure {
        Failure::NotFound(_) => InstalledError::Unknown(plural),
        other => InstalledError::Failed(plural, other),
    })? {
        pages.push(page);
    }
    Ok(pages)
}

fn compile<T>(
    pages: &[Page],
    kind: &str,
    noun: &str,
    compile: impl Fn(&Value) -> Result<T, Vec<DecodeError>>,
    problems: &mut Problems,
) -> Vec<Arc<T>> {
    let mut good = Vec::new();
    for (page, item) in
        pages.iter().flat_map(|page| page.items.iter().map(move |item| (page, item)))
    {
        let mut object: Value = serde_json::from_str(page.item(item)).unwrap_or_default();
        // Entries of a list need not carry them.
        if let Some(object) = object.as_object_mut() {
            object.insert("apiVersion".to_owned(), json!(API_VERSION));
            object.insert("kind".to_owned(), json!(kind));
        }
        match compile(&object) {
            Ok(one) => good.push(Arc::new(one)),
            Err(errors) => problems.add(Problem {
                source: format!("{noun} {}", item.name).into(),
                line: None,
                message: errors
                    .into_iter()
                    .map(|error| error.line())
                    .collect::<Vec<_>>()
                    .join("; "),
                help: Some(format!(
                    "correct it (kubectl edit {} {}); nothing was judged by it",
                    kind.to_lowercase(),
                    item.name
                )),
            }),
        }
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
        let items = json!({"items": [policy("good", good), policy("bad", bad)]});
        let pages = [Page::read(items.to_string().into()).unwrap()];
        let mut problems = Problems::default();
        let found = compile(&pages, KIND, "policy", CompiledPolicy::compile, &mut problems);
        assert_eq!(found.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["good"]);
        let told: Vec<_> = problems.iter().collect();
        assert_eq!(told.len(), 1);
        assert_eq!(&*told[0].0.source, "policy bad");
        assert!(told[0].0.message.contains("spec.rules[0].action"), "{told:?}");
    }
}
