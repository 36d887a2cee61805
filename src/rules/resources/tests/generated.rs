//! Generated pods, LimitRanges and settings through the real engine and a port of the API server.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{api, decide, patched, policy};
use crate::engine::{Decision, Engine, Finding, Stage};
use crate::pod::limit_range::LimitRange;
use crate::policy::{Action, PolicySet};

const CPU: [&str; 8] = ["0", "1m", "100m", "0.25", "300m", "1", "1500m", "4"];
const BYTES: [&str; 8] = ["0", "1", "64Mi", "100M", "128Mi", "300Mi", "1Gi", "3000000001"];
const RATIOS: [&str; 4] = ["1", "1.5", "2", "1e1"];

fn amounts(sparse: u32) -> impl Strategy<Value = Value> {
    let one = move |of: [&'static str; 8]| prop_oneof![sparse => Just(None), 3 => prop::sample::select(of.to_vec()).prop_map(Some)];
    (one(CPU), one(BYTES), one(BYTES)).prop_map(|(cpu, memory, storage)| {
        let all = [("cpu", cpu), ("memory", memory), ("ephemeral-storage", storage)];
        let set = all.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?))));
        Value::Object(set.collect::<Map<_, _>>())
    })
}

fn resources() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(json!({})),
        8 => (amounts(5), amounts(5))
            .prop_map(|(requests, limits)| json!({"requests": requests, "limits": limits})),
        3 => amounts(3).prop_map(|limits| json!({"limits": limits})),
        3 => amounts(3).prop_map(|requests| json!({"requests": requests})),
    ]
}

fn pod_level() -> impl Strategy<Value = Option<Value>> {
    let amounts = || {
        amounts(2).prop_map(|mut amounts| {
            amounts.as_object_mut().unwrap().remove("ephemeral-storage");
            amounts
        })
    };
    prop_oneof![
        4 => Just(None),
        1 => amounts().prop_map(|limits| Some(json!({"limits": limits}))),
        1 => (amounts(), amounts()).prop_map(|(r, l)| Some(json!({"requests": r, "limits": l}))),
        1 => amounts().prop_map(|requests| Some(json!({"requests": requests}))),
    ]
}

fn pod() -> impl Strategy<Value = Value> {
    let main = prop::collection::vec(resources(), 1..=3);
    let init = prop::collection::vec((resources(), any::<bool>()), 0..=2);
    (main, init, pod_level(), any::<bool>()).prop_map(|(main, init, pod_level, windows)| {
        let container = |name: String, resources: Value| {
            json!({"name": name, "image": "a:1", "resources": resources})
        };
        let main = main.into_iter().enumerate().map(|(at, found)| container(format!("c{at}"), found));
        let init = init.into_iter().enumerate().map(|(at, (found, sidecar))| {
            let mut made = container(format!("i{at}"), found);
            if sidecar {
                made["restartPolicy"] = json!("Always");
            }
            made
        });
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {
            "containers": main.collect::<Vec<_>>(), "initContainers": init.collect::<Vec<_>>()}});
        match pod_level {
            Some(found) => pod["spec"]["resources"] = found,
            None if windows => pod["spec"]["os"] = json!({"name": "windows"}),
            None => {}
        }
        pod
    })
}

fn ranges() -> impl Strategy<Value = Vec<Value>> {
    let ratio = || {
        prop::option::weighted(0.3, prop::sample::select(RATIOS.to_vec()))
            .prop_map(|ratio| ratio.map_or_else(|| json!({}), |ratio| json!({"memory": ratio})))
    };
    let container = (amounts(9), amounts(9), amounts(9), amounts(9), ratio()).prop_map(
        |(min, max, default, request, ratio)| {
            json!({"type": "Container", "min": min, "max": max, "default": default,
                   "defaultRequest": request, "maxLimitRequestRatio": ratio})
        },
    );
    let pod = (amounts(9), amounts(7), ratio()).prop_map(|(min, max, ratio)| {
        json!({"type": "Pod", "min": min, "max": max, "maxLimitRequestRatio": ratio})
    });
    let range =
        (prop::option::of(container), prop::option::of(pod)).prop_map(|(container, pod)| {
            let limits: Vec<Value> = container.into_iter().chain(pod).collect();
            json!({"kind": "LimitRange", "metadata": {"name": "r"}, "spec": {"limits": limits}})
        });
    prop::collection::vec(range, 0..=2)
}

