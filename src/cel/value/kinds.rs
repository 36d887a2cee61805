//! Of what type a value is.

use std::borrow::Cow;
use std::sync::Arc;

use super::Value;
use crate::cel::types::{OpaqueType, Sig, Type};

impl Value<'_> {
    /// The type, as far as values know it: what is in lists and maps is not looked at.
    pub fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Duration(_) => Type::Duration,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Type(_) => Type::Type,
            Self::List(_) => Type::List(Arc::new(Type::Dyn)),
            Self::Map(_) => Type::Map(Arc::new((Type::Dyn, Type::Dyn))),
            Self::Optional(_) => Type::Optional(Arc::new(Type::Dyn)),
            Self::Opaque(opaque) => Type::Opaque(opaque.opaque_type()),
        }
    }

    /// The name of its type, as cel-go has it in messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Opaque(opaque) => match opaque.opaque_type() {
                OpaqueType::Quantity => "kubernetes.Quantity",
                OpaqueType::Url => "kubernetes.URL",
                OpaqueType::Ip => "net.IP",
                OpaqueType::Cidr => "net.CIDR",
                OpaqueType::Format => "kubernetes.NamedFormat",
                OpaqueType::Semver => "kubernetes.Semver",
                OpaqueType::JsonPatch => "jsonpatch.JSONPatch",
            },
        }
    }

    /// Whether it can be an argument of such a type; what is in lists, maps and optional values is not looked at.
    pub(crate) fn fits(&self, sig: Sig) -> bool {
        match sig {
            Sig::Dyn | Sig::Param(_) => true,
            Sig::Null => matches!(self, Self::Null),
            Sig::Bool => matches!(self, Self::Bool(_)),
            Sig::Int => matches!(self, Self::Int(_)),
            Sig::Uint => matches!(self, Self::Uint(_)),
            Sig::Double => matches!(self, Self::Double(_)),
            Sig::String => matches!(self, Self::String(_)),
            Sig::Bytes => matches!(self, Self::Bytes(_)),
            Sig::Duration => matches!(self, Self::Duration(_)),
            Sig::Timestamp => matches!(self, Self::Timestamp(_)),
            Sig::Type => matches!(self, Self::Type(_)),
            Sig::List(_) => matches!(self, Self::List(_)),
            Sig::Map(..) => matches!(self, Self::Map(_)),
            Sig::Optional(_) => matches!(self, Self::Optional(_)),
            Sig::Opaque(wanted) => {
                matches!(self, Self::Opaque(opaque) if opaque.opaque_type() == wanted)
            }
        }
    }

    /// A key or an index as messages show it; a long one is cut.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(yes) => yes.to_string().into(),
            Self::Int(number) => number.to_string().into(),
            Self::Uint(number) => number.to_string().into(),
            Self::Double(number) => number.to_string().into(),
            Self::String(text) => match text.char_indices().nth(100) {
                None => Cow::Borrowed(&**text),
                Some((end, _)) => format!("{}…", &text[..end]).into(),
            },
            _ => self.type_name().into(),
        }
    }

    /// How many elements, entries, characters or bytes it has: what cost is counted by; 1 for all else, and for an
    /// optional value what it holds (`actualSize` in cel-go's interpreter/runtimecost.go).
    pub fn size(&self) -> u64 {
        (match self {
            Self::String(text) => characters(text),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            Self::Optional(Some(value)) => return value.size(),
            _ => 1,
        }) as u64
    }
}

/// How many code points a text has.
pub(crate) fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}
