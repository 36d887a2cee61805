//! For all that has no rule of its own: expressions in CEL, the Common Expression Language, as a
//! ValidatingAdmissionPolicy and a MutatingAdmissionPolicy of Kubernetes have them, judged at every door.
//!
//! ```yaml
//! expression:
//!   validations:
//!   - expression: object.spec.containers.all(c, c.image.contains('@'))
//!     message: every image is named by digest
//!     fieldPath: spec.containers
//! ```
//!
//! ## What is read
//!
//! Whatever the expressions read. `object` is always a Pod, as the API server shows it to its own policies: a template is
//! the pod that comes of it, and a manifest is defaulted first. What each door knows of `oldObject`, `request` and
//! `namespaceObject`, the libraries, the limits and the differences to Kubernetes are in [CEL](../cel.md).
//!
//! Expressions are compiled when the policy loads: a field that pods do not have, a type that does not fit, a variable
//! that does not exist are errors then, with their place.
//!
//! ## Validations
//!
//! A validation that comes to false is a finding. Its message is what `messageExpression` comes to, where that is one line
//! of text that is not blank; else `message`; else `failed expression: …`. `fieldPath` says where the finding points, seen from the
//! pod: `spec.containers[0].image`, `metadata.labels["team"]`, or `/spec/containers/0/image`; pods must have
//! such a field. Without it the finding points at the pod itself. Messages reach logs and warnings: a `messageExpression` had better not quote arguments or environment.
//!
//! `variables` are evaluated when an expression asks for them, and once per pod; each may use those before it. `params` are
//! constants of the rule, typed by their value, so that a wrong key is found when the policy loads.
//!
//! ```yaml
//! expression:
//!   params: {registry: registry.example.com/}
//!   variables:
//!   - name: foreign
//!     expression: object.spec.containers.filter(c, !c.image.startsWith(params.registry))
//!   validations:
//!   - expression: size(variables.foreign) == 0
//!     messageExpression: "'from elsewhere: ' + variables.foreign.map(c, c.name).join(', ')"
//! ```
//!
//! An expression that comes to no value (a key that is missing, a division by zero, a budget that is spent) is a finding
//! that says which and why, and follows the rule's action. With `failurePolicy: Ignore` it is passed over.
//!
//! ## What the fix does
//!
//! `patches` are lists of JSONPatch operations, as in a MutatingAdmissionPolicy with `patchType: JSONPatch`. They are made one after
//! the other, and each expression sees what those before it changed. A pod that the patches would change is a
//! finding, and the patches are its fix.
//!
//! ```yaml
//! expression:
//!   patches:
//!   - expression: >-
//!       has(object.spec.automountServiceAccountToken) ? [] :
//!       [JSONPatch{op: "add", path: "/spec/automountServiceAccountToken", value: false}]
//! ```
//!
//! - The patched pod is patched once more in thought. Where that changes it again, the patches do not settle, and the finding
//!   has no fix.
//! - What `remove` or `move` would take away and is gone already needs no removal: the operation is passed over, where the
//!   API server refuses it (`move` only where its `path` is there). Other operations are made as usual.
//! - A patch must fit the pod as Kubernetes' own schema has it: a field that pods do not have, a text for a number, a number
//!   of more than 32 bits, a label or a quantity that is none are errors, and nothing is patched.
//! - `test` that does not hold leaves out the operations of its expression, as in Kubernetes.
//! - Patches change what stands below `spec`, labels and annotations. Everything else is refused, and so is what would not
//!   be a pod afterwards.
//! - An element is appended to a list (`…/-`), replaced or removed. To put one before others is refused: fixes never
//!   replace lists, and have no words for it.
//!
//! With `action: Patch`, what has no fix follows `otherwise`: that is how failed validations of such a rule are told.
//!
//! ## Limits
//!
//! 128 validations, 64 variables, 32 patches; 16 KiB for an expression. One expression may cost 1,000,000 units as
//! Kubernetes counts them, those of a policy 10,000,000 together, those of all policies 20,000,000. Nothing
//! warns of patches of two rules that undo each other before a pod shows it; they are then left between them, and said so.