fn settings() -> impl Strategy<Value = Value> {
    let side = |of: [&'static str; 8], limits: bool| {
        let one =
            move |weight: f64| prop::option::weighted(weight, prop::sample::select(of.to_vec()));
        let ratio = prop::option::weighted(0.3, prop::sample::select(RATIOS.to_vec()));
        let forbidden = prop::bool::weighted(0.2);
        (any::<bool>(), one(0.6), one(0.15), one(0.2), ratio, forbidden).prop_map(
            move |(required, default, min, max, ratio, forbidden)| {
                if limits && forbidden {
                    return json!({"forbidden": true});
                }
                let mut settings = json!({"required": required});
                let all = [
                    ("default", default),
                    ("min", min),
                    ("max", max),
                    ("maxLimitRequestRatio", ratio.filter(|_| limits)),
                ];
                for (field, value) in all {
                    if let Some(value) = value {
                        settings[field] = json!(value);
                    }
                }
                settings
            },
        )
    };
    let map = move |limits: bool| {
        let one = move |of| prop::option::of(side(of, limits));
        (one(CPU), one(BYTES), one(BYTES)).prop_map(|(cpu, memory, storage)| {
            let all = [("cpu", cpu), ("memory", memory), ("ephemeral-storage", storage)];
            let set = all.into_iter().filter_map(|(name, found)| Some((name.to_owned(), found?)));
            Value::Object(set.collect::<Map<_, _>>())
        })
    };
    (map(false), map(true))
        .prop_map(|(requests, limits)| json!({"requests": requests, "limits": limits}))
}

/// What the API server holds of a pod just before it calls webhooks.
fn admitted(pod: Value, ranges: &[Value]) -> Value {
    api::ranged(api::defaulted(pod), ranges)
}

fn verdicts(findings: &[&Finding]) -> BTreeSet<(String, Action)> {
    let verdict = |finding: &&Finding| (finding.violation.pointer.to_string(), finding.action);
    findings.iter().map(verdict).collect()
}

fn sizes(pod: &Value) -> Vec<Value> {
    let mut found = vec![pod["spec"]["resources"].clone()];
    for list in ["initContainers", "containers"] {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        found.extend(containers.map(|container| container["resources"].clone()));
    }
    found
}

