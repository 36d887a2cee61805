//! The ledgers of several replicas, added up.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::page::{self, Finding, Owner, Page, time};
use crate::policy::Action;

/// The ledgers of several replicas, added up: counts are sums, and the first and the last time are those of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gathered {
    /// Whose they are, by name.
    pub replicas: Vec<Replica>,
    /// The owners, the most interesting first.
    pub owners: Vec<Owner>,
}

/// A replica whose ledger was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replica {
    /// What it is called.
    pub name: String,
    /// When it started, in RFC 3339: nothing older is known of it.
    #[serde(with = "time")]
    #[schemars(with = "String")]
    pub since: i64,
    /// Owners that it had no room for.
    pub dropped: u64,
    /// What it had found in the pods of those.
    pub dropped_findings: u64,
}

impl Gathered {
    /// Adds up ledgers; the order does not matter. One that is given twice is counted once.
    pub fn new(pages: impl IntoIterator<Item = Page>) -> Self {
        let mut replicas: BTreeMap<(String, i64), Page> = BTreeMap::new();
        for page in pages {
            replicas.insert((page.replica.clone(), page.since), page);
        }
        let mut owners: BTreeMap<OwnerKey, (Owner, BTreeMap<RuleKey, Finding>)> = BTreeMap::new();
        let mut told = Vec::new();
        for ((name, since), page) in replicas {
            let Page { dropped, dropped_findings, .. } = page;
            told.push(Replica { name, since, dropped, dropped_findings });
            for mut owner in page.owners {
                let found = std::mem::take(&mut owner.findings);
                let (_, findings) =
                    owners.entry(owner_key(&owner)).or_insert((owner, BTreeMap::new()));
                for one in found {
                    let key = (Arc::clone(&one.policy), Arc::clone(&one.rule), one.action);
                    match findings.get_mut(&key) {
                        Some(there) => there.merge(one),
                        None => drop(findings.insert(key, one)),
                    }
                }
            }
        }
        let with = |(owner, findings): (Owner, BTreeMap<_, Finding>)| Owner {
            findings: findings.into_values().collect(),
            ..owner
        };
        let mut owners: Vec<Owner> = owners.into_values().map(with).collect();
        page::sort(&mut owners);
        Self { replicas: told, owners }
    }

    /// Leaves out what is `known` otherwise, by namespace, owner and finding.
    pub fn forget(&mut self, known: impl Fn(&Owner, &Finding) -> bool) {
        for owner in &mut self.owners {
            let mut findings = std::mem::take(&mut owner.findings);
            findings.retain(|finding| !known(owner, finding));
            owner.findings = findings;
        }
        self.owners.retain(|owner| !owner.findings.is_empty());
        page::sort(&mut self.owners);
    }
}

type OwnerKey = (Arc<str>, Arc<str>, Arc<str>, Arc<str>);
type RuleKey = (Arc<str>, Arc<str>, Action);

fn owner_key(owner: &Owner) -> OwnerKey {
    let text = Arc::clone;
    (text(&owner.namespace), text(&owner.api_version), text(&owner.kind), text(&owner.name))
}

impl Finding {
    /// Adds what another replica found. The example is that of the one that found it first.
    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        let order = |one: &Self| (one.first_seen, Arc::clone(&one.example.name));
        if order(&other) < order(self) {
            self.example = other.example;
        }
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }
}
