use super::*;
use crate::forecast::Node;
use crate::survey::{Parts, Shard};

fn survey(pods: u64) -> Survey {
    let mut survey = Survey::default();
    survey.tally.outcomes.pods = pods;
    survey.sources.records = pods;
    survey
}

fn written(policies: &str, source: &str, survey: &Survey) -> Vec<u8> {
    let surroundings = Surroundings::default();
    serde_json::to_vec(&Written::new(policies, (source, 5), &surroundings, survey)).unwrap()
}

fn read(policies: &str, source: &str, survey: &Survey) -> Partial {
    Partial::read("x.json", &written(policies, source, survey)).unwrap()
}

fn wrong(text: &str) -> (Option<u64>, String) {
    let problem = Partial::read("x.json", text.as_bytes()).unwrap_err();
    assert!(problem.help.is_some() && &*problem.source == "x.json");
    (problem.line, problem.message)
}

#[test]
fn what_is_written_is_read() {
    let read = read("d", "a.log", &survey(3));
    assert_eq!((&*read.policies, &*read.source, read.at), ("d", "a.log", 5));
    assert_eq!(read.survey, survey(3));
}

#[test]
fn damage_is_told_with_its_place() {
    let whole = String::from_utf8(written("d", "a.log", &survey(3))).unwrap();
    for end in 1..whole.len() {
        let (line, message) = wrong(&whole[..end]);
        assert!(line == Some(1) && message.ends_with("cut short"), "{end}: {message}");
    }
    assert_eq!(wrong("").1, "column 0: the file is cut short");
    assert_eq!(wrong("{\n x}"), (Some(2), "column 2: key must be a string".to_owned()));
    let text = whole.replace("\"pods\":3", "\"pods\":-3");
    assert!(
        wrong(&text).1.contains("survey.tally.outcomes.pods: invalid value"),
        "{:?}",
        wrong(&text)
    );
    let text = whole.replace("\"pods\":3", "\"pods\":3,\"cats\":1");
    assert!(wrong(&text).1.contains("unknown field `cats`"), "{:?}", wrong(&text));
    assert!(wrong(&format!("{whole} x")).1.contains("trailing characters"));
    assert!(wrong(&"[".repeat(1_000_000)).1.contains("recursion limit"));
}

