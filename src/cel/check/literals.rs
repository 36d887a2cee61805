//! Constants that functions take are looked at when the expression is compiled.
//!
//! Source: `cel.ASTValidators` in k8s.io/apiserver/pkg/cel/environment/base.go: durations, timestamps, regular
//! expressions, texts for `format`.

use super::Checker;
use crate::cel::ast::{Expr, Literal, Node};
use crate::cel::library::{Machine, Overload, formatting};
use crate::cel::parse::{Kind, Syntax};
use crate::cel::program::RegexCache;
use crate::cel::types::Type;
use crate::cel::{Budget, CompileError, Value};

/// More than enough to read a constant.
const COST: u64 = 1_000_000;

impl Checker<'_> {
    pub(super) fn check_literals(
        &mut self,
        function: &str,
        is_member: bool,
        candidates: &[&'static Overload],
        arguments: &[Node],
    ) -> Result<(), CompileError> {
        match (function, arguments) {
            ("duration" | "timestamp", [argument]) if !is_member => {
                let value = match &argument.expr {
                    Expr::Literal(Literal::String(text)) => Value::text(&**text),
                    Expr::Literal(Literal::Int(number)) => Value::Int(*number),
                    _ => return Ok(()),
                };
                let regexes = RegexCache::default();
                let mut budget = Budget::new(COST);
                let fault = candidates.iter().find_map(|overload| {
                    let mut machine = Machine { budget: &mut budget, regexes: &regexes };
                    (overload.call)(&mut machine, std::slice::from_ref(&value)).err()
                });
                match fault {
                    Some(fault) => Err(invalid(function, argument, &fault.to_string())),
                    None => Ok(()),
                }
            }
            ("matches" | "find" | "findAll", [_, pattern, ..]) => match constant(pattern) {
                Some(text) => {
                    self.regexes.add(text).map_err(|fault| invalid(function, pattern, &fault))
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl Checker<'_> {
    /// Looks at a constant text for `format`; its arguments were checked right before.
    pub(super) fn check_format(
        &self,
        function: &str,
        target: Option<&Syntax>,
        arguments: &[Syntax],
    ) -> Result<(), CompileError> {
        let (Some(Kind::Literal(Literal::String(pattern))), [list]) =
            (target.map(|target| &target.kind), arguments)
        else {
            return Ok(());
        };
        let Kind::List(items) = &list.kind else { return Ok(()) };
        if function != "format" || items.iter().any(|item| item.is_optional) {
            return Ok(());
        }
        let types: Vec<Type> =
            self.elements.iter().map(|element| self.types.finish(element)).collect();
        formatting::check(pattern, &types).map_err(|fault| self.text.error(list.at, fault))
    }
}

fn constant(node: &Node) -> Option<&str> {
    match &node.expr {
        Expr::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

fn invalid(function: &str, argument: &Node, fault: &str) -> CompileError {
    CompileError {
        message: format!("invalid {function} argument: {fault}"),
        position: argument.position,
        help: None,
    }
}
