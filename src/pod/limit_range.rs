//! LimitRanges: what a namespace says about the resources of the pods in it.
//!
//! Source: plugin/pkg/admission/limitranger/admission.go and `SetDefaults_LimitRangeItem`
//! (pkg/apis/core/v1/defaults.go) in kubernetes/kubernetes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::decode::DecodeError;
use crate::pointer::Pointer;
use crate::quantity::{Quantity, QuantityError};

/// What a LimitRange says of containers and of whole pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LimitRange {
    /// Name.
    pub name: String,
    /// For every container and init container on its own.
    pub container: Bounds,
    /// For the pod as a whole; it has no defaults.
    pub pod: Bounds,
}

/// One item of a LimitRange, with its defaults filled in as the API server fills them in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The least a request, and a limit where there is one, may be; a request must be there.
    pub min: Amounts,
    /// The most a limit and a request may be; a limit must be there.
    pub max: Amounts,
    /// The limit of a container without one.
    pub default: Amounts,
    /// The request of a container without one.
    pub default_request: Amounts,
    /// The most a limit divided by its request may be; both must be there, and not 0.
    pub max_limit_request_ratio: Amounts,
}

/// Amounts by the name of the resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts(BTreeMap<String, Quantity>);

/// A bound of a LimitRange that a pod can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `min`
    Min,
    /// `max`
    Max,
    /// `maxLimitRequestRatio`
    Ratio,
}

impl Bound {
    /// Every bound.
    pub const ALL: [Self; 3] = [Self::Min, Self::Max, Self::Ratio];

    /// The field of a LimitRange item.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Ratio => "maxLimitRequestRatio",
        }
    }
}

impl LimitRange {
    /// Reads a LimitRange object; none if it is not one. Entries of a list from the API carry no `kind`.
    ///
    /// # Errors
    /// At the first field that the API server would refuse.
    pub fn from_value(value: &Value) -> Result<Option<Self>, DecodeError> {
        let limits = &value["spec"]["limits"];
        match value.get("kind").and_then(Value::as_str) {
            Some("LimitRange") => {}
            None if limits.is_array() => {}
            _ => return Ok(None),
        }
        let name = value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let mut range = Self { name: name.to_owned(), ..Self::default() };
        if !matches!(value["spec"], Value::Object(_) | Value::Null) {
            return Err(wrong("expected a map").below("spec"));
        }
        let items = match limits {
            Value::Array(items) => items.as_slice(),
            Value::Null => &[],
            _ => return Err(wrong("expected a list").below("limits").below("spec")),
        };
        for (index, item) in items.iter().enumerate() {
            range
                .read_item(item)
                .map_err(|error| error.below(index).below("limits").below("spec"))?;
        }
        Ok(Some(range))
    }

    fn read_item(&mut self, item: &Value) -> Result<(), DecodeError> {
        if !item.is_object() {
            return Err(wrong("expected a map"));
        }
        let bounds = Bounds::read(item)?;
        match item["type"].as_str() {
            Some("Container") => self.container = bounds.with_defaults(),
            Some("Pod") => self.pod = bounds,
            Some(_) => {}
            None => return Err(wrong("expected a type such as `Container` or `Pod`").below("type")),
        }
        Ok(())
    }
}

fn wrong(message: impl Into<String>) -> DecodeError {
    DecodeError { pointer: Pointer::default(), message: message.into(), help: None }
}

impl Bounds {
    fn read(item: &Value) -> Result<Self, DecodeError> {
        let amounts = |field| Amounts::read(&item[field]).map_err(|error| error.below(field));
        Ok(Self {
            min: amounts("min")?,
            max: amounts("max")?,
            default: amounts("default")?,
            default_request: amounts("defaultRequest")?,
            max_limit_request_ratio: amounts("maxLimitRequestRatio")?,
        })
    }

