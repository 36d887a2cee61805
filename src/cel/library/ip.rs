//! `ip` and what can be told of it (k8s.io/apiserver/pkg/cel/library/ip.go, net/netip of Go).

use std::any::Any;
use std::net::IpAddr;

use super::support::{IP, global, inside, member, no_overload, opaque, other, quoted};
use super::{Function, Machine};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::Opaque;
use crate::cel::{EvalError, Value};

#[cfg(test)]
mod tests;

const TEXT: &[Sig] = &[Sig::String];
const ONE: &[Sig] = &[IP];

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "ip", overloads: &[global(TEXT, IP, ip)] },
    Function { name: "isIP", overloads: &[global(TEXT, Sig::Bool, is_ip)] },
    Function { name: "ip.isCanonical", overloads: &[global(TEXT, Sig::Bool, is_canonical)] },
    Function { name: "family", overloads: &[member(ONE, Sig::Int, family)] },
    Function { name: "isUnspecified", overloads: &[member(ONE, Sig::Bool, is_unspecified)] },
    Function { name: "isLoopback", overloads: &[member(ONE, Sig::Bool, is_loopback)] },
    Function {
        name: "isLinkLocalMulticast",
        overloads: &[member(ONE, Sig::Bool, is_link_local_multicast)],
    },
    Function {
        name: "isLinkLocalUnicast",
        overloads: &[member(ONE, Sig::Bool, is_link_local_unicast)],
    },
    Function { name: "isGlobalUnicast", overloads: &[member(ONE, Sig::Bool, is_global_unicast)] },
    Function { name: "string", overloads: &[global(ONE, Sig::String, string)] },
];

/// An address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) IpAddr);

impl Opaque for Address {
    fn opaque_type(&self) -> OpaqueType {
        OpaqueType::Ip
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

/// Reads an address as Kubernetes does: IPv4 without leading zeros, no zones, no IPv4 inside IPv6.
pub(super) fn parse(text: &str) -> Result<IpAddr, EvalError> {
    // netip takes a zone, Rust does not: the two are told apart for the message.
    if let Some((address, zone)) = text.split_once('%')
        && !zone.is_empty()
        && address.contains(':')
        && address.parse::<IpAddr>().is_ok()
    {
        return Err(other(format!("IP address {} with zone value is not allowed", quoted(text))));
    }
    match text.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            Err(other(format!("IPv4-mapped IPv6 address {} is not allowed", quoted(text))))
        }
        Ok(address) => Ok(address),
        Err(_) => Err(other(format!(
            "IP Address {} parse error during conversion from string: it is no address",
            quoted(text)
        ))),
    }
}

/// An address as Go writes it: unlike Rust, it writes no IPv4 inside `::1.2.3.4`.
pub(super) fn text(address: IpAddr) -> String {
    let IpAddr::V6(address) = address else { return address.to_string() };
    match address.segments() {
        // The only form that the two write differently.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => format!("::{high:x}:{low:x}"),
        _ => address.to_string(),
    }
}

fn ip<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("ip")) };
    machine.budget.traverse(text.chars().count())?;
    Ok(opaque(Address(parse(text)?)))
}

fn is_ip<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("isIP")) };
    machine.budget.traverse(text.chars().count())?;
    Ok(Value::Bool(parse(text).is_ok()))
}

fn is_canonical<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [Value::String(given)] = arguments else { return Err(no_overload("ip.isCanonical")) };
    machine.budget.traverse(given.chars().count().saturating_mul(2))?;
    Ok(Value::Bool(text(parse(given)?) == **given))
}

fn one(arguments: &[Value<'_>], name: &'static str) -> Result<IpAddr, EvalError> {
    let [address] = arguments else { return Err(no_overload(name)) };
    inside(address).map(|Address(address)| *address).ok_or_else(|| no_overload(name))
}

fn string<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::text(text(one(arguments, "string")?)))
}

fn family<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(if one(arguments, "family")?.is_ipv4() { 4 } else { 6 }))
}

fn is_unspecified<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(one(arguments, "isUnspecified")?.is_unspecified()))
}

fn is_loopback<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(one(arguments, "isLoopback")?.is_loopback()))
}

fn link_local_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        // Any flags, scope 2.
        IpAddr::V6(address) => address.segments().first().is_some_and(|s| s & 0xff0f == 0xff02),
    }
}

fn link_local_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_link_local_multicast<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(link_local_multicast(one(arguments, "isLinkLocalMulticast")?)))
}

fn is_link_local_unicast<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    Ok(Value::Bool(link_local_unicast(one(arguments, "isLinkLocalUnicast")?)))
}

fn is_global_unicast<'v>(
    _: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let address = one(arguments, "isGlobalUnicast")?;
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    Ok(Value::Bool(
        !is_broadcast
            && !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !link_local_unicast(address),
    ))
}
