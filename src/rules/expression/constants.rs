//! What is wrong with operations and objects of a patch before there is a pod.

use std::sync::Arc;

use super::operations::{Stop, may_change, pointer};
use super::shape;
use crate::cel::ast::{Element, Expr, Literal, Node};
use crate::cel::scene::Expression;
use crate::cel::{Type, schema};
use crate::decode::DecodeError;
use crate::pointer::Pointer;

/// Operations of JSON Patch (RFC 6902).
const OPERATIONS: [&str; 6] = ["add", "copy", "move", "remove", "replace", "test"];

/// The expression, where its constants can be right.
///
/// # Errors
/// The first operation that cannot be made to any pod, or field that pods do not have.
pub(super) fn checked(expression: Expression) -> Result<Expression, DecodeError> {
    let mut fault = None;
    expression.walk(&mut |node| {
        let Expr::Map { entries, type_name: Some(name) } = &node.expr else { return };
        let found = match &**name {
            "JSONPatch" => check_operation(entries),
            name => check_object(name, entries),
        };
        fault = fault.take().or(found.err().map(|fault| (fault, node.position)));
    });
    match fault {
        None => Ok(expression),
        Some(((message, help), at)) => Err(DecodeError {
            pointer: Pointer::default(),
            message: format!("{message} (line {}, character {})", at.line, at.column),
            help: Some(help),
        }),
    }
}

type Fault = (String, String);

/// A field, where it is written, and its text where that is constant.
fn field<'e>(entries: &'e [(Node, Element)], wanted: &str) -> Option<Option<&'e str>> {
    let (_, element) = entries.iter().find(|(key, _)| text(key) == Some(wanted))?;
    Some(text(&element.node))
}

fn text(node: &Node) -> Option<&str> {
    match &node.expr {
        Expr::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

fn check_operation(entries: &[(Node, Element)]) -> Result<(), Fault> {
    let op = match field(entries, "op") {
        None => return Err(("the JSONPatch has no `op`".into(), "add one: op: \"add\"".into())),
        Some(op) => op,
    };
    if let Some(op) = op.filter(|op| !OPERATIONS.contains(op)) {
        let help = format!("there are {}", OPERATIONS.join(", "));
        return Err((format!("there is no operation `{op}`"), help));
    }
    let takes = matches!(op, Some("copy" | "move"));
    for (name, is_needed) in [("path", true), ("from", takes)] {
        match field(entries, name) {
            None if is_needed && op.is_some() => {
                let help = format!("add one: {name}: \"/metadata/labels/team\"");
                return Err((format!("the JSONPatch has no `{name}`"), help));
            }
            Some(Some(written)) => {
                let changes = if name == "path" { op != Some("test") } else { op == Some("move") };
                check_path(written, changes && op.is_some())?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_path(written: &str, changes: bool) -> Result<(), Fault> {
    let help = || "write where it is in the pod: \"/spec/containers/0/image\"".to_owned();
    let fault = |stop| match stop {
        Stop::Wrong(message) => (message, help()),
        Stop::TestFailed => (String::new(), help()),
    };
    let place = pointer(written).map_err(fault)?;
    if changes {
        may_change(&place).map_err(fault)?;
    }
    shape::check_place(&place).map_err(|why| (format!("no pod has `{written}`: {why}"), help()))
}

/// Looks up the fields of `Object.spec.tolerations{…}`: names below `Object` are those of the pod's fields, and lists
/// and maps on the way have the name of what they hold.
fn check_object(name: &str, entries: &[(Node, Element)]) -> Result<(), Fault> {
    let mut known = schema::pod();
    for step in name.split('.').skip(1) {
        known = below(&held(known), step, name)?;
    }
    let known = held(known);
    let keys = entries.iter().filter_map(|(key, _)| text(key));
    keys.into_iter().try_for_each(|key| below(&known, key, name).map(drop))
}

fn held(mut known: Type) -> Type {
    loop {
        known = match known {
            Type::List(element) => (*element).clone(),
            Type::Map(map) => map.1.clone(),
            other => return other,
        }
    }
}

fn below(known: &Type, field: &str, name: &str) -> Result<Type, Fault> {
    let Type::Object(object) = known else {
        let help = "types before a brace are named like fields of a pod that hold objects";
        return Err((format!("`{name}` is no object of a pod"), help.to_owned()));
    };
    let object = Arc::clone(object);
    object.fields.get(field).cloned().ok_or_else(|| {
        let fields: Vec<_> = object.fields.keys().map(String::as_str).collect();
        let likeness = |other: &&str| strsim::jaro_winkler(field, other);
        let nearest = fields.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let help = match nearest.filter(|nearest| likeness(nearest) >= 0.8) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there are only: {}", fields.join(", ")),
        };
        (format!("`{name}` has no field `{field}`"), help)
    })
}
