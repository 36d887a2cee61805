//! Types of expressions.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type as the checker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Known only when the expression is evaluated.
    Dyn,
    /// The type of `null`.
    Null,
    /// `true` and `false`.
    Bool,
    /// 64 bits, signed.
    Int,
    /// 64 bits, unsigned.
    Uint,
    /// 64 bits, IEEE 754.
    Double,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A span of time, in nanoseconds.
    Duration,
    /// A point in time.
    Timestamp,
    /// The type of types.
    Type,
    /// A list.
    List(Arc<Type>),
    /// A map, from what to what.
    Map(Arc<(Type, Type)>),
    /// A value that may be absent.
    Optional(Arc<Type>),
    /// An object of known fields.
    Object(Arc<ObjectType>),
    /// A type of a Kubernetes library.
    Opaque(OpaqueType),
    /// A type parameter of a signature that is being matched, by its number.
    Param(u32),
}

/// An object of known fields: of the Kubernetes API, or the `params` of a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectType {
    /// Name, for messages: `io.k8s.api.core.v1.Container`.
    pub name: String,
    /// Fields by name, as JSON has them.
    pub fields: BTreeMap<String, Type>,
}

/// Types that Kubernetes' libraries bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpaqueType {
    /// `kubernetes.Quantity`.
    Quantity,
    /// `kubernetes.URL`.
    Url,
    /// `net.IP`.
    Ip,
    /// `net.CIDR`.
    Cidr,
    /// `kubernetes.NamedFormat`.
    Format,
    /// `kubernetes.Semver`.
    Semver,
    /// `sets`, `JSONPatch` and others that are not values of their own use what CEL has.
    JsonPatch,
}

/// A type in a signature of the function tables, which are constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sig {
    /// See [`Type::Dyn`].
    Dyn,
    /// See [`Type::Null`].
    Null,
    /// See [`Type::Bool`].
    Bool,
    /// See [`Type::Int`].
    Int,
    /// See [`Type::Uint`].
    Uint,
    /// See [`Type::Double`].
    Double,
    /// See [`Type::String`].
    String,
    /// See [`Type::Bytes`].
    Bytes,
    /// See [`Type::Duration`].
    Duration,
    /// See [`Type::Timestamp`].
    Timestamp,
    /// See [`Type::Type`].
    Type,
    /// See [`Type::List`].
    List(&'static Sig),
    /// See [`Type::Map`].
    Map(&'static Sig, &'static Sig),
    /// See [`Type::Optional`].
    Optional(&'static Sig),
    /// See [`Type::Opaque`].
    Opaque(OpaqueType),
    /// A type parameter of the signature; the same number is the same type.
    Param(u32),
}

impl fmt::Display for Type {
    /// As `FormatCELType` in cel-go's checker/format.go.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Param(_) => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Type => f.write_str("type"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Map(map) => write!(f, "map({}, {})", map.0, map.1),
            Self::Optional(inner) => write!(f, "optional_type({inner})"),
            Self::Object(object) => f.write_str(&object.name),
            Self::Opaque(opaque) => f.write_str(match opaque {
                OpaqueType::Quantity => "kubernetes.Quantity",
                OpaqueType::Url => "kubernetes.URL",
                OpaqueType::Ip => "net.IP",
                OpaqueType::Cidr => "net.CIDR",
                OpaqueType::Format => "kubernetes.NamedFormat",
                OpaqueType::Semver => "kubernetes.Semver",
                OpaqueType::JsonPatch => "JSONPatch",
            }),
        }
    }
}
