//! The deepest expressions that are taken are compiled, evaluated and dropped on the stack of a thread.

use super::*;
use crate::cel::parse::{MAX_BRACKETS, MAX_DEPTH};

struct Nothing;

impl<'v> Bindings<'v> for Nothing {
    fn get(&self, _: usize, _: &mut Budget) -> Result<Value<'v>, EvalError> {
        Ok(Value::Null)
    }
}

/// What comes of an expression; it is evaluated where it is one.
fn run(source: &str) -> Result<(), String> {
    let environment = Environment::new();
    match Program::compile(source, &environment, &[]) {
        Ok(program) => {
            let _ = program.evaluate(&Nothing, &mut Budget::new(1_000_000));
            Ok(())
        }
        Err(error) => Err(error.message),
    }
}

/// Expressions by how deep they are.
type Nest = fn(usize) -> String;

const NESTS: [(&str, Nest); 22] = [
    ("parentheses", |n| format!("{}1{}", "(".repeat(n), ")".repeat(n))),
    ("lists", |n| format!("{}1{}", "[".repeat(n), "]".repeat(n))),
    ("maps", |n| format!("{}1{}", "{1: ".repeat(n), "}".repeat(n))),
    ("calls", |n| format!("{}1{}", "dyn(".repeat(n), ")".repeat(n))),
    ("negations", |n| format!("{}true{}", "!(".repeat(n), ")".repeat(n))),
    ("sums", |n| vec!["1"; n].join(" + ")),
    ("sums to the right", |n| format!("{}1{}", "1 + (".repeat(n), ")".repeat(n))),
    ("products in sums", |n| format!("{}1{}", "1 == 1 + 1 * dyn(".repeat(n), ")".repeat(n))),
    ("comparisons", |n| vec!["dyn(1)"; n].join(" == ")),
    ("ands", |n| vec!["true"; n].join(" && ")),
    ("ands and ors", |n| format!("{}true{}", "true && (false || ".repeat(n), ")".repeat(n))),
    ("choices", |n| format!("{}1", "false ? 1 : ".repeat(n))),
    ("choices to the left", |n| format!("{}true{}", "(".repeat(n), " ? true : false)".repeat(n))),
    ("selections", |n| format!("dyn(1){}", ".a".repeat(n))),
    ("optional selections", |n| format!("dyn(1){}", ".?a".repeat(n))),
    ("indices", |n| format!("dyn(1){}", "[0]".repeat(n))),
    ("members", |n| format!("'a'{}", ".size().size()".repeat(n))),
    ("quantifiers", |n| format!("{}true{}", "[1].all(x, ".repeat(n), ")".repeat(n))),
    ("maps of lists", |n| format!("{}1{}", "[1].map(x, ".repeat(n), ")".repeat(n))),
    ("maps in a row", |n| format!("[1]{}", ".map(x, x)".repeat(n))),
    ("optional maps", |n| format!("{}1{}", "optional.of(1).optMap(x, ".repeat(n), ")".repeat(n))),
    ("optional maps in a row", |n| format!("optional.of(1){}", ".optMap(x, x)".repeat(n))),
];

#[test]
fn the_deepest_are_taken_and_deeper_are_refused() {
    for (name, nest) in NESTS {
        let mut deepest = 0;
        for depth in 1..=usize::from(MAX_DEPTH) + 10 {
            match run(&nest(depth)) {
                Err(message) if message.contains("nested deeper than") => break,
                _ => deepest = depth,
            }
        }
        assert!(deepest >= 24, "{name}: {deepest}");
        assert!(
            name == "ands" || deepest <= usize::from(MAX_DEPTH),
            "{name} go as deep as {deepest}"
        );
        let far = run(&nest(2_000));
        assert!(
            name == "ands" || far.is_err_and(|message| message.contains("nested deeper than")),
            "{name}"
        );
    }
    assert!(run(&NESTS[1].1(usize::from(MAX_BRACKETS))).is_ok());
}

#[test]
fn many_terms_are_taken() {
    assert_eq!(run(&vec!["true"; 5_000].join(" && ")), Ok(()));
    assert_eq!(run(&vec!["1 == 1"; 5_000].join(" || ")), Ok(()));
    assert_eq!(run(&format!("[{}]", vec!["1"; 20_000].join(","))), Ok(()));
    assert_eq!(run(&format!("{}true", "!".repeat(50_000))), Ok(()));
    assert_eq!(run(&format!("{}1", "-".repeat(50_000))), Ok(()));
}
