//! Whether a place is one that pods have, and whether a value fits there.
//!
//! Source: the API server's own OpenAPI document ([`schema::pod`]) for fields and types; what it leaves open is below:
//! the width of numbers (`format`), quantities and numbers that may be texts (k8s.io/api/core/v1/types.go), keys and
//! values of labels (`ValidateLabels`, `ValidateAnnotations` in k8s.io/apimachinery).

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::cel::Type;
use crate::cel::schema;
use crate::edit::{Change, Edit};
use crate::finding::quoted;
use crate::label;
use crate::pointer::Pointer;
use crate::quantity::Quantity;

/// Fields of 64 bits (`format: int64` in the OpenAPI document); all others have 32.
const WIDE: [&str; 11] = [
    "activeDeadlineSeconds",
    "deletionGracePeriodSeconds",
    "expirationSeconds",
    "fsGroup",
    "generation",
    "observedGeneration",
    "runAsGroup",
    "runAsUser",
    "seconds",
    "supplementalGroups",
    "terminationGracePeriodSeconds",
];
/// Beside those.
const TOLERATION: &str = "tolerationSeconds";

/// Fields that hold quantities, alone or by the name of the resource.
const QUANTITIES: [&str; 5] = ["divisor", "limits", "overhead", "requests", "sizeLimit"];

/// A type, and the field that gives it its meaning.
struct Place {
    known: Type,
    field: String,
}

impl Place {
    fn root() -> Self {
        Self { known: schema::pod(), field: String::new() }
    }

    /// The place one step further.
    fn step(&self, token: &str) -> Result<Self, String> {
        let place = |known: &Type, field: &str| Self { known: known.clone(), field: field.into() };
        match &self.known {
            Type::Object(object) => match object.fields.get(token) {
                Some(known) => Ok(place(known, token)),
                None => Err(format!("{} has no field {}", kind_of(&object.name), quoted(token))),
            },
            Type::List(element) if token == "-" || token.parse::<u32>().is_ok() => {
                Ok(place(element, &self.field))
            }
            Type::List(_) => Err(format!("{} is no index of a list", quoted(token))),
            Type::Map(map) => {
                self.check_key(token)?;
                Ok(place(&map.1, &self.field))
            }
            _ => Err(format!("nothing is below `{}`", self.field)),
        }
    }

    /// Whether a value may stand here.
    fn check(&self, value: &Json) -> Result<(), String> {
        let is_quantity = QUANTITIES.contains(&self.field.as_str());
        match (&self.known, value) {
            // The API server takes null for what is absent.
            (_, Json::Null) | (Type::Bool, Json::Bool(_)) => Ok(()),
            (Type::Object(_) | Type::Map(_), Json::Object(members)) => {
                members.iter().try_for_each(|(key, value)| {
                    let place = self.step(key)?;
                    place.check(value).map_err(|why| below(key, &why))
                })
            }
            (Type::List(element), Json::Array(values)) => {
                let place = Self { known: (**element).clone(), field: self.field.clone() };
                let mut values = values.iter().enumerate();
                values.try_for_each(|(at, value)| {
                    place.check(value).map_err(|why| below(&at.to_string(), &why))
                })
            }
            (Type::String, Json::String(text)) if is_quantity => {
                Quantity::parse(text).map(drop).map_err(|error| error.to_string())
            }
            (Type::String, Json::Number(_)) if is_quantity => Ok(()),
            (Type::String, Json::String(text)) => self.check_text(text),
            (Type::Double, Json::Number(_)) => Ok(()),
            (Type::Int, Json::Number(number)) => self.check_number(number),
            // IntOrString: there is nothing else of unknown type below spec.
            (Type::Dyn, Json::Number(number)) => self.check_number(number),
            (Type::Dyn, Json::String(_)) => Ok(()),
            (known, value) => {
                Err(format!("{} is wanted, and this is {}", name_of(known), a(value)))
            }
        }
    }

    fn check_number(&self, number: &serde_json::Number) -> Result<(), String> {
        let wide = WIDE.contains(&self.field.as_str()) || self.field == TOLERATION;
        match number.as_i64() {
            Some(_) if wide => Ok(()),
            Some(number) if i32::try_from(number).is_ok() => Ok(()),
            _ if number.is_f64() => Err(format!("{number} is no whole number")),
            _ if wide => Err(format!("{number} does not fit in 64 bits")),
            _ => Err(format!("{number} does not fit in 32 bits, as the field has")),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), String> {
        match self.field.as_str() {
            "labels" | "nodeSelector" | "matchLabels" => {
                label::validate_value(text).map_err(|error| error.to_string())
            }
            _ => Ok(()),
        }
    }

    fn check_key(&self, key: &str) -> Result<(), String> {
        let key = match self.field.as_str() {
            "labels" | "nodeSelector" | "matchLabels" => Cow::Borrowed(key),
            // Keys of annotations are qualified names in small letters (`ValidateAnnotations`).
            "annotations" => Cow::Owned(key.to_ascii_lowercase()),
            _ => return Ok(()),
        };
        label::validate_key(&key).map_err(|error| format!("{}: {error}", quoted(&key)))
    }
}

/// The place that a pointer leads to.
fn find(pointer: &Pointer) -> Result<Place, String> {
    let is_escaped = |raw: &str| raw.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !is_escaped(pointer.as_str()) {
        return Err("after `~` there must be `0` or `1`".to_owned());
    }
    pointer.tokens().try_fold(Place::root(), |place, token| place.step(&token))
}

/// Whether pods have such a place.
///
/// # Errors
/// The first step that leads nowhere.
pub(super) fn check_place(pointer: &Pointer) -> Result<(), String> {
    find(pointer).map(drop)
}

/// Whether a pod may have what an edit puts in place.
///
/// # Errors
/// Why not, with the place.
pub(super) fn check_edit(edit: &Edit) -> Result<(), String> {
    let checked = match &edit.change {
        // What was there may be gone, whatever it was.
        Change::Remove => Ok(()),
        Change::Set(value) => find(&edit.pointer).and_then(|place| place.check(value)),
        Change::Append(value) => find(&edit.pointer)
            .and_then(|place| place.step("-"))
            .and_then(|place| place.check(value)),
    };
    checked.map_err(|why| format!("{}: {why}", edit.pointer.field_path()))
}

fn below(key: &str, why: &str) -> String {
    format!("{}: {why}", quoted(key))
}

/// `io.k8s.api.core.v1.Container` without where it comes from.
fn kind_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn name_of(known: &Type) -> &'static str {
    match known {
        Type::Bool => "true or false",
        Type::Int | Type::Double => "a number",
        Type::String => "a text",
        Type::List(_) => "a list",
        Type::Dyn => "a number or a text",
        _ => "an object",
    }
}

fn a(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
