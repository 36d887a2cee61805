//! What the status of a policy and of an exemption says.

use super::condition::{Condition, Holds};
use super::{Kind, USED, Wanted, is_true};
use crate::cluster::last_good::{Compile, Entry};
use crate::policy::exemption::Stray;
use crate::policy::{CompiledExemption, CompiledPolicy};

/// PodPolicy.
pub(in crate::cluster) static POLICY: Kind = Kind { kind: "PodPolicy", plural: "podpolicies" };
/// PodPolicyExemption.
pub(in crate::cluster) static EXEMPTION: Kind =
    Kind { kind: "PodPolicyExemption", plural: "podpolicyexemptions" };

/// What is said of a policy.
pub(in crate::cluster) fn of_policy(name: &str, entry: &Entry<CompiledPolicy>) -> Wanted {
    let (reason, message) = entry.verdict();
    wanted(&POLICY, name, entry, vec![ready(entry, reason, message)])
}

/// What is said of an exemption.
pub(in crate::cluster) fn of_exemption<'s>(
    name: &str,
    entry: &Entry<CompiledExemption>,
    strays: impl Iterator<Item = &'s Stray>,
    used: bool,
    now: Option<i64>,
) -> Wanted {
    let (reason, mut message) = entry.verdict();
    for stray in strays {
        message.push_str(&format!("\n{}: {}", stray.pointer.field_path(), stray.message));
        if let Some(help) = &stray.help {
            message.push_str(&format!(" ({help})"));
        }
    }
    let mut conditions = vec![ready(entry, reason, message)];
    if let Some((exemption, _)) = &entry.good {
        conditions.push(expired(exemption, now));
    }
    conditions.push(used_yet(entry, used));
    wanted(&EXEMPTION, name, entry, conditions)
}

fn wanted<T>(
    kind: &'static Kind,
    name: &str,
    entry: &Entry<T>,
    conditions: Vec<Condition>,
) -> Wanted {
    Wanted {
        kind,
        name: name.to_owned(),
        uid: entry.uid.clone(),
        generation: entry.generation,
        resource_version: entry.resource_version.clone(),
        conditions,
        present: entry.conditions.clone(),
    }
}

fn ready<T: Compile>(entry: &Entry<T>, reason: &'static str, message: String) -> Condition {
    Condition::new("Ready", entry.error.is_none(), reason, message)
}

fn expired(exemption: &CompiledExemption, now: Option<i64>) -> Condition {
    let condition =
        |holds: bool, reason, message| Condition::new("Expired", holds, reason, message);
    match &exemption.expires {
        None => {
            condition(false, "NeverExpires", "It has no end: `spec.expires` is not set.".to_owned())
        }
        Some(expiry) if exemption.is_expired(now) => {
            let message = format!("It ended ({}) and has no effect; delete it.", expiry.written);
            condition(true, "Ended", message)
        }
        Some(expiry) => condition(false, "InForce", format!("It ends {}.", expiry.written)),
    }
}

/// One replica sees a part of the reviews, and only since it began: it can say that an exemption was used, and never
/// that it was not. Whichever replica saw it says so (see [`super::used`]), and what was once said stays.
fn used_yet(entry: &Entry<CompiledExemption>, used: bool) -> Condition {
    let said = is_true(&entry.conditions, USED);
    let (holds, reason, message) = if used || said {
        (Holds::True, "Used", "Findings have been exempted by it.")
    } else {
        (
            Holds::Unknown,
            "NotSeen",
            "No replica has said yet that it exempted a finding by it. Dry runs are counted in the metric \
             plimsoll_exempted_findings_total alone.",
        )
    };
    Condition::new(USED, holds, reason, message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::last_good::Book;

    fn wanted_of(expires: Value, conditions: Value, used: bool, now: i64) -> Wanted {
        let mut object = json!({
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
            "metadata": {"name": "legacy", "uid": "u", "generation": 1},
            "spec": {"policies": ["images"], "reason": "moving", "owner": "team-a"},
            "status": {"conditions": conditions},
        });
        if expires.is_string() {
            object["spec"]["expires"] = expires;
        }
        let mut book = Book::<CompiledExemption>::default();
        book.apply(&object);
        let (name, entry) = book.entries().next().unwrap();
        of_exemption(name, entry, std::iter::empty(), used, Some(now))
    }

    fn told(wanted: &Wanted, kind: &str) -> (Holds, &'static str) {
        let found = wanted.conditions.iter().find(|one| one.kind == kind).unwrap();
        (found.holds, found.reason)
    }

    #[test]
    fn exemptions_say_whether_they_are_over_and_used() {
        let none = || json!([]);
        let wanted = wanted_of(json!("2026-11-21"), none(), false, 0);
        assert_eq!(told(&wanted, "Ready"), (Holds::True, "Compiled"));
        assert_eq!(told(&wanted, "Expired"), (Holds::False, "InForce"));
        assert_eq!(told(&wanted, "Used"), (Holds::Unknown, "NotSeen"));
        let wanted = wanted_of(json!("2026-11-21"), none(), true, i64::MAX);
        assert_eq!(told(&wanted, "Expired"), (Holds::True, "Ended"));
        assert_eq!(told(&wanted, "Used"), (Holds::True, "Used"));
        let wanted = wanted_of(Value::Null, none(), false, i64::MAX);
        assert_eq!(told(&wanted, "Expired"), (Holds::False, "NeverExpires"));
    }

    #[test]
    fn used_once_is_used_for_another_leader_too() {
        let said = json!([{"type": "Used", "status": "True"}]);
        assert_eq!(told(&wanted_of(Value::Null, said, false, 0), "Used"), (Holds::True, "Used"));
    }

    #[test]
    fn one_that_cannot_be_read_is_not_ready_and_has_no_end() {
        let wanted = wanted_of(json!("soon"), json!([]), false, 0);
        assert_eq!(told(&wanted, "Ready"), (Holds::False, "Invalid"));
        assert!(!wanted.conditions.iter().any(|one| one.kind == "Expired"));
    }
}
