//! Comprehensions: what macros become.

use super::collections::LIST;
use super::constants::is_constant;
use super::{Evaluation, is_final, is_path};
use crate::cel::ast::{Comprehension, Expr, Node};
use crate::cel::{EvalError, Value};

/// What a turn takes beside what it costs, which may be nothing.
const STEPS: u64 = 4;

impl<'v> Evaluation<'_, 'v> {
    pub(super) fn comprehension(
        &mut self,
        comprehension: &'v Comprehension,
    ) -> Result<Value<'v>, EvalError> {
        let range = self.eval(&comprehension.range)?;
        let initial = self.eval(&comprehension.initial)?;
        self.set(comprehension.accumulator, Ok(initial));
        // What stands beside the error may still decide; a sum with an error in it stays one.
        let absorbs = matches!(comprehension.step.expr, Expr::And(..) | Expr::Or(..));
        let length = match &range {
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            other => {
                let message = format!("got '{}', expected iterable type", other.type_name());
                return Err(EvalError::Other(message));
            }
        };
        for index in 0..length {
            self.budget.step(STEPS)?;
            self.bind(comprehension, &range, index)?;
            match self.eval(&comprehension.condition) {
                Ok(Value::Bool(false)) => break,
                Err(error) if is_final(&error) => return Err(error),
                _ => {}
            }
            match self.step(&comprehension.step, comprehension.accumulator) {
                Err(error) if !absorbs || is_final(&error) => return Err(error),
                Err(error) => self.set(comprehension.accumulator, Err(error)),
                Ok(()) => {}
            }
        }
        self.eval(&comprehension.result)
    }

    fn bind(
        &mut self,
        comprehension: &Comprehension,
        range: &Value<'v>,
        index: usize,
    ) -> Result<(), EvalError> {
        let number = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
        let (first, second) = match (range, comprehension.second) {
            (Value::List(list), None) => (list.get(index)?, None),
            (Value::List(list), Some(_)) => (Some(number), list.get(index)?),
            (Value::Map(map), None) => (map.key(index), None),
            (Value::Map(map), Some(_)) => map.at(index)?.unzip(),
            _ => (None, None),
        };
        self.set(comprehension.variable, Ok(first.unwrap_or(Value::Null)));
        if let Some(slot) = comprehension.second {
            self.set(slot, Ok(second.unwrap_or(Value::Null)));
        }
        Ok(())
    }

    fn set(&mut self, slot: usize, value: Result<Value<'v>, EvalError>) {
        if let Some(local) = self.locals.get_mut(slot) {
            *local = value;
        }
    }

    /// Takes what was gathered, so that it can grow where it is.
    fn take(&mut self, slot: usize) -> Result<Value<'v>, EvalError> {
        self.locals
            .get_mut(slot)
            .map_or(Ok(Value::Null), |local| std::mem::replace(local, Ok(Value::Null)))
    }

    /// Gathers. What macros make (`map`, `filter`, `transformMap` and the like) adds to a list or a map that nobody
    /// else has: it grows where it is.
    fn step(&mut self, step: &'v Node, accumulator: usize) -> Result<(), EvalError> {
        let is_accumulator =
            |node: &Node| matches!(node.expr, Expr::Local(slot) if slot == accumulator);
        match &step.expr {
            Expr::Conditional(parts) => {
                let branch = self.branch(parts)?;
                // That which is gathered costs nothing where a condition leaves it as it is.
                if is_accumulator(branch) {
                    return Ok(());
                }
                if is_path(branch) {
                    self.budget.refund(1);
                }
                return self.step(branch, accumulator);
            }
            Expr::Call { function: "_+_", arguments, .. } => {
                if let [first, second] = arguments.as_slice()
                    && is_accumulator(first)
                    && matches!(self.locals.get(accumulator), Some(Ok(Value::List(_))))
                {
                    return self.append(second, accumulator);
                }
            }
            Expr::Call { function: "cel.@mapInsert", arguments, .. } => {
                match arguments.as_slice() {
                    [first, key, value] if is_accumulator(first) => {
                        return self.insert(key, value, accumulator);
                    }
                    [first, entries] if is_accumulator(first) => {
                        return self.insert_all(entries, accumulator);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        let value = self.eval(step)?;
        self.set(accumulator, Ok(value));
        Ok(())
    }

    fn append(&mut self, added: &'v Node, accumulator: usize) -> Result<(), EvalError> {
        self.budget.spend(1)?;
        let added = if let Expr::List(elements) = &added.expr
            && let [element] = elements.as_slice()
        {
            if !is_constant(added) {
                self.budget.spend(LIST)?;
            }
            self.element(element)?.map_or(Added::None, Added::One)
        } else {
            Added::All(self.eval(added)?)
        };
        self.budget.spend(1)?;
        let Ok(Value::List(mut gathered)) = self.take(accumulator) else {
            return Err(EvalError::NoSuchOverload("_+_".to_owned()));
        };
        match added {
            Added::None => {}
            Added::One(value) => gathered.push(value)?,
            Added::All(Value::List(more)) => {
                self.budget.copy(more.len())?;
                gathered.extend(&more)?;
            }
            Added::All(_) => return Err(EvalError::NoSuchOverload("_+_".to_owned())),
        }
        self.set(accumulator, Ok(Value::List(gathered)));
        Ok(())
    }

    fn insert(
        &mut self,
        key: &'v Node,
        value: &'v Node,
        accumulator: usize,
    ) -> Result<(), EvalError> {
        self.budget.spend(1)?;
        let key = self.eval(key)?;
        let value = self.eval(value)?;
        value.check_depth()?;
        self.budget.spend(1)?;
        let Ok(Value::Map(mut gathered)) = self.take(accumulator) else {
            return Err(EvalError::NoSuchOverload("cel.@mapInsert".to_owned()));
        };
        gathered.insert(key, value)?;
        self.set(accumulator, Ok(Value::Map(gathered)));
        Ok(())
    }

    fn insert_all(&mut self, entries: &'v Node, accumulator: usize) -> Result<(), EvalError> {
        self.budget.spend(1)?;
        let entries = self.eval(entries)?;
        self.budget.spend(1)?;
        let (Ok(Value::Map(mut gathered)), Value::Map(entries)) = (self.take(accumulator), entries)
        else {
            return Err(EvalError::NoSuchOverload("cel.@mapInsert".to_owned()));
        };
        self.budget.copy(entries.len())?;
        for entry in entries.iter() {
            let (key, value) = entry?;
            gathered.insert(key, value)?;
        }
        self.set(accumulator, Ok(Value::Map(gathered)));
        Ok(())
    }
}

/// What is put at the end of a list.
enum Added<'v> {
    None,
    One(Value<'v>),
    All(Value<'v>),
}
