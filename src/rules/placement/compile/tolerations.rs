//! Tolerations that a policy asks for, checked.

use super::{at_most, refused, valid};
use crate::label;
use crate::pointer::Pointer;
use crate::rules::SettingsError;
use crate::rules::placement::settings::{TaintEffect, Toleration, TolerationOperator};
use crate::rules::placement::texts;
use crate::rules::placement::tolerations::{DEFAULT_SECONDS, DEFAULTED, Wanted, decimal};

pub(super) fn tolerations(written: Vec<Toleration>) -> Result<Vec<Wanted>, SettingsError> {
    at_most(written.len(), "")?;
    let mut all: Vec<Wanted> = Vec::with_capacity(written.len());
    for (at, one) in written.into_iter().enumerate() {
        check_toleration(&one).map_err(|error| error.below(at))?;
        let wanted = Wanted::new(one);
        if let Some(other) = all.iter().find(|other| other.covers(&wanted) || wanted.covers(other))
        {
            let (one, other) = (texts::toleration(&wanted), texts::toleration(other));
            return Err(refused(
                Pointer::default().join(at).as_str(),
                format!("`{one}` and `{other}` stand for the same taint"),
                "keep one of them",
            ));
        }
        all.push(wanted);
    }
    Ok(all)
}

/// As `ValidateTolerations` (pkg/apis/core/validation/validation.go).
fn check_toleration(one: &Toleration) -> Result<(), SettingsError> {
    use TolerationOperator::{Equal, Exists, Gt, Lt};
    let operator = one.operator.unwrap_or(Equal);
    let value = one.value.as_deref().unwrap_or_default();
    match &one.key {
        Some(key) => valid(&Pointer::new("/key"), label::validate_key(key))?,
        None if operator != Exists => {
            return Err(refused(
                "/operator",
                "a toleration without a key tolerates every taint",
                "write `operator: Exists` if that is meant, else name the key",
            ));
        }
        None => {}
    }
    match operator {
        Equal => valid(&Pointer::new("/value"), label::validate_value(value))?,
        Exists if !value.is_empty() => {
            return Err(refused(
                "/value",
                "the operator Exists takes no value",
                "remove the value, or use `operator: Equal`",
            ));
        }
        Lt | Gt if decimal(value).is_none() => {
            return Err(refused(
                "/value",
                format!("`{value}` is no integer"),
                "the operators Lt and Gt compare integers, written without leading zeros",
            ));
        }
        Exists | Lt | Gt => {}
    }
    match one.toleration_seconds {
        Some(_) if one.effect != Some(TaintEffect::NoExecute) => {
            return Err(refused(
                "/tolerationSeconds",
                "`tolerationSeconds` has a meaning only beside `effect: NoExecute`",
                "remove it, or set `effect: NoExecute`",
            ));
        }
        Some(seconds) if seconds < 0 => {
            return Err(refused(
                "/tolerationSeconds",
                format!("`{seconds}` is below 0"),
                "use 0 or more",
            ));
        }
        _ => {}
    }
    let key = one.key.as_deref().unwrap_or_default();
    if DEFAULTED.contains(&key) && one.effect == Some(TaintEffect::NoExecute) {
        if operator != Exists {
            return Err(refused(
                "/operator",
                format!("the API server lets every pod tolerate `{key}` whatever its value"),
                "use `operator: Exists` here",
            ));
        }
        if one.toleration_seconds == Some(DEFAULT_SECONDS) {
            return Err(refused(
                "/tolerationSeconds",
                format!("{DEFAULT_SECONDS} seconds are what the API server gives every pod"),
                "remove this toleration, or ask for another time",
            ));
        }
    }
    Ok(())
}
