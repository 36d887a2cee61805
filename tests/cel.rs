//! Expressions, evaluated here and by the API server: the same values, and errors of the same kind.
//!
//! What the API server answers is recorded in `tests/cel/answers`; `tests/e2e/cel.rs` asks a real one again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "cel/corpus.rs"]
mod corpus;
#[path = "cel/dear.rs"]
mod dear;
#[path = "cel/differences.rs"]
mod differences;
#[path = "cel/here.rs"]
mod here;

use std::collections::BTreeSet;

use corpus::Answer;

#[test]
fn every_expression_is_answered_as_the_api_server_answers_it() {
    let (corpus, answers, here) = (corpus::corpus(), corpus::answers(), here::Here::new());
    let listed = differences::listed();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut wrong = Vec::new();
    for (topic, cases) in &corpus {
        let answers = &answers[topic];
        assert_eq!(cases.len(), answers.len(), "{topic}: ask the API server again");
        for (case, answer) in cases.iter().zip(answers) {
            assert_eq!(case.expr, answer.expr, "{topic}: ask the API server again");
            let Some(why) = differs(&here, case, answer) else { continue };
            if listed.iter().any(|one| one.expressions.contains(&case.expr)) {
                known.insert(&case.expr);
            } else {
                wrong.push(format!("{topic}: {}\n    {why}", case.expr));
            }
        }
    }
    let count: usize = corpus.values().map(Vec::len).sum();
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    let gone: Vec<&str> = listed
        .iter()
        .flat_map(|one| one.expressions.iter().map(String::as_str))
        .filter(|expression| !known.contains(expression))
        .collect();
    assert!(gone.is_empty(), "no differences any more:\n{}", gone.join("\n"));
    assert!(count >= 300, "{count} expressions");
}

/// How an answer here differs from that of the API server.
fn differs(here: &here::Here, case: &corpus::Case, theirs: &Answer) -> Option<String> {
    let instantiation = "program instantiation failed";
    let folded = theirs.refused.as_deref().filter(|why| why.contains(instantiation));
    let refused = theirs.refused.as_deref().filter(|_| folded.is_none());

    // Here objects have types, and what the API server's type checker warns of is refused.
    let typed = here.compile(case, true);
    match (refused.or(theirs.typed.as_deref()), &typed) {
        (Some(_), Err(_)) | (None, Ok(())) => {}
        (Some(why), Ok(())) => return Some(format!("taken here; there: {why}")),
        // What is constant is evaluated when the policy is loaded, there and perhaps here.
        (None, Err(_)) if folded.is_some() => {}
        (None, Err(why)) => return Some(format!("refused here ({why}); there: {theirs:?}")),
    }
    // Without types of objects the API server evaluates, whatever its checker warns of.
    let ours = here.evaluate(case);
    let error = theirs.error.as_deref().or(folded);
    match (refused, error, theirs.value.as_deref(), &ours) {
        (Some(_), _, _, here::Outcome::Refused(_)) => None,
        (None, Some(_), None, here::Outcome::Refused(_)) if folded.is_some() => None,
        (None, Some(error), None, here::Outcome::Error(found)) if kind(error) == kind(found) => {
            None
        }
        (None, None, Some("without a text"), here::Outcome::Value(_)) => None,
        (None, None, Some(value), here::Outcome::Value(found)) if value == found => None,
        _ => Some(format!("here: {ours:?}\n    there: {theirs:?}")),
    }
}

/// The kind of an error, by its text.
fn kind(error: &str) -> &'static str {
    let kinds = [
        ("no such key", "no such key"),
        ("no such overload", "no such overload"),
        ("cost", "too dear"),
        ("overflow", "overflow"),
        ("by zero", "division by zero"),
        ("out of bounds", "out of range"),
        ("out of range", "out of range"),
        ("dereference", "absent optional value"),
    ];
    let found = kinds.iter().find(|(text, _)| error.contains(text));
    found.map_or("other", |(_, kind)| kind)
}

#[test]
fn the_differences_are_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cel-differences.md");
    let wanted = differences::page();
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{path} is out of date: run PLIMSOLL_UPDATE=1 cargo test --test cel");
}
