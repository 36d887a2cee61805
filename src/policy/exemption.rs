//! Exemptions from policies: as their authors write them, and as the engine honours them.

mod document;
mod expiry;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use document::ExemptionSpec;
pub use expiry::Expiry;
use serde_json::Value;

use super::compile::{CompiledPolicy, PolicySet};
use super::document::EXEMPTION_KIND;
use super::fields::Fields;
use super::matching::{Matcher, RequestFacts};
use super::object::{PolicyError, Sort};
use super::rule::CompiledRule;
use crate::decode::{DecodeError, nearest};
use crate::glob::{Globs, Slash};
use crate::pointer::Pointer;

/// A compiled exemption.
#[derive(Debug)]
pub struct CompiledExemption {
    /// Name.
    pub name: Arc<str>,
    /// Why, in its author's words.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends, if it does.
    pub expires: Option<Expiry>,
    /// The pods that are exempted.
    pub matcher: Matcher,
    policies: Vec<Pattern>,
    rules: Option<Vec<Pattern>>,
}

/// A glob as it is written, and compiled.
#[derive(Debug)]
struct Pattern {
    written: String,
    globs: Globs,
}

/// A glob of an exemption that no policy or rule bears out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Name of the exemption.
    pub exemption: Arc<str>,
    /// Where the glob stands, from the exemption's own object on.
    pub pointer: Pointer,
    /// What is wrong, for people.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// All exemptions, sorted by name so that the order they came in does not matter.
#[derive(Debug, Default)]
pub struct ExemptionSet(Vec<Arc<CompiledExemption>>);

const SORT: Sort = Sort {
    kind: EXEMPTION_KIND,
    noun: "exemption",
    nouns: "exemptions",
    a_noun: "an exemption",
    name_help: "exempted findings are counted under the exemption's name",
    spec_help: "it holds `policies`, `reason` and `owner`, and `rules`, `match` and `expires` if need be",
};

impl ExemptionSet {
    /// Compiles PodPolicyExemption objects.
    ///
    /// # Errors
    /// Every error in every exemption, in the order of the objects.
    pub fn compile(objects: &[&Value]) -> Result<Self, Vec<PolicyError>> {
        let exemptions = SORT.compile_all(objects, CompiledExemption::compile)?;
        Ok(Self::of(exemptions.into_iter().map(Arc::new).collect()))
    }

    /// A set of exemptions that were compiled before, in any order. Names are unique: the caller has seen to it.
    pub fn of(mut exemptions: Vec<Arc<CompiledExemption>>) -> Self {
        exemptions.sort_by(|a, b| a.name.cmp(&b.name));
        Self(exemptions)
    }

    /// The exemptions, by name.
    pub fn exemptions(&self) -> &[Arc<CompiledExemption>] {
        &self.0
    }

    /// What exemptions name and these policies do not have: mostly a typing error, or a policy that is gone.
    pub fn strays(&self, policies: &PolicySet) -> Vec<Stray> {
        self.0.iter().flat_map(|exemption| exemption.strays(policies)).collect()
    }
}

impl CompiledExemption {
    /// Compiles one PodPolicyExemption object.
    ///
    /// # Errors
    /// Everything that is wrong with it, pointing from the object on.
    pub fn compile(object: &Value) -> Result<Self, Vec<DecodeError>> {
        let (name, spec) = SORT.read(object, Self::of_spec)?;
        Ok(Self { name: name.into(), ..spec })
    }

    fn of_spec(spec: &Value, name: &str) -> Result<Self, Vec<DecodeError>> {
        let mut fields = Fields::of(spec, "`spec`").map_err(|error| vec![error])?;
        fields.only(&["policies", "rules", "match", "reason", "owner", "expires"]);
        let policies = fields.required("policies", "name one policy at least; `*` is every policy");
        let policies = patterns("policies", policies, &mut fields);
        let rules = fields.optional("rules");
        let rules = rules.map(|rules| patterns("rules", Some(rules), &mut fields));
        let matcher = Matcher::read(&mut fields);
        let reason = text("reason", "say why, for those who come across it", &mut fields);
        let owner = text("owner", "name the person or team who answers for it", &mut fields);
        let expires = fields.optional::<String>("expires").and_then(|written| {
            let expiry = Expiry::read(&written);
            if expiry.is_none() {
                let message = format!("`{written}` is no day and no moment");
                fields.refuse("expires", message, expiry::HELP);
            }
            expiry
        });
        if fields.errors.is_empty() {
            Ok(Self { name: name.into(), reason, owner, expires, matcher, policies, rules })
        } else {
            Err(fields.errors)
        }
    }

