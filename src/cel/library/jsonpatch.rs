//! `jsonpatch.escapeKey` (k8s.io/apiserver/pkg/cel/library/jsonpatch.go).

use super::support::{global, no_overload};
use super::{Function, Machine};
use crate::cel::types::Sig;
use crate::cel::{EvalError, Value};

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "jsonpatch.escapeKey",
    overloads: &[global(&[Sig::String], Sig::String, escape_key)],
}];

fn escape_key<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let [Value::String(key)] = arguments else { return Err(no_overload("jsonpatch.escapeKey")) };
    machine.budget.traverse(key.chars().count())?;
    Ok(Value::text(key.replace('~', "~0").replace('/', "~1")))
}

#[cfg(test)]
mod tests {
    use super::super::support::tests::shown;
    use super::*;

    #[test]
    fn keys_are_escaped() {
        let escaped = shown(FUNCTIONS, "jsonpatch.escapeKey", &["k8s.io/my~label".into()]);
        assert_eq!(escaped, "k8s.io~1my~0label");
    }
}
