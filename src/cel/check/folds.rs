//! Comprehensions.

use super::{Checked, Checker};
use crate::cel::CompileError;
use crate::cel::ast::{Comprehension, Expr};
use crate::cel::parse::{self, Syntax};
use crate::cel::types::Type;

impl Checker<'_> {
    #[inline(never)]
    pub(super) fn comprehension(
        &mut self,
        syntax: &Syntax,
        parts: &parse::Comprehension,
    ) -> Checked {
        let (range, ranged) = self.check(&parts.range)?;
        let (initial, gathered) = self.check(&parts.initial)?;
        let ranged = self.types.resolve(&ranged);
        let (first, second) = self.elements(parts.range.at, &ranged, parts.second.is_some())?;
        let accumulator = self.enter(&parts.accumulator, gathered.clone());
        let variable = self.enter(&parts.variable, first);
        let other = match (&parts.second, second) {
            (Some(name), Some(second)) => Some(self.enter(name, second)),
            _ => None,
        };
        let condition = self.bool(&parts.condition)?;
        let (step, stepped) = self.check(&parts.step)?;
        if !self.types.fits(&gathered, &stepped) {
            return Err(self.mismatch(parts.step.at, &gathered, &stepped));
        }
        self.scopes.truncate(self.scopes.len() - 1 - usize::from(other.is_some()));
        let (result, found) = self.check(&parts.result)?;
        self.scopes.pop();
        let found = self.types.resolve(&found);
        let comprehension = Comprehension {
            range,
            variable,
            second: other,
            accumulator,
            initial,
            condition,
            step,
            result,
        };
        Ok((self.node(syntax.at, Expr::Comprehension(Box::new(comprehension))), found))
    }

    /// Types of the variables.
    fn elements(
        &mut self,
        at: u32,
        ranged: &Type,
        has_two: bool,
    ) -> Result<(Type, Option<Type>), CompileError> {
        let (index, element) = match ranged {
            Type::List(element) if has_two => (Type::Int, (**element).clone()),
            Type::List(element) => return Ok(((**element).clone(), None)),
            Type::Map(map) => (map.0.clone(), map.1.clone()),
            Type::Object(_) => (Type::String, Type::Dyn),
            Type::Dyn | Type::Param(_) => {
                self.types.fits(&Type::Dyn, ranged);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension \
                     (must be list, map, or dynamic)"
                );
                return Err(self.text.error(at, message));
            }
        };
        Ok((index, has_two.then_some(element)))
    }

    fn enter(&mut self, name: &str, known: Type) -> usize {
        let slot = self.locals;
        self.locals += 1;
        self.scopes.push((name.into(), slot, known));
        slot
    }
}
