//! What the webhook configurations should say, as far as it can be known from outside the server.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checks::versions;
use super::facts::{Facts, condition, text};
use super::flags::Flags;
use crate::cluster::webhooks::{Configuration, Settings, Target, differences, webhooks};
use crate::policy::{CompiledPolicy, PolicySet};

/// What a configuration says on account of the policies.
const OF_POLICIES: [&str; 4] = ["rules", "namespaceSelector", "objectSelector", "matchConditions"];

/// What should be there.
pub(super) struct Expected {
    policies: PolicySet,
    target: Target,
    /// Fields that cannot be known, and why.
    hidden: BTreeMap<&'static str, String>,
    /// Why servers may go by other policies.
    other_policies: Option<String>,
    /// Why servers may make something else of the policies.
    other_version: Option<String>,
    /// Why servers do not touch the configurations.
    left_alone: Option<&'static str>,
}

/// How a webhook compares with what it should be.
#[derive(Default)]
pub(super) struct Compared {
    /// The fields that differ, and how.
    pub(super) differs: Vec<(&'static str, String)>,
    /// Those that look different, and why that may be right all the same.
    pub(super) uncertain: Option<String>,
}

impl Expected {
    /// From the Deployment's flags and the policies.
    pub(super) fn of(facts: &Facts) -> Self {
        let (policies, other_policies) = policies(facts);
        let mut expected = Self {
            policies,
            target: Target::new(&facts.name, &facts.namespace, &Settings::default()),
            hidden: BTreeMap::new(),
            other_policies,
            other_version: None,
            left_alone: None,
        };
        let flags = match &facts.deployment {
            Ok(Some(deployment)) => {
                expected.other_version = versions::other(deployment);
                Flags::of(deployment).ok_or("the Deployment has no container")
            }
            Ok(None) => Err("there is no Deployment"),
            Err(why) => Err(why.as_str()),
        };
        match flags {
            Ok(flags) => expected.read(&flags),
            Err(why) => {
                let fields = ["failurePolicy", "timeoutSeconds"].into_iter().chain(OF_POLICIES);
                expected.hidden.extend(fields.map(|field| (field, why.to_owned())));
            }
        }
        expected
    }

    fn read(&mut self, flags: &Flags<'_>) {
        self.left_alone = flags.left_alone();
        match flags.text("--name", "PLIMSOLL_NAME") {
            Ok(name) => self.target.name = name.unwrap_or_else(|| self.target.name.clone()),
            Err(why) => drop(self.hidden.insert("clientConfig", why)),
        }
        match flags.text("--own-namespace", "PLIMSOLL_OWN_NAMESPACE") {
            Ok(name) => {
                self.target.namespace = name.unwrap_or_else(|| self.target.namespace.clone())
            }
            Err(why) => drop(self.hidden.insert("clientConfig", why)),
        }
        match flags.failure_policy() {
            Ok(policy) => self.target.failure_policy = policy,
            Err(why) => drop(self.hidden.insert("failurePolicy", why)),
        }
        match flags.timeout_seconds() {
            Ok(seconds) => self.target.timeout_seconds = seconds,
            Err(why) => drop(self.hidden.insert("timeoutSeconds", why)),
        }
        match flags.excluded_namespaces() {
            Ok(names) => self.target.excluded_namespaces = names.into_iter().collect(),
            Err(why) => self.hidden.extend(OF_POLICIES.map(|field| (field, why.clone()))),
        }
    }

    /// What is not compared, and why.
    pub(super) fn not_compared(&self) -> Option<String> {
        if let Some(why) = self.left_alone {
            return Some(why.to_owned());
        }
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (field, why) in &self.hidden {
            by_reason.entry(why).or_default().push(field);
        }
        let told = by_reason.iter().map(|(why, fields)| format!("{}: {why}", fields.join(", ")));
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// Compares a webhook. Whether its CA is the right one is another check's.
    pub(super) fn compare(&self, configuration: Configuration, live: &Value) -> Compared {
        let mut compared = Compared::default();
        if self.left_alone.is_some() {
            return compared;
        }
        let bundle = live["clientConfig"]["caBundle"].as_str().unwrap_or_default();
        let wanted = webhooks(configuration, &self.policies, &self.target, bundle);
        let uncertain = self.uncertain(configuration);
        let Some(wanted) = wanted.first() else {
            match uncertain {
                Some(why) => compared.uncertain = Some(why.to_owned()),
                None => compared.differs.push(("rules", "no policy needs a webhook".to_owned())),
            }
            return compared;
        };
        let mut unsure = Vec::new();
        for field in differences(live, wanted) {
            match uncertain {
                _ if self.is_hidden(configuration, field) => {}
                Some(_) if OF_POLICIES.contains(&field) => unsure.push(field),
                _ => compared.differs.push((field, shown(field, &live[field], &wanted[field]))),
            }
        }
        if let Some(why) = uncertain.filter(|_| !unsure.is_empty()) {
            compared.uncertain = Some(format!("{}: {why}", unsure.join(", ")));
        }
        compared
    }

    /// Why the fields that follow from policies may be others than they seem to have to be.
    pub(super) fn uncertain(&self, configuration: Configuration) -> Option<&str> {
        let by_policies = configuration != Configuration::Policies;
        let policies = self.other_policies.as_deref().filter(|_| by_policies);
        self.other_version.as_deref().or(policies)
    }

    /// What is said about policies depends on no flag but the timeout.
    fn is_hidden(&self, configuration: Configuration, field: &str) -> bool {
        let flagged = ["clientConfig", "timeoutSeconds"].contains(&field);
        self.hidden.contains_key(field) && (configuration != Configuration::Policies || flagged)
    }

    /// Whether the policies need the webhook.
    pub(super) fn is_wanted(&self, configuration: Configuration) -> bool {
        !webhooks(configuration, &self.policies, &self.target, "").is_empty()
    }
}

/// What differs; values that are short are given.
fn shown(field: &str, live: &Value, wanted: &Value) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => Some("nothing".to_owned()),
        _ => None,
    };
    match (plain(live), plain(wanted)) {
        (Some(live), Some(wanted)) => format!("{field} is {live} and should be {wanted}"),
        _ => field.to_owned(),
    }
}

/// The policies as this command understands them; and why servers may go by others.
fn policies(facts: &Facts) -> (PolicySet, Option<String>) {
    let all = match &facts.policies {
        Ok(all) => all.as_slice(),
        Err(_) => return (PolicySet::of(Vec::new()), Some("policies cannot be read".to_owned())),
    };
    let mut uncertain = None;
    let mut compiled = Vec::new();
    for policy in all {
        let refused = condition(policy, "Ready").is_some_and(|ready| ready["status"] == "False");
        match CompiledPolicy::compile(policy) {
            Ok(policy) if !refused => compiled.push(policy.into()),
            _ => {
                let name = text(policy, "/metadata/name").unwrap_or_default();
                uncertain = Some(format!(
                    "policy {name} is not in force, and servers may go by its last good version"
                ));
            }
        }
    }
    (PolicySet::of(compiled), uncertain)
}
