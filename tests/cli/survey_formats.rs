//! What audits and replays write: each format is read back by the rules of those who read it.

use std::process::{Command, Stdio};
use std::sync::Arc;

use plimsoll::engine::{Engine, NamespaceFacts};
use plimsoll::forecast::{Figure, Forecast, Range, Section};
use plimsoll::manifest::parse;
use plimsoll::policy::{Action, PolicySet};
use plimsoll::report::survey::{Cost, Overview, csv, json, junit, markdown, text};
use plimsoll::survey::{AsPodsTell, Problem, Seen, Survey, Surveyor};
use serde_json::{Value, json};

use crate::formats::EVERY_ACTION;
use crate::formats::junit as xml;
use crate::replay::events::{created, log};
use crate::sandbox::{Run, Sandbox};

/// 2026-11-21T06:00:00Z.
const DAWN: i64 = 1_795_240_800;

/// A name that spreadsheets, terminals and Markdown would each like to obey.
const HOSTILE: &str = "=cmd|'/c calc'!A1,\"\u{1b}[31m<b>\n@you";

fn pod(name: &str, owner: &str, image: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "ownerReferences": [
            {"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": "1", "controller": true}]},
        "spec": {"dnsPolicy": "Default", "containers": [{"name": "app", "image": image}]},
    })
    .to_string()
}

/// Pods of namespace, name, owner and image, judged by a policy that has one rule for each action.
fn surveyed(pods: &[(&str, &str, &str, &str)]) -> Survey {
    let policy = parse(None, EVERY_ACTION.as_bytes().to_vec()).documents.remove(0).value;
    let engine = Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()));
    let mut survey = Survey::new(false);
    for (at, (namespace, name, owner, image)) in pods.iter().enumerate() {
        let object = pod(name, owner, image);
        let facts = NamespaceFacts::default();
        let at = Some(DAWN + i64::try_from(at).unwrap() * 60);
        let seen =
            Seen { object: &object, namespace, name: None, user: None, facts, at, now: None };
        Surveyor { engine: &engine, before: None }.take(&seen, &AsPodsTell, &mut survey);
    }
    survey
}

/// Three owners in two namespaces, and a page that was lost.
fn small() -> Survey {
    let mut survey = surveyed(&[
        ("shop", "good-1", "good", "nginx:1.29"),
        ("etl", "b-1", "b", "nginx:latest"),
        ("etl", "b-2", "b", "nginx:latest"),
        ("etl", "a-1", "a", "nginx:latest"),
    ]);
    survey.problems.add(Problem {
        source: "pods in namespace lost".into(),
        line: None,
        message: "the API server refuses the list: forbidden".to_owned(),
        help: Some("let the user list pods there".to_owned()),
    });
    survey
}

fn overview(survey: &Survey) -> Overview<'_> {
    Overview {
        source: "context test at https://127.0.0.1:6443",
        at: DAWN,
        survey,
        forecast: None,
        ledger: None,
        cost: None,
        fail_on: None,
    }
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn as_text(overview: &Overview<'_>, style: text::Style) -> String {
    written(|out| text::write(overview, style, out))
}

#[test]
fn text_tells_the_verdict_then_what_to_do_and_who() {
    let survey = small();
    let cost = Cost { requests: 12, bytes: 3 << 20, retries: 2, milliseconds: 500 };
    let overview = Overview { cost: Some(cost), ..overview(&survey) };
    let shown = as_text(&overview, text::Style::default());
    let mut at = 0;
    for part in [
        "context test at https://127.0.0.1:6443, 2026-11-21T06:00:00Z\n",
        "4 pods of 3 owners in 2 namespaces: 3 would be denied, 3 would be warned about, 3 would be recorded\n",
        "what to do first:\n  error[all/denied]: 3 findings in the pods of 2 owners; see `plimsoll explain imageTag`\n",
        "error[all/denied]: 3 findings in the pods of 2 owners\n  help: name a tag that does not move",
        "  Job etl/b, container app: 2 pods, such as b-2, 2026-11-21T06:01:00Z to 2026-11-21T06:02:00Z\n    `nginx:latest`: the tag `latest` is denied\n",
        "  Job etl/a, container app: 1 pod (a-1), 2026-11-21T06:03:00Z\n",
        "warning[all/warned]: 3 findings",
        "audit[all/recorded]: 3 findings",
        "error: the API server refuses the list: forbidden\n--> pods in namespace lost\n",
        "= help: let the user list pods there\n",
        "cost: 12 requests (2 of them sent again), 3Mi of answers, 0.5 s, 8 pods/s\n",
    ] {
        let found = shown[at..].find(part).unwrap_or_else(|| panic!("{part:?} in:\n{shown}"));
        at += found + part.len();
    }
    let quiet = as_text(&overview, text::Style { quiet: true, ..text::Style::default() });
    assert!(quiet.starts_with("error[all/denied]") && !quiet.contains("cost:"), "{quiet}");
    assert!(quiet.contains("pods in namespace lost"), "{quiet}");
}

