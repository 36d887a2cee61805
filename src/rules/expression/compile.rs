//! Settings become expressions.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::ExpressionRule;
use super::constants;
use super::patches::{Patch, Patches};
use super::settings::{
    MAX_PATCHES, MAX_VALIDATIONS, MAX_VARIABLES, PatchSettings, Settings, ValidationSettings,
    Variable,
};
use super::shape;
use super::validations::Validation;
use crate::cel::scene::{Expression, Variables};
use crate::cel::{Environment, Type, schema};
use crate::pointer::Pointer;
use crate::rules::SettingsError;

pub(super) fn compile(settings: Settings) -> Result<ExpressionRule, SettingsError> {
    let Settings { params, variables, validations, patches, failure_policy } = settings;
    if validations.is_empty() && patches.is_empty() {
        return Err(refused(
            "",
            "the rule has neither `validations` nor `patches`",
            "add an expression that must hold: validations: [{expression: …}]",
        ));
    }
    for (field, count, most) in [
        ("/variables", variables.len(), MAX_VARIABLES),
        ("/validations", validations.len(), MAX_VALIDATIONS),
        ("/patches", patches.len(), MAX_PATCHES),
    ] {
        if count > most {
            let message = format!("these are {count}, and a rule has {most} at most");
            return Err(refused(field, message, "make two rules of it"));
        }
    }
    let params = params.map(Json::Object);
    let mut environment = Environment::admission(params.as_ref().map(schema::params));
    let variables = compile_variables(&variables, &mut environment)?;
    let compiled = validations.into_iter().enumerate().map(|(at, one)| {
        compile_validation(one, &environment).map_err(|error| error.below(at).below("validations"))
    });
    let validations = compiled.collect::<Result<_, _>>()?;
    let environment = environment.with_patches();
    let compiled = patches.into_iter().enumerate().map(|(at, one)| {
        compile_patch(one, &environment).map_err(|error| error.below(at).below("patches"))
    });
    Ok(ExpressionRule {
        params,
        variables,
        validations,
        patches: Patches(compiled.collect::<Result<_, _>>()?),
        failure_policy,
    })
}

fn compile_variables(
    written: &[Variable],
    environment: &mut Environment,
) -> Result<Variables, SettingsError> {
    let mut variables = Variables::after(environment);
    let mut names = HashSet::new();
    for (at, variable) in written.iter().enumerate() {
        let name = &variable.name;
        let place = |error: SettingsError| error.below(at).below("variables");
        let letters = |first: bool| {
            move |c: char| c == '_' || c.is_ascii_alphabetic() || (!first && c.is_ascii_digit())
        };
        if !name.starts_with(letters(true)) || !name.chars().all(letters(false)) {
            let message = format!("`{name}` is no name that an expression can use");
            let help = "use letters, digits and `_`, and begin with no digit";
            return Err(place(refused("/name", message, help)));
        }
        if !names.insert(name) {
            let message = format!("there are two variables called `{name}`");
            return Err(place(refused("/name", message, "rename one of them")));
        }
        let added = variables.add(name, &variable.expression, environment);
        added.map_err(|error| place(error.below("expression")))?;
    }
    Ok(variables)
}

fn compile_validation(
    written: ValidationSettings,
    environment: &Environment,
) -> Result<Validation, SettingsError> {
    let ValidationSettings { expression, message, message_expression, field_path, help } = written;
    let compile = |field: &str, source: &str, wanted| {
        Expression::compile(source, environment, &[wanted]).map_err(|error| error.below(field))
    };
    check_line("/message", message.as_deref())?;
    check_line("/help", help.as_deref())?;
    Ok(Validation {
        expression: compile("expression", &expression, Type::Bool)?,
        message: message.map(|message| message.trim().to_owned()),
        message_expression: message_expression
            .map(|source| compile("messageExpression", &source, Type::String))
            .transpose()?,
        place: field_path.as_deref().map(place_of).transpose()?.unwrap_or_default(),
        help,
    })
}

fn compile_patch(
    written: PatchSettings,
    environment: &Environment,
) -> Result<Patch, SettingsError> {
    check_line("/message", written.message.as_deref())?;
    let expression = Expression::compile_patch(&written.expression, environment)
        .and_then(constants::checked)
        .map_err(|error| error.below("expression"))?;
    Ok(Patch { expression, message: written.message.map(|message| message.trim().to_owned()) })
}

fn check_line(field: &str, text: Option<&str>) -> Result<(), SettingsError> {
    match text {
        Some(text) if text.trim().is_empty() => {
            Err(refused(field, "the text is blank", "leave it out, or say what is wrong"))
        }
        Some(text) if text.trim().contains('\n') => {
            Err(refused(field, "the text has several lines", "say it in one"))
        }
        _ => Ok(()),
    }
}

/// A place in a pod, written as people write it or as a JSON pointer.
pub(super) fn place_of(path: &str) -> Result<Pointer, SettingsError> {
    let pointer = if path.starts_with('/') {
        Some(Pointer::new(path))
    } else {
        parse(path.strip_prefix('.').unwrap_or(path))
    };
    let first = pointer.as_ref().and_then(|pointer| pointer.tokens().next().map(String::from));
    match (pointer, first.as_deref()) {
        (Some(pointer), Some("metadata" | "spec")) => match shape::check_place(&pointer) {
            Ok(()) => Ok(pointer),
            Err(why) => Err(refused(
                "/fieldPath",
                format!("`{path}` leads nowhere in a pod: {why}"),
                "write a place that pods have, such as spec.containers[0].image",
            )),
        },
        _ => Err(refused(
            "/fieldPath",
            format!("`{path}` leads nowhere in a pod"),
            "write spec.containers[0].image or /spec/containers/0/image; the path begins at the pod",
        )),
    }
}

/// Reads `spec.containers[0].image` and `metadata.labels["a/b"]`.
fn parse(path: &str) -> Option<Pointer> {
    let mut pointer = Pointer::default();
    let mut rest = path;
    let mut is_first = true;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (token, after) = match inner.chars().next()? {
                quote @ ('"' | '\'') => {
                    let (token, after) = inner.get(1..)?.split_once(quote)?;
                    (token, after.strip_prefix(']')?)
                }
                _ => {
                    let (token, after) = inner.split_once(']')?;
                    token.parse::<u32>().ok()?;
                    (token, after)
                }
            };
            pointer.push(token);
            rest = after;
        } else {
            let inner = if is_first { rest } else { rest.strip_prefix('.')? };
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            let (token, after) = inner.split_at_checked(end)?;
            if token.is_empty() {
                return None;
            }
            pointer.push(token);
            rest = after;
        }
        is_first = false;
    }
    Some(pointer)
}

fn refused(pointer: &str, message: impl Into<String>, help: impl Into<String>) -> SettingsError {
    SettingsError {
        pointer: Pointer::new(pointer),
        message: message.into(),
        help: Some(help.into()),
    }
}
