//! Fields.

use std::sync::Arc;

use super::names::nearest;
use super::{Checked, Checker};
use crate::cel::CompileError;
use crate::cel::ast::Expr;
use crate::cel::parse::{Kind, Syntax};
use crate::cel::types::{ObjectType, Type};

impl Checker<'_> {
    #[inline(never)]
    pub(super) fn select(&mut self, syntax: &Syntax) -> Checked {
        let Kind::Select { operand, field, is_optional, is_test } = &syntax.kind else {
            return Err(self.text.error(syntax.at, "no selection"));
        };
        let name = syntax.qualified_name();
        if let Some(name) = &name
            && let Some(found) = self.find_qualified(syntax.at, name)
        {
            return Ok(found);
        }
        if let Some(error) = name.and_then(|name| self.unknown_below(syntax.at, &name)) {
            return Err(error);
        }
        let (node, found) = self.check(operand)?;
        let found = self.types.resolve(&found);
        let (inner, was_optional) = match &found {
            Type::Optional(inner) => (self.types.resolve(inner), true),
            _ => (found.clone(), false),
        };
        let selected = self.field_type(syntax.at, &inner, field)?;
        let operand = Box::new(node);
        let field = field.clone();
        if *is_test {
            return Ok((self.node(syntax.at, Expr::Has { operand, field }), Type::Bool));
        }
        let selected = match selected {
            selected @ Type::Optional(_) if was_optional => selected,
            selected if was_optional || *is_optional => Type::Optional(Arc::new(selected)),
            selected => selected,
        };
        let expr = Expr::Select { operand, field, is_optional: *is_optional };
        Ok((self.node(syntax.at, expr), selected))
    }

    /// A variable or a type whose name has dots; variables of comprehensions hide it.
    fn find_qualified(&self, at: u32, name: &str) -> Option<(crate::cel::ast::Node, Type)> {
        let outermost = name.split('.').next().unwrap_or(name);
        if self.is_local(outermost) { None } else { self.find(at, name) }
    }

    fn field_type(&mut self, at: u32, found: &Type, field: &str) -> Result<Type, CompileError> {
        match found {
            Type::Map(map) => Ok(map.1.clone()),
            Type::Object(object) => object
                .fields
                .get(field)
                .cloned()
                .ok_or_else(|| self.undefined_field(at, object, field)),
            Type::Param(_) => {
                self.types.fits(&Type::Dyn, found);
                Ok(Type::Dyn)
            }
            Type::Dyn => Ok(Type::Dyn),
            other => {
                let message = format!("type '{}' does not support field selection", other);
                Err(self.text.error(at, message))
            }
        }
    }

    pub(super) fn undefined_field(
        &self,
        at: u32,
        object: &ObjectType,
        field: &str,
    ) -> CompileError {
        let mut error = self.text.error(at, format!("undefined field '{field}'"));
        error.help = Some(match nearest(field, object.fields.keys().map(String::as_str)) {
            Some(nearest) => format!("did you mean '{nearest}'?"),
            None => format!("{} has no such field", object.name),
        });
        error
    }
}
