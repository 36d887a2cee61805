//! What is constant in an expression: Kubernetes evaluates it before it counts (`OptOptimize`, interpreter/decorators.go
//! in cel-go).

use crate::cel::Value;
use crate::cel::ast::{Expr, Literal, Node};

/// The functions that are evaluated beforehand where their argument is constant (`IsTypeConversionFunction` in
/// cel-go's common/overloads/overloads.go).
const CONVERSIONS: [&str; 10] =
    ["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"];

pub(super) fn value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(yes) => Value::Bool(*yes),
        Literal::Int(number) => Value::Int(*number),
        Literal::Uint(number) => Value::Uint(*number),
        Literal::Double(number) => Value::Double(*number),
        Literal::String(text) => Value::from(&**text),
        Literal::Bytes(bytes) => Value::Bytes(bytes.clone()),
    }
}

pub(super) fn is_constant(node: &Node) -> bool {
    match &node.expr {
        Expr::Literal(_) | Expr::Type(_) => true,
        Expr::List(elements) => elements.iter().all(|element| is_constant(&element.node)),
        Expr::Map { entries, type_name: None } => {
            entries.iter().all(|(key, value)| is_constant(key) && is_constant(&value.node))
        }
        Expr::Call { function, arguments, .. } if CONVERSIONS.contains(function) => {
            matches!(arguments.as_slice(), [argument] if is_constant(argument))
        }
        _ => false,
    }
}
