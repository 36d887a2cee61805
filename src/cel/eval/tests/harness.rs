//! Expressions on an object of JSON.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use super::untyped::Untyped;
use crate::cel::eval::{Bindings, evaluate_node};
use crate::cel::library::Regexes;
use crate::cel::{Budget, Environment, EvalError, Program, Type, Value};
use crate::json::Tree;

#[derive(Debug, Default)]
struct Cache(RefCell<HashMap<String, Regex>>);

impl Regexes for Cache {
    fn get(&self, pattern: &str, _: usize, _: &mut Budget) -> Result<Regex, EvalError> {
        let mut cache = self.0.borrow_mut();
        if let Some(regex) = cache.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let regex = regex.map_err(|error| EvalError::Other(error.to_string()))?;
        cache.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

/// Variable 0 is an object, and nobody knows the others.
struct Object<'v>(&'v Tree<'v>);

impl<'v> Bindings<'v> for Object<'v> {
    fn get(&self, slot: usize, _: &mut Budget) -> Result<Value<'v>, EvalError> {
        match slot {
            0 => Value::from_tree(self.0),
            _ => Err(EvalError::Unknown("user")),
        }
    }
}

/// Evaluates an expression on an object; answers with what it came to as text, and what it cost.
pub(super) fn run(expression: &str, object: &str, limit: u64) -> (String, u64) {
    let program = Untyped::parse(expression);
    let tree = Tree::parse(object).unwrap();
    let mut budget = Budget::new(limit);
    let (cache, bindings) = (Cache::default(), Object(&tree));
    let result = evaluate_node(&program.root, program.locals, &cache, &bindings, &mut budget);
    (result.map_or_else(|error| format!("! {error}"), |value| show(&value)), budget.spent())
}

/// The same by way of the type checker; none where it refuses the expression.
pub(super) fn run_checked(expression: &str, object: &str, limit: u64) -> Option<(String, u64)> {
    let mut environment = Environment::new();
    environment.add("object", Type::Dyn);
    environment.add("unknown", Type::Dyn);
    let program = Program::compile(expression, &environment, &[]).ok()?;
    let tree = Tree::parse(object).unwrap();
    let mut budget = Budget::new(limit);
    let result = program.evaluate(&Object(&tree), &mut budget);
    let shown = result.map_or_else(|error| format!("! {error}"), |value| show(&value));
    Some((shown, budget.spent()))
}

/// A value as an expression has it; an absent one is `none`.
fn show(value: &Value<'_>) -> String {
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
