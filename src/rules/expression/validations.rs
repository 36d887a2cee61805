//! What must hold.

use crate::cel::scene::{Expression, Scene};
use crate::cel::{EvalError, Value};
use crate::finding::{Violation, quoted};
use crate::pointer::Pointer;

/// Bytes of a message that an expression makes (`MaxEvaluatedMessageExpressionSizeBytes` in
/// k8s.io/apiserver/pkg/apis/cel/config.go).
const MAX_MESSAGE: usize = 5 * 1024;

/// A compiled validation.
#[derive(Debug)]
pub(super) struct Validation {
    pub(super) expression: Expression,
    pub(super) message: Option<String>,
    pub(super) message_expression: Option<Expression>,
    pub(super) place: Pointer,
    pub(super) help: Option<String>,
}

impl Validation {
    pub(super) fn source(&self) -> &str {
        self.expression.source()
    }

    pub(super) fn place(&self) -> &Pointer {
        &self.place
    }

    pub(super) fn holds<'s>(&'s self, scene: &Scene<'s>) -> Result<bool, EvalError> {
        match scene.evaluate(&self.expression)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(EvalError::Other("it came to no truth value".to_owned())),
        }
    }

    /// What is said where it does not hold.
    pub(super) fn violation<'s>(&'s self, scene: &Scene<'s>) -> Violation {
        let source = self.source();
        let message = self
            .evaluated_message(scene)
            .or_else(|| self.message.clone())
            .unwrap_or_else(|| format!("failed expression: {}", one_line(source)));
        let help = match &self.help {
            Some(help) => help.clone(),
            None => format!("the pod must be such that {} is true", quoted(&one_line(source))),
        };
        Violation::pod(self.place.clone(), message, help)
    }

    /// As the API server does it (`validator.go` in k8s.io/apiserver/pkg/admission/plugin/policy/validating): what is no
    /// line of text, or comes to no value, leaves the message to `message`.
    fn evaluated_message<'s>(&'s self, scene: &Scene<'s>) -> Option<String> {
        let expression = self.message_expression.as_ref()?;
        let Ok(Value::String(text)) = scene.evaluate(expression) else { return None };
        let line = text.trim();
        let is_line = !line.is_empty() && text.len() <= MAX_MESSAGE && !line.contains('\n');
        is_line.then(|| line.to_owned())
    }
}

fn one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}
