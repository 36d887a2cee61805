//! What the tables of functions have in common.

use std::any::Any;
use std::sync::Arc;

use super::{Call, Overload};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::Opaque;
use crate::cel::{EvalError, Value};

pub(super) const QUANTITY: Sig = Sig::Opaque(OpaqueType::Quantity);
pub(super) const URL: Sig = Sig::Opaque(OpaqueType::Url);
pub(super) const IP: Sig = Sig::Opaque(OpaqueType::Ip);
pub(super) const CIDR: Sig = Sig::Opaque(OpaqueType::Cidr);
pub(super) const FORMAT: Sig = Sig::Opaque(OpaqueType::Format);
pub(super) const SEMVER: Sig = Sig::Opaque(OpaqueType::Semver);

pub(super) const fn global(arguments: &'static [Sig], result: Sig, call: Call) -> Overload {
    Overload { is_member: false, arguments, result, call }
}

pub(super) const fn member(arguments: &'static [Sig], result: Sig, call: Call) -> Overload {
    Overload { is_member: true, arguments, result, call }
}

pub(super) fn other(message: impl Into<String>) -> EvalError {
    EvalError::Other(message.into())
}

/// What a function answers to values that it does not take.
pub(super) fn no_overload(function: &str) -> EvalError {
    EvalError::NoSuchOverload(function.to_owned())
}

pub(super) fn opaque<'v>(value: impl Opaque + 'static) -> Value<'v> {
    Value::Opaque(Arc::new(value))
}

/// What is in a value of a library.
pub(super) fn inside<'a, T: Any>(value: &'a Value<'_>) -> Option<&'a T> {
    match value {
        Value::Opaque(opaque) => opaque.as_any().downcast_ref(),
        _ => None,
    }
}

/// A text as Go's `%q` shows it, for messages.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                quoted.push_str(&format!("\\x{:02x}", c as u32));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
pub(super) mod tests {
    use regex::Regex;

    use super::super::{Function, Machine, Regexes};
    use crate::cel::{Budget, EvalError, Value};

    /// Compiles what it is asked for.
    #[derive(Debug)]
    pub(in super::super) struct Compiled;

    impl Regexes for Compiled {
        fn get(&self, pattern: &str, _: usize, _: &mut Budget) -> Result<Regex, EvalError> {
            Regex::new(pattern).map_err(|e| EvalError::Other(e.to_string()))
        }
    }

    /// Calls the first overload of a function whose arguments fit.
    pub(in super::super) fn call<'v>(
        functions: &'static [Function],
        name: &str,
        arguments: &[Value<'v>],
    ) -> Result<Value<'v>, EvalError> {
        let overload = functions
            .iter()
            .filter(|function| function.name == name)
            .flat_map(|function| function.overloads)
            .find(|overload| {
                overload.arguments.len() == arguments.len()
                    && overload.arguments.iter().zip(arguments).all(|(sig, value)| value.fits(*sig))
            })
            .unwrap_or_else(|| panic!("no overload of {name}"));
        let mut budget = Budget::new(1_000_000);
        (overload.call)(&mut Machine { budget: &mut budget, regexes: &Compiled }, arguments)
    }

    /// The value as `Debug` shows it, or the error as a person reads it.
    pub(in super::super) fn shown(
        functions: &'static [Function],
        name: &str,
        arguments: &[Value<'_>],
    ) -> String {
        match call(functions, name, arguments) {
            Ok(Value::Bool(yes)) => yes.to_string(),
            Ok(Value::Int(number)) => number.to_string(),
            Ok(Value::String(text)) => text.to_string(),
            Ok(Value::List(list)) => {
                let items: Vec<String> = list
                    .iter()
                    .map(|item| match item.unwrap() {
                        Value::String(text) => text.to_string(),
                        Value::Int(number) => number.to_string(),
                        other => format!("{other:?}"),
                    })
                    .collect();
                format!("[{}]", items.join("|"))
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("error: {error}"),
        }
    }
}
