//! The reports that other tools show: PolicyReport (`wgpolicyk8s.io/v1alpha2`) and Report (`openreports.io/v1alpha1`),
//! one for each namespace, with a result for each owner and rule.
//!
//! The two kinds have the same fields, but for the name of who reports. A report says the same as long as the same is
//! found: it holds no time but those of the pods.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::in_order;
use super::units::time;
use crate::policy::Action;
use crate::report::gravity;
use crate::tally::{FindingKey, Found, Owned, Owner, Tally};

/// Results of one report, unless told otherwise. Each is of a few hundred bytes, and etcd takes 1.5 MiB.
pub const MOST_RESULTS: usize = 500;
/// The name of the report of a namespace.
pub const NAME: &str = "plimsoll-audit";
/// The label of what Plimsoll keeps, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "plimsoll");
/// The annotation that counts the results there was no room for.
pub const DROPPED: &str = "plimsoll.dev/dropped-results";
/// Who reports.
const SOURCE: &str = "plimsoll";
/// Characters of a text; messages may quote long names.
const MOST_CHARACTERS: usize = 500;
/// Containers that are named in a result.
const CONTAINERS: usize = 5;

/// Which reports there are to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportApi {
    /// Those of the Kubernetes policy working group.
    WgPolicy,
    /// Those of OpenReports, which succeed them.
    OpenReports,
}

impl ReportApi {
    /// Both, the older one first.
    pub const ALL: [Self; 2] = [Self::WgPolicy, Self::OpenReports];

    /// The group of the API.
    pub const fn group(self) -> &'static str {
        match self {
            Self::WgPolicy => "wgpolicyk8s.io",
            Self::OpenReports => "openreports.io",
        }
    }

    /// The version of the API.
    pub const fn version(self) -> &'static str {
        match self {
            Self::WgPolicy => "v1alpha2",
            Self::OpenReports => "v1alpha1",
        }
    }

    /// The kind of a report of one namespace.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::WgPolicy => "PolicyReport",
            Self::OpenReports => "Report",
        }
    }

    /// What the API server calls those.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::WgPolicy => "policyreports",
            Self::OpenReports => "reports",
        }
    }
}

/// What was found in one namespace: owners with their pods.
pub type OfNamespace<'r> = Vec<(Option<&'r Owner>, &'r Owned)>;

/// The namespaces in which something was found.
pub fn namespaces(tally: &Tally) -> BTreeMap<&str, OfNamespace<'_>> {
    let mut namespaces: BTreeMap<&str, OfNamespace<'_>> = BTreeMap::new();
    for (namespace, owner, owned) in tally.by_owner() {
        if !owned.findings.is_empty() || !owned.others.is_empty() {
            namespaces.entry(namespace).or_default().push((owner, owned));
        }
    }
    namespaces
}

/// The report of a namespace, with at most so many results; of more, the least grave are left out and counted.
pub fn report(api: ReportApi, namespace: &str, found: &OfNamespace<'_>, most: usize) -> Value {
    let mut groups: Vec<Group<'_>> =
        found.iter().flat_map(|(owner, owned)| groups(*owner, owned)).collect();
    groups.sort_by_key(|group| {
        (Reverse((gravity(group.action), group.count)), group.owner, group.policy, group.rule)
    });
    let of = |result| groups.iter().filter(|group| group.result() == result).count();
    let results: Vec<Value> =
        groups.iter().take(most).map(|group| group.render(namespace)).collect();
    let dropped = groups.len() - results.len();
    let mut metadata = json!({
        "name": NAME,
        "namespace": namespace,
        "labels": {MANAGED_BY.0: MANAGED_BY.1},
    });
    if dropped > 0 {
        metadata["annotations"] = json!({DROPPED: dropped.to_string()});
    }
    let mut report = json!({
        "apiVersion": format!("{}/{}", api.group(), api.version()),
        "kind": api.kind(),
        "metadata": metadata,
        "scope": {"apiVersion": "v1", "kind": "Namespace", "name": namespace},
        "summary": {"pass": 0, "fail": of(FAIL), "warn": of(WARN), "error": 0, "skip": 0},
        "results": results,
    });
    if api == ReportApi::OpenReports {
        report["source"] = SOURCE.into();
        report["configuration"] = json!({"limits": {"maxResults": most}});
    }
    report
}

/// Whether a report that is there says what is wanted of it. What others added to its metadata is theirs.
pub fn says(present: &Value, wanted: &Value) -> bool {
    let fields = ["scope", "summary", "results", "source", "configuration"];
    let dropped = |report: &Value| report["metadata"]["annotations"][DROPPED].clone();
    is_ours(present)
        && fields.iter().all(|field| present[*field] == wanted[*field])
        && dropped(present) == dropped(wanted)
}

