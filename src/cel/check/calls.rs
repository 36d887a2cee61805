//! Functions and operators.

use super::names::nearest;
use super::{Checked, Checker};
use crate::cel::CompileError;
use crate::cel::ast::{Expr, Node};
use crate::cel::library::{self, Overload};
use crate::cel::parse::Syntax;
use crate::cel::types::Type;

impl Checker<'_> {
    #[inline(never)]
    pub(super) fn call(
        &mut self,
        syntax: &Syntax,
        function: &str,
        target: Option<&Syntax>,
        arguments: &[Syntax],
    ) -> Checked {
        match (function, target, arguments) {
            ("_&&_" | "_||_", None, [left, right]) => self.logic(syntax, function, left, right),
            ("_?_:_", None, [condition, yes, no]) => self.conditional(syntax, condition, yes, no),
            _ => {
                let qualified = target
                    .and_then(Syntax::qualified_name)
                    .map(|target| format!("{target}.{function}"))
                    .filter(|name| self.environment.has_function(name))
                    .filter(|name| library::find(name).next().is_some());
                let (function, target) = match &qualified {
                    Some(name) => (name.as_str(), None),
                    None => (function, target),
                };
                let mut nodes = Vec::with_capacity(arguments.len() + 1);
                let mut types = Vec::with_capacity(arguments.len() + 1);
                let mixes = usize::from(function == "format");
                self.mixed += mixes;
                for argument in target.into_iter().chain(arguments) {
                    let (node, found) = self.check(argument)?;
                    nodes.push(node);
                    types.push(found);
                }
                self.mixed -= mixes;
                self.check_format(function, target, arguments)?;
                self.apply(syntax.at, function, target.is_some(), nodes, &types)
            }
        }
    }

    /// Finds the overloads that take such arguments.
    #[inline(never)]
    fn apply(
        &mut self,
        at: u32,
        function: &str,
        is_member: bool,
        arguments: Vec<Node>,
        types: &[Type],
    ) -> Checked {
        let mut known = None;
        let mut result: Option<Type> = None;
        let mut candidates = Vec::new();
        for declared in library::find(function) {
            known = Some(declared.name);
            for overload in declared.overloads {
                let Some(found) = self.try_overload(overload, is_member, types) else { continue };
                candidates.push(overload);
                result = Some(match result {
                    Some(before) if before != Type::Dyn && before != found => Type::Dyn,
                    Some(before) => before,
                    None => found,
                });
            }
        }
        let Some(name) = known else { return Err(self.unknown_function(at, function)) };
        let Some(result) = result else {
            return Err(self.no_overload(at, function, is_member, types));
        };
        self.check_literals(name, is_member, &candidates, &arguments)?;
        Ok((self.node(at, Expr::Call { function: name, candidates, arguments }), result))
    }

    /// The type of the result, if the overload takes these arguments.
    fn try_overload(
        &mut self,
        overload: &Overload,
        is_member: bool,
        types: &[Type],
    ) -> Option<Type> {
        if overload.is_member != is_member || overload.arguments.len() != types.len() {
            return None;
        }
        let base = self.types.instantiate();
        let expected: Vec<Type> = overload
            .arguments
            .iter()
            .map(|argument| self.types.signature(base, argument))
            .collect();
        if !self.types.fit_all(types.iter().zip(&expected)) {
            return None;
        }
        let result = self.types.signature(base, &overload.result);
        Some(self.types.resolve(&result))
    }

    fn unknown_function(&self, at: u32, function: &str) -> CompileError {
        let mut error = self.text.error(at, format!("undeclared reference to '{function}'"));
        let known = library::TABLES.iter().flat_map(|table| table.iter()).map(|known| known.name);
        error.help = nearest(function, known.filter(|name| !name.contains(['_', '@'])))
            .map(|nearest| format!("did you mean '{nearest}'?"));
        error
    }

    fn no_overload(
        &self,
        at: u32,
        function: &str,
        is_member: bool,
        types: &[Type],
    ) -> CompileError {
        let names: Vec<String> =
            types.iter().map(|found| self.types.finish(found).to_string()).collect();
        let applied = match names.split_first() {
            Some((target, rest)) if is_member => format!("{target}.({})", rest.join(", ")),
            _ => format!("({})", names.join(", ")),
        };
        let message = format!("found no matching overload for '{function}' applied to '{applied}'");
        let mut error = self.text.error(at, message);
        error.help = help_for(function, types);
        error
    }

    #[inline(never)]
    fn logic(&mut self, syntax: &Syntax, function: &str, left: &Syntax, right: &Syntax) -> Checked {
        let left = Box::new(self.bool(left)?);
        let right = Box::new(self.bool(right)?);
        let expr = if function == "_&&_" { Expr::And(left, right) } else { Expr::Or(left, right) };
        Ok((self.node(syntax.at, expr), Type::Bool))
    }

    pub(super) fn bool(&mut self, syntax: &Syntax) -> Result<Node, CompileError> {
        let (node, found) = self.check(syntax)?;
        if self.types.fits(&found, &Type::Bool) {
            Ok(node)
        } else {
            Err(self.mismatch(syntax.at, &Type::Bool, &found))
        }
    }

    #[inline(never)]
    fn conditional(
        &mut self,
        syntax: &Syntax,
        condition: &Syntax,
        yes: &Syntax,
        no: &Syntax,
    ) -> Checked {
        let (condition, tested) = self.check(condition)?;
        let (yes, left) = self.check(yes)?;
        let (no, right) = self.check(no)?;
        let result = self.types.fresh();
        let pairs = [(&tested, &Type::Bool), (&left, &result), (&right, &result)];
        if !self.types.fit_all(pairs) {
            let types = [tested, left, right];
            return Err(self.no_overload(syntax.at, "_?_:_", false, &types));
        }
        let result = self.types.resolve(&result);
        let parts = Box::new([condition, yes, no]);
        Ok((self.node(syntax.at, Expr::Conditional(parts)), result))
    }
}

/// What to do about frequent mistakes.
fn help_for(function: &str, types: &[Type]) -> Option<String> {
    match (function, types) {
        ("_==_" | "_!=_", types) if types.contains(&Type::Null) => {
            Some("fields that are not there are asked for by has(); they are never null".to_owned())
        }
        ("_==_" | "_!=_", _) => {
            Some("convert one of them: int(), double(), string(), quantity()".to_owned())
        }
        ("_+_", types) if types.contains(&Type::String) => {
            Some("convert what is added to a string by string()".to_owned())
        }
        ("_<_" | "_<=_" | "_>_" | "_>=_", types) if types.contains(&Type::String) => {
            Some("quantities are compared by quantity(a).isLessThan(quantity(b))".to_owned())
        }
        _ => None,
    }
}
