//! Numbers within bounds.

use super::settings::Bounds;
use crate::edit::Edit;
use crate::finding::{Safety, Violation};
use crate::pointer::Pointer;

/// What is asked of seconds that may be absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds {
    pub(super) required: bool,
    pub(super) default: Option<i64>,
    pub(super) bounds: Bounds,
}

/// A number under judgement.
pub(super) struct Value {
    /// Where it stands.
    pub(super) pointer: Pointer,
    /// Its name, for messages.
    pub(super) field: &'static str,
    /// The value in force.
    pub(super) now: i64,
    /// Nobody wrote it.
    pub(super) defaulted: bool,
}

impl Seconds {
    pub(super) fn judge(
        &self,
        pointer: Pointer,
        field: &'static str,
        now: Option<i64>,
        violations: &mut Vec<Violation>,
    ) {
        match now {
            Some(now) => {
                let value = Value { pointer, field, now, defaulted: false };
                violations.extend(self.bounds.judge(&value));
            }
            None if self.required => violations.push(self.missing(pointer, field)),
            None => {}
        }
    }

    fn missing(&self, pointer: Pointer, field: &str) -> Violation {
        // Where it is missing nothing can be pointed at but what it is missing in.
        let message = format!("{field} is missing");
        let Some(default) = self.default else {
            let bounds = if self.bounds == Bounds::default() {
                String::new()
            } else {
                format!(", {}", self.bounds.text())
            };
            return Violation::pod(pointer, message, format!("set {field}{bounds}"));
        };
        let edits = vec![Edit::set(pointer.clone(), default)];
        Violation::pod(pointer, message, format!("set {field}: {default}")).with_fix(
            format!("{field} + {default}"),
            Safety::Unsafe,
            edits,
        )
    }
}

impl Bounds {
    pub(super) fn judge(self, value: &Value) -> Option<Violation> {
        let Value { pointer, field, now, defaulted } = value;
        let wanted = self.nearest(*now);
        if wanted == *now {
            return None;
        }
        let default = if *defaulted { ", the default," } else { "" };
        let side = if wanted > *now { "less than the least" } else { "more than the most" };
        let message = format!("`{now}`{default} is {side}, {wanted}");
        let edits = vec![Edit::set(pointer.clone(), wanted)];
        Some(Violation::pod(pointer.clone(), message, format!("set {field}: {wanted}")).with_fix(
            format!("{field} {now} -> {wanted}"),
            Safety::Unsafe,
            edits,
        ))
    }
}