use serde_json::Value as Json;

use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::cel::EvalError;
use crate::cel::scene::{Scene, Variables};
use crate::finding::{Violation, quoted};
use crate::json::Tree;
use crate::pointer::Pointer;

mod compile;
mod constants;
mod operations;
mod patches;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
mod validations;

use patches::Patches;
use settings::FailurePolicy;
pub(super) use settings::Settings;
use validations::Validation;

/// Expressions that must hold of a pod, and patches that are made to it.
#[derive(Debug)]
pub(super) struct ExpressionRule {
    params: Option<Json>,
    variables: Variables,
    validations: Vec<Validation>,
    patches: Patches,
    failure_policy: FailurePolicy,
}

impl Rule for ExpressionRule {
    const META: Meta = Meta {
        name: "expression",
        summary: "What expressions in CEL say of the pod holds.",
        fix: Some(FixMeta {
            summary: "makes the changes that `patches` come to",
            safety: "never: nobody knows what an expression changes",
        }),
        page: include_str!("../../docs/rules/expression.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        compile::compile(settings)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let object = subject.pod.source.tree(subject.setting.namespace());
        let params = self.params.as_ref().map(Tree::from);
        let scene = self.scene(subject, object, params.as_ref());
        for validation in &self.validations {
            if let Some(violation) = self.judge(validation, &scene, subject) {
                violations.push(violation);
            }
        }
        match self.patches.judge(self, subject, params.as_ref()) {
            Ok(None) => {}
            Ok(Some(violation)) => violations.push(violation),
            Err((pointer, what, error)) => {
                violations.extend(self.not_evaluated(subject, &pointer, &what, &error));
            }
        }
    }

    fn reads_object(&self) -> bool {
        true
    }
}

impl ExpressionRule {
    /// What the expressions of the rule see where `object` is the pod.
    fn scene<'s>(
        &'s self,
        subject: &Subject<'s, '_>,
        object: &'s Tree<'s>,
        params: Option<&'s Tree<'s>>,
    ) -> Scene<'s> {
        Scene::new(subject.setting, object, params, &self.variables)
    }

    fn judge<'s>(
        &'s self,
        validation: &'s Validation,
        scene: &Scene<'s>,
        subject: &Subject<'_, '_>,
    ) -> Option<Violation> {
        match validation.holds(scene) {
            Ok(true) => None,
            Ok(false) => Some(validation.violation(scene)),
            Err(error) => {
                let what = format!("the expression {}", quoted(validation.source()));
                self.not_evaluated(subject, validation.place(), &what, &error)
            }
        }
    }

    /// What an expression that came to no value leads to.
    fn not_evaluated(
        &self,
        subject: &Subject<'_, '_>,
        pointer: &Pointer,
        what: &str,
        error: &EvalError,
    ) -> Option<Violation> {
        if let EvalError::Unknown(lacking) = error {
            subject.setting.lacks(lacking);
            return None;
        }
        if self.failure_policy == FailurePolicy::Ignore {
            return None;
        }
        let help = match error {
            EvalError::CostExceeded { .. } => {
                "write it so that it goes through less: no loops within loops over long lists"
            }
            EvalError::BudgetSpent { .. } => {
                "write the costly ones so that they go through less: no loops within loops over long lists"
            }
            EvalError::NoSuchKey(_) => {
                "ask with has(…) or `.?` before reading what may be absent; failurePolicy: Ignore passes over errors"
            }
            _ => {
                "write it so that it comes to a value for every pod; failurePolicy: Ignore passes over errors"
            }
        };
        let message = format!("{what} could not be evaluated: {error}");
        Some(Violation::pod(pointer.clone(), message, help))
    }
}
