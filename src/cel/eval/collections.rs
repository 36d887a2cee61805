//! Lists and maps that are written out.

use super::Evaluation;
use super::constants::is_constant;
use crate::cel::ast::{Element, Node};
use crate::cel::value::Map;
use crate::cel::{EvalError, Value};

/// `ListCreateBaseCost`, `MapCreateBaseCost` and `StructCreateBaseCost` in cel-go's common/cost.go.
pub(super) const LIST: u64 = 10;
const MAP: u64 = 30;
const STRUCT: u64 = 40;

impl<'v> Evaluation<'_, 'v> {
    pub(super) fn list(
        &mut self,
        node: &'v Node,
        elements: &'v [Element],
    ) -> Result<Value<'v>, EvalError> {
        self.budget.step(1 + elements.len() as u64)?;
        if !is_constant(node) {
            self.budget.spend(LIST)?;
        }
        let mut values = Vec::with_capacity(elements.len());
        for element in elements {
            values.extend(self.element(element)?);
        }
        Ok(Value::list(values))
    }

    /// An element or a value; none where it is optional and absent.
    pub(super) fn element(&mut self, element: &'v Element) -> Result<Option<Value<'v>>, EvalError> {
        let value = self.eval(&element.node)?;
        value.check_depth()?;
        if !element.is_optional {
            return Ok(Some(value));
        }
        match value {
            Value::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
            value => {
                let kind = value.type_name();
                let message =
                    format!("cannot initialize optional entry from non-optional value {kind}");
                Err(EvalError::Other(message))
            }
        }
    }

    pub(super) fn map(
        &mut self,
        node: &'v Node,
        entries: &'v [(Node, Element)],
        is_struct: bool,
    ) -> Result<Value<'v>, EvalError> {
        self.budget.step(1 + entries.len() as u64)?;
        if is_struct {
            self.budget.spend(STRUCT)?;
        } else if !is_constant(node) {
            self.budget.spend(MAP)?;
        }
        let mut made = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.eval(key)?;
            if let Some(value) = self.element(value)? {
                made.push((key, value));
            }
        }
        Map::of(made).map(Value::Map)
    }
}
