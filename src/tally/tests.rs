//! Adding up in parts and in any order.

use proptest::prelude::*;

use super::*;

fn example(at: i64, name: &str) -> Example {
    let (name, path) = (name.into(), "/spec/containers/0/image".into());
    let (message, help) = (Arc::from("wrong"), Arc::from("mend it"));
    Example { at: Some(at), name, path, message, help, fix: None, fix_safety: None }
}

fn owner(name: &str) -> Owner {
    Owner {
        namespace: "etl".into(),
        kind: "Job".into(),
        name: name.into(),
        api_version: "batch/v1".into(),
    }
}

fn one(container: u32, at: i64) -> Owned {
    let mut owned = Owned { seen: Seen::once(Some(at)), ..Owned::default() };
    owned.outcomes.pods = 1;
    let key = FindingKey {
        policy: "p".into(),
        rule: "r".into(),
        container: Some(format!("c{container}").into()),
    };
    let action = if at % 3 == 0 { Action::Deny } else { Action::Warn };
    let (seen, kind) = (Seen::once(Some(at)), "imageTag".into());
    owned.add(key, Found { kind, action, count: 1, seen, example: example(at, &format!("p{at}")) });
    owned
}

fn merged(parts: Vec<Owned>) -> Owned {
    parts.into_iter().fold(Owned::default(), |mut all, part| {
        all.merge(part);
        all
    })
}

proptest! {
    #[test]
    fn parts_in_any_order_come_to_the_same(
        pods in proptest::collection::vec((0_u32..200, 0_i64..1_000), 1..300),
        cuts in proptest::collection::vec(1_usize..50, 1..10),
    ) {
        let all: Vec<Owned> = pods.iter().map(|(container, at)| one(*container, *at)).collect();
        let whole = merged(all.clone());
        let mut rest = all;
        rest.reverse();
        let mut parts = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            parts.push(merged(rest.drain(..rest.len().min(*cut)).collect()));
        }
        prop_assert_eq!(&merged(parts), &whole);
        prop_assert!(whole.findings.len() <= MAX_FINDINGS);
        let counted = whole.findings.iter().chain(whole.others.iter());
        prop_assert_eq!(counted.map(|(_, found)| found.count).sum::<u64>(), pods.len() as u64);
        let text = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Owned>(&text).unwrap(), &whole);
    }
}

#[test]
fn owners_beyond_the_bound_are_counted_together_in_any_order() {
    let names: Vec<String> = (0..MAX_OWNERS + 500).map(|at| format!("job-{at}")).collect();
    let tally = |names: &mut dyn Iterator<Item = &String>| {
        let mut tally = Tally::default();
        names.for_each(|name| tally.add(owner(name), one(1, 3)));
        tally
    };
    let whole = tally(&mut names.iter());
    assert_eq!((whole.owners.len(), whole.others["etl"].outcomes.pods), (MAX_OWNERS, 500));
    let mut parts = tally(&mut names.iter().rev().step_by(2));
    parts.merge(tally(&mut names.iter().rev().skip(1).step_by(2)));
    assert_eq!(parts, whole);
}

#[test]
fn an_owner_is_found_by_what_a_pod_tells_of_it() {
    use crate::pod::top_owner::{Attribution, TopOwner};
    let told = TopOwner {
        api_version: "batch/v1".into(),
        kind: "Job".into(),
        name: "x".into(),
        attribution: Attribution::Controller,
    };
    let mut tally = Tally::default();
    tally.add(Owner::new("etl", &told), one(1, 3));
    let found = tally.owners.find_mut(&owner::parts("etl", &told), |there| there.is("etl", &told));
    assert!(found.is_some());
    assert!(tally.owners.find_mut(&owner::parts("web", &told), |_| true).is_none());
}
