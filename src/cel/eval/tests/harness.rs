//! TEMPORARY: expressions without a type checker.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;

use crate::cel::ast::{Comprehension, Element, Expr, Node};
use crate::cel::eval::{Bindings, evaluate_node};
use crate::cel::library::{self, Overload, Regexes};
use crate::cel::parse::{Item, Kind, Syntax, Text, parse};
use crate::cel::{Budget, EvalError, Position, Value};
use crate::json::Tree;

#[derive(Debug, Default)]
struct Cache(RefCell<HashMap<String, Regex>>);

impl Regexes for Cache {
    fn get(&self, pattern: &str) -> Result<Regex, EvalError> {
        let mut cache = self.0.borrow_mut();
        if let Some(regex) = cache.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = regex::RegexBuilder::new(pattern)
            .size_limit(1 << 20)
            .build()
            .map_err(|e| EvalError::Other(e.to_string()))?;
        cache.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

struct Object<'v>(&'v Tree<'v>);

impl<'v> Bindings<'v> for Object<'v> {
    fn get(&self, slot: usize, _: &mut Budget) -> Result<Value<'v>, EvalError> {
        match slot {
            0 => Value::from_tree(self.0),
            _ => Err(EvalError::Unknown("user")),
        }
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
                "int" => Expr::Type(std::sync::Arc::new(crate::cel::Type::Int)),
                "string" => Expr::Type(std::sync::Arc::new(crate::cel::Type::String)),
                "list" => Expr::Type(std::sync::Arc::new(crate::cel::Type::List(
                    std::sync::Arc::new(crate::cel::Type::Dyn),
                ))),
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

/// Evaluates an expression on an object; answers with what it came to as text, and what it cost.
pub(super) fn run(expression: &str, object: &str, limit: u64) -> (String, u64) {
    let text = Text::new(expression);
    let syntax = parse(&text).unwrap_or_else(|e| panic!("{expression}: {e}"));
    let mut scope = Scope::default();
    let root = build(&mut scope, &syntax);
    let tree = Tree::parse(object).unwrap();
    let mut budget = Budget::new(limit);
    let cache = Cache::default();
    let result = evaluate_node(&root, scope.locals, &cache, &Object(&tree), &mut budget);
    (result.map_or_else(|e| format!("! {e}"), |v| show(&v)), budget.spent())
}

pub(super) fn show(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Uint(n) => format!("{n}u"),
        Value::Double(n) => format!("{n:?}"),
        Value::String(text) => format!("{:?}", &**text),
        Value::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Value::Duration(_) | Value::Timestamp(_) | Value::Bool(_) | Value::Int(_) => {
            value.to_text().unwrap()
        }
        Value::Type(t) => format!("{t:?}"),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(|v| show(&v.unwrap())).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|e| {
                    let (k, v) = e.unwrap();
                    format!("{}: {}", show(&k), show(&v))
                })
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Optional(None) => "none".to_owned(),
        Value::Optional(Some(inner)) => format!("optional({})", show(inner)),
        Value::Opaque(opaque) => format!("{opaque:?}"),
    }
}
