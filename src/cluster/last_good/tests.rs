use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::pointer::Pointer;

impl<T: Compile> Book<T> {
    /// Takes an object as the keeper does.
    pub(in crate::cluster) fn apply(&mut self, object: &Value) -> bool {
        let seen = Seen::of(object);
        if self.knows(&seen) {
            self.note(seen);
            return false;
        }
        self.enter(seen, compile(object))
    }
}

fn policy(name: &str, generation: i64, action: &str) -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
        "metadata": {
            "name": name, "uid": format!("uid-{name}"), "generation": generation,
            "resourceVersion": format!("{}", 100 + generation),
        },
        "spec": {"rules": [{"name": "tags", "action": action, "imageTag": {"deny": ["latest"]}}]},
    })
}

fn names(book: &Book<CompiledPolicy>) -> Vec<String> {
    book.in_force().iter().map(|policy| policy.name.to_string()).collect()
}

fn entry<'b>(book: &'b Book<CompiledPolicy>, name: &str) -> &'b Entry<CompiledPolicy> {
    book.entries().find(|(other, _)| *other == name).unwrap().1
}

#[test]
fn a_bad_version_leaves_the_last_good_one_in_force_and_the_others_alone() {
    let mut book = Book::<CompiledPolicy>::default();
    assert!(book.apply(&policy("a", 1, "Deny")));
    assert!(book.apply(&policy("b", 1, "Deny")));
    let good = Arc::clone(&entry(&book, "a").good.as_ref().unwrap().0);
    assert!(!book.apply(&policy("a", 2, "Refuse")), "what is in force has not changed");
    assert_eq!(names(&book), ["a", "b"]);
    assert!(Arc::ptr_eq(&good, &entry(&book, "a").good.as_ref().unwrap().0));
    let (reason, message) = entry(&book, "a").verdict();
    assert_eq!(reason, "Invalid");
    assert!(message.starts_with("spec.rules[0].action: "), "{message}");
    assert!(message.contains("Generation 1 stays in force"), "{message}");
    assert_eq!(entry(&book, "b").verdict().0, "Compiled");
    assert!(book.apply(&policy("a", 3, "Warn")));
    assert_eq!(entry(&book, "a").verdict().0, "Compiled");
}

#[test]
fn a_bad_policy_without_a_good_version_is_not_in_force_and_says_why() {
    let mut book = Book::<CompiledPolicy>::default();
    assert!(!book.apply(&policy("a", 4, "Refuse")));
    assert!(names(&book).is_empty());
    assert!(entry(&book, "a").verdict().1.contains("no earlier version is known"));
}

#[test]
fn deletion_takes_a_policy_out_of_force_and_its_past_with_it() {
    let mut book = Book::<CompiledPolicy>::default();
    book.apply(&policy("a", 1, "Deny"));
    assert!(book.remove("a"));
    assert!(!book.remove("a"));
    assert!(!book.apply(&policy("a", 1, "Refuse")));
    assert!(names(&book).is_empty());
}

#[test]
fn another_object_of_the_same_name_does_not_inherit_the_good_version() {
    let mut book = Book::<CompiledPolicy>::default();
    book.apply(&policy("a", 1, "Deny"));
    let mut another = policy("a", 1, "Refuse");
    another["metadata"]["uid"] = json!("uid-2");
    assert!(book.apply(&another), "the old one is out of force");
    assert!(names(&book).is_empty());
}

#[test]
fn a_new_list_forgets_what_is_not_in_it() {
    let mut book = Book::<CompiledPolicy>::default();
    book.apply(&policy("a", 1, "Deny"));
    book.apply(&policy("b", 1, "Deny"));
    assert!(!book.retain(&HashSet::from(["a", "b"])));
    assert!(book.retain(&HashSet::from(["b"])));
    assert_eq!(names(&book), ["b"]);
}

/// Counts how often anything is compiled. Used by one test alone.
struct Counted;

static COMPILED: AtomicUsize = AtomicUsize::new(0);

impl Compile for Counted {
    const WHAT: &'static str = "object";

    fn compile(_: &Value) -> Result<Self, Vec<DecodeError>> {
        COMPILED.fetch_add(1, Ordering::Relaxed);
        Ok(Self)
    }
}

#[test]
fn only_what_changed_is_compiled() {
    let mut book = Book::<Counted>::default();
    for name in 0..100 {
        book.apply(&policy(&format!("p{name}"), 1, "Deny"));
    }
    assert_eq!(COMPILED.load(Ordering::Relaxed), 100);
    // A relist, and a status that was written: the generation is the same.
    for name in 0..100 {
        let mut object = policy(&format!("p{name}"), 1, "Deny");
        object["metadata"]["resourceVersion"] = json!("9999");
        object["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}]});
        assert!(!book.apply(&object));
    }
    assert_eq!(COMPILED.load(Ordering::Relaxed), 100);
    assert!(book.entries().all(|(_, entry)| entry.conditions.len() == 1));
    assert!(book.apply(&policy("p7", 2, "Warn")));
    assert_eq!(COMPILED.load(Ordering::Relaxed), 101);
}

/// Wrong in more places than anybody wants to read at once.
struct Hopeless;

impl Compile for Hopeless {
    const WHAT: &'static str = "object";

    fn compile(_: &Value) -> Result<Self, Vec<DecodeError>> {
        let error = |at: usize| DecodeError {
            pointer: Pointer::new(format!("/spec/rules/{at}")),
            message: "x".repeat(100),
            help: Some(String::new()),
        };
        Err((0..1_000).map(error).collect())
    }
}

#[test]
fn messages_are_bounded() {
    let mut book = Book::<Hopeless>::default();
    book.apply(&policy("a", 1, "Deny"));
    let (_, message) = book.entries().next().unwrap().1.verdict();
    assert!(message.len() < 4_000 && message.contains("and 984 more"), "{message}");
}
