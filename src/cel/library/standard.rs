//! CEL's own functions and operators (common/stdlib/standard.go and the optional types of cel/library.go in cel-go).

pub(in crate::cel) mod access;
pub(super) mod arithmetic;
pub(super) mod comparison;
pub(super) mod conversion;
pub(super) mod macros;
pub(super) mod optional;
pub(super) mod text;
pub(super) mod time;

use super::{Call, Overload};
use crate::cel::EvalError;
use crate::cel::types::Sig;

const fn global(arguments: &'static [Sig], result: Sig, call: Call) -> Overload {
    Overload { is_member: false, arguments, result, call }
}

const fn member(arguments: &'static [Sig], result: Sig, call: Call) -> Overload {
    Overload { is_member: true, arguments, result, call }
}

const A: Sig = Sig::Param(0);
const B: Sig = Sig::Param(1);
const LIST: Sig = Sig::List(&A);
const MAP: Sig = Sig::Map(&A, &B);

fn other(message: &str) -> EvalError {
    EvalError::Other(message.to_owned())
}

/// What a function answers to values that it does not take.
fn no_overload(function: &str) -> EvalError {
    EvalError::NoSuchOverload(function.to_owned())
}
