//! SARIF against the schema of the standard, and against what code scanning asks beyond it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use jsonschema::Validator;
use plimsoll::check;
use plimsoll::engine::Engine;
use plimsoll::manifest::{Place, Replacement};
use plimsoll::pointer::Pointer;
use plimsoll::policy::Action;
use plimsoll::policy_source;
use plimsoll::report::{Diagnostic, Excerpt, ObjectId, Report, Repository, sarif};
use serde_json::Value;

use super::varied;
use crate::sandbox::{PATIENCE, Sandbox, bad_pod};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sarif/sarif-schema-2.1.0.json");
    // One pattern, of languages, has a bracket too many, and is none that every reader of patterns takes.
    let (broken, meant) =
        ("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(broken));
    let schema: Value = serde_json::from_str(&text.replace(broken, meant)).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
});

pub(crate) fn validate(log: &Value) {
    let errors: Vec<_> = SCHEMA
        .iter_errors(log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(10)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {value:#}")).as_array().unwrap()
}

fn log(sandbox: &Sandbox, paths: &[&str]) -> Value {
    let log = sandbox.check(["--format", "sarif"].iter().chain(paths).copied()).json();
    validate(&log);
    log
}

#[test]
fn the_schema_refuses_what_is_no_sarif() {
    let mut log = log(&varied(), &["jobs"]);
    log["runs"][0]["results"][0]["level"] = "grave".into();
    assert!(!SCHEMA.is_valid(&log));
    log["runs"][0]["results"][0]["level"] = "error".into();
    assert!(SCHEMA.is_valid(&log));
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] =
        0.into();
    assert!(!SCHEMA.is_valid(&log));
}

#[test]
fn everything_that_code_scanning_reads_is_there() {
    let log = log(&varied(), &["jobs"]);
    let run = &log["runs"][0];
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"].is_object());
    let driver = &run["tool"]["driver"];
    assert_eq!(
        (&driver["name"], &driver["semanticVersion"]),
        (&"Plimsoll".into(), &env!("CARGO_PKG_VERSION").into())
    );
    let rules = list(driver, "/rules");
    let ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["all/denied", "all/warned", "all/patched", "all/recorded", "all/silent"]);
    let levels: Vec<_> = rules.iter().map(|rule| &rule["defaultConfiguration"]["level"]).collect();
    assert_eq!(levels, ["error", "warning", "note", "note", "error"]);
    for rule in rules {
        let kind = rule["name"].as_str().unwrap();
        let page = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/rules/{kind}.md")),
        );
        let markdown = rule["help"]["markdown"].as_str().unwrap();
        assert!(page.unwrap().contains(markdown) && markdown.starts_with(&format!("# {kind}")));
        assert!(
            rule["fullDescription"]["text"].as_str().unwrap().contains("One rule for each action.")
        );
        assert!(rule["properties"]["tags"].as_array().unwrap().contains(&"kubernetes".into()));
    }
    let mut fingerprints = HashSet::new();
    for result in list(run, "/results") {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert_eq!(result["level"], rules[index]["defaultConfiguration"]["level"]);
        let fingerprint = result["partialFingerprints"]["plimsoll/v1"].as_str().unwrap();
        assert!(fingerprints.insert(fingerprint), "{fingerprint} twice");
        let location = &result["locations"][0];
        assert_eq!(location["physicalLocation"]["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    }
    // Four of each of the two twins, of the odd and of the hostile one, and the clean one's DNS.
    assert_eq!(fingerprints.len(), 17);
    let numbered = fingerprints.iter().filter(|print| print.ends_with(":2")).count();
    assert_eq!(numbered, 4, "those of the second twin");
}

#[test]
fn places_lead_to_the_text() {
    let sandbox = varied();
    let log = log(&sandbox, &["jobs/two words"]);
    let results = list(&log, "/runs/0/results");
    let denied = results.iter().find(|result| result["ruleId"] == "all/denied").unwrap();
    let location = &denied["locations"][0];
    let physical = &location["physicalLocation"];
    assert_eq!(
        physical["artifactLocation"]["uri"],
        "jobs/two%20words/100%25%2C%C3%A9%3A%23%3F.yaml"
    );
    let region = &physical["region"];
    let place =
        ["startLine", "startColumn", "endLine", "endColumn"].map(|name| region[name].as_u64());
    assert_eq!(place, [Some(7), Some(12), Some(7), Some(24)]);
    assert_eq!(region["snippet"]["text"], "nginx:latest");
    assert_eq!(physical["contextRegion"]["startLine"], 7);
    assert_eq!(physical["contextRegion"]["snippet"]["text"], "    image: nginx:latest");
    let logical: Vec<_> = list(location, "/logicalLocations")
        .iter()
        .map(|logical| logical["fullyQualifiedName"].as_str().unwrap())
        .collect();
    assert_eq!(logical, ["v1/Pod/odd", "v1/Pod/odd/app"]);
}

#[test]
fn a_snippet_is_the_whole_region_or_absent() {
    let sandbox = Sandbox::new();
    let long = format!("{}:latest", "x/".repeat(100) + "nginx");
    sandbox.write("long.yaml", bad_pod("x").replace("nginx:latest", &long));
    sandbox.write("folded.yaml", bad_pod("x").replace("nginx:latest", ">-\n      nginx:latest"));
    for result in list(&log(&sandbox, &["long.yaml", "folded.yaml"]), "/runs/0/results") {
        let physical = &result["locations"][0]["physicalLocation"];
        assert!(physical["region"]["snippet"].is_null(), "{physical:#}");
        assert!(physical["contextRegion"].is_null(), "{physical:#}");
    }
}

#[test]
fn errors_are_notifications_and_the_run_no_success() {
    let sandbox = varied();
    let broken = log(&sandbox, &["jobs/broken.yaml", "missing.yaml"]);
    let invocation = &broken["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let told = list(invocation, "/toolExecutionNotifications");
    assert_eq!(told.len(), 2);
    let places: Vec<_> = told
        .iter()
        .map(|told| {
            assert_eq!(told["level"], "error");
            &told["locations"][0]["physicalLocation"]
        })
        .collect();
    assert_eq!(places[0]["artifactLocation"]["uri"], "jobs/broken.yaml");
    assert!(places[0]["region"]["startLine"].is_u64());
    assert_eq!(places[1]["artifactLocation"]["uri"], "missing.yaml");
    let clean = log(&sandbox, &["jobs/good.yaml"]);
    assert_eq!(clean["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn what_is_silenced_is_told_where_it_is_asked_for() {
    let sandbox = varied();
    let comment = "image: nginx:latest # plimsoll: ignore[denied] frozen until May";
    let pod = bad_pod("quiet");
    sandbox.write("quiet.yaml", pod.replace("image: nginx:latest", comment));
    let plain = log(&sandbox, &["quiet.yaml"]);
    assert_eq!(list(&plain, "/runs/0/results").len(), 3);
    let told = log(&sandbox, &["quiet.yaml", "--sarif-suppressions"]);
    let results = list(&told, "/runs/0/results");
    assert_eq!(results.len(), 4);
    for result in results {
        let suppressions = list(result, "/suppressions");
        if result["ruleId"] == "all/denied" {
            assert_eq!(suppressions[0]["kind"], "inSource");
            assert_eq!(suppressions[0]["justification"], "frozen until May");
        } else {
            assert!(suppressions.is_empty(), "{result:#}");
        }
    }
    let print = |log: &Value, at: usize| {
        log["runs"][0]["results"][at]["partialFingerprints"]["plimsoll/v1"].clone()
    };
    assert_eq!(print(&plain, 0), print(&told, 0));
}

#[test]
fn a_policy_that_was_left_out_is_told() {
    let policy = super::EVERY_ACTION
        .replace("  rules:", "  match: {namespaceSelector: {matchLabels: {team: data}}}\n  rules:");
    let sandbox = Sandbox::with_policy(&policy);
    sandbox.write("pod.yaml", bad_pod("x"));
    let log = log(&sandbox, &["pod.yaml"]);
    let told = list(&log, "/runs/0/invocations/0/toolConfigurationNotifications");
    assert!(
        told[0]["message"]["text"]
            .as_str()
            .unwrap()
            .contains("policy all was not applied, or not in full, in default")
    );
}

#[test]
fn paths_count_from_the_repository_and_others_are_whole() {
    let sandbox = varied();
    let outside = Sandbox::new();
    let other = outside.write("x y.yaml", bad_pod("x"));
    let mut command =
        sandbox.command(["check", "--policies", "../policy.yaml", "--format", "sarif"]);
    let output = command
        .current_dir(sandbox.path().join("jobs"))
        .args([Path::new("./twins.yaml"), &other, Path::new("-")])
        .write_stdin(bad_pod("piped"))
        .output()
        .unwrap();
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    validate(&log);
    let mut uris: Vec<_> = list(&log, "/runs/0/results")
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"])
        .map(|artifact| (artifact["uri"].as_str().unwrap(), artifact["uriBaseId"].as_str()))
        .collect();
    uris.dedup();
    uris.sort_unstable();
    let whole = format!("file://{}", other.display()).replace(' ', "%20");
    let root = Some("%SRCROOT%");
    assert_eq!(uris, [("-", root), (&whole, None), ("jobs/twins.yaml", root)]);
}

/// The report of a folder, as the program makes it.
fn report_of(sandbox: &Sandbox, path: &str) -> Report {
    let policy = sandbox.path().join("policy.yaml");
    let engine = Engine::new(Arc::new(policy_source::load(&[policy]).unwrap()));
    check::run(check::Context::new(&engine), &[sandbox.path().join(path)], 2)
}

#[test]
fn fixes_say_what_gives_way_to_what() {
    let sandbox = varied();
    let mut report = report_of(&sandbox, "jobs/good.yaml");
    let place = Place { line: 5, column: 3, end_line: 5, end_column: 3 };
    let replacement = Replacement { range: 60..60, text: "dnsPolicy: Default\n  ".to_owned() };
    report.findings[0].replacements = vec![(place, replacement)];
    let mut written = Vec::new();
    sarif::write(&report, &Repository::around(sandbox.path()), &mut written).unwrap();
    let log: Value = serde_json::from_slice(&written).unwrap();
    validate(&log);
    let fix = &log["runs"][0]["results"][0]["fixes"][0];
    assert_eq!(fix["description"]["text"], report.findings[0].fix.as_deref().unwrap());
    let change = &fix["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "jobs/good.yaml");
    let replaced = &change["replacements"][0];
    assert_eq!(replaced["deletedRegion"]["startLine"], 5);
    assert_eq!(replaced["deletedRegion"]["startColumn"], replaced["deletedRegion"]["endColumn"]);
    assert_eq!(replaced["insertedContent"]["text"], "dnsPolicy: Default\n  ");
}

/// Where the text of a manifest can be edited, the fixes that SARIF shows are those that make it right.
#[test]
fn fixes_of_a_run_mend_the_file() {
    let sandbox = varied();
    let name = "jobs/good.yaml";
    let log = log(&sandbox, &[name]);
    let results = list(&log, "/runs/0/results");
    assert_eq!(results.len(), 1);
    let Some(fix) = results[0].pointer("/fixes/0/artifactChanges/0/replacements") else { return };
    let text = fs::read_to_string(sandbox.path().join(name)).unwrap();
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |region: &Value, line: &str, column: &str| {
        let number = |name: &str| region[name].as_u64().unwrap() as usize;
        starts[number(line) - 1] + number(column) - 1
    };
    let mut mended = text.clone();
    for replaced in fix.as_array().unwrap().iter().rev() {
        let region = &replaced["deletedRegion"];
        let range =
            offset(region, "startLine", "startColumn")..offset(region, "endLine", "endColumn");
        mended.replace_range(range, replaced["insertedContent"]["text"].as_str().unwrap());
    }
    assert_ne!(mended, text);
    let (report, _) = sandbox.judge("mended.yaml", mended);
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report:#}");
}

/// As many findings as asked for, four to an object.
fn findings(count: usize) -> Report {
    let file = Arc::new(PathBuf::from("jobs/many.yaml"));
    let object = |at| ObjectId {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: None,
        name: format!("p{at}"),
    };
    let objects: Vec<_> = (0..count / 4).map(|at| Arc::new(object(at))).collect();
    let finding = |at: usize| Diagnostic {
        policy: "all".into(),
        rule: ["denied", "warned", "patched", "recorded"][at % 4].into(),
        kind: "imageTag",
        action: Action::Deny,
        message: "`nginx:latest`: the tag `latest` is denied".into(),
        help: "name a tag that does not move, such as a version, or a digest".into(),
        fix: None,
        fix_safety: None,
        replacements: Vec::new(),
        object: Arc::clone(&objects[at / 4]),
        container: Some("app".into()),
        path: Pointer::new("/spec/containers/0/image"),
        file: Arc::clone(&file),
        place: Place { line: at + 1, column: 12, end_line: at + 1, end_column: 24 },
        excerpt: Excerpt { text: "    image: nginx:latest".into(), marked: 11..23 },
        rendered: None,
        is_place_rendered: false,
    };
    Report { findings: (0..count).map(finding).collect(), ..Report::default() }
}

#[test]
fn a_hundred_thousand_findings_take_seconds() {
    let report = findings(100_000);
    let repository = Repository::around(Path::new("/"));
    let mut written = Counted(0);
    let start = Instant::now();
    sarif::write(&report, &repository, &mut written).unwrap();
    let took = start.elapsed();
    println!("100,000 results, {} MB of SARIF, in {took:?}", written.0 / 1_000_000);
    // A few seconds even without optimization; the rest is room for a busy machine. tests/linear.rs looks closer.
    assert!(took < 2 * PATIENCE, "{took:?}");
}

/// Counts what is written and keeps nothing.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
