//! Which types fit which: type parameters find out what they stand for.
//!
//! Source: github.com/google/cel-go/checker/types.go.

use std::sync::Arc;

use crate::cel::types::{Sig, Type};

/// What type parameters stand for, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Unifier {
    known: Vec<Option<Type>>,
    /// Parameters that were given a meaning since an attempt started, and the meaning before.
    undo: Vec<(u32, Option<Type>)>,
}

impl Unifier {
    /// A type of which nothing is known yet.
    pub(super) fn fresh(&mut self) -> Type {
        self.known.push(None);
        Type::Param(u32::try_from(self.known.len() - 1).unwrap_or(u32::MAX))
    }

    /// A type of a signature, whose parameters are those after the first `base`; see [`Self::instantiate`].
    pub(super) fn signature(&mut self, base: usize, signature: &Sig) -> Type {
        match signature {
            Sig::Dyn => Type::Dyn,
            Sig::Null => Type::Null,
            Sig::Bool => Type::Bool,
            Sig::Int => Type::Int,
            Sig::Uint => Type::Uint,
            Sig::Double => Type::Double,
            Sig::String => Type::String,
            Sig::Bytes => Type::Bytes,
            Sig::Duration => Type::Duration,
            Sig::Timestamp => Type::Timestamp,
            Sig::Type => Type::Type,
            Sig::List(item) => Type::List(Arc::new(self.signature(base, item))),
            Sig::Map(key, value) => {
                Type::Map(Arc::new((self.signature(base, key), self.signature(base, value))))
            }
            Sig::Optional(inner) => Type::Optional(Arc::new(self.signature(base, inner))),
            Sig::Opaque(opaque) => Type::Opaque(*opaque),
            Sig::Param(number) => {
                let at = base + *number as usize;
                while self.known.len() <= at {
                    self.known.push(None);
                }
                Type::Param(u32::try_from(at).unwrap_or(u32::MAX))
            }
        }
    }

    /// Where the parameters of a signature that is matched now start.
    pub(super) fn instantiate(&self) -> usize {
        self.known.len()
    }

    fn meaning(&self, parameter: u32) -> Option<&Type> {
        self.known.get(parameter as usize)?.as_ref()
    }

    fn learn(&mut self, parameter: u32, meaning: Type) {
        if let Some(slot) = self.known.get_mut(parameter as usize) {
            self.undo.push((parameter, slot.replace(meaning)));
        }
    }

    /// Whether all of these fit; where not, nothing was learnt.
    pub(super) fn fit_all<'t>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'t Type, &'t Type)>,
    ) -> bool {
        let start = self.undo.len();
        let fits = pairs.into_iter().all(|(left, right)| self.assign(left, right));
        if !fits {
            for (parameter, before) in self.undo.split_off(start).into_iter().rev() {
                if let Some(slot) = self.known.get_mut(parameter as usize) {
                    *slot = before;
                }
            }
        }
        fits
    }

    /// Whether a value of one type can stand where the other is expected.
    pub(super) fn fits(&mut self, left: &Type, right: &Type) -> bool {
        self.fit_all([(left, right)])
    }

    fn assign(&mut self, left: &Type, right: &Type) -> bool {
        if let Type::Param(parameter) = right {
            let (is_valid, was_known) = self.stands_for(left, *parameter);
            if is_valid || was_known {
                return is_valid;
            }
        }
        if let Type::Param(parameter) = left {
            return self.stands_for(right, *parameter).0;
        }
        match (left, right) {
            (Type::Dyn, _) | (_, Type::Dyn) => true,
            (Type::Null, other) | (other, Type::Null) => is_nullable(other),
            (Type::Optional(left), Type::Optional(right))
            | (Type::List(left), Type::List(right)) => self.assign(left, right),
            (Type::Map(left), Type::Map(right)) => {
                self.assign(&left.0, &right.0) && self.assign(&left.1, &right.1)
            }
            // Where Kubernetes evaluates, objects are maps.
            (Type::Object(_), Type::Map(map)) | (Type::Map(map), Type::Object(_)) => {
                self.assign(&Type::String, &map.0) && self.assign(&Type::Dyn, &map.1)
            }
            (Type::Object(left), Type::Object(right)) => left.name == right.name,
            _ => left == right,
        }
    }

    /// Whether the parameter may stand for the type, and whether something was known of it.
    fn stands_for(&mut self, other: &Type, parameter: u32) -> (bool, bool) {
        if *other == Type::Param(parameter) {
            return (true, true);
        }
        if let Some(known) = self.meaning(parameter).cloned() {
            if *other == known {
                return (true, true);
            }
            if !self.assign(other, &known) {
                return (false, true);
            }
            let general = most_general(other, &known).clone();
            if !self.occurs(parameter, &general) {
                self.learn(parameter, general);
            }
            return (true, true);
        }
        if self.occurs(parameter, other) {
            return (false, false);
        }
        self.learn(parameter, other.clone());
        (true, false)
    }

    fn occurs(&self, parameter: u32, within: &Type) -> bool {
        match within {
            Type::Param(other) => {
                *other == parameter
                    || self.meaning(*other).is_some_and(|meaning| self.occurs(parameter, meaning))
            }
            Type::List(inner) | Type::Optional(inner) => self.occurs(parameter, inner),
            Type::Map(map) => self.occurs(parameter, &map.0) || self.occurs(parameter, &map.1),
            _ => false,
        }
    }

    /// The type with what is known of its parameters.
    pub(super) fn resolve(&self, given: &Type) -> Type {
        self.replace(given, false)
    }

    /// The type; what is not known of it is known only when the expression is evaluated.
    pub(super) fn finish(&self, given: &Type) -> Type {
        self.replace(given, true)
    }

    fn replace(&self, given: &Type, is_last: bool) -> Type {
        match given {
            Type::Param(parameter) => match self.meaning(*parameter) {
                Some(meaning) => self.replace(meaning, is_last),
                None if is_last => Type::Dyn,
                None => given.clone(),
            },
            Type::List(inner) => Type::List(Arc::new(self.replace(inner, is_last))),
            Type::Optional(inner) => Type::Optional(Arc::new(self.replace(inner, is_last))),
            Type::Map(map) => {
                Type::Map(Arc::new((self.replace(&map.0, is_last), self.replace(&map.1, is_last))))
            }
            _ => given.clone(),
        }
    }
}

/// `isLegacyNullable`.
const fn is_nullable(other: &Type) -> bool {
    matches!(
        other,
        Type::Null
            | Type::Object(_)
            | Type::Opaque(_)
            | Type::Optional(_)
            | Type::Duration
            | Type::Timestamp
    )
}

/// The type that takes values of both, which fit.
pub(super) fn most_general<'t>(left: &'t Type, right: &'t Type) -> &'t Type {
    if is_less_specific(left, right) { left } else { right }
}

fn is_less_specific(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Dyn | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(left), Type::List(right)) | (Type::Optional(left), Type::Optional(right)) => {
            is_less_specific(left, right)
        }
        (Type::Map(left), Type::Map(right)) => {
            is_less_specific(&left.0, &right.0) && is_less_specific(&left.1, &right.1)
        }
        (Type::Map(_), Type::Object(_)) => true,
        _ => left == right,
    }
}
