//! JUnit XML, read back.

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::varied;
use crate::sandbox::{Sandbox, bad_pod};

pub(crate) fn read(xml: &str) -> Report {
    // What XML 1.0 has no room for, whatever a reader makes of it.
    let forbidden = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    assert!(!xml.contains(forbidden), "{xml}");
    for hidden in ["time=", "timestamp=", "uuid="] {
        assert!(!xml.contains(hidden), "{hidden} differs from run to run");
    }
    Report::deserialize_from_str(xml).unwrap()
}

/// What a case came to: `ok`, or what went wrong.
fn status(status: &TestCaseStatus) -> String {
    match status {
        TestCaseStatus::Success { .. } => "ok".to_owned(),
        TestCaseStatus::Skipped { .. } => "skipped".to_owned(),
        TestCaseStatus::NonSuccess { kind, ty, .. } => {
            let kind = if *kind == NonSuccessKind::Failure { "failure" } else { "error" };
            format!("{kind} {}", ty.as_ref().map(|ty| ty.as_str()).unwrap_or_default())
        }
    }
}

fn cases(report: &Report) -> Vec<(String, Vec<(String, String)>)> {
    let suites = report.test_suites.iter();
    suites
        .map(|suite| {
            let cases = suite.test_cases.iter();
            let cases = cases.map(|case| (case.name.to_string(), status(&case.status)));
            (suite.name.to_string(), cases.collect())
        })
        .collect()
}

#[test]
fn a_suite_for_each_file_and_a_case_for_each_object() {
    let sandbox = varied();
    let report = read(&sandbox.check(["--format", "junit", "jobs"]).stdout);
    assert_eq!((report.tests, report.failures, report.errors, report.skipped), (6, 4, 1, 0));
    let failed = || "failure all/denied".to_owned();
    let hostile =
        r#"Pod n/%\t/a%0Ab::c,d:e|f`g<h>&'"\u{1b}[31mred\u{0}\n::error::x\r\u{2028}\u{fffe}]]>"#;
    let expected = [
        ("jobs/broken.yaml", vec![("error at 2:4", "error error".to_owned())]),
        ("jobs/good.yaml", vec![("Pod good", "ok".to_owned())]),
        ("jobs/hostile.yaml", vec![(hostile, failed())]),
        ("jobs/twins.yaml", vec![("Pod twin", failed()), ("Pod twin", failed())]),
        ("jobs/two words/100%,é:#?.yaml", vec![("Pod odd", failed())]),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(suite, cases)| {
            let cases = cases.into_iter().map(|(name, status)| (name.to_owned(), status));
            (suite.to_owned(), cases.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(cases(&report), expected);
}

#[test]
fn a_case_says_everything_about_its_object() {
    let sandbox = varied();
    let report = read(&sandbox.check(["--format", "junit", "jobs/twins.yaml"]).stdout);
    let case = &report.test_suites[0].test_cases[1];
    assert_eq!(case.classname.as_ref().unwrap().as_str(), "jobs/twins");
    assert_eq!(case.extra.get("file").unwrap().as_str(), "jobs/twins.yaml");
    let TestCaseStatus::NonSuccess { message, description, .. } = &case.status else { panic!() };
    assert_eq!(message.as_ref().unwrap().as_str(), "`nginx:latest`: the tag `latest` is denied");
    let description = description.as_ref().unwrap().as_str();
    assert!(description.starts_with("jobs/twins.yaml:15:12: error[all/denied] "), "{description}");
    assert!(description.contains("  container app\n  help: name a tag"), "{description}");
    let rest = case.system_out.as_ref().unwrap().as_str();
    for word in ["patched[all/patched]", "warning[all/warned]", "audit[all/recorded]"] {
        assert!(rest.contains(word), "{rest}");
    }
}

#[test]
fn what_the_run_fails_for_are_the_failures() {
    let sandbox = varied();
    for (line, failures) in [("deny", 0), ("warn", 0), ("patch", 1), ("audit", 1)] {
        let run = sandbox.check(["--format", "junit", "--fail-on", line, "jobs/good.yaml"]);
        assert_eq!(read(&run.stdout).failures, failures, "{line}");
        assert_eq!(run.code, i32::from(failures > 0), "{line}");
    }
    let several = sandbox.check(["--format", "junit", "--fail-on", "warn", "jobs/twins.yaml"]);
    assert!(several.stdout.contains("message=\"2 findings: `nginx:latest`"), "{}", several.stdout);
}

#[test]
fn an_object_with_many_pods_is_one_case() {
    let sandbox = varied();
    let template = "{containers: [{name: c, image: nginx:latest}]}";
    let text = format!(
        "apiVersion: example.com/v1\nkind: Farm\nmetadata: {{name: f}}\nspec:\n  a: {{spec: {template}}}\n  \
         b: {{spec: {template}}}\n"
    );
    sandbox.write("farm.yaml", text);
    let report = read(&sandbox.check(["--format", "junit", "farm.yaml"]).stdout);
    assert_eq!((report.tests, report.failures), (1, 1));
}

#[test]
fn nothing_judged_is_a_report_too() {
    let sandbox = Sandbox::new();
    sandbox.write("config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    assert_eq!(read(&sandbox.check(["--format", "junit", "config.yaml"]).stdout).tests, 0);
    let missing = read(&sandbox.check(["--format", "junit", "missing.yaml"]).stdout);
    assert_eq!(cases(&missing)[0].1[0], ("error".to_owned(), "error error".to_owned()));
    sandbox.write("list.json", r#"{"apiVersion":"v1","kind":"PodList","items":[]}"#);
    sandbox.write("x", bad_pod("x"));
    let run = sandbox.check(["--format", "junit", "x", "list.json"]);
    assert_eq!(
        read(&run.stdout).test_suites[0].test_cases[0].classname.as_ref().unwrap().as_str(),
        "x"
    );
}
