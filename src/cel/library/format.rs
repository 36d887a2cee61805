//! Named formats: `format.dns1123Label().validate('a')` (k8s.io/apiserver/pkg/cel/library/format.go).

use std::any::Any;

use super::support::{FORMAT, global, inside, member, no_overload, opaque};
use super::{Function, Machine};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::Opaque;
use crate::cel::{EvalError, Value};

mod checks;
#[cfg(test)]
mod tests;

const NONE: &[Sig] = &[];
const OPTIONAL: Sig = Sig::Optional(&FORMAT);
const MESSAGES: Sig = Sig::Optional(&Sig::List(&Sig::String));

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "validate", overloads: &[member(&[FORMAT, Sig::String], MESSAGES, validate)] },
    Function { name: "format.named", overloads: &[global(&[Sig::String], OPTIONAL, named)] },
    Function { name: "format.dns1123Label", overloads: &[global(NONE, FORMAT, one::<0>)] },
    Function { name: "format.dns1123Subdomain", overloads: &[global(NONE, FORMAT, one::<1>)] },
    Function { name: "format.dns1035Label", overloads: &[global(NONE, FORMAT, one::<2>)] },
    Function { name: "format.qualifiedName", overloads: &[global(NONE, FORMAT, one::<3>)] },
    Function { name: "format.dns1123LabelPrefix", overloads: &[global(NONE, FORMAT, one::<4>)] },
    Function {
        name: "format.dns1123SubdomainPrefix",
        overloads: &[global(NONE, FORMAT, one::<5>)],
    },
    Function { name: "format.dns1035LabelPrefix", overloads: &[global(NONE, FORMAT, one::<6>)] },
    Function { name: "format.labelValue", overloads: &[global(NONE, FORMAT, one::<7>)] },
    Function { name: "format.uri", overloads: &[global(NONE, FORMAT, one::<8>)] },
    Function { name: "format.uuid", overloads: &[global(NONE, FORMAT, one::<9>)] },
    Function { name: "format.byte", overloads: &[global(NONE, FORMAT, one::<10>)] },
    Function { name: "format.date", overloads: &[global(NONE, FORMAT, one::<11>)] },
    Function { name: "format.datetime", overloads: &[global(NONE, FORMAT, one::<12>)] },
];

/// A format by name.
#[derive(Clone, Copy, Debug)]
struct Named {
    name: &'static str,
    /// Length of the regular expression by which Kubernetes counts the cost.
    length: u64,
    /// What is wrong with a text.
    check: fn(&str) -> Vec<String>,
}

const fn format(name: &'static str, length: u64, check: fn(&str) -> Vec<String>) -> Named {
    Named { name, length, check }
}

static FORMATS: [Named; 13] = [
    format("dns1123Label", 30, checks::dns_1123_label),
    format("dns1123Subdomain", 60, checks::dns_1123_subdomain),
    format("dns1035Label", 30, checks::dns_1035_label),
    format("qualifiedName", 60, checks::qualified_name),
    format("dns1123LabelPrefix", 30, |text| checks::dns_1123_label(&checks::masked(text))),
    format("dns1123SubdomainPrefix", 60, |text| checks::dns_1123_subdomain(&checks::masked(text))),
    format("dns1035LabelPrefix", 30, |text| checks::dns_1035_label(&checks::masked(text))),
    format("labelValue", 40, checks::label_value),
    format("uri", 1103, checks::uri),
    format("uuid", 77, checks::uuid),
    format("byte", 84, checks::byte),
    format("date", 80, checks::date),
    format("datetime", 80, checks::date_time),
];

impl Opaque for Named {
    fn opaque_type(&self) -> OpaqueType {
        OpaqueType::Format
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self.name == other.name)
    }
}

fn one<'v, const NUMBER: usize>(
    _: &mut Machine<'_>,
    _: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    FORMATS.get(NUMBER).map(|format| opaque(*format)).ok_or_else(|| no_overload("format"))
}

fn named<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(name)] = arguments else { return Err(no_overload("format.named")) };
    match FORMATS.iter().find(|format| format.name == &**name) {
        Some(format) => Value::some(opaque(*format)),
        None => Ok(Value::none()),
    }
}

fn validate<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [format, whole @ Value::String(text)] = arguments else {
        return Err(no_overload("validate"));
    };
    let format: &Named = inside(format).ok_or_else(|| no_overload("validate"))?;
    let cost = (1 + whole.size()).div_ceil(10).saturating_mul(format.length.div_ceil(4));
    machine.budget.spend(cost)?;
    let messages: Vec<Value<'v>> = (format.check)(text).into_iter().map(Value::text).collect();
    if messages.is_empty() { Ok(Value::none()) } else { Value::some(Value::list(messages)) }
}