    /// Whether it is over at a moment, in seconds since 1970; where no moment is known, nothing is.
    pub fn is_expired(&self, now: Option<i64>) -> bool {
        now.zip(self.expires.as_ref()).is_some_and(|(now, expiry)| now >= expiry.at)
    }

    /// Whether it is about a rule of a policy.
    pub fn covers(&self, policy: &CompiledPolicy, rule: &CompiledRule) -> bool {
        any(&self.policies, &policy.name) && self.covers_rule(rule)
    }

    fn covers_rule(&self, rule: &CompiledRule) -> bool {
        let rules = self.rules.as_ref();
        rules.is_none_or(|globs| any(globs, &rule.name) || any(globs, rule.kind.meta.name))
    }

    /// Whether it may be about a pod of the request, as far as can be told without reading it. What cannot be
    /// known is not exempted: neither by labels of a namespace nor by a user that the door does not know.
    pub fn matches_request(&self, facts: &RequestFacts<'_>) -> bool {
        (facts.user.is_some() || !self.matcher.needs_user()) && self.matcher.matches_request(facts)
    }

    fn strays(&self, policies: &PolicySet) -> Vec<Stray> {
        let mut strays = Vec::new();
        let mut stray = |list: &str, index, message, help| {
            let pointer = Pointer::new("/spec").join(list).join(index);
            strays.push(Stray { exemption: Arc::clone(&self.name), pointer, message, help });
        };
        let all = policies.policies();
        for (index, pattern) in self.policies.iter().enumerate() {
            if !all.iter().any(|policy| pattern.globs.matches(&policy.name)) {
                let message = format!("no policy is called `{}`", pattern.written);
                let help = nearest(&pattern.written, all.iter().map(|policy| &*policy.name));
                stray("policies", index, message, help);
            }
        }
        let named: Vec<_> = all.iter().filter(|policy| any(&self.policies, &policy.name)).collect();
        let rules = || named.iter().flat_map(|policy| &policy.rules);
        for (index, pattern) in self.rules.iter().flatten().enumerate() {
            let hit = |rule: &CompiledRule| {
                pattern.globs.matches(&rule.name) || pattern.globs.matches(rule.kind.meta.name)
            };
            if !named.is_empty() && !rules().any(hit) {
                let message =
                    format!("no rule of these policies is called `{}` or is one", pattern.written);
                let names = rules().flat_map(|rule| [&*rule.name, rule.kind.meta.name]);
                stray("rules", index, message, nearest(&pattern.written, names));
            }
        }
        strays
    }
}

fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.globs.matches(text))
}

/// Compiles a list of globs of which there has to be one.
fn patterns(field: &str, written: Option<Vec<String>>, fields: &mut Fields<'_>) -> Vec<Pattern> {
    if written.as_ref().is_some_and(Vec::is_empty) {
        let help = "name one at least; `*` is all of them, and so are absent `rules`";
        fields.refuse(field, "the list is empty, so nothing would be exempted", help);
    }
    let mut found = Vec::new();
    for (index, written) in written.into_iter().flatten().enumerate() {
        match Globs::compile::<&str>(&[&written], &[], Slash::Crossed) {
            Ok(globs) => found.push(Pattern { written, globs }),
            Err(error) => fields.errors.push(DecodeError {
                pointer: Pointer::default().join(field).join(index),
                message: format!("the glob {:?} is malformed: {}", error.pattern, error.message),
                help: None,
            }),
        }
    }
    found
}

/// A text that must be there and say something.
fn text(field: &str, help: &str, fields: &mut Fields<'_>) -> String {
    let text: Option<String> = fields.required(field, help);
    if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
        fields.refuse(field, format!("`{field}` is empty"), help);
    }
    text.unwrap_or_default()
}
