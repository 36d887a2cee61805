//! Settings checked as the API server would check the pod, and against themselves.

use std::collections::BTreeMap;

use super::forbidden::{Forbidden, Label};
use super::settings::{Forbid, MAX_ENTRIES, NodeAffinity, NodeOperator, NodeRequirement, Settings};
use super::{Placement, texts};
use crate::glob::{Globs, Slash};
use crate::label::{self, LabelError};
use crate::pointer::Pointer;
use crate::rules::SettingsError;

mod affinity;
mod tolerations;

use affinity::{check_affinity, contradicting, contradiction};
use tolerations::tolerations;

pub(super) fn compile(settings: Settings) -> Result<Placement, SettingsError> {
    let forbid =
        forbidden(settings.forbid.unwrap_or_default()).map_err(|error| error.below("forbid"))?;
    let NodeAffinity { required, preferred } = settings.node_affinity.unwrap_or_default();
    let placement = Placement {
        labels: labels(settings.node_selector)?,
        tolerations: tolerations(settings.tolerations)
            .map_err(|error| error.below("tolerations"))?,
        required,
        preferred,
        priority_class: settings.priority_class_name,
        default_priority_class: settings.global_default_priority_class_name,
        scheduler: settings.scheduler_name,
        runtime_class: settings.runtime_class_name,
        disruption: settings.disruption,
        forbid,
        bound_pods: settings.bound_pods,
    };
    check_names(&placement)?;
    check_affinity(&placement).map_err(|error| error.below("nodeAffinity"))?;
    check_together(&placement)?;
    check_forbidden(&placement)?;
    if placement.is_empty() {
        return Err(refused(
            "",
            "the rule asks for nothing",
            "set `nodeSelector`, `tolerations`, `nodeAffinity`, `forbid` or another field",
        ));
    }
    Ok(placement)
}

fn labels(written: BTreeMap<String, String>) -> Result<Vec<NodeRequirement>, SettingsError> {
    at_most(written.len(), "/nodeSelector")?;
    let label = |(key, value): (String, String)| {
        let place = Pointer::new("/nodeSelector").join(&key);
        valid(&place, label::validate_key(&key))?;
        valid(&place, label::validate_value(&value))?;
        Ok(NodeRequirement { key, operator: NodeOperator::In, values: vec![value] })
    };
    written.into_iter().map(label).collect()
}

fn check_names(placement: &Placement) -> Result<(), SettingsError> {
    for (field, name) in [
        ("priorityClassName", &placement.priority_class),
        ("globalDefaultPriorityClassName", &placement.default_priority_class),
        ("schedulerName", &placement.scheduler),
        ("runtimeClassName", &placement.runtime_class),
    ] {
        if let Some(name) = name
            && !is_subdomain(name)
        {
            return Err(refused(
                Pointer::default().join(field).as_str(),
                format!("`{}` is no name of such an object", name.escape_debug()),
                "use lower-case letters, digits, `-` and `.`",
            ));
        }
    }
    let forbids = placement.forbid.priority_class.is_some();
    if placement.default_priority_class.is_some() && placement.priority_class.is_none() && !forbids
    {
        return Err(refused(
            "/globalDefaultPriorityClassName",
            "it has a meaning only beside `priorityClassName`, here or under `forbid`",
            "remove it, or set `priorityClassName`",
        ));
    }
    Ok(())
}

/// `IsDNS1123Subdomain`.
fn is_subdomain(name: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|b| alphanumeric(b) || *b == b'-')
    };
    name.len() <= label::MAX_PREFIX && name.split('.').all(is_part)
}

fn check_together(placement: &Placement) -> Result<(), SettingsError> {
    let all: Vec<NodeRequirement> =
        placement.labels.iter().chain(&placement.required).cloned().collect();
    let Some((at, one)) = contradiction(&all) else { return Ok(()) };
    let number = at.saturating_sub(placement.labels.len());
    let place = Pointer::new("/nodeAffinity/required").join(number);
    Err(contradicting(place.as_str(), &all, one))
}

