//! `url` and its parts (k8s.io/apiserver/pkg/cel/library/urls.go, net/url of Go).

use std::any::Any;

use super::support::{URL, global, inside, member, no_overload, opaque, other};
use super::{Function, Machine};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::{Map, Opaque};
use crate::cel::{EvalError, Value};

pub(super) mod escapes;
mod parse;
#[cfg(test)]
mod tests;

use parse::parse_reference;
pub(super) use parse::{Url, parse};

const TEXT: &[Sig] = &[Sig::String];
const ONE: &[Sig] = &[URL];
const QUERY: Sig = Sig::Map(&Sig::String, &Sig::List(&Sig::String));

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "url", overloads: &[global(TEXT, URL, url)] },
    Function { name: "isURL", overloads: &[global(TEXT, Sig::Bool, is_url)] },
    Function { name: "getScheme", overloads: &[member(ONE, Sig::String, scheme)] },
    Function { name: "getHost", overloads: &[member(ONE, Sig::String, host)] },
    Function { name: "getHostname", overloads: &[member(ONE, Sig::String, hostname)] },
    Function { name: "getPort", overloads: &[member(ONE, Sig::String, port)] },
    Function { name: "getEscapedPath", overloads: &[member(ONE, Sig::String, escaped_path)] },
    Function { name: "getQuery", overloads: &[member(ONE, QUERY, query)] },
];

impl Opaque for Url {
    fn opaque_type(&self) -> OpaqueType {
        OpaqueType::Url
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self == other)
    }
}

fn url<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("url")) };
    machine.budget.traverse(text.chars().count())?;
    let wrong = |why| other(format!("URL parse error during conversion from string: {why}"));
    // A fragment belongs to the path there, and what is right of it may be wrong here.
    parse(text).map_err(wrong)?;
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let url =
        if text.is_empty() { Url::default() } else { parse_reference(text).map_err(wrong)? };
    Ok(opaque(url.with_fragment(fragment).map_err(wrong)?))
}

fn is_url<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("isURL")) };
    Ok(Value::Bool(parse(text).is_ok()))
}

fn one<'a>(arguments: &'a [Value<'_>], name: &'static str) -> Result<&'a Url, EvalError> {
    let [url] = arguments else { return Err(no_overload(name)) };
    inside(url).ok_or_else(|| no_overload(name))
}

fn scheme<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(arguments, "getScheme")?.scheme.as_str()))
}

fn host<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(arguments, "getHost")?.host.as_str()))
}

fn hostname<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(arguments, "getHostname")?.host_and_port().0))
}

fn port<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(arguments, "getPort")?.host_and_port().1))
}

fn escaped_path<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(one(arguments, "getEscapedPath")?.escaped_path()))
}

fn query<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let url = one(arguments, "getQuery")?;
    let mut entries: Vec<(String, Vec<Value<'v>>)> = Vec::new();
    for part in url.query.split('&') {
        // Go leaves out what it cannot read.
        if part.is_empty() || part.contains(';') {
            continue;
        }
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (Some(key), Some(value)) = (escapes::query(key), escapes::query(value)) else {
            continue;
        };
        machine.budget.copy(1 + entries.len() / 16)?;
        let value = Value::text(value);
        match entries.iter_mut().find(|(name, _)| *name == key) {
            Some((_, values)) => values.push(value),
            None => entries.push((key, vec![value])),
        }
    }
    let entries = entries.into_iter().map(|(key, values)| (Value::text(key), Value::list(values)));
    Map::of(entries.collect()).map(Value::Map)
}