#[test]
fn other_files_and_versions_are_refused() {
    for other in
        ["[]", "3", "{}", "{\"plimsoll\": \"report\"}", "{\"plimsoll\": 1, \"version\": 1}"]
    {
        let message = wrong(other).1;
        assert!(
            message.contains("no partial result") || message.contains("column"),
            "{other}: {message}"
        );
    }
    let newer = r#"{"plimsoll":"partial","version":2,"something":"new"}"#;
    assert_eq!(wrong(newer).1, "version 2, and this Plimsoll reads version 1");
    assert!(wrong(r#"{"plimsoll":"partial"}"#).1.starts_with("version none"));
}

#[test]
fn parts_of_other_policies_do_not_add_up() {
    let mut merged = Merged::default();
    merged.add("a.json", read("d", "b.log", &survey(3))).unwrap();
    merged.add("b.json", read("d", "a.log", &survey(4))).unwrap();
    let refused = merged.add("c.json", read("e", "c.log", &survey(5))).unwrap_err();
    assert!(refused.starts_with("c.json: ") && refused.contains("a.json"), "{refused}");
    let forecast = merged.add("d.json", read("d", "d.log", &Survey::new(true))).unwrap_err();
    assert!(forecast.starts_with("d.json was made with --forecast, and a.json"), "{forecast}");
    let (source, survey, _) = merged.finish();
    assert_eq!((&*source, survey.tally.outcomes.pods), ("a.log, b.log", 7));
    assert!(survey.problems.is_empty());
}

#[test]
fn a_shard_that_is_missing_is_a_problem() {
    let mut merged = Merged::default();
    let part = |text: &str| {
        let shard: Shard = text.parse().unwrap();
        read("d", "a.log", &Survey { parts: Parts::one("a.log", shard), ..survey(1) })
    };
    merged.add("1.json", part("1/3")).unwrap();
    merged.add("3.json", part("3/3")).unwrap();
    let (_, survey, _) = merged.finish();
    let problems: Vec<_> = survey.problems.iter().map(|(problem, _)| &*problem.message).collect();
    assert_eq!(problems, ["the result lacks shard 2/3"]);
    // What is added up so far is a part too, which the last one makes whole.
    let mut whole = Merged::default();
    whole.add("some.json", read("d", "a.log", &survey)).unwrap();
    whole.add("2.json", part("2/3")).unwrap();
    assert!(whole.finish().1.problems.is_empty());
}

#[test]
fn hostile_numbers_and_lists_are_bounded() {
    use crate::tally::{MAX_FINDINGS, MAX_OWNERS};
    let mut merged = Merged::default();
    let huge = Partial { survey: survey(u64::MAX), ..read("d", "a", &survey(1)) };
    merged.add("a.json", huge.clone()).unwrap();
    merged.add("b.json", huge).unwrap();
    let text = String::from_utf8(written("d", "c", &survey(1))).unwrap();
    let seen = r#"{"first":null,"last":null}"#;
    let outcomes =
        r#"{"pods":1,"denied":0,"warned":0,"patched":0,"audited":0,"unreadable":0,"clean":0}"#;
    let example =
        r#"{"at":null,"name":"","path":"","message":"","help":"","fix":null,"fixSafety":null}"#;
    let found = |container: usize| {
        format!(
            r#"[{{"policy":"p","rule":"r","container":"c{container}"}},{{"kind":"imageTag","action":"Deny","count":1,"seen":{seen},"example":{example}}}]"#
        )
    };
    let list = (0..MAX_FINDINGS * 2).map(found).collect::<Vec<_>>().join(",");
    let owned = format!(
        r#"{{"class":null,"outcomes":{outcomes},"seen":{seen},"findings":[{list}],"others":[{list}]}}"#
    );
    let few = format!(
        r#"{{"class":null,"outcomes":{outcomes},"seen":{seen},"findings":[],"others":[]}}"#
    );
    let owner = |at: usize, owned: &str| {
        format!(
            r#"[{{"namespace":"n","kind":"Job","name":"j{at}","apiVersion":"batch/v1"}},{owned}]"#
        )
    };
    let mut owners: Vec<String> = (1..MAX_OWNERS + 10).map(|at| owner(at, &few)).collect();
    owners.push(owner(0, &owned));
    let hostile = text.replace("\"owners\":[]", &format!("\"owners\":[{}]", owners.join(",")));
    assert_ne!(hostile, text);
    merged.add("c.json", Partial::read("c.json", hostile.as_bytes()).unwrap()).unwrap();
    let (_, survey, _) = merged.finish();
    assert_eq!(survey.tally.outcomes.pods, u64::MAX);
    assert_eq!(survey.tally.owners.len(), MAX_OWNERS);
    let mut others = 0;
    for owned in
        survey.tally.owners.iter().map(|(_, owned)| owned).chain(survey.tally.others.values())
    {
        assert!(owned.findings.len() <= MAX_FINDINGS && owned.others.len() <= 1);
        others += owned.others.iter().map(|(_, found)| found.count).sum::<u64>();
    }
    assert_eq!(others, 3 * MAX_FINDINGS as u64, "nothing is lost");
}

#[test]
fn what_parts_say_differently_of_the_cluster_is_not_known() {
    use crate::forecast::Node;
    let of = |nodes: &[&str]| {
        let node = |name: &&str| Node { name: (*name).to_owned(), ..Node::default() };
        let nodes = Some(nodes.iter().map(node).collect());
        Surroundings { nodes, quotas: Some(Vec::new()), live: true, partial: false }
    };
    let merged = |all: &[Surroundings]| {
        let mut merged = Merged::default();
        for (at, surroundings) in all.iter().enumerate() {
            let survey = survey(1);
            let part = Written::new("d", ("a", 5), surroundings, &survey);
            let part = Partial::read("x.json", &serde_json::to_vec(&part).unwrap()).unwrap();
            merged.add(&at.to_string(), part).unwrap();
        }
        merged.finish().2
    };
    // A replay knows nothing of the cluster, and so says nothing else.
    assert_eq!(merged(&[of(&["a"]), Surroundings::default(), of(&["a"])]), of(&["a"]));
    let differ = Surroundings { nodes: None, partial: true, ..of(&[]) };
    assert_eq!(merged(&[of(&["a"]), of(&["b"]), of(&["a"])]), differ);
}

#[test]
fn numbers_that_nothing_is_counted_to_are_refused_with_their_place() {
    let mut survey = survey(3);
    survey.tally.outcomes.denied = 1 << 53;
    assert_eq!(read("d", "a.log", &survey).survey, survey);
    survey.tally.outcomes.denied += 1;
    let message = wrong(&String::from_utf8(written("d", "a.log", &survey)).unwrap()).1;
    assert!(message.contains("survey.tally.outcomes.denied: 9007199254740993 is"), "{message}");
    let whole = String::from_utf8(written("d", "a.log", &survey)).unwrap();
    let early = whole.replace("\"at\":5", &format!("\"at\":{}", i64::MIN));
    assert!(wrong(&early).1.contains(" at: -9223372036854775808 is"), "{:?}", wrong(&early));
}

#[test]
fn what_pods_ask_for_may_be_as_large_as_it_is() {
    let node = Node { allocatable: [u64::MAX; 3], pods: 1, ..Node::default() };
    let surroundings = Surroundings { nodes: Some(vec![node]), ..Surroundings::default() };
    let survey = Survey::default();
    let part = Written::new("d", ("a.log", 5), &surroundings, &survey);
    let part = serde_json::to_vec(&part).unwrap();
    assert_eq!(Partial::read("x.json", &part).unwrap().surroundings, surroundings);
    let part = String::from_utf8(part).unwrap();
    let message = wrong(&part.replace("\"pods\":1,", &format!("\"pods\":{},", u64::MAX))).1;
    assert!(message.contains("surroundings.nodes[0].pods: "), "{message}");
}
