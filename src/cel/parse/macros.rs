//! Calls that become comprehensions.
//!
//! Source: github.com/google/cel-go/parser/macro.go, and cel/library.go for those of optional values.

use super::grammar::Parser;
use super::syntax::{Comprehension, Item, Kind, Syntax};
use crate::cel::CompileError;
use crate::cel::ast::Literal;

pub(super) type Parsed = Result<Syntax, CompileError>;

/// What a comprehension gathers in; no name in a text starts with `@`.
const RESULT: &str = "@result";
/// What a macro of optional values is applied to.
const TARGET: &str = "@target";

/// A call without anything before a dot.
pub(super) fn global(
    parser: &Parser<'_, '_>,
    at: u32,
    function: Box<str>,
    mut arguments: Vec<Syntax>,
) -> Parsed {
    if &*function != "has" || arguments.len() != 1 {
        return parser.make(at, Kind::Call { function, target: None, arguments });
    }
    match arguments.pop() {
        Some(Syntax {
            kind: Kind::Select { operand, field, is_optional: false, is_test: false },
            at,
            ..
        }) => parser.make(at, Kind::Select { operand, field, is_optional: false, is_test: true }),
        other => {
            let mut error = parser
                .text
                .error(other.map_or(at, |other| other.at), "invalid argument to has() macro");
            error.help = Some(
                "has() takes a field: has(object.spec.priority); keys are looked up by 'key' in map"
                    .to_owned(),
            );
            Err(error)
        }
    }
}

/// A call of something after a dot.
pub(super) fn member(
    parser: &Parser<'_, '_>,
    at: u32,
    function: Box<str>,
    target: Syntax,
    arguments: Vec<Syntax>,
) -> Parsed {
    match Macro::find(&function, arguments.len()) {
        Some((known, variables)) => {
            let mut rest = arguments.into_iter();
            let names = names(parser, rest.by_ref().take(variables))?;
            Expansion { parser, at }.expand(known, target, names, rest.collect())
        }
        None => {
            let target = Some(Box::new(target));
            parser.make(at, Kind::Call { function, target, arguments })
        }
    }
}

#[derive(Clone, Copy)]
enum Macro {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
    OptMap,
    OptFlatMap,
}

impl Macro {
    /// A macro, and how many of its arguments are names of variables.
    fn find(function: &str, arguments: usize) -> Option<(Self, usize)> {
        Some(match (function, arguments) {
            ("all", 2 | 3) => (Self::All, arguments - 1),
            ("exists", 2 | 3) => (Self::Exists, arguments - 1),
            ("exists_one" | "existsOne", 2 | 3) => (Self::ExistsOne, arguments - 1),
            ("map", 2 | 3) => (Self::Map, 1),
            ("filter", 2) => (Self::Filter, 1),
            ("transformList", 3 | 4) => (Self::Map, 2),
            ("transformMap", 3 | 4) => (Self::TransformMap, 2),
            ("transformMapEntry", 3 | 4) => (Self::TransformMapEntry, 2),
            ("optMap", 2) => (Self::OptMap, 1),
            ("optFlatMap", 2) => (Self::OptFlatMap, 1),
            _ => return None,
        })
    }
}

fn names(
    parser: &Parser<'_, '_>,
    arguments: impl Iterator<Item = Syntax>,
) -> Result<Vec<Box<str>>, CompileError> {
    let mut names: Vec<Box<str>> = Vec::with_capacity(2);
    for argument in arguments {
        let Kind::Name(name) = argument.kind else {
            return Err(parser.text.error(argument.at, "argument must be a simple name"));
        };
        if names.contains(&name) {
            let message = format!("duplicate variable name: {name}");
            return Err(parser.text.error(argument.at, message));
        }
        names.push(name);
    }
    Ok(names)
}

struct Expansion<'p, 't, 's> {
    parser: &'p Parser<'t, 's>,
    at: u32,
}