#[test]
fn text_of_nothing_is_short() {
    let survey = surveyed(&[("shop", "good-1", "good", "nginx:1.29")]);
    let shown = as_text(&overview(&survey), text::Style::default());
    let wanted = "context test at https://127.0.0.1:6443, 2026-11-21T06:00:00Z\n1 pod of 1 owner in 1 namespace: nothing to say\n\n";
    assert_eq!(shown, wanted);
}

#[test]
fn of_many_owners_text_shows_those_that_matter_most() {
    let names: Vec<String> = (0..322).map(|at| format!("job-{at:03}")).collect();
    let mut pods: Vec<_> =
        names.iter().map(|name| ("etl", "pod", name.as_str(), "nginx:latest")).collect();
    pods.push(("etl", "pod", "job-300", "nginx:latest"));
    let survey = surveyed(&pods);
    let shown = as_text(&overview(&survey), text::Style::default());
    let (_, denied) = shown.split_once("\nerror[all/denied]").unwrap();
    let first = denied.lines().nth(3).unwrap();
    assert!(first.starts_with("  Job etl/job-300, container app: 2 pods"), "{first}");
    assert!(denied.contains("\n  … and 312 more owners (all with --format json or csv)\n"));
    assert!(shown.lines().count() < 150, "{}", shown.lines().count());
}

#[test]
fn text_fits_its_terminal_and_obeys_no_name() {
    let survey =
        surveyed(&[("etl", HOSTILE, HOSTILE, "nginx:latest"), ("a", "b", "c", "d:latest")]);
    let figure = Figure {
        id: "x",
        subject: Some("etl".to_owned()),
        label: "requests.cpu added".to_owned(),
        value: Some(Range::between(900.0, 1500.0)),
        unit: "millicores",
        how: "the sum of what is added".to_owned(),
        alarm: Some("beyond the quota of 1 core".to_owned()),
    };
    let more = Figure { alarm: None, ..figure.clone() };
    let section = Section {
        id: "requests",
        title: "requests".to_owned(),
        summary: "Injection adds requests.".to_owned(),
        figures: std::iter::once(figure).chain((0..20).map(|_| more.clone())).collect(),
        plots: Vec::new(),
        assumptions: vec!["6 nodes (--nodes)".to_owned()],
    };
    let forecast = Forecast { sections: vec![section] };
    let overview = Overview { forecast: Some(&forecast), ..overview(&survey) };
    let style = text::Style { width: Some(60), ..text::Style::default() };
    let narrow = as_text(&overview, style);
    let too_long: Vec<_> = narrow.lines().filter(|line| line.chars().count() > 60).collect();
    // What has no blank in it is not torn.
    assert!(too_long.iter().all(|line| !line.trim().contains(' ')), "{too_long:#?}");
    assert!(!narrow.contains('\u{1b}') && narrow.contains(r"\u{1b}[31m<b>\n@you"), "{narrow}");
    let color = text::Style { color: true, verbose: true, ..text::Style::default() };
    let colored = as_text(&overview, color);
    for part in [
        "\u{1b}[1;91m! etl: requests.cpu added: 0.9 to 1.5 cores: beyond the quota of 1 core\u{1b}[0m",
        "      the sum of what is added\n",
        "assumed: 6 nodes (--nodes)",
    ] {
        assert!(colored.contains(part), "{part}: {colored}");
    }
    assert!(narrow.contains("… and 9 more figures (all with --format json)"), "{narrow}");
    assert!(!narrow.contains("the sum of what"), "{narrow}");
}