/// Whether a report is one of Plimsoll's.
pub fn is_ours(report: &Value) -> bool {
    let metadata = &report["metadata"];
    metadata["name"] == NAME && metadata["labels"][MANAGED_BY.0] == MANAGED_BY.1
}

/// A report that is there, made to say what is wanted of it.
pub fn replaced(mut present: Value, wanted: &Value) -> Value {
    for field in ["scope", "summary", "results", "source", "configuration"] {
        match wanted.get(field) {
            Some(value) => present[field] = value.clone(),
            None => drop(present.as_object_mut().and_then(|report| report.remove(field))),
        }
    }
    present["metadata"]["labels"][MANAGED_BY.0] = MANAGED_BY.1.into();
    match wanted["metadata"]["annotations"].get(DROPPED) {
        Some(dropped) => present["metadata"]["annotations"][DROPPED] = dropped.clone(),
        None => {
            let annotations = present["metadata"]["annotations"].as_object_mut();
            drop(annotations.and_then(|annotations| annotations.remove(DROPPED)));
        }
    }
    present
}

const FAIL: &str = "fail";
const WARN: &str = "warn";

/// What one rule found in the pods of one owner.
struct Group<'r> {
    owner: Option<&'r Owner>,
    policy: &'r str,
    rule: &'r str,
    action: Action,
    /// Findings: one for each pod and container.
    count: u64,
    /// By container.
    found: Vec<(&'r FindingKey, &'r Found)>,
}

fn groups<'r>(owner: Option<&'r Owner>, owned: &'r Owned) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    for (key, found) in in_order(owned) {
        match groups.last_mut() {
            Some(last) if (last.policy, last.rule) == (&key.policy, &key.rule) => {
                last.action = if gravity(found.action) > gravity(last.action) {
                    found.action
                } else {
                    last.action
                };
                last.count += found.count;
                last.found.push((key, found));
            }
            _ => groups.push(Group {
                owner,
                policy: &key.policy,
                rule: &key.rule,
                action: found.action,
                count: found.count,
                found: vec![(key, found)],
            }),
        }
    }
    groups
}

impl Group<'_> {
    /// In the words of the API: what is refused fails; of all else, the cluster takes the pods.
    const fn result(&self) -> &'static str {
        match self.action {
            Action::Deny => FAIL,
            Action::Warn | Action::Patch | Action::Audit => WARN,
        }
    }

    fn render(&self, namespace: &str) -> Value {
        let severity = match self.action {
            Action::Deny => "high",
            Action::Warn => "medium",
            Action::Patch => "low",
            Action::Audit => "info",
        };
        let mut result = json!({
            "source": SOURCE,
            "policy": self.policy,
            "rule": self.rule,
            "severity": severity,
            "result": self.result(),
            "scored": self.result() == FAIL,
        });
        // The gravest speaks for all, and of those, the one that is met most often.
        let most = self.found.iter().max_by_key(|(key, found)| {
            (gravity(found.action), found.count, Reverse(key.container.as_ref()))
        });
        if let Some((_, most)) = most {
            result["category"] = (&*most.kind).into();
            result["message"] = cut(&most.example.message).into();
            result["properties"] = Value::Object(self.properties(most));
        }
        if let Some(last) = self.last() {
            result["timestamp"] = json!({"seconds": last, "nanos": 0});
        }
        if let Some(owner) = self.owner {
            let mut resource =
                json!({"kind": &*owner.kind, "namespace": namespace, "name": &*owner.name});
            if !owner.api_version.is_empty() {
                resource["apiVersion"] = (&*owner.api_version).into();
            }
            result["resources"] = json!([resource]);
        }
        result
    }

    fn last(&self) -> Option<i64> {
        self.found.iter().filter_map(|(_, found)| found.seen.last).max()
    }

    /// What the API has no fields for. Every value is a string there.
    fn properties(&self, most: &Found) -> Map<String, Value> {
        let first = self.found.iter().filter_map(|(_, found)| found.seen.first).min();
        let mut names: Vec<&str> =
            self.found.iter().filter_map(|(key, _)| key.container.as_deref()).collect();
        let more = names.len().saturating_sub(CONTAINERS);
        names.truncate(CONTAINERS);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let example = &most.example;
        [
            ("action", Some(self.action.name().to_owned())),
            ("container", (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))),
            ("count", Some(self.count.to_string())),
            ("example", (!example.name.is_empty()).then(|| cut(&example.name))),
            ("firstSeen", time(first)),
            ("fix", example.fix.as_deref().map(cut)),
            ("help", (!example.help.is_empty()).then(|| cut(&example.help))),
            ("lastSeen", time(self.last())),
            ("path", Some(cut(&example.path))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect()
    }
}

/// A text that does not grow with what users write.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
