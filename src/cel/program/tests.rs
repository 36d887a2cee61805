mod compiled;
mod depth;
mod refused;

use serde_json::json;

use super::Program;
use crate::cel::schema;
use crate::cel::types::Type;
use crate::cel::{Bindings, Budget, Environment, EvalError, Value};
use crate::json::Tree;

/// The variables of a policy about pods.
fn environment() -> Environment {
    let params = schema::params(&json!({"max": 3, "hosts": ["a.example", "b.example"]}));
    let mut environment = Environment::admission(Some(params));
    environment.add("variables.images", Type::List(Type::String.into()));
    environment.add("variables.replicas", Type::Int);
    environment
}

/// The type that an expression comes to, or what is wrong with it and where.
fn compile(source: &str) -> String {
    match Program::compile(source, &environment(), &[]) {
        Ok(program) => program.result.to_string(),
        Err(error) => {
            format!("{}:{} {}", error.position.line, error.position.column, error.message)
        }
    }
}
