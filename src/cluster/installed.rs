//! The policies and exemptions that are installed in a cluster, read once: for whoever judges by them and then ends.

use std::sync::Arc;

use kube::api::{DynamicObject, ListParams};
use kube::{Api, Client};

use super::client;
use super::last_good::{self, Compile};
use super::status::Kind;
use super::status::wanted::{EXEMPTION, POLICY};
use super::tasks::reduce;
use crate::policy::{CompiledExemption, CompiledPolicy, ExemptionSet, PolicySet};

/// Objects of a list that are in memory at once, in their whole length.
const PAGE: u32 = 100;

/// What is installed.
#[derive(Debug, Default)]
pub struct Installed {
    /// Policies that compile.
    pub policies: PolicySet,
    /// Exemptions that compile.
    pub exemptions: ExemptionSet,
    /// Those that do not, and so are in force on no server that starts now.
    pub invalid: Vec<Invalid>,
}

/// A policy or an exemption that cannot be used as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// `policy` or `exemption`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// Everything that is wrong with it, one line each.
    pub errors: String,
}

/// Why nothing is known of what is installed.
#[derive(Debug, thiserror::Error)]
pub enum InstalledError {
    /// The cluster does not know the kind.
    #[error(
        "the cluster knows no {0}.plimsoll.dev, so no policies are installed in it; apply the \
         CustomResourceDefinitions of the chart (charts/plimsoll/crds), or name policies with --policies or --profile"
    )]
    Unknown(&'static str),
    /// They cannot be listed.
    #[error("{0}.plimsoll.dev cannot be listed: {1}")]
    Unlisted(&'static str, String),
}

/// Reads what is installed. Needs the right to list `podpolicies` and `podpolicyexemptions`.
///
/// # Errors
/// When either kind is not known to the cluster or cannot be listed: to judge by half of them would be wrong.
pub async fn read(client: &Client) -> Result<Installed, InstalledError> {
    let mut invalid = Vec::new();
    let policies = list::<CompiledPolicy>(client, &POLICY).await?;
    let policies = keep(policies, &mut invalid);
    let exemptions = list::<CompiledExemption>(client, &EXEMPTION).await?;
    let exemptions = keep(exemptions, &mut invalid);
    Ok(Installed {
        policies: PolicySet::of(policies),
        exemptions: ExemptionSet::of(exemptions),
        invalid,
    })
}

/// An object's name, and what became of it.
type Compiled<T> = (String, Result<Arc<T>, String>);

async fn list<T: Compile>(
    client: &Client,
    kind: &'static Kind,
) -> Result<Vec<Compiled<T>>, InstalledError> {
    let (described, plural) = (kind.resource(), kind.plural);
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &described);
    let mut params = ListParams::default().limit(PAGE);
    let mut all = Vec::new();
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            Err(error) if client::is_not_found(&error) => {
                return Err(InstalledError::Unknown(plural));
            }
            // The list is no longer what it was when it was begun.
            Err(kube::Error::Api(status)) if status.code == 410 && !all.is_empty() => {
                all.clear();
                params = ListParams::default();
                continue;
            }
            Err(error) => return Err(InstalledError::Unlisted(plural, client::explain(&error))),
        };
        for object in page.items {
            let name = object.metadata.name.clone().unwrap_or_default();
            all.push((name, last_good::compile::<T>(&reduce(object, &described))));
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = ListParams::default().limit(PAGE).continue_token(&token),
            None => return Ok(all),
        }
    }
}

fn keep<T: Compile>(compiled: Vec<Compiled<T>>, invalid: &mut Vec<Invalid>) -> Vec<Arc<T>> {
    let mut good = Vec::new();
    for (name, compiled) in compiled {
        match compiled {
            Ok(one) => good.push(one),
            Err(errors) => invalid.push(Invalid { what: T::WHAT, name, errors }),
        }
    }
    good
}
