//! Names of variables and of types.

use std::sync::Arc;

use super::{Checked, Checker};
use crate::cel::CompileError;
use crate::cel::ast::{Expr, Node};
use crate::cel::parse::Syntax;
use crate::cel::types::{OpaqueType, Type};

/// How unlike a name may be that is offered instead: 1 is the same.
const LIKENESS: f64 = 0.8;

/// Why there is no `authorizer`.
const NO_AUTHORIZER: &str = "rules are decided without asking the API server, which is what `authorizer` does; \
     use a ValidatingAdmissionPolicy for it";

impl Checker<'_> {
    #[inline(never)]
    pub(super) fn name(&self, syntax: &Syntax, name: &str) -> Checked {
        if let Some(found) = self.find(syntax.at, name) {
            return Ok(found);
        }
        let mut error = self.text.error(syntax.at, format!("undeclared reference to '{name}'"));
        error.help = self.help_for_name(name);
        Err(error)
    }

    /// A variable of a comprehension or the environment, or a type.
    pub(super) fn find(&self, at: u32, name: &str) -> Option<(Node, Type)> {
        let local = self.scopes.iter().rev().find(|(known, ..)| **known == *name);
        if let Some((_, slot, known)) = local {
            return Some((self.node(at, Expr::Local(*slot)), known.clone()));
        }
        if let Some((slot, known)) = self.environment.variable(name) {
            return Some((self.node(at, Expr::Variable(slot)), known.clone()));
        }
        let named = type_of_name(name)?;
        Some((self.node(at, Expr::Type(Arc::new(named))), Type::Type))
    }

    /// Whether the outermost part of a name with dots is a variable of a comprehension.
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.scopes.iter().any(|(known, ..)| **known == *name)
    }

    fn help_for_name(&self, name: &str) -> Option<String> {
        if name == "authorizer" {
            return Some(NO_AUTHORIZER.to_owned());
        }
        if name == "params" {
            return Some("no params are given with this expression".to_owned());
        }
        if name == "variables" {
            return Some(
                "no variable is defined before this expression: each may use those before it, and match conditions \
                 have none"
                    .to_owned(),
            );
        }
        let locals = self.scopes.iter().map(|(known, ..)| &**known);
        let variables = self.environment.variables().iter().map(|(known, _)| known.as_str());
        let known = locals.chain(variables).filter(|known| !known.starts_with('@'));
        nearest(name, known).map(|nearest| format!("did you mean '{nearest}'?"))
    }

    /// What is said of a name below a name of the environment that is none itself: `variables.replica`.
    pub(super) fn unknown_below(&self, at: u32, name: &str) -> Option<CompileError> {
        let (parent, field) = name.rsplit_once('.')?;
        let siblings: Vec<&str> = self
            .environment
            .variables()
            .iter()
            .filter_map(|(known, _)| known.strip_prefix(parent)?.strip_prefix('.'))
            .collect();
        if siblings.is_empty() || self.find(at, parent).is_some() {
            return None;
        }
        let mut error = self.text.error(at, format!("undeclared reference to '{name}'"));
        error.help = nearest(field, siblings.iter().copied())
            .map(|nearest| format!("did you mean '{parent}.{nearest}'?"))
            .or_else(|| {
                Some(format!("before this expression there are only: {}", siblings.join(", ")))
            });
        Some(error)
    }
}

/// The most similar of some names.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, known)| known)
}

/// Types that have names (`stdTypes` in cel-go's common/stdlib/standard.go, and those of Kubernetes' libraries).
fn type_of_name(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "list" => Type::List(Arc::new(Type::Dyn)),
        "map" => Type::Map(Arc::new((Type::Dyn, Type::Dyn))),
        "null_type" => Type::Null,
        "string" => Type::String,
        "type" => Type::Type,
        "uint" => Type::Uint,
        "optional_type" => Type::Optional(Arc::new(Type::Dyn)),
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "kubernetes.Quantity" => Type::Opaque(OpaqueType::Quantity),
        "kubernetes.URL" => Type::Opaque(OpaqueType::Url),
        "net.IP" => Type::Opaque(OpaqueType::Ip),
        "net.CIDR" => Type::Opaque(OpaqueType::Cidr),
        "kubernetes.NamedFormat" => Type::Opaque(OpaqueType::Format),
        "kubernetes.Semver" => Type::Opaque(OpaqueType::Semver),
        _ => return None,
    })
}