#[test]
fn json_is_sorted_and_valid_by_its_schema() {
    let survey = small();
    let bounded = Figure {
        id: "x",
        subject: None,
        label: "pulls".to_owned(),
        value: Some(Range::between(900.0, 1500.0)),
        unit: "pulls/6h",
        how: "counted".to_owned(),
        alarm: None,
    };
    let unbounded = Figure { value: Some(Range::between(1.0, f64::INFINITY)), ..bounded.clone() };
    let section = Section {
        id: "pulls",
        title: "Image pulls".to_owned(),
        summary: "Some.".to_owned(),
        figures: vec![bounded, unbounded],
        plots: Vec::new(),
        assumptions: Vec::new(),
    };
    let forecast = Forecast { sections: vec![section] };
    let cost = Some(Cost::default());
    let overview = Overview { forecast: Some(&forecast), cost, ..overview(&survey) };
    let report: Value = serde_json::from_str(&written(|out| json::write(&overview, out))).unwrap();
    let run = Sandbox::new().run(["schema", "survey"]);
    let schema = run.json();
    assert!(jsonschema::draft7::meta::is_valid(&schema));
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let figures = &report["forecast"]["sections"][0]["figures"];
    assert_eq!(figures[0]["value"], json!({"low": 900.0, "high": 1500.0}));
    assert_eq!(figures[1]["value"], json!({"low": 1.0, "high": null}), "no bound");
    for (pointer, wrong) in [
        ("/forecast/sections/0/figures/0/value/low", json!(null)),
        ("/forecast/sections/0/figures/0/value", json!({"low": 1.0})),
        ("/version", json!("1")),
        ("/findings/0/count", json!(-1)),
        ("/findings/0/object", json!({})),
        ("/errors/0/message", json!(null)),
        ("/summary/pods", json!(null)),
    ] {
        let mut broken = report.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&broken), "{pointer}");
    }
    let findings = report["findings"].as_array().unwrap();
    let order: Vec<_> = findings
        .iter()
        .map(|found| format!("{} {}", found["owner"]["name"], found["rule"]).replace('"', ""))
        .collect();
    let sorted = ["a denied", "a recorded", "a warned", "b denied", "b recorded", "b warned"];
    assert_eq!(order, sorted);
    assert_eq!(findings[3]["count"], 2);
    assert_eq!(findings[3]["firstSeen"], "2026-11-21T06:01:00Z");
    assert_eq!(findings[3]["object"]["name"], "b-2");
    let summary = &report["summary"];
    let counts = ["owners", "pods", "findings", "denied"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(counts, [3, 4, 6, 3]);
}