/// Without the finding of a fix that the same change makes superfluous, which is no one's verdict.
fn fixed(decision: &Decision) -> Vec<&Finding> {
    decision.by_action(Action::Patch).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2 * ProptestConfig::default().cases, max_global_rejects: 200_000, ..ProptestConfig::default() })]

    #[test]
    fn a_fix_holds(written in pod(), settings in settings(), ranges in ranges()) {
        let Ok(set) = PolicySet::compile(&[&policy(&settings, "Patch")]) else {
            return Err(TestCaseError::reject("refused settings"));
        };
        let engine = Engine::new(Arc::new(set));
        let pod = admitted(written.clone(), &ranges);
        prop_assume!(api::invalid(&pod).is_none());
        let known: Vec<LimitRange> = ranges.iter().filter_map(|range| LimitRange::from_value(range).unwrap()).collect();

        let mutated = decide(&engine, &pod, &known, Stage::Mutate);
        prop_assert!(mutated.conflicts.is_empty(), "{:?}", mutated.conflicts);
        let patched_pod = patched(&mutated, &pod);
        // The API server defaults again, and runs LimitRanger again, after a webhook's patch.
        let after = admitted(patched_pod.clone(), &ranges);
        prop_assert_eq!(api::invalid(&after), None, "{}", after);
        let before = api::refused(&pod, &ranges);
        let refused = api::refused(&after, &ranges);
        prop_assert!(refused.iter().all(|line| before.contains(line)), "{:?} {}", refused, after);
        if !mutated.patch.is_empty() {
            prop_assert_eq!(&sizes(&api::defaulted(patched_pod))[1..], &sizes(&after)[1..], "LimitRanger undid something");
        }

        // Existing amounts are kept, but for forbidden limits.
        for (old, new) in sizes(&pod).iter().zip(sizes(&after)).skip(1) {
            for field in ["requests", "limits"] {
                for (name, value) in old[field].as_object().into_iter().flatten() {
                    let forbidden = field == "limits" && settings["limits"][name]["forbidden"] == json!(true);
                    prop_assert!(forbidden || new[field].get(name) == Some(value), "{} {}", name, new);
                }
            }
        }

        // Silent where it had a fix, and at rest.
        let judged = decide(&engine, &after, &known, Stage::Validate);
        prop_assert!(judged.findings.iter().all(|finding| finding.violation.fix.is_none()), "{:?}", judged.findings);
        let left = verdicts(&judged.findings.iter().collect::<Vec<_>>());
        for finding in fixed(&mutated) {
            let place = finding.violation.pointer.to_string();
            prop_assert!(left.iter().all(|(found, _)| *found != place), "{} is still found", place);
        }
        prop_assert!(decide(&engine, &after, &known, Stage::Mutate).patch.is_empty());

        // The manifest gets the same verdict, and mended it is the same pod.
        let whole = decide(&engine, &written, &known, Stage::Whole);
        let at_server: Vec<&Finding> = mutated.findings.iter().chain(&judged.findings).collect();
        prop_assert_eq!(verdicts(&whole.findings.iter().collect::<Vec<_>>()), verdicts(&at_server));
        let mended = admitted(patched(&whole, &written), &ranges);
        // Pod-level requests are added up before LimitRanger adds to them; any later patch adds them up anew.
        prop_assert_eq!(sizes(&api::defaulted(mended)), sizes(&api::defaulted(after)));
    }

    #[test]
    fn fixes_hold_one_after_another(written in pod(), settings in settings(), ranges in ranges()) {
        let Ok(set) = PolicySet::compile(&[&policy(&settings, "Deny")]) else {
            return Err(TestCaseError::reject("refused settings"));
        };
        let engine = Engine::new(Arc::new(set));
        let mut pod = admitted(written, &ranges);
        prop_assume!(api::invalid(&pod).is_none());
        let known: Vec<LimitRange> = ranges.iter().filter_map(|range| LimitRange::from_value(range).unwrap()).collect();
        let mut refused = api::refused(&pod, &ranges);
        for _ in 0..40 {
            let decision = decide(&engine, &pod, &known, Stage::Validate);
            let Some(fix) = decision.findings.iter().find_map(|found| found.violation.fix.clone()) else {
                return Ok(());
            };
            for edit in &fix.edits {
                apply(&mut pod, edit);
            }
            pod = admitted(pod, &ranges);
            prop_assert_eq!(api::invalid(&pod), None);
            let now = api::refused(&pod, &ranges);
            prop_assert!(now.iter().all(|line| refused.contains(line)), "{:?}", now);
            refused = now;
        }
        prop_assert!(false, "fixes without end");
    }
}

fn apply(pod: &mut Value, edit: &crate::edit::Edit) {
    let steps: Vec<_> = edit.pointer.tokens().collect();
    let [parents @ .., last] = steps.as_slice() else { panic!("{edit:?}") };
    let place = parents.iter().fold(pod, |place, step| match place {
        Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
        other => &mut other[&**step],
    });
    match edit.change.value() {
        Some(value) => place[&**last] = value.clone(),
        None => drop(place.as_object_mut().unwrap().remove(&**last)),
    }
}
