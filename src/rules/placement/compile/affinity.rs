//! Node affinity that a policy asks for, checked.

use super::{at_most, refused, valid};
use crate::label;
use crate::pointer::Pointer;
use crate::rules::SettingsError;
use crate::rules::placement::domain::Domain;
use crate::rules::placement::settings::{NodeOperator, NodeRequirement, PreferredNodes};
use crate::rules::placement::{Placement, texts};

pub(super) fn check_affinity(placement: &Placement) -> Result<(), SettingsError> {
    check_requirements(&placement.required).map_err(|error| error.below("required"))?;
    let preferred = &placement.preferred;
    at_most(preferred.len(), "/preferred")?;
    for (at, one) in preferred.iter().enumerate() {
        let within = |error: SettingsError| error.below(at).below("preferred");
        if !(1..=100).contains(&one.weight) {
            let message = format!("`{}` is no weight", one.weight);
            return Err(within(refused("/weight", message, "use 1 to 100")));
        }
        if one.match_expressions.is_empty() {
            let message = "a term without requirements prefers no node";
            return Err(within(refused("/matchExpressions", message, "name a requirement")));
        }
        check_requirements(&one.match_expressions)
            .map_err(|error| within(error.below("matchExpressions")))?;
        if let Some((number, other)) = contradiction(&one.match_expressions) {
            let place = Pointer::new("/matchExpressions").join(number);
            return Err(within(contradicting(place.as_str(), &one.match_expressions, other)));
        }
        let same = |other: &&PreferredNodes| other.match_expressions == one.match_expressions;
        if preferred.iter().take(at).any(|other| same(&other)) {
            let message = "this term stands here twice";
            return Err(within(refused("", message, "keep one of them")));
        }
    }
    Ok(())
}

/// As `ValidateNodeSelectorRequirement`, and stricter on integers, which the scheduler needs.
fn check_requirements(all: &[NodeRequirement]) -> Result<(), SettingsError> {
    use NodeOperator::{DoesNotExist, Exists, Gt, In, Lt, NotIn};
    at_most(all.len(), "")?;
    for (at, one) in all.iter().enumerate() {
        let NodeRequirement { key, operator, values } = one;
        let within = |error: SettingsError| error.below(at);
        valid(&Pointer::new("/key"), label::validate_key(key)).map_err(within)?;
        at_most(values.len(), "/values").map_err(within)?;
        let is_integer = |value: &String| value.parse::<i64>().is_ok();
        let wrong = match (operator, values.as_slice()) {
            (In | NotIn, []) => Some("needs at least one value"),
            (Exists | DoesNotExist, [_, ..]) => Some("takes no values"),
            (Gt | Lt, [value]) if is_integer(value) => None,
            (Gt | Lt, _) => Some("needs one value, an integer"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let message = format!("the operator {} {wrong}", operator.name());
            let help = "In and NotIn take values, Gt and Lt one integer, the others none";
            return Err(within(refused("/values", message, help)));
        }
        for (number, value) in values.iter().enumerate() {
            let place = Pointer::new("/values").join(number);
            valid(&place, label::validate_value(value)).map_err(within)?;
        }
        if all.iter().take(at).any(|other| other == one) {
            let message = format!("`{}` stands here twice", texts::requirement(one));
            return Err(within(refused("", message, "keep one of them")));
        }
    }
    Ok(())
}

/// The first requirement, by place, that leaves no node together with those before it on the same label.
pub(super) fn contradiction(all: &[NodeRequirement]) -> Option<(usize, &NodeRequirement)> {
    all.iter().enumerate().find(|(at, one)| {
        let mut domain = Domain::any();
        let same = all.iter().take(at + 1).filter(|other| other.key == one.key);
        same.for_each(|other| other.narrow(&mut domain));
        domain.is_empty()
    })
}

pub(super) fn contradicting(
    at: &str,
    all: &[NodeRequirement],
    one: &NodeRequirement,
) -> SettingsError {
    let before = all.iter().find(|other| other.key == one.key && *other != one).unwrap_or(one);
    let (one, before) = (texts::requirement(one), texts::requirement(before));
    refused(at, format!("no node meets both `{before}` and `{one}`"), "remove one of them")
}
