//! `cidr` and what can be told of it (k8s.io/apiserver/pkg/cel/library/cidr.go, net/netip of Go).

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ip::{self, Address};
use super::support::{CIDR, IP, global, inside, member, no_overload, opaque, other, quoted};
use super::{Function, Machine};
use crate::cel::types::{OpaqueType, Sig};
use crate::cel::value::Opaque;
use crate::cel::{EvalError, Value};

#[cfg(test)]
mod tests;

const TEXT: &[Sig] = &[Sig::String];
const ONE: &[Sig] = &[CIDR];

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "cidr", overloads: &[global(TEXT, CIDR, cidr)] },
    Function { name: "isCIDR", overloads: &[global(TEXT, Sig::Bool, is_cidr)] },
    Function {
        name: "containsIP",
        overloads: &[
            member(&[CIDR, Sig::String], Sig::Bool, contains_ip),
            member(&[CIDR, IP], Sig::Bool, contains_ip),
        ],
    },
    Function {
        name: "containsCIDR",
        overloads: &[
            member(&[CIDR, Sig::String], Sig::Bool, contains_cidr),
            member(&[CIDR, CIDR], Sig::Bool, contains_cidr),
        ],
    },
    Function { name: "ip", overloads: &[member(ONE, IP, address)] },
    Function { name: "prefixLength", overloads: &[member(ONE, Sig::Int, prefix_length)] },
    Function { name: "masked", overloads: &[member(ONE, CIDR, masked)] },
    Function { name: "string", overloads: &[global(ONE, Sig::String, string)] },
];

/// An address and how many of its bits name the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Opaque for Network {
    fn opaque_type(&self) -> OpaqueType {
        OpaqueType::Cidr
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}

impl Network {
    /// The address with all bits off that do not name the network.
    fn masked(self) -> Self {
        let bits = u32::from(self.bits);
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Self { address, ..self }
    }

    fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && Self { address, ..self }.masked() == self.masked()
    }

    /// What cost is counted by: bytes of the prefix (`CIDR.Size` in k8s.io/apiserver/pkg/cel/cidr.go).
    fn size(self) -> u64 {
        u64::from(self.bits).div_ceil(8)
    }
}

fn parse(text: &str) -> Result<Network, EvalError> {
    const WHERE: &str = "network address parse error during conversion from string:";
    let wrong = |why: &str| other(format!("{WHERE} {WHERE} {}: {why}", quoted(text)));
    let Some((address, bits)) = text.rsplit_once('/') else { return Err(wrong("no '/'")) };
    let address: IpAddr = address.parse().map_err(|_| wrong("it is no address"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let is_plain = bits.bytes().all(|b| b.is_ascii_digit())
        && (bits.len() == 1 || bits.len() <= 3 && !bits.starts_with('0'));
    match bits.parse() {
        Ok(bits) if is_plain && bits <= most => {
            if let IpAddr::V6(v6) = address
                && v6.to_ipv4_mapped().is_some()
            {
                let text = quoted(text);
                return Err(other(format!(
                    "{WHERE} IPv4-mapped IPv6 address {text} is not allowed"
                )));
            }
            Ok(Network { address, bits })
        }
        _ if is_plain && !bits.is_empty() => Err(wrong("prefix length out of range")),
        _ => Err(wrong("the length of the prefix is no number")),
    }
}

fn cidr<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("cidr")) };
    machine.budget.traverse(text.chars().count())?;
    Ok(opaque(parse(text)?))
}

fn is_cidr<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [Value::String(text)] = arguments else { return Err(no_overload("isCIDR")) };
    machine.budget.traverse(text.chars().count())?;
    Ok(Value::Bool(parse(text).is_ok()))
}

fn contains_ip<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [network, within] = arguments else { return Err(no_overload("containsIP")) };
    let network: Network = *inside(network).ok_or_else(|| no_overload("containsIP"))?;
    machine.budget.spend((2 * network.size()).div_ceil(10))?;
    let address = match within {
        Value::String(text) => {
            machine.budget.traverse(text.chars().count())?;
            // What is wrong with the address is lost there.
            ip::parse(text).map_err(|_| no_overload("containsIP"))?
        }
        value => inside::<Address>(value).ok_or_else(|| no_overload("containsIP"))?.0,
    };
    Ok(Value::Bool(network.contains(address)))
}

fn contains_cidr<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [network, within] = arguments else { return Err(no_overload("containsCIDR")) };
    let network: Network = *inside(network).ok_or_else(|| no_overload("containsCIDR"))?;
    machine.budget.spend((2 * network.size()).div_ceil(10) + network.size().div_ceil(10) + 1)?;
    let within = match within {
        Value::String(text) => {
            machine.budget.traverse(text.chars().count())?;
            parse(text)?
        }
        value => *inside::<Network>(value).ok_or_else(|| no_overload("containsCIDR"))?,
    };
    Ok(Value::Bool(network.bits <= within.bits && network.contains(within.address)))
}

fn one(arguments: &[Value<'_>], name: &'static str) -> Result<Network, EvalError> {
    let [network] = arguments else { return Err(no_overload(name)) };
    inside(network).copied().ok_or_else(|| no_overload(name))
}

fn address<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(opaque(Address(one(arguments, "ip")?.address)))
}

fn prefix_length<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(Value::Int(one(arguments, "prefixLength")?.bits.into()))
}

fn masked<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    Ok(opaque(one(arguments, "masked")?.masked()))
}

fn string<'v>(_: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let network = one(arguments, "string")?;
    Ok(Value::text(format!("{}/{}", ip::text(network.address), network.bits)))
}
