//! What pods are changed to.

use serde_json::Value as Json;

use super::ExpressionRule;
use super::operations::{Stop, Work};
use super::shape;
use crate::cel::EvalError;
use crate::cel::scene::Expression;
use crate::edit::{Change, Edit};
use crate::finding::{Safety, Violation};
use crate::json::Tree;
use crate::pod::defaulted::default_pod;
use crate::pod::kinds::{Object, POD};
use crate::pointer::Pointer;
use crate::rules::Subject;

/// Changes that one rule makes to one pod: lists and edits are gone through again and again.
const MAX_OPERATIONS: usize = 1024;

/// A patch expression.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) expression: Expression,
    pub(super) message: Option<String>,
}

/// The patch expressions of a rule.
#[derive(Debug)]
pub(super) struct Patches(pub(super) Vec<Patch>);

/// Where it happened, which expression it was, and why.
type Trouble = (Pointer, String, EvalError);

/// A pod after all patches.
struct Patched {
    pod: Json,
    edits: Vec<Edit>,
    /// The first patch that changed something.
    first: Option<usize>,
}

impl Patches {
    /// What is unmet: the pod is not as the patches make it.
    ///
    /// # Errors
    /// Where a patch comes to no value, or to one that cannot be made.
    pub(super) fn judge(
        &self,
        rule: &ExpressionRule,
        subject: &Subject<'_, '_>,
        params: Option<&Tree<'_>>,
    ) -> Result<Option<Violation>, Trouble> {
        let Some(once) = self.make(rule, subject, params, None)? else { return Ok(None) };
        let before = subject.pod.source.value(subject.setting.namespace());
        if once.pod == before {
            return Ok(None);
        }
        let place = once.edits.first().map(|edit| edit.pointer.clone()).unwrap_or_default();
        let no_pod = |why: String| {
            let error = EvalError::Other(format!("it makes no pod of it: {why}"));
            (place.clone(), "the patch".to_owned(), error)
        };
        once.edits.iter().try_for_each(shape::check_edit).map_err(&no_pod)?;
        POD.read(Object::Value(&once.pod)).map_err(|error| no_pod(error.to_string()))?;
        let message = once.first.and_then(|first| self.0.get(first)?.message.clone());
        let fields = fields_of(&once.edits);
        let message =
            message.unwrap_or_else(|| format!("the pod is not as the patch makes it: {fields}"));
        let unsettled = match self.make(rule, subject, params, Some(&once.pod)) {
            Ok(again) if again.as_ref().is_none_or(|again| again.pod == once.pod) => None,
            Ok(_) => Some("the patch changes it again".to_owned()),
            Err((_, what, error @ EvalError::Unknown(_))) => return Err((place, what, error)),
            Err((_, what, error)) => Some(format!("{what} fails: {error}")),
        };
        if let Some(unsettled) = unsettled {
            let message = format!("{message}; made once more, {unsettled}");
            let help = "write the expression so that it comes to [] for a pod that it has patched";
            return Ok(Some(Violation::pod(place, message, help)));
        }
        let violation = Violation::pod(place, message, format!("apply the patch to {fields}"));
        let summary = format!("patches {fields}");
        Ok(Some(violation.with_fix(summary, Safety::Unsafe, once.edits)))
    }

    /// Makes the patches to a pod, or to that of the subject; none where there is nothing to make.
    fn make(
        &self,
        rule: &ExpressionRule,
        subject: &Subject<'_, '_>,
        params: Option<&Tree<'_>>,
        start: Option<&Json>,
    ) -> Result<Option<Patched>, Trouble> {
        let namespace = subject.setting.namespace();
        let mut pod = start.cloned();
        let (mut edits, mut first): (Vec<Edit>, _) = (Vec::new(), None);
        for (at, patch) in self.0.iter().enumerate() {
            let trouble = |error| (Pointer::default(), format!("`patches[{at}]`"), error);
            let made = pod.as_ref().map(Tree::from);
            let tree = made.as_ref().unwrap_or_else(|| subject.pod.source.tree(namespace));
            let operations = {
                let scene = rule.scene(subject, tree, params);
                let value = scene.evaluate(&patch.expression).map_err(trouble)?;
                scene.to_json(&value).map_err(trouble)?
            };
            let Json::Array(operations) = operations else {
                return Err(trouble(EvalError::Other("it came to no list".to_owned())));
            };
            if operations.is_empty() {
                continue;
            }
            if edits.len() + operations.len() > MAX_OPERATIONS {
                let message = format!("the rule makes more than {MAX_OPERATIONS} changes");
                return Err(trouble(EvalError::Other(message)));
            }
            let before = pod.take().unwrap_or_else(|| subject.pod.source.value(namespace));
            let mut work = Work { pod: before.clone(), edits: Vec::new() };
            let made = operations.iter().try_for_each(|operation| work.make(operation));
            match made {
                Ok(()) => {
                    default_pod(&mut work.pod);
                    if work.pod != before {
                        first = first.or(Some(at));
                        edits.append(&mut work.edits);
                    }
                    pod = Some(work.pod);
                }
                // As the API server does it (`Patch` in mutating/patch/json_patch.go of k8s.io/apiserver).
                Err(Stop::TestFailed) => pod = Some(before),
                Err(Stop::Wrong(message)) => return Err(trouble(EvalError::Other(message))),
            }
        }
        Ok(pod.map(|pod| Patched { pod, edits, first }))
    }
}

/// The first few fields that edits change, for people.
fn fields_of(edits: &[Edit]) -> String {
    const SHOWN: usize = 3;
    let mut fields: Vec<String> = Vec::new();
    for edit in edits {
        let mut field = edit.pointer.field_path();
        if matches!(edit.change, Change::Append(_)) {
            field.push_str("[]");
        }
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let more = fields.len().saturating_sub(SHOWN);
    fields.truncate(SHOWN);
    let shown = fields.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
