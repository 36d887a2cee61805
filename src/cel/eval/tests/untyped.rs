//! Expressions without a type checker: each overload of a function stays a candidate, and values decide.
//!
//! This reaches what the checker would refuse, so that the evaluator is shown to hold by itself.

use std::sync::Arc;

use crate::cel::ast::{Comprehension, Element, Expr, Node};
use crate::cel::library::{self, Overload};
use crate::cel::parse::{Item, Kind, Syntax, Text, parse};
use crate::cel::{Position, Type};

/// A program that was not checked.
pub(super) struct Untyped {
    pub(super) root: Node,
    pub(super) locals: usize,
}

impl Untyped {
    pub(super) fn parse(expression: &str) -> Self {
        let make = || {
            let syntax = parse(&Text::new(expression));
            let syntax = syntax.unwrap_or_else(|error| panic!("{expression}: {error}"));
            let mut scope = Scope::default();
            let root = build(&mut scope, &syntax);
            Self { root, locals: scope.locals }
        };
        // It is evaluation that has to fit an ordinary stack here.
        std::thread::scope(|threads| {
            let builder = std::thread::Builder::new().stack_size(16 << 20);
            builder.spawn_scoped(threads, make).unwrap().join().unwrap()
        })
    }
}

#[derive(Default)]
struct Scope {
    names: Vec<(String, usize)>,
    locals: usize,
}

fn node(expr: Expr) -> Node {
    Node { position: Position::default(), expr }
}

fn boxed(scope: &mut Scope, syntax: &Syntax) -> Box<Node> {
    Box::new(build(scope, syntax))
}

fn item(scope: &mut Scope, item: &Item) -> Element {
    Element { node: build(scope, &item.value), is_optional: item.is_optional }
}

fn build(scope: &mut Scope, syntax: &Syntax) -> Node {
    node(match &syntax.kind {
        Kind::Literal(literal) => Expr::Literal(literal.clone()),
        Kind::Name(name) => match scope.names.iter().rev().find(|(n, _)| **n == **name) {
            Some((_, slot)) => Expr::Local(*slot),
            None => match &**name {
                "object" => Expr::Variable(0),
                "unknown" => Expr::Variable(1),
                "int" => Expr::Type(Arc::new(Type::Int)),
                "string" => Expr::Type(Arc::new(Type::String)),
                "list" => Expr::Type(Arc::new(Type::List(Arc::new(Type::Dyn)))),
                other => panic!("no name {other}"),
            },
        },
        Kind::Select { operand, field, is_optional, is_test } => {
            let operand = boxed(scope, operand);
            let field = field.clone();
            if *is_test {
                Expr::Has { operand, field }
            } else {
                Expr::Select { operand, field, is_optional: *is_optional }
            }
        }
        Kind::Call { function, target, arguments } => {
            let mut name = function.to_string();
            let mut all: Vec<&Syntax> = Vec::new();
            let mut member = target.is_some();
            if let Some(target) = target {
                match target.qualified_name() {
                    Some(q) if library::find(&format!("{q}.{name}")).next().is_some() => {
                        name = format!("{q}.{name}");
                        member = false;
                    }
                    _ => all.push(target),
                }
            }
            all.extend(arguments);
            let mut arguments: Vec<Node> = all.iter().map(|s| build(scope, s)).collect();
            match name.as_str() {
                "_&&_" | "_||_" => {
                    let right = Box::new(arguments.pop().unwrap());
                    let left = Box::new(arguments.pop().unwrap());
                    if name == "_&&_" { Expr::And(left, right) } else { Expr::Or(left, right) }
                }
                "_?_:_" => {
                    let arguments: [Node; 3] = arguments.try_into().unwrap();
                    Expr::Conditional(Box::new(arguments))
                }
                _ => {
                    let mut candidates: Vec<&'static Overload> = Vec::new();
                    let mut function = "";
                    for f in library::find(&name) {
                        function = f.name;
                        candidates.extend(f.overloads.iter().filter(|o| {
                            o.is_member == member && o.arguments.len() == arguments.len()
                        }));
                    }
                    assert!(!candidates.is_empty(), "no function {name}");
                    Expr::Call { function, candidates, arguments }
                }
            }
        }
        Kind::List(items) => Expr::List(items.iter().map(|i| item(scope, i)).collect()),
        Kind::Map(entries) => Expr::Map {
            entries: entries
                .iter()
                .map(|e| (build(scope, &e.key), item(scope, &e.value)))
                .collect(),
            type_name: None,
        },
        Kind::Message { .. } => panic!("message"),
        Kind::Comprehension(c) => {
            let range = build(scope, &c.range);
            let initial = build(scope, &c.initial);
            let accumulator = scope.locals;
            let variable = scope.locals + 1;
            let second = c.second.as_ref().map(|_| scope.locals + 2);
            scope.locals += 3;
            let depth = scope.names.len();
            scope.names.push((c.accumulator.to_string(), accumulator));
            scope.names.push((c.variable.to_string(), variable));
            if let (Some(name), Some(slot)) = (&c.second, second) {
                scope.names.push((name.to_string(), slot));
            }
            let condition = build(scope, &c.condition);
            let step = build(scope, &c.step);
            scope.names.truncate(depth + 1);
            let result = build(scope, &c.result);
            scope.names.truncate(depth);
            Expr::Comprehension(Box::new(Comprehension {
                range,
                variable,
                second,
                accumulator,
                initial,
                condition,
                step,
                result,
            }))
        }
    })
}
