//! `find` and `findAll` (k8s.io/apiserver/pkg/cel/library/regex.go).

use super::standard::text::regex_cost;
use super::support::{member, no_overload};
use super::{Function, Machine};
use crate::cel::types::Sig;
use crate::cel::{EvalError, Value};

const TEXTS: &[Sig] = &[Sig::String, Sig::String];
const AND_INT: &[Sig] = &[Sig::String, Sig::String, Sig::Int];
const LIST: Sig = Sig::List(&Sig::String);

pub(super) static FUNCTIONS: &[Function] = &[
    Function { name: "find", overloads: &[member(TEXTS, Sig::String, find)] },
    Function {
        name: "findAll",
        overloads: &[member(TEXTS, LIST, find_all), member(AND_INT, LIST, find_all)],
    },
];

fn find<'v>(machine: &mut Machine<'_>, arguments: &[Value<'v>]) -> Result<Value<'v>, EvalError> {
    let [whole @ Value::String(text), regex @ Value::String(pattern)] = arguments else {
        return Err(no_overload("find"));
    };
    machine.budget.spend(regex_cost(whole, regex))?;
    let found = machine
        .regexes
        .get(pattern, text.len(), machine.budget)?
        .find(text)
        .map_or("", |found| found.as_str());
    Ok(Value::text(found))
}

fn find_all<'v>(
    machine: &mut Machine<'_>,
    arguments: &[Value<'v>],
) -> Result<Value<'v>, EvalError> {
    let (whole, regex, most) = match arguments {
        [whole, regex] => (whole, regex, -1),
        [whole, regex, Value::Int(most)] => (whole, regex, *most),
        _ => return Err(no_overload("findAll")),
    };
    let (Value::String(text), Value::String(pattern)) = (whole, regex) else {
        return Err(no_overload("findAll"));
    };
    machine.budget.spend(regex_cost(whole, regex))?;
    // Less than 0 is all of them.
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let regex = machine.regexes.get(pattern, text.len(), machine.budget)?;
    let mut found = Vec::new();
    // Go takes no empty match right after another match, as this crate does not.
    for part in regex.find_iter(text).take(most) {
        machine.budget.copy(1)?;
        found.push(Value::text(part.as_str()));
    }
    Ok(Value::list(found))
}

#[cfg(test)]
mod tests {
    use super::super::support::tests::shown;
    use super::*;

    #[test]
    fn parts_are_found() {
        let find = |text: &'static str, regex: &'static str| {
            shown(FUNCTIONS, "find", &[text.into(), regex.into()])
        };
        assert_eq!(find("abc 123", "[0-9]+"), "123");
        assert_eq!(find("abc", "[0-9]+"), "");
        assert!(find("abc", "(").starts_with("error"));
        let all = |text: &'static str, regex: &'static str, most| {
            shown(FUNCTIONS, "findAll", &[text.into(), regex.into(), Value::Int(most)])
        };
        assert_eq!(all("abc 123 45", "[0-9]+", -1), "[123|45]");
        assert_eq!(all("abc 123 45", "[0-9]+", 1), "[123]");
        assert_eq!(all("abc 123 45", "[0-9]+", 0), "[]");
        assert_eq!(shown(FUNCTIONS, "findAll", &["aXbX".into(), "(a|b)X".into()]), "[aX|bX]");
    }
}