fn forbidden(written: Forbid) -> Result<Forbidden, SettingsError> {
    at_most(written.tolerations.len(), "/tolerations")?;
    at_most(written.node_selector.len(), "/nodeSelector")?;
    for (at, taint) in written.tolerations.iter().enumerate() {
        let place = Pointer::new("/tolerations").join(at);
        valid(&place.clone().join("key"), label::validate_key(&taint.key))?;
        let value = taint.value.as_deref().unwrap_or_default();
        valid(&place.join("value"), label::validate_value(value))?;
    }
    let mut labels = Vec::with_capacity(written.node_selector.len());
    for (key, patterns) in written.node_selector {
        let place = Pointer::new("/nodeSelector").join(&key);
        valid(&place, label::validate_key(&key))?;
        let Some(values) = globs(&patterns, &place)? else {
            return Err(refused(
                place.as_str(),
                "no value is forbidden",
                "name values, or `\"*\"` for every value",
            ));
        };
        let any = patterns.iter().any(|pattern| pattern == "*");
        let text = if any { "of any value".to_owned() } else { patterns.join(", ") };
        labels.push(Label { key, values, text, any });
    }
    let names = |field: &str, patterns: &[String]| globs(patterns, &Pointer::default().join(field));
    Ok(Forbidden {
        taints: written.tolerations,
        labels,
        node_name: written.node_name,
        priority_class: names("priorityClassName", &written.priority_class_name)?,
        scheduler: names("schedulerName", &written.scheduler_name)?,
        runtime_class: names("runtimeClassName", &written.runtime_class_name)?,
    })
}

fn globs(patterns: &[String], place: &Pointer) -> Result<Option<Globs>, SettingsError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let compiled =
        Globs::compile(patterns, &[], Slash::Crossed).map_err(|error| SettingsError {
            pointer: place.clone().join(error.index),
            message: format!("the glob {:?} is malformed: {}", error.pattern, error.message),
            help: None,
        })?;
    Ok(Some(compiled))
}

/// What is asked for may not be forbidden.
fn check_forbidden(placement: &Placement) -> Result<(), SettingsError> {
    let both = |at: &str, what: String| {
        Err(refused(at, format!("{what} is asked for, and forbidden under `forbid`"), "remove one"))
    };
    let forbid = &placement.forbid;
    for (at, wanted) in placement.tolerations.iter().enumerate() {
        if let Some(taint) = forbid.taints.iter().find(|taint| wanted.tolerates(taint)) {
            let place = Pointer::new("/tolerations").join(at);
            return both(place.as_str(), format!("to tolerate `{}`", taint.text()));
        }
    }
    let asks =
        |one: &NodeRequirement| forbid.asks(&one.key, one.operator.name(), one.values()).is_some();
    if let Some(one) = placement.labels.iter().find(|one| asks(one)) {
        let place = Pointer::new("/nodeSelector").join(&one.key);
        return both(place.as_str(), format!("`{}`", texts::requirement(one)));
    }
    let of_terms = placement.preferred.iter().flat_map(|term| &term.match_expressions);
    if let Some(one) = placement.required.iter().chain(of_terms).find(|one| asks(one)) {
        return both("/nodeAffinity", format!("`{}`", texts::requirement(one)));
    }
    for (field, globs, name) in [
        ("/priorityClassName", &forbid.priority_class, &placement.priority_class),
        ("/schedulerName", &forbid.scheduler, &placement.scheduler),
        ("/runtimeClassName", &forbid.runtime_class, &placement.runtime_class),
    ] {
        if let (Some(globs), Some(name)) = (globs, name)
            && globs.matches(name)
        {
            return both(field, format!("`{name}`"));
        }
    }
    Ok(())
}

fn at_most(entries: usize, at: &str) -> Result<(), SettingsError> {
    if entries <= MAX_ENTRIES {
        return Ok(());
    }
    Err(refused(at, format!("these are {entries} entries"), format!("{MAX_ENTRIES} are taken")))
}

fn valid(place: &Pointer, result: Result<(), LabelError>) -> Result<(), SettingsError> {
    result.map_err(|error| refused(place.as_str(), error.to_string(), "it must be a legal label"))
}

fn refused(at: &str, message: impl Into<String>, help: impl Into<String>) -> SettingsError {
    SettingsError { pointer: Pointer::new(at), message: message.into(), help: Some(help.into()) }
}