impl Expansion<'_, '_, '_> {
    fn expand(
        &self,
        known: Macro,
        target: Syntax,
        names: Vec<Box<str>>,
        mut rest: Vec<Syntax>,
    ) -> Parsed {
        let mut names = names.into_iter();
        let variable = names.next().unwrap_or_default();
        let second = names.next();
        let Some(body) = rest.pop() else { return Err(self.parser.unexpected("an argument")) };
        let filter = rest.pop();
        if matches!(known, Macro::OptMap | Macro::OptFlatMap) {
            return self.optional(target, variable, body, matches!(known, Macro::OptMap));
        }
        let (initial, condition, step, result) = match known {
            Macro::All => (
                self.bool(true)?,
                self.call("@not_strictly_false", vec![self.result()?])?,
                self.call("_&&_", vec![self.result()?, body])?,
                self.result()?,
            ),
            Macro::Exists => (
                self.bool(false)?,
                self.call("@not_strictly_false", vec![self.call("!_", vec![self.result()?])?])?,
                self.call("_||_", vec![self.result()?, body])?,
                self.result()?,
            ),
            Macro::ExistsOne => {
                let one_more = self.call("_+_", vec![self.result()?, self.int(1)?])?;
                (
                    self.int(0)?,
                    self.bool(true)?,
                    self.call("_?_:_", vec![body, one_more, self.result()?])?,
                    self.call("_==_", vec![self.result()?, self.int(1)?])?,
                )
            }
            Macro::Filter => {
                let element = self.name(&variable)?;
                (
                    self.list(None)?,
                    self.bool(true)?,
                    self.append(element, Some(body))?,
                    self.result()?,
                )
            }
            Macro::TransformMap | Macro::TransformMapEntry => {
                let mut arguments = vec![self.result()?];
                if matches!(known, Macro::TransformMap) {
                    arguments.push(self.name(&variable)?);
                }
                arguments.push(body);
                let inserted = self.call("cel.@mapInsert", arguments)?;
                let empty = self.parser.make(self.at, Kind::Map(Vec::new()))?;
                (empty, self.bool(true)?, self.filtered(inserted, filter)?, self.result()?)
            }
            _ => (self.list(None)?, self.bool(true)?, self.append(body, filter)?, self.result()?),
        };
        self.comprehension(Comprehension {
            range: target,
            variable,
            second,
            accumulator: RESULT.into(),
            initial,
            condition,
            step,
            result,
        })
    }

    /// `@result + [element]`, where the filter holds.
    fn append(&self, element: Syntax, filter: Option<Syntax>) -> Parsed {
        let longer = self.call("_+_", vec![self.result()?, self.list(Some(element))?])?;
        self.filtered(longer, filter)
    }

    fn filtered(&self, step: Syntax, filter: Option<Syntax>) -> Parsed {
        match filter {
            Some(filter) => self.call("_?_:_", vec![filter, step, self.result()?]),
            None => Ok(step),
        }
    }

    /// `target.optMap(name, body)`. cel-go writes the target twice, which makes two to the power of ten of ten in a
    /// row: here a variable holds it.
    fn optional(&self, target: Syntax, name: Box<str>, body: Syntax, wraps: bool) -> Parsed {
        let value = self.member_call(TARGET, "value")?;
        let mut mapped = self.bind(name, value, body)?;
        if wraps {
            mapped = self.call("optional.of", vec![mapped])?;
        }
        let has_value = self.member_call(TARGET, "hasValue")?;
        let none = self.call("optional.none", Vec::new())?;
        let chosen = self.call("_?_:_", vec![has_value, mapped, none])?;
        self.bind(TARGET.into(), target, chosen)
    }

    /// A variable that has a value: a comprehension over nothing that gathers it.
    fn bind(&self, name: Box<str>, value: Syntax, body: Syntax) -> Parsed {
        self.comprehension(Comprehension {
            range: self.list(None)?,
            variable: "@unused".into(),
            second: None,
            initial: value,
            condition: self.bool(false)?,
            step: self.name(&name)?,
            accumulator: name,
            result: body,
        })
    }

    fn comprehension(&self, parts: Comprehension) -> Parsed {
        self.parser.make(self.at, Kind::Comprehension(Box::new(parts)))
    }

    fn call(&self, function: &str, arguments: Vec<Syntax>) -> Parsed {
        self.parser.call(self.at, function, arguments)
    }

    fn member_call(&self, target: &str, function: &str) -> Parsed {
        let target = Some(Box::new(self.name(target)?));
        let function = function.into();
        self.parser.make(self.at, Kind::Call { function, target, arguments: Vec::new() })
    }

    fn list(&self, item: Option<Syntax>) -> Parsed {
        let items = item.map(|value| Item { value, is_optional: false });
        self.parser.make(self.at, Kind::List(items.into_iter().collect()))
    }

    fn name(&self, name: &str) -> Parsed {
        self.parser.make(self.at, Kind::Name(name.into()))
    }

    fn result(&self) -> Parsed {
        self.name(RESULT)
    }

    fn bool(&self, value: bool) -> Parsed {
        self.parser.make(self.at, Kind::Literal(Literal::Bool(value)))
    }

    fn int(&self, value: i64) -> Parsed {
        self.parser.make(self.at, Kind::Literal(Literal::Int(value)))
    }
}
