//! What an expression asks of a request that not every door knows.

use crate::cel::ast::{Expr, Node};
use crate::cel::{CompileError, Environment};

/// What an expression needs to be known. What is not known must not look as if it were absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Name or groups of the user.
    pub(super) user: bool,
    /// What else there is of the user.
    pub(super) user_details: bool,
    /// The options of the request.
    pub(super) options: bool,
    /// The labels of the namespace.
    pub(super) labels: bool,
}

impl Needs {
    const ALL: Self = Self { user: true, user_details: true, options: true, labels: true };

    /// What an expression needs, its variables aside.
    ///
    /// # Errors
    /// Where it asks for what no door knows.
    pub(super) fn of_expression(root: &Node) -> Result<Self, CompileError> {
        let mut needs = Self::default();
        needs.walk(root)?;
        Ok(needs)
    }

    /// Those about one variable.
    pub(super) fn of(self, slot: usize) -> Self {
        if slot == Environment::REQUEST {
            Self { labels: false, ..self }
        } else {
            Self { labels: self.labels, ..Self::default() }
        }
    }

    fn add(&mut self, more: Self) {
        self.user |= more.user;
        self.user_details |= more.user_details;
        self.options |= more.options;
        self.labels |= more.labels;
    }

    fn walk(&mut self, node: &Node) -> Result<(), CompileError> {
        if let Some((slot, path)) = path(node) {
            self.add(needs_of(slot, &path, node)?);
            return Ok(());
        }
        for part in parts(node) {
            self.walk(part)?;
        }
        Ok(())
    }
}

/// The variable and the fields that a chain of selections leads through.
fn path(node: &Node) -> Option<(usize, Vec<&str>)> {
    match &node.expr {
        Expr::Variable(slot) => Some((*slot, Vec::new())),
        Expr::Select { operand, field, .. } | Expr::Has { operand, field } => {
            let (slot, mut fields) = path(operand)?;
            fields.push(field);
            Some((slot, fields))
        }
        _ => None,
    }
}

fn needs_of(slot: usize, path: &[&str], node: &Node) -> Result<Needs, CompileError> {
    let none = Needs::default();
    Ok(match (slot, path) {
        (Environment::REQUEST, ["userInfo", "username" | "groups", ..]) => {
            Needs { user: true, ..none }
        }
        (Environment::REQUEST, ["userInfo", ..]) => {
            Needs { user: true, user_details: true, ..none }
        }
        (Environment::REQUEST, ["options", ..]) => Needs { options: true, ..none },
        (Environment::REQUEST, []) => Needs { labels: false, ..Needs::ALL },
        (Environment::NAMESPACE_OBJECT, ["metadata", "name"]) => none,
        (Environment::NAMESPACE_OBJECT, [] | ["metadata"] | ["metadata", "labels", ..]) => {
            Needs { labels: true, ..none }
        }
        (Environment::NAMESPACE_OBJECT, other) => {
            return Err(CompileError {
                message: format!("`namespaceObject.{}` is not known to Plimsoll", other.join(".")),
                position: node.position,
                help: Some(
                    "of the namespace, metadata.name and metadata.labels are known".to_owned(),
                ),
            });
        }
        _ => none,
    })
}

/// The parts of an expression.
pub(super) fn parts(node: &Node) -> Vec<&Node> {
    match &node.expr {
        Expr::Literal(_) | Expr::Variable(_) | Expr::Local(_) | Expr::Type(_) => Vec::new(),
        Expr::Select { operand, .. } | Expr::Has { operand, .. } => vec![operand],
        Expr::Call { arguments, .. } => arguments.iter().collect(),
        Expr::And(left, right) | Expr::Or(left, right) => vec![left, right],
        Expr::Conditional(parts) => parts.iter().collect(),
        Expr::List(elements) => elements.iter().map(|element| &element.node).collect(),
        Expr::Map { entries, .. } => {
            entries.iter().flat_map(|(key, element)| [key, &element.node]).collect()
        }
        Expr::Comprehension(parts) => {
            vec![&parts.range, &parts.initial, &parts.condition, &parts.step, &parts.result]
        }
    }
}
