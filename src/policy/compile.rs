//! Policies compiled into what the engine runs.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::action::Action;
use super::conditions::Conditions;
use super::conflicts::{Conflict, conflicts};
use super::document::{KIND, MAX_RULES};
use super::fields::Fields;
use super::matching::Matcher;
use super::object::{PolicyError, Sort};
use super::rule::CompiledRule;
use crate::decode::DecodeError;
use crate::pointer::Pointer;

/// A compiled policy.
#[derive(Debug)]
pub struct CompiledPolicy {
    /// Name.
    pub name: Arc<str>,
    /// Description, in its author's words.
    pub description: Option<String>,
    /// The pods it is about.
    pub matcher: Matcher,
    /// What must hold of a pod that `matcher` matches.
    pub conditions: Conditions,
    /// Whether anything in it looks at the object behind the pod.
    pub reads_object: bool,
    /// Its rules in the order they are written.
    pub rules: Vec<CompiledRule>,
}

/// All policies in force, sorted by name so that the order they came in does not matter.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<Arc<CompiledPolicy>>,
    conflicts: Vec<Conflict>,
    conflicts_of_fixes: OnceLock<Vec<Conflict>>,
    asks_registries: bool,
}

impl PolicySet {
    /// Compiles PodPolicy objects.
    ///
    /// # Errors
    /// Every error in every policy, in the order of the objects.
    pub fn compile(objects: &[&Value]) -> Result<Self, Vec<PolicyError>> {
        let policies = SORT.compile_all(objects, CompiledPolicy::compile)?;
        Ok(Self::of(policies.into_iter().map(Arc::new).collect()))
    }

    /// A set of policies that were compiled before, in any order. Names are unique: the caller has seen to it.
    pub fn of(mut policies: Vec<Arc<CompiledPolicy>>) -> Self {
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        let conflicts = conflicts(&policies, |rule| rule.action == Action::Patch);
        let mut rules = policies.iter().flat_map(|policy| &policy.rules);
        let asks_registries = rules.any(|rule| rule.rule.asks_registries());
        Self { policies, conflicts, conflicts_of_fixes: OnceLock::new(), asks_registries }
    }

    /// The policies, by name.
    pub fn policies(&self) -> &[Arc<CompiledPolicy>] {
        &self.policies
    }

    /// Whether there is a rule whose fixes need what registries say of images.
    pub fn asks_registries(&self) -> bool {
        self.asks_registries
    }

    /// Whether there is an expression: in a rule, or as a condition of a policy.
    pub fn read_objects(&self) -> bool {
        self.policies.iter().any(|policy| policy.reads_object)
    }

    /// Rules that patch and want different values for one field, and which of them has its way.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// The same among all rules with fixes, whatever their actions.
    pub fn conflicts_of_fixes(&self) -> &[Conflict] {
        self.conflicts_of_fixes.get_or_init(|| conflicts(&self.policies, |_| true))
    }
}

const SORT: Sort = Sort {
    kind: KIND,
    noun: "policy",
    nouns: "policies",
    a_noun: "a policy",
    name_help: "findings are reported under the policy's name",
    spec_help: "it holds `rules`, and `match` and `description` if need be",
};

impl CompiledPolicy {
    /// Compiles one PodPolicy object.
    ///
    /// # Errors
    /// Everything that is wrong with it, pointing from the object on.
    pub fn compile(object: &Value) -> Result<Self, Vec<DecodeError>> {
        let (name, spec) = SORT.read(object, Spec::compile)?;
        Ok(Self {
            name: name.into(),
            description: spec.description,
            matcher: spec.matcher,
            reads_object: !spec.conditions.is_empty()
                || spec.rules.iter().any(|rule| rule.rule.reads_object()),
            conditions: spec.conditions,
            rules: spec.rules,
        })
    }
}

/// A compiled `spec`.
struct Spec {
    description: Option<String>,
    matcher: Matcher,
    conditions: Conditions,
    rules: Vec<CompiledRule>,
}

impl Spec {
    fn compile(spec: &Value, policy: &str) -> Result<Self, Vec<DecodeError>> {
        let mut fields = Fields::of(spec, "`spec`").map_err(|error| vec![error])?;
        fields.only(&["description", "match", "matchConditions", "rules"]);
        let description = fields.optional("description");
        let matcher = Matcher::read(&mut fields);
        let conditions = Conditions::read(&mut fields);
        let entries: Option<Vec<Value>> = fields.required("rules", "a policy is a list of rules");
        if entries.as_ref().is_some_and(Vec::is_empty) {
            fields.refuse("rules", "a policy needs at least one rule", "");
        }
        let count = entries.as_ref().map_or(0, Vec::len);
        if count > MAX_RULES {
            let message =
                format!("these are {count} rules, and a policy holds {MAX_RULES} at most");
            fields.refuse("rules", message, "make two policies of it");
        }
        let mut rules = Vec::new();
        let mut names = HashSet::new();
        for (index, entry) in entries.iter().flatten().enumerate() {
            let mut errors = Vec::new();
            match entry.get("name").and_then(Value::as_str) {
                Some(name) if !names.insert(name) => errors.push(DecodeError {
                    pointer: Pointer::new("/name"),
                    message: format!("there are two rules called `{name}`"),
                    help: Some("rename one of them".to_owned()),
                }),
                _ => {}
            }
            match CompiledRule::compile(entry, policy) {
                Ok(rule) => rules.push(rule),
                Err(found) => errors.extend(found),
            }
            fields.errors.extend(errors.into_iter().map(|error| error.below(index).below("rules")));
        }
        if fields.errors.is_empty() {
            Ok(Self { description, matcher, conditions, rules })
        } else {
            Err(fields.errors)
        }
    }
}
