//! `semver` (k8s.io/apiserver/pkg/cel/library/semverlib.go, github.com/blang/semver/v4).

use std::any::Any;
use std::cmp::Ordering;

use ::semver::Version;

use super::support::{SEMVER, global, inside, member, no_overload, opaque, other};
use super::{Function, Machine};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::Opaque;
use crate::cel::{EvalError, Value};

#[cfg(test)]
mod tests;

const TEXT: &[Sig] = &[Sig::String];
const AND_BOOL: &[Sig] = &[Sig::String, Sig::Bool];
const ONE: &[Sig] = &[SEMVER];
const TWO: &[Sig] = &[SEMVER, SEMVER];

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "semver",
        overloads: &[global(TEXT, SEMVER, version), global(AND_BOOL, SEMVER, version)],
    },
    Function {
        name: "isSemver",
        overloads: &[global(TEXT, Sig::Bool, is_semver), global(AND_BOOL, Sig::Bool, is_semver)],
    },
    Function { name: "isGreaterThan", overloads: &[member(TWO, Sig::Bool, is_greater_than)] },
    Function { name: "isLessThan", overloads: &[member(TWO, Sig::Bool, is_less_than)] },
    Function { name: "compareTo", overloads: &[member(TWO, Sig::Int, compare_to)] },
    Function { name: "major", overloads: &[member(ONE, Sig::Int, major)] },
    Function { name: "minor", overloads: &[member(ONE, Sig::Int, minor)] },
    Function { name: "patch", overloads: &[member(ONE, Sig::Int, patch)] },
];

#[derive(Clone, Debug)]
struct Semver(Version);

impl Opaque for Semver {
    fn opaque_type(&self) -> OpaqueType {
        OpaqueType::Semver
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| self.0.cmp_precedence(&other.0).is_eq())
    }
}

fn parse(text: &str, normalize: bool) -> Result<Version, EvalError> {
    let text = if normalize { normalized(text)? } else { text.to_owned() };
    Version::parse(&text).map_err(|error| {
        let why = error.to_string().replace("exceeds u64::MAX", "is out of range of 64 bits");
        other(format!("invalid version: {why}"))
    })
}

/// Without `v` and leading zeros, with a minor number and a patch (`normalizeAndParse` in semverlib.go).
fn normalized(text: &str) -> Result<String, EvalError> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text
        .splitn(3, '.')
        .map(|part| {
            let short = part.trim_start_matches('0');
            match (part.len() > 1, short.starts_with(|c: char| c.is_ascii_digit())) {
                (false, _) => part.to_owned(),
                (true, true) => short.to_owned(),
                (true, false) => format!("0{short}"),
            }
        })
        .collect();
    if parts.len() < 3 && parts.last().is_some_and(|part| part.contains(['+', '-'])) {
        return Err(other("short version cannot contain PreRelease/Build meta data"));
    }
    parts.resize(3, "0".to_owned());
    Ok(parts.join("."))
}

fn read(
    machine: &mut Machine<'_>,
    arguments: &[Value<'_>],
    name: &'static str,
) -> Result<Result<Version, EvalError>, EvalError> {
    let (text, normalize) = match arguments {
        [Value::String(text)] => (text, false),
        [Value::String(text), Value::Bool(normalize)] => (text, *normalize),
        _ => return Err(no_overload(name)),
    };
    machine.budget.traverse(text.chars().count())?;
    Ok(parse(text, normalize))
}

fn version<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(opaque(Semver(read(machine, arguments, "semver")??)))
}

fn is_semver<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(read(machine, arguments, "isSemver")?.is_ok()))
}

fn order(arguments: &[Value<'_>], name: &'static str) -> Result<Ordering, EvalError> {
    let [left, right] = arguments else { return Err(no_overload(name)) };
    let pair = inside::<Semver>(left).zip(inside::<Semver>(right));
    let (left, right) = pair.ok_or_else(|| no_overload(name))?;
    // What is built from it has no say, as in blang/semver.
    Ok(left.0.cmp_precedence(&right.0))
}

fn is_greater_than<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(order(arguments, "isGreaterThan")?.is_gt()))
}

fn is_less_than<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(order(arguments, "isLessThan")?.is_lt()))
}

fn compare_to<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(order(arguments, "compareTo")? as i64))
}

/// A part of a version; Go lets one of 64 bits become negative.
fn part<'v>(
    arguments: &[Value<'v>],
    name: &'static str,
    part: fn(&Version) -> u64,
) -> Result<Value<'v>, EvalError> {
    let [version] = arguments else { return Err(no_overload(name)) };
    let Semver(version) = inside(version).ok_or_else(|| no_overload(name))?;
    Ok(Value::Int(part(version).cast_signed()))
}

fn major<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    part(arguments, "major", |version| version.major)
}

fn minor<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    part(arguments, "minor", |version| version.minor)
}

fn patch<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    part(arguments, "patch", |version| version.patch)
}
