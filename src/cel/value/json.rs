//! Values as JSON, for patches.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::Value;
use crate::cel::{Budget, EvalError};

impl Value<'_> {
    /// The value as JSON: bytes in base64, durations and timestamps as texts (proto3's mapping, as cel-go has it).
    /// Each element and each ten characters cost a unit, so that what is made is no larger than the budget.
    ///
    /// # Errors
    /// Where it is, or holds, what JSON cannot say; where the budget is spent.
    pub fn to_json(&self, budget: &mut Budget) -> Result<Json, EvalError> {
        budget.spend(1)?;
        Ok(match self {
            Self::Null => Json::Null,
            Self::Bool(yes) => (*yes).into(),
            Self::Int(number) => (*number).into(),
            Self::Uint(number) => (*number).into(),
            Self::Double(number) if number.is_finite() => (*number).into(),
            Self::String(text) => {
                budget.traverse(text.len())?;
                (**text).into()
            }
            Self::Bytes(bytes) => {
                budget.traverse(bytes.len())?;
                STANDARD.encode(bytes).into()
            }
            Self::Duration(_) | Self::Timestamp(_) => self.to_text()?.into(),
            Self::List(list) => {
                let mut elements = Vec::new();
                for value in list.iter() {
                    elements.push(value?.to_json(budget)?);
                }
                Json::Array(elements)
            }
            Self::Map(map) => {
                let mut members = serde_json::Map::new();
                for entry in map.iter() {
                    let (key, value) = entry?;
                    let key = key.to_text()?;
                    budget.traverse(key.len())?;
                    members.insert(key, value.to_json(budget)?);
                }
                Json::Object(members)
            }
            _ => {
                let message =
                    format!("a value of type {} cannot be put into an object", self.type_name());
                return Err(EvalError::Other(message));
            }
        })
    }
}