/// Rows as Python's reader of CSV sees them.
fn python(text: &str) -> Vec<Vec<String>> {
    let script = "import csv, io, json, sys\n\
                  text = sys.stdin.buffer.read().decode()\n\
                  print(json.dumps(list(csv.reader(io.StringIO(text, newline=''), strict=True))))";
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn csv_is_read_back_and_holds_no_formula() {
    let survey = surveyed(&[
        ("etl", HOSTILE, HOSTILE, "nginx:latest"),
        ("etl", "-1+1", "@SUM(A1)", "nginx:latest"),
        ("shop", "good-1", "good", "nginx:1.29"),
    ]);
    let text = written(|out| csv::write(&overview(&survey), out));
    let rows = python(&text);
    assert_eq!(
        rows[0].join(","),
        "namespace,owner_kind,owner_name,owner_api_version,policy,rule,kind,action,container,count,first_seen,\
         last_seen,message,help,fix,fix_safety,example_pod,path"
    );
    assert_eq!(rows.len(), 1 + 2 * 3);
    for row in &rows[1..] {
        assert_eq!(row.len(), rows[0].len());
        let formula = |cell: &String| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        assert!(!row.iter().any(formula), "{row:?}");
    }
    let names: Vec<_> = rows[1..].iter().map(|row| row[2].as_str()).collect();
    assert!(names.contains(&format!("'{HOSTILE}").as_str()), "{names:?}");
    assert!(names.contains(&"'@SUM(A1)"), "{names:?}");
    assert_eq!(rows[1][9..12], ["1", "2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z"]);
}

#[test]
fn junit_has_a_suite_for_each_namespace_and_a_case_for_each_owner() {
    let survey = small();
    let of = |fail_on| {
        let overview = Overview { fail_on, ..overview(&survey) };
        xml::read(&written(|out| junit::write(&overview, out)))
    };
    let report = of(None);
    assert_eq!((report.tests, report.failures, report.errors), (4, 2, 1));
    let suites: Vec<_> = report
        .test_suites
        .iter()
        .map(|suite| {
            let cases = suite.test_cases.iter().map(|case| case.name.as_str().to_owned());
            (suite.name.as_str(), cases.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let wanted =
        [("plimsoll", "pods in namespace lost"), ("etl", "Job a, Job b"), ("shop", "Job good")];
    assert_eq!(suites, wanted.map(|(suite, cases)| (suite, cases.to_owned())));
    let rest = report.test_suites[1].test_cases[1].system_out.as_ref().unwrap().as_str();
    assert!(rest.contains("warning[all/warned]") && rest.contains("2 pods, "), "{rest}");
    assert!(!rest.contains("all/denied"), "it stands in the failure");
    let hostile = surveyed(&[("etl", HOSTILE, HOSTILE, "nginx:latest")]);
    let overview = Overview { fail_on: Some(Action::Audit), ..overview(&hostile) };
    let report = xml::read(&written(|out| junit::write(&overview, out)));
    assert_eq!(report.failures, 1);
}

#[test]
fn markdown_obeys_no_name_and_ends_before_github_cuts_it() {
    let names: Vec<String> = (0..2_000).map(|at| format!("{HOSTILE}{at}")).collect();
    let pods: Vec<_> =
        names.iter().map(|name| ("etl", "pod", name.as_str(), "nginx:latest")).collect();
    let text = written(|out| markdown::write(&overview(&surveyed(&pods)), out));
    assert!(text.len() < 65_536 && text.contains("are left out here"), "{}", text.len());
    assert!(
        text.contains("### What to do first\n\n1. error <code>all/denied</code>: 2,000 findings")
    );
    assert!(!text.contains("<b>") && !text.contains('\u{1b}') && !text.contains(" @you"), "{text}");
}

/// `replay` of one pod that is denied and one that is not.
fn replayed(args: &[&str]) -> (Sandbox, Run) {
    let sandbox = Sandbox::new();
    sandbox.write("audit.log", log(&[created("bad", "nginx:latest"), created("good", "nginx:1")]));
    let run = sandbox.run(replay(args));
    (sandbox, run)
}

fn replay<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["replay", "--policies", "policy.yaml", "audit.log"], args].concat()
}

#[test]
fn every_format_goes_to_its_own_place() {
    let formats = ["text", "json=a.json", "csv=b.csv", "junit=c.xml", "markdown=d.md"];
    let args: Vec<&str> = formats.iter().flat_map(|format| ["--format", format]).collect();
    let (sandbox, run) = replayed(&args);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.contains("2 pods of 2 owners in 1 namespace: 1 would be denied\n"));
    let read = |name: &str| std::fs::read_to_string(sandbox.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("a.json")).unwrap();
    assert_eq!(report["summary"]["denied"], 1);
    assert_eq!(python(&read("b.csv")).len(), 2);
    assert_eq!(xml::read(&read("c.xml")).failures, 1);
    assert!(read("d.md").contains("<code>images/no-latest</code>"));
    let alone = sandbox.run(replay(&["--format", "csv=-"]));
    assert_eq!(alone.stdout, read("b.csv"));
}

#[test]
fn formats_that_cannot_be_written_are_refused() {
    for (formats, words) in [
        ("json,text", "standard output"),
        ("json=a,text=a", "two formats go to a"),
        ("json=no/such/folder,text", "no/such/folder: cannot be written"),
        ("sarif", "there is no format `sarif`; there are: text, html, json, csv, junit"),
        ("csv=", "name a file"),
    ] {
        let (_, run) = replayed(&["--format", formats]);
        assert!(run.code == 2 && run.stderr.contains(words), "{formats}: {}", run.stderr);
    }
}

#[test]
fn what_makes_a_run_fail_is_for_the_user_to_say() {
    let sandbox = Sandbox::with_policy(&EVERY_ACTION.replace("Deny", "Warn"));
    sandbox.write("audit.log", log(&[created("bad", "nginx:latest")]));
    for (fail_on, code) in [("deny", 0), ("warn", 1), ("patch", 1), ("audit", 1)] {
        let run = sandbox.run(replay(&["--fail-on", fail_on, "--format", "junit"]));
        assert_eq!((run.code, xml::read(&run.stdout).failures), (code, usize::from(code == 1)));
    }
    let mut command = sandbox.command(replay(&[]));
    let run = Run::of(&command.env("PLIMSOLL_SURVEY_FORMAT", "json").output().unwrap());
    assert_eq!(run.json()["version"], 1);
    let colored = sandbox.run(replay(&["--color", "always", "--quiet"]));
    assert!(colored.stdout.starts_with('\u{1b}'), "{:?}", colored.stdout);
}