    /// `SetDefaults_LimitRangeItem`: a limit defaults to the max, a request to the limit, then to the min.
    fn with_defaults(mut self) -> Self {
        self.default.complete(&self.max);
        self.default_request.complete(&self.default);
        self.default_request.complete(&self.min);
        self
    }

    /// The amount of a bound, where it has one for the resource.
    pub fn get(&self, bound: Bound, resource: &str) -> Option<Quantity> {
        match bound {
            Bound::Min => self.min.get(resource),
            Bound::Max => self.max.get(resource),
            Bound::Ratio => self.max_limit_request_ratio.get(resource),
        }
    }

    /// Whether LimitRanger refuses a request and limit because of this bound (`minConstraint`,
    /// `maxConstraint`, `limitRequestRatioConstraint`).
    pub fn refuses(
        &self,
        bound: Bound,
        resource: &str,
        request: Option<Quantity>,
        limit: Option<Quantity>,
    ) -> bool {
        let Some(enforced) = self.get(bound, resource) else { return false };
        match bound {
            Bound::Min => {
                request.is_none_or(|request| request < enforced)
                    || limit.is_some_and(|limit| limit < enforced)
            }
            Bound::Max => {
                limit.is_none_or(|limit| limit > enforced)
                    || request.is_some_and(|request| request > enforced)
            }
            Bound::Ratio => match (request, limit) {
                (Some(request), Some(limit)) if !request.is_zero() && !limit.is_zero() => {
                    ratio_exceeds(request, limit, enforced)
                }
                _ => true,
            },
        }
    }
}

/// In floating point, as LimitRanger divides: an exact comparison could allow what it refuses.
#[expect(clippy::cast_precision_loss, reason = "LimitRanger computes in float64")]
fn ratio_exceeds(request: Quantity, limit: Quantity, enforced: Quantity) -> bool {
    let milli = |quantity: Quantity| (quantity.nanos() / MILLI) as f64;
    milli(limit) / milli(request) * 1000.0 > milli(enforced)
}

impl Amounts {
    fn read(value: &Value) -> Result<Self, DecodeError> {
        let mut amounts = BTreeMap::new();
        let entries = match value {
            Value::Object(entries) => entries,
            Value::Null => return Ok(Self::default()),
            _ => return Err(wrong("expected a map")),
        };
        for (name, value) in entries {
            let amount = match value {
                Value::String(text) => stored(text),
                Value::Number(number) => stored(&number.to_string()),
                Value::Null => continue,
                _ => return Err(wrong("expected a quantity").below(name)),
            };
            let amount = amount.map_err(|error| wrong(error.to_string()).below(name))?;
            amounts.insert(name.clone(), amount);
        }
        Ok(Self(amounts))
    }

    fn complete(&mut self, others: &Self) {
        for (name, amount) in &others.0 {
            self.0.entry(name.clone()).or_insert(*amount);
        }
    }

    /// The amount of a resource.
    pub fn get(&self, resource: &str) -> Option<Quantity> {
        // Most LimitRanges name no resource in most of their fields.
        if self.0.is_empty() { None } else { self.0.get(resource).copied() }
    }
}

/// Nano-units in a thousandth of a unit.
const MILLI: i128 = 1_000_000;

/// An amount as the API server stores it: white space is trimmed (`Quantity.UnmarshalJSON`), and what is finer
/// than a thousandth is rounded up (`SetDefaults_ResourceList`).
///
/// # Errors
/// When the text is no quantity.
pub fn stored(text: &str) -> Result<Quantity, QuantityError> {
    Ok(in_milli(Quantity::parse(text.trim())?))
}

/// The amount, rounded up to thousandths of a unit.
pub fn in_milli(amount: Quantity) -> Quantity {
    match amount.nanos() % MILLI {
        rest if rest > 0 => {
            Quantity::from_nanos(amount.nanos().saturating_add(MILLI - rest), amount.format())
        }
        _ => amount,
    }
}

#[cfg(test)]
mod tests;
