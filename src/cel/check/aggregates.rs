//! Lists, maps and objects.

use std::sync::Arc;

use super::unify::most_general;
use super::{Checked, Checker};
use crate::cel::CompileError;
use crate::cel::ast::{Element, Expr, Literal};
use crate::cel::parse::{Entry, Field, Item, Syntax};
use crate::cel::types::Type;

/// Elements of one literal have one type; looked at when all is known of them
/// (`ValidateHomogeneousAggregateLiterals` in cel-go's cel/validator.go).
#[derive(Debug)]
pub(super) struct Sameness {
    at: u32,
    first: Type,
    other: Type,
}

impl Checker<'_> {
    #[inline(never)]
    pub(super) fn list(&mut self, syntax: &Syntax, items: &[Item]) -> Checked {
        let mut elements = Vec::with_capacity(items.len());
        let mut types = Vec::with_capacity(items.len());
        let mut joined = Joined::default();
        for item in items {
            let (element, found) = self.element(item)?;
            elements.push(element);
            types.push(found.clone());
            self.join(item.value.at, &mut joined, found);
        }
        self.elements = types;
        let element = joined.general.unwrap_or_else(|| self.types.fresh());
        Ok((self.node(syntax.at, Expr::List(elements)), Type::List(Arc::new(element))))
    }

    #[inline(never)]
    pub(super) fn map(&mut self, syntax: &Syntax, entries: &[Entry]) -> Checked {
        let mut checked = Vec::with_capacity(entries.len());
        let (mut keys, mut values) = (Joined::default(), Joined::default());
        for entry in entries {
            let (key, found) = self.check(&entry.key)?;
            self.join(entry.key.at, &mut keys, found);
            let (value, found) = self.element(&entry.value)?;
            self.join(entry.value.value.at, &mut values, found);
            checked.push((key, value));
        }
        let key = keys.general.unwrap_or_else(|| self.types.fresh());
        let value = values.general.unwrap_or_else(|| self.types.fresh());
        let expr = Expr::Map { entries: checked, type_name: None };
        Ok((self.node(syntax.at, expr), Type::Map(Arc::new((key, value)))))
    }

    /// An element, without the mark that it may be absent.
    fn element(&mut self, item: &Item) -> Result<(Element, Type), CompileError> {
        let (node, found) = self.check(&item.value)?;
        let found = match self.types.resolve(&found) {
            Type::Optional(inner) if item.is_optional => (*inner).clone(),
            found if item.is_optional && found != Type::Dyn => {
                let optional = Type::Optional(Arc::new(found.clone()));
                return Err(self.mismatch(item.value.at, &optional, &found));
            }
            found => found,
        };
        Ok((Element { node, is_optional: item.is_optional }, found))
    }

    fn join(&mut self, at: u32, joined: &mut Joined, found: Type) {
        let Some(general) = &joined.general else {
            joined.first = Some(found.clone());
            joined.general = Some(found);
            return;
        };
        joined.general = Some(if self.types.fits(general, &found) {
            most_general(general, &found).clone()
        } else {
            Type::Dyn
        });
        if self.mixed > 0 {
            return;
        }
        if let Some(first) = &joined.first {
            self.sameness.push(Sameness { at, first: first.clone(), other: found });
        }
    }

    /// Looks whether literals are of one type each.
    pub(super) fn check_sameness(&self) -> Result<(), CompileError> {
        for Sameness { at, first, other } in &self.sameness {
            if self.types.finish(first) != self.types.finish(other) {
                let mut error = self.mismatch(*at, first, other);
                error.help = Some("elements have one type; dyn() hides it, of each".to_owned());
                return Err(error);
            }
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn message(&mut self, syntax: &Syntax, name: &str, fields: &[Field]) -> Checked {
        let Some(object) = self.environment.message(name) else {
            let message = format!("undeclared reference to '{name}'");
            let mut error = self.text.error(syntax.at, message);
            error.help = Some(
                "only expressions that make patches have types before a brace: JSONPatch, Object; \
                 others have maps: {'key': value}"
                    .to_owned(),
            );
            return Err(error);
        };
        let mut entries = Vec::with_capacity(fields.len());
        for field in fields {
            // `Object` and what is below it may have any fields.
            let expected = match object.fields.get(&*field.name) {
                Some(expected) => expected.clone(),
                None if object.fields.is_empty() => Type::Dyn,
                None => return Err(self.undefined_field(field.at, &object, &field.name)),
            };
            let (element, found) = self.element(&field.value)?;
            if !self.types.fits(&expected, &found) {
                let message = format!(
                    "expected type of field '{}' is '{expected}' but provided type is '{}'",
                    field.name,
                    self.types.finish(&found)
                );
                return Err(self.text.error(field.at, message));
            }
            let key = Expr::Literal(Literal::String(field.name.clone()));
            entries.push((self.node(field.at, key), element));
        }
        let expr = Expr::Map { entries, type_name: Some(name.into()) };
        Ok((self.node(syntax.at, expr), Type::Object(object)))
    }
}

/// The type that elements have so far.
#[derive(Default)]
struct Joined {
    first: Option<Type>,
    general: Option<Type>,
}
