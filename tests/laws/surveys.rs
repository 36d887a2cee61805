//! Surveys that are made in parts come to what one comes to, in whatever parts and order.

use plimsoll::engine::{Engine, NamespaceFacts};
use plimsoll::survey::{AsPodsTell, Problem, Seen, Survey, Surveyor};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{engine, pods, policies};

/// A pod with its namespace, owner and time.
type Pod = (Value, u8, u8, Option<i64>);

/// A pod with its namespace, owner and time.
fn seen() -> impl Strategy<Value = Pod> {
    (pods::pod(), 0..3_u8, 0..6_u8, proptest::option::weighted(0.8, 0..50_i64))
}

fn survey((before, after): (&Engine, &Engine), pods: &[(usize, Pod)]) -> Survey {
    let mut survey = Survey::new(true);
    for (at, (pod, namespace, owner, time)) in pods {
        let mut pod = pod.clone();
        pod["metadata"]["generateName"] = format!("job-{owner}-").into();
        pod["metadata"]["name"] = format!("job-{owner}-{at}").into();
        let (object, namespace) = (pod.to_string(), format!("team-{namespace}"));
        let (facts, now) = (NamespaceFacts::default(), Some(0));
        let seen = Seen {
            object: &object,
            namespace: &namespace,
            name: None,
            user: None,
            facts,
            at: *time,
            now,
        };
        Surveyor { engine: after, before: Some(before) }.take(&seen, &AsPodsTell, &mut survey);
        survey.sources.records += 1;
        if at % 5 == 0 {
            let (source, line) = ("a.log".into(), Some(*at as u64));
            survey.problems.add(Problem { source, line, message: "cut".to_owned(), help: None });
        }
    }
    survey
}

fn merged(parts: impl IntoIterator<Item = Survey>) -> Survey {
    parts.into_iter().fold(Survey::default(), |mut all, part| {
        all.merge(part);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn surveys_in_parts_come_to_the_whole(
        pods in vec(seen(), 1..24),
        of in vec(0..4_usize, 24),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let all = policies();
        let engines = (engine(&all[..4]), engine(&all[1..]));
        let engines = (&engines.0, &engines.1);
        let pods: Vec<_> = pods.into_iter().enumerate().collect();
        let whole = survey(engines, &pods);
        prop_assert_eq!(whole.tally.outcomes.pods, pods.len() as u64);
        let part = |number: usize| {
            let chosen = pods.iter().filter(|(at, _)| of[*at] == number);
            survey(engines, &chosen.cloned().collect::<Vec<_>>())
        };
        let parts: Vec<Survey> = order.iter().map(|number| part(*number)).collect();
        // In any order,
        prop_assert_eq!(&merged(parts.clone()), &whole);
        // however they are put together,
        let [a, b, c, d] = <[Survey; 4]>::try_from(parts.clone()).unwrap();
        prop_assert_eq!(&merged([a, merged([b, merged([c, d])])]), &whole);
        // and by way of files.
        let stored = parts.iter().map(|part| serde_json::to_string(part).unwrap());
        let read = stored.map(|text| serde_json::from_str::<Survey>(&text).unwrap());
        prop_assert_eq!(&merged(read), &whole);
    }
}
