//! The tree that the parser makes, macros expanded.

use crate::cel::ast::Literal;

/// A part of an expression.
#[derive(Debug)]
pub(in crate::cel) struct Syntax {
    /// Where it stands in the text, in bytes: an operator or a bracket for what it makes.
    pub(in crate::cel) at: u32,
    /// Levels below it and its own.
    pub(super) depth: u16,
    pub(in crate::cel) kind: Kind,
}

#[derive(Debug)]
pub(in crate::cel) enum Kind {
    Literal(Literal),
    /// A name; those that macros make start with `@`.
    Name(Box<str>),
    Select {
        operand: Box<Syntax>,
        field: Box<str>,
        is_optional: bool,
        /// `has(operand.field)`.
        is_test: bool,
    },
    Call {
        function: Box<str>,
        target: Option<Box<Syntax>>,
        arguments: Vec<Syntax>,
    },
    List(Vec<Item>),
    Map(Vec<Entry>),
    Message {
        name: Box<str>,
        fields: Vec<Field>,
    },
    Comprehension(Box<Comprehension>),
}

#[derive(Debug)]
pub(in crate::cel) struct Item {
    pub(in crate::cel) value: Syntax,
    pub(in crate::cel) is_optional: bool,
}

#[derive(Debug)]
pub(in crate::cel) struct Entry {
    pub(in crate::cel) key: Syntax,
    pub(in crate::cel) value: Item,
}

#[derive(Debug)]
pub(in crate::cel) struct Field {
    pub(in crate::cel) at: u32,
    pub(in crate::cel) name: Box<str>,
    pub(in crate::cel) value: Item,
}

/// As [`crate::cel::ast::Comprehension`].
#[derive(Debug)]
pub(in crate::cel) struct Comprehension {
    pub(in crate::cel) range: Syntax,
    pub(in crate::cel) variable: Box<str>,
    pub(in crate::cel) second: Option<Box<str>>,
    pub(in crate::cel) accumulator: Box<str>,
    pub(in crate::cel) initial: Syntax,
    pub(in crate::cel) condition: Syntax,
    pub(in crate::cel) step: Syntax,
    pub(in crate::cel) result: Syntax,
}

impl Kind {
    /// Levels below.
    pub(super) fn depth(&self) -> u16 {
        let deepest = |parts: &mut dyn Iterator<Item = &Syntax>| {
            parts.map(|part| part.depth).max().unwrap_or_default()
        };
        match self {
            Self::Literal(_) | Self::Name(_) => 0,
            Self::Select { operand, .. } => operand.depth,
            Self::Call { target, arguments, .. } => {
                deepest(&mut target.iter().map(|target| &**target).chain(arguments))
            }
            Self::List(items) => deepest(&mut items.iter().map(|item| &item.value)),
            Self::Map(entries) => {
                deepest(&mut entries.iter().flat_map(|entry| [&entry.key, &entry.value.value]))
            }
            Self::Message { fields, .. } => {
                deepest(&mut fields.iter().map(|field| &field.value.value))
            }
            Self::Comprehension(parts) => deepest(
                &mut [&parts.range, &parts.initial, &parts.condition, &parts.step, &parts.result]
                    .into_iter(),
            ),
        }
    }
}

impl Syntax {
    /// The name that names with dots between them make: `a.b.c`.
    pub(in crate::cel) fn qualified_name(&self) -> Option<String> {
        match &self.kind {
            Kind::Name(name) => Some(name.to_string()),
            Kind::Select { operand, field, is_optional: false, is_test: false } => {
                let mut name = operand.qualified_name()?;
                name.push('.');
                name.push_str(field);
                Some(name)
            }
            _ => None,
        }
    }
}
