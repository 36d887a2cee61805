//! Findings by what a person does about them: by rule, the gravest and most frequent ahead, and for each the owners.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::finding::Safety;
use crate::policy::Action;
use crate::report::gravity;
use crate::tally::{FindingKey, Found, Owner, Tally};

/// All findings of one rule that have the same consequence.
#[derive(Clone, Debug)]
pub struct Step<'r> {
    /// Name of the policy.
    pub policy: &'r str,
    /// Name of the rule in it.
    pub rule: &'r str,
    /// Which rule it is: `imageTag`.
    pub kind: &'r str,
    /// What admission would do.
    pub action: Action,
    /// What to do.
    pub help: &'r str,
    /// How many findings there are: one for each pod and container.
    pub findings: u64,
    /// How many of them `plimsoll fix` mends in a manifest.
    pub fixable: u64,
    /// Who is to do it, those with the most findings ahead.
    pub owners: Vec<Concerned<'r>>,
}

/// An owner that a rule found something in the pods of.
#[derive(Clone, Debug)]
pub struct Concerned<'r> {
    /// Its namespace.
    pub namespace: &'r str,
    /// Who it is; none for those that are not told apart.
    pub owner: Option<&'r Owner>,
    /// How many findings there are.
    pub findings: u64,
    /// By container.
    pub found: Vec<(&'r FindingKey, &'r Found)>,
}

/// The steps, the first one first.
pub fn steps(tally: &Tally) -> Vec<Step<'_>> {
    let mut steps: BTreeMap<_, Step<'_>> = BTreeMap::new();
    for (namespace, owner, owned) in tally.by_owner() {
        let mut found: Vec<_> = owned.findings.iter().chain(owned.others.iter()).collect();
        found.sort_by_key(|(key, found)| (Reverse(found.count), *key));
        for (key, found) in found {
            let (action, example) = (found.action, &found.example);
            let id = (Reverse(gravity(action)), &*key.policy, &*key.rule);
            let step = steps.entry(id).or_insert_with(|| Step {
                policy: &key.policy,
                rule: &key.rule,
                kind: &found.kind,
                action,
                help: &example.help,
                findings: 0,
                fixable: 0,
                owners: Vec::new(),
            });
            step.findings = step.findings.saturating_add(found.count);
            if example.fix_safety == Some(Safety::Safe) {
                step.fixable = step.fixable.saturating_add(found.count);
            }
            match step.owners.last_mut() {
                Some(last) if (last.namespace, last.owner) == (namespace, owner) => {
                    last.findings = last.findings.saturating_add(found.count);
                    last.found.push((key, found));
                }
                _ => step.owners.push(Concerned {
                    namespace,
                    owner,
                    findings: found.count,
                    found: vec![(key, found)],
                }),
            }
        }
    }
    let mut steps: Vec<_> = steps.into_values().collect();
    steps.sort_by_key(|step| Reverse((gravity(step.action), step.findings)));
    for step in &mut steps {
        step.owners.sort_by_key(|concerned| Reverse(concerned.findings));
    }
    steps
}

impl Concerned<'_> {
    /// What it is called: `DAG etl/sales`.
    pub fn name(&self) -> String {
        match self.owner {
            Some(owner) => format!("{} {}/{}", owner.kind, self.namespace, owner.name),
            None => format!("owners in {} that are not told apart", self.namespace),
        }
    }
}

impl Step<'_> {
    /// How the findings go away, in the words of the command line.
    pub fn remedy(&self) -> String {
        let explain = format!("see `plimsoll explain {}`", self.kind);
        match (self.action, self.fixable) {
            (Action::Patch, _) if self.findings == 1 => format!("admission mends it; {explain}"),
            (Action::Patch, _) => format!("admission mends them; {explain}"),
            (_, 0) => explain,
            (_, _) => format!("`plimsoll fix` mends such in manifests; {explain}"),
        }
    }
}
