//! `plimsoll test`: suites that pass, fail and are wrong, what is exercised, and what is written.

use std::fs;
use std::path::Path;

use crate::sandbox::{Run, Sandbox};

const HEAD: &str = "apiVersion: plimsoll.dev/v1alpha1\nkind: PolicyTest\n";

/// A sandbox with a suite beside its policy.
fn suite(rest: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.test.yaml", format!("{HEAD}{rest}"));
    sandbox
}

fn run(rest: &str) -> Run {
    suite(rest).run(["test"])
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_is_as_expected_passes() {
    let run = run(
        "cases:\n- {image: nginx:latest, deny: no-latest}\n- {image: nginx:1.29, clean: true}\n",
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert_eq!(
        run.stdout,
        "2 cases in 1 suite: 2 passed\ncoverage: 100 % (3 of 3 of what 1 policy can do)\n"
    );
}

#[test]
fn what_differs_fails_with_both_sides_and_its_place() {
    let run = run(
        "cases:\n- {image: nginx:latest, clean: true}\n- {name: fixed, image: nginx:1.29, deny: no-latest}\n",
    );
    assert_eq!(run.code, 1, "{}", run.stderr);
    let expected = "\
FAIL policy.test.yaml:4:3: nginx:latest
  - allow: true
  - clean: true
  + allow: false
  + clean: false
  + deny: images/no-latest, container app, path spec.containers[0].image: `nginx:latest`: the tag `latest` is denied

FAIL policy.test.yaml:5:3: fixed
  - allow: false
  - deny: no-latest
  + allow: true

2 cases in 1 suite: 2 failed
coverage: 100 % (3 of 3 of what 1 policy can do)
";
    assert_eq!(run.stdout, expected);
}

#[test]
fn colours_are_for_terminals() {
    let sandbox = suite("cases:\n- {image: nginx:latest, clean: true}\n");
    assert!(!sandbox.run(["test"]).stdout.contains('\u{1b}'));
    let coloured = sandbox.run(["test", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}[31m  - allow: true\u{1b}[0m"), "{coloured}");
}

#[test]
fn findings_that_are_not_named_fail_the_case() {
    let policy = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: two}
spec:
  rules:
  - {name: no-latest, action: Deny, imageTag: {deny: [latest]}}
  - {name: stated, action: Warn, resources: {requests: {cpu: {required: true}}}}
";
    let sandbox = Sandbox::with_policy(policy);
    let of = |case: &str| {
        sandbox.write(
            "policy.test.yaml",
            format!("{HEAD}cases:\n- {{image: 'nginx:latest', {case}}}\n"),
        );
        sandbox.run(["test"]).code
    };
    assert_eq!(of("deny: no-latest"), 1);
    assert_eq!(of("deny: no-latest, warn: stated"), 0);
    assert_eq!(of("deny: two/no-latest, warn: [two/stated]"), 0);
    assert_eq!(of("deny: one/no-latest, warn: stated"), 2);
    assert_eq!(of("findings: [no-latest, stated]"), 0);
    assert_eq!(of("findings: [{rule: no-latest, action: Deny}, {rule: stated, action: Warn}]"), 0);
    assert_eq!(of("findings: [{rule: no-latest, action: Warn}, stated]"), 1);
    assert_eq!(of("findings: [no-latest]"), 1);
    // Nothing of findings is said.
    assert_eq!(of("allow: false"), 0);
    assert_eq!(of("allow: true"), 1);
    assert_eq!(of("message: \"*tag `latest`*\""), 0);
    assert_eq!(of("message: {contains: tag `latest`}"), 0);
    assert_eq!(of("message: {exact: tag}"), 1);
    assert_eq!(of("allow: false, warnings: [\"policy two, rule stated: *\"]"), 0);
    assert_eq!(of("allow: false, warnings: []"), 1);
    assert_eq!(of("allow: false, matched: [two]"), 0);
    assert_eq!(of("allow: false, matched: []"), 1);
    assert_eq!(of("deny: {rule: no-latest, count: 2}, warn: stated"), 1);
    assert_eq!(of("deny: {path: \"spec.containers[0].image\"}, warn: {container: app}"), 0);
    assert_eq!(of("deny: {path: /spec/containers/0/image}, warn: {container: main}"), 1);
}

#[test]
fn a_mistake_has_its_place_and_the_nearest_name() {
    for (rest, place, said) in [
        ("casess: []\n", "3:1", "did you mean `cases`?"),
        ("cases:\n- {imagee: nginx, deny: x}\n", "4:4", "did you mean `image`?"),
        ("cases:\n- {image: nginx, deny: {rul: x}}\n", "4:25", "did you mean `rule`?"),
        ("cases:\n- {kind: CronJab, clean: true}\n", "4:10", "did you mean `CronJob`?"),
        ("cases:\n- {owner: Jop, clean: true}\n", "4:11", "did you mean `Job`?"),
        ("defaults: {imag: x}\n", "3:12", "did you mean `image`?"),
        ("cases:\n- {image: nginx, clean: yess}\n", "4:25", "expected a boolean"),
        ("cases:\n- {image: nginx}\n", "4:3", "does not say what is expected"),
        ("cases:\n- {image: x, file: y.yaml, clean: true}\n", "4:20", "nothing is laid over it"),
        ("cases:\n- {matrix: {image: nginx}, clean: true}\n", "4:20", "a list of values"),
        ("cases:\n- {matrix: {imag: [nginx]}, clean: true}\n", "4:13", "did you mean `image`?"),
        ("cases:\n- {file: none.yaml, clean: true}\n", "4:10", "none.yaml"),
        ("cases: []\n", "3:1", "tests nothing"),
        ("policies: [none.yaml]\ncases: [{clean: true}]\n", "", "none.yaml"),
        ("profile: lax\ncases: [{clean: true}]\n", "", "no profile is called `lax`"),
        ("now: tomorrow\ncases: [{clean: true}]\n", "3:6", "is no moment"),
        (
            "namespaces: {a: {limitRanges: [{limits: 3}]}}\ncases: [{clean: true}]\n",
            "3:41",
            "expected a list",
        ),
        ("cases:\n- {image: [\n", "4:11", ""),
        ("fixtures: {fail: nowhere}\n", "3:18", "nowhere"),
    ] {
        let run = run(rest);
        assert_eq!(run.code, 2, "{rest}{}", run.stdout);
        assert!(run.stdout.contains(said), "{rest}: {}", run.stdout);
        if !place.is_empty() {
            let place = format!("--> policy.test.yaml:{place}\n");
            assert!(run.stdout.contains(&place), "{rest}: {}", run.stdout);
        }
    }
}

#[test]
fn every_mistake_is_told_of_and_the_rest_of_the_suites_is_run() {
    let sandbox = suite("cases:\n- {imag: a, clean: true}\n- {image: b, clan: true}\n");
    sandbox.write(
        "other.test.yaml",
        format!("{HEAD}policies: [policy.yaml]\ncases: [{{image: nginx, deny: no-latest}}]\n"),
    );
    let run = sandbox.run(["test"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("`imag`") && run.stdout.contains("`clan`"), "{}", run.stdout);
    assert!(run.stdout.contains("1 case in 1 suite: 1 passed, 2 errors"), "{}", run.stdout);
}

#[test]
fn nothing_to_run_is_no_success() {
    let sandbox = Sandbox::new();
    let none = sandbox.run(["test"]);
    assert_eq!((none.code, none.stdout.as_str()), (2, ""));
    assert!(none.stderr.contains("no suite found in ."), "{}", none.stderr);
    assert_eq!(sandbox.run(["test", "nowhere"]).code, 2);
    sandbox
        .write("policy.test.yaml", format!("{HEAD}cases: [{{image: nginx, deny: no-latest}}]\n"));
    let none = sandbox.run(["test", "--run", "nothing*"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("no case is called so"), "{}", none.stderr);
}

#[test]
fn cases_are_chosen_by_name() {
    let cases = "cases:\n- {name: a tag, image: nginx, deny: no-latest}\n- {name: a digest, image: nginx, clean: true}\n";
    let sandbox = suite(cases);
    for (glob, code) in [("*tag", 0), ("*digest", 1), ("policy/a t*", 0), ("policy/*", 1)] {
        assert_eq!(sandbox.run(["test", "--run", glob]).code, code, "{glob}");
    }
}

#[test]
fn reviews_get_what_the_api_server_would_show() {
    let review = r#"{"request": {"object": {"apiVersion": "v1", "kind": "Pod",
        "spec": {"containers": [{"name": "a", "image": "nginx:latest"}]}}}}"#;
    let cases = "cases:
- review: review.json
  deny: no-latest
  message: \"policy images, rule no-latest: container a, spec.containers[0].image: *\"
- review:
    operation: UPDATE
    userInfo: {username: jane}
    object: &pod
      apiVersion: v1
      kind: Pod
      spec: {containers: [{name: a, image: nginx}]}
    oldObject: *pod
  clean: true
- {image: nginx, old: {image: 'nginx:1.29'}, deny: no-latest}
- {image: nginx, old: {}, clean: true}
- {image: nginx, user: jane, groups: [devs], deny: no-latest}
- {review: {operation: DELETE, kind: {kind: Pod}, oldObject: {}}, clean: true}
";
    let sandbox = suite(cases);
    sandbox.write("review.json", review);
    let run = sandbox.run(["test"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn objects_and_files_are_judged_as_check_judges_them() {
    let cases = "cases:
- object:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec: {template: {spec: {containers: [{name: a, image: nginx}]}}}
  deny: {rule: no-latest, path: 'spec.template.spec.containers[0].image'}
- {file: manifests/both.yaml, deny: no-latest}
- object:
    apiVersion: argoproj.io/v1alpha1
    kind: Workflow
    metadata: {name: flow}
    spec: {entrypoint: one, templates: [{name: one, container: {image: nginx}}]}
  deny: {rule: no-latest, path: 'spec.templates[0].container.image'}
";
    let sandbox = suite(cases);
    let pod = |name: &str| crate::sandbox::bad_pod(name);
    sandbox.write("manifests/both.yaml", format!("{}---\n{}", pod("one"), pod("two")));
    let run = sandbox.run(["test", "--verbose"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    for name in ["Deployment web", "manifests/both.yaml: Pod one", "manifests/both.yaml: Pod two"] {
        assert!(run.stdout.contains(name), "{}", run.stdout);
    }
}

#[test]
fn namespaces_exemptions_and_time_are_the_suites_own() {
    let policy = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: data}
spec:
  match: {namespaceSelector: {matchLabels: {team: data}}}
  rules:
  - {name: no-latest, action: Deny, imageTag: {deny: [latest]}}
";
    let exemption = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicyExemption
metadata: {name: old-images}
spec: {policies: [data], reason: they go, owner: ops, expires: 2026-06-30, match: {podSelector: {matchLabels: {old: 'true'}}}}
";
    let sandbox = Sandbox::with_policy(policy);
    sandbox.write("exemptions/old.yaml", exemption);
    let cases = "exemptions: [exemptions]
namespaces:
  etl: {labels: {team: data}}
  soft: {labels: {team: data, plimsoll.dev/mode: warn}}
defaults: {namespace: etl, image: nginx}
cases:
- {deny: no-latest}
- {namespace: soft, warn: no-latest}
- {namespace: other, matched: [], clean: true}
";
    let exempt = "- {labels: {old: 'true'}, clean: true, exempted: {rule: no-latest, exemption: old-images}}\n";
    let over = "- {labels: {old: 'true'}, deny: no-latest, exempted: []}\n";
    for (now, case) in [
        ("", exempt),
        ("now: 2026-06-30T23:59:59Z\n", exempt),
        ("now: 2026-07-01T00:00:00Z\n", over),
    ] {
        sandbox.write("policy.test.yaml", format!("{HEAD}{now}{cases}{case}"));
        let run = sandbox.run(["test"]);
        assert_eq!(run.code, 0, "{now}{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn what_no_case_exercises_is_named_with_its_place() {
    let policy = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: two}
spec:
  match: {workloads: [Batch]}
  rules:
  - {name: no-latest, action: Deny, imageTag: {deny: [latest]}}
  - {name: stated, action: Warn, resources: {requests: {cpu: {required: true}}}}
";
    let sandbox = Sandbox::with_policy(policy);
    let covered = |cases: &str| {
        sandbox.write("policy.test.yaml", format!("{HEAD}cases:\n{cases}"));
        let run = sandbox.run(["test", "--coverage"]);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        let (_, rest) = run.stdout.split_once("coverage: ").unwrap();
        rest.to_owned()
    };
    assert_eq!(
        covered("- {owner: Job, image: nginx, deny: no-latest, warn: stated}\n"),
        "50 % (3 of 6 of what 1 policy can do)
  policy.yaml:3:18: two: its `match` holds in every case
  policy.yaml:7:12: two/no-latest: no case that its policy is about leaves it silent
  policy.yaml:8:12: two/stated: no case that its policy is about leaves it silent
"
    );
    assert!(covered("- {image: nginx, clean: true}\n").starts_with("16 % (1 of 6 "));
    let full = "\
- {owner: Job, image: nginx, deny: no-latest, warn: stated}
- {owner: Job, image: 'nginx:1', container: {resources: {requests: {cpu: 1}}}, clean: true}
- {image: nginx, clean: true}
";
    assert_eq!(covered(full), "100 % (6 of 6 of what 1 policy can do)\n");
    assert_eq!(sandbox.run(["test", "--fail-under", "100"]).code, 0);
    sandbox.write("policy.test.yaml", format!("{HEAD}cases: [{{image: nginx, clean: true}}]\n"));
    let short = sandbox.run(["test", "--fail-under", "17"]);
    assert_eq!(short.code, 1);
    assert!(
        short.stderr.contains("coverage is 16 %, and --fail-under asks for 17 %"),
        "{}",
        short.stderr
    );
    assert_eq!(sandbox.run(["test", "--fail-under", "16"]).code, 0);
    let json = sandbox.run(["test", "--format", "json"]).json();
    assert_eq!(json["coverage"]["policies"][0]["excluded"], true);
    assert_eq!(json["coverage"]["policies"][0]["rules"][1]["found"], false);
    assert_eq!(
        (json["coverage"]["covered"].as_u64(), json["coverage"]["total"].as_u64()),
        (Some(1), Some(6))
    );
}

#[test]
fn every_format_tells_the_same() {
    let sandbox = suite(
        "cases:\n- {name: bad <tag>, image: nginx, clean: true}\n- {image: nginx:1.29, clean: true}\n",
    );
    sandbox.write("broken.test.yaml", "kind: [\n");
    let formats = "text,json=out.json,junit=out.xml,github=out.txt";
    let run = sandbox.run(["test", "--format", formats]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let read = |name: &str| fs::read_to_string(sandbox.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("out.json")).unwrap();
    assert_eq!(
        json["summary"],
        serde_json::json!({"suites": 1, "cases": 2, "passed": 1, "failed": 1, "errors": 1})
    );
    let case = &json["suites"][0]["cases"][0];
    assert_eq!((case["line"].as_u64(), &case["expected"][0]), (Some(4), &"allow: true".into()));
    let xml = read("out.xml");
    for part in [
        "tests=\"3\" skipped=\"0\" failures=\"1\" errors=\"1\"",
        "<testcase name=\"bad &lt;tag&gt;\" classname=\"policy.test.yaml\" file=\"policy.test.yaml\" line=\"4\">",
        "<failure message=\"expected and actual differ\" type=\"difference\">policy.test.yaml:4:3",
        "+ allow: false",
        "<error message=\"broken.test.yaml:",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    let github = read("out.txt");
    assert!(github.contains("::error file=policy.test.yaml,line=4,col=3,title=plimsoll test%3A bad <tag>::- allow: true%0A- clean: true%0A+ allow: false"), "{github}");
    assert!(github.contains("::error file=broken.test.yaml,line="), "{github}");
    let twice = sandbox.run(["test", "--format", "text,json"]);
    assert!(
        twice.code == 2 && twice.stderr.contains("two formats cannot both go to standard output"),
        "{}",
        twice.stderr
    );
}

#[test]
fn suites_are_no_policies_and_check_knows_their_form() {
    let sandbox = Sandbox::new();
    let suite = format!("{HEAD}cases: [{{image: nginx, deny: no-latest}}]\n");
    sandbox.write("policies/images.yaml", crate::sandbox::DENY_LATEST);
    sandbox.write("policies/images.test.yaml", &suite);
    sandbox.write("pod.yaml", crate::sandbox::bad_pod("a"));
    assert_eq!(sandbox.run(["check", "--policies", "policies", "pod.yaml"]).code, 1);
    let run = sandbox.run(["check", "policies"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "0 pods in 2 files: nothing to say\n"),
        "{}",
        run.stderr
    );
    sandbox.write("policies/images.test.yaml", suite.replace("image:", "imagee:"));
    let run = sandbox.run(["check", "policies"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("policies/images.test.yaml:3:10")
            && run.stdout.contains("did you mean `image`?"),
        "{}",
        run.stdout
    );
    sandbox.write("policies/images.test.yaml", suite.replace("PolicyTest", "policytest"));
    assert!(sandbox.run(["check", "policies"]).stdout.contains("did you mean `PolicyTest`?"));
}

const OUTDATED: &str = "\
# Images of the shop.
apiVersion: plimsoll.dev/v1alpha1
kind: PolicyTest

cases:
# In rows.
- {image: nginx:latest, clean: true}  # moved
- {image: nginx:1.29, deny: no-latest}
- {image: nginx}
- image: nginx   # in a block
  name: b
  # What is expected:
  deny: [images/no-latest, other]   # one too many

- name: gone
  image: nginx:1
  message: \"x *\"
  deny: no-latest
- image: nginx
  message: x
- {image: nginx, patched: {spec.dnsPolicy: Default}, allow: true}
- {image: nginx, deny: {rule: no-latest, count: 7, container: app}, matched: [x], warnings: [z]}
- matrix: {image: [nginx, nginx:latest]}
  clean: true
";

const UPDATED: &str = "\
# Images of the shop.
apiVersion: plimsoll.dev/v1alpha1
kind: PolicyTest

cases:
# In rows.
- {image: nginx:latest, deny: no-latest}  # moved
- {image: nginx:1.29, clean: true}
- {image: nginx, deny: no-latest}
- image: nginx   # in a block
  name: b
  # What is expected:
  deny: images/no-latest   # one too many

- name: gone
  image: nginx:1
  clean: true
- image: nginx
  message: \"policy images, rule no-latest: container app, spec.containers[0].image: `nginx` has no tag and so means `latest`, which is denied; name a tag that does not move, such as a version, or a digest\"
- {image: nginx, patched: {spec.dnsPolicy: null}, allow: false}
- {image: nginx, deny: {rule: no-latest, count: 1, container: app}, matched: [images], warnings: []}
- matrix: {image: [nginx, nginx:latest]}
  deny: no-latest
";

#[test]
fn what_comes_of_cases_is_written_and_all_else_stays() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("policy.test.yaml", OUTDATED);
    let run = sandbox.run(["test", "--update"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), UPDATED);
    let told = "updated policy.test.yaml:8:3: nginx:1.29\n  - allow: false\n  - deny: no-latest\n  + allow: true\n";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert!(
        run.stdout.contains("updated policy.test.yaml:9:3: nginx\n  + deny: \"no-latest\"\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("10 cases in 1 suite: 10 passed, 10 updated\n"), "{}", run.stdout);
    let again = sandbox.run(["test", "--update"]);
    assert_eq!(again.stdout.lines().next(), Some("10 cases in 1 suite: 10 passed"));
    assert_eq!(fs::read_to_string(&path).unwrap(), UPDATED);
}

#[test]
fn cases_of_a_matrix_that_differ_are_not_updated() {
    let rest = "cases:\n- {matrix: {image: [nginx, 'nginx:1']}, deny: no-latest}\n- {image: nginx, clean: true}\n";
    let sandbox = suite(rest);
    let run = sandbox.run(["test", "--update"]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(
        run.stdout.contains("make several of it") && run.stdout.contains("policy.test.yaml:4:3"),
        "{}",
        run.stdout
    );
    let text = fs::read_to_string(sandbox.path().join("policy.test.yaml")).unwrap();
    assert_eq!(text, format!("{HEAD}{}", rest.replace("clean: true", "deny: no-latest")));
}

#[cfg(unix)]
#[test]
fn an_update_keeps_links_and_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let real = sandbox.write(
        "real/suite.yaml",
        format!("{HEAD}policies: [policy.yaml]\ncases:\n- {{image: nginx, clean: true}}\n"),
    );
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = sandbox.path().join("policy.test.yaml");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let run = sandbox.run(["test", "--update", "policy.test.yaml"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&real).unwrap().ends_with("- {image: nginx, deny: no-latest}\n"));
}

/// The suites of the built-in policies pass, and exercise everything; without any one rule, they fail.
#[test]
fn built_in_policies_are_tested_in_full() {
    let sandbox = Sandbox::new();
    let policies = root().join("policies");
    let policies = policies.to_str().unwrap();
    let run = sandbox.run(["test", policies, "--coverage", "--fail-under", "100"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let mut mutants = 0;
    for profile in fs::read_dir(policies).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(profile).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            if !file.is_file() {
                continue;
            }
            let suite = file.with_file_name("tests").join(name.replace(".yaml", ".test.yaml"));
            let text = fs::read_to_string(&file).unwrap();
            let documents: Vec<&str> = text.split("---\n").collect();
            for (at, document) in documents.iter().enumerate() {
                for (start, _) in document.match_indices("  - name: ") {
                    let end = document[start + 1..]
                        .find("\n  - name: ")
                        .map_or(document.len(), |at| start + at + 2);
                    let mut mutant = format!("{}{}", &document[..start], &document[end..]);
                    if mutant.trim_end().ends_with("rules:") {
                        // A policy needs a rule: one that never finds anything.
                        mutant.push_str(
                            "  - {name: nothing, action: Audit, imageTag: {deny: [no-such-tag]}}\n",
                        );
                    }
                    let mut all = documents.clone();
                    all[at] = &mutant;
                    sandbox.write("mutant.yaml", all.join("---\n"));
                    let run =
                        sandbox.run(["test", suite.to_str().unwrap(), "--policies", "mutant.yaml"]);
                    assert_eq!(
                        run.code, 1,
                        "{name} without the rule at {start}: {}{}",
                        run.stdout, run.stderr
                    );
                    mutants += 1;
                }
            }
        }
    }
    let rules = |profile: &str| {
        let set = plimsoll::policy_source::load_profile(profile).unwrap();
        set.policies().iter().map(|policy| policy.rules.len()).sum::<usize>()
    };
    let all: usize = plimsoll::policy_source::profiles().into_iter().map(rules).sum();
    assert_eq!(mutants, all, "every rule of every policy is removed once");
}

/// The fixtures of the rules are read by the form that is there for everybody.
#[test]
fn our_own_fixtures_are_read() {
    let sandbox = Sandbox::new();
    let fixtures = root().join("tests/rules");
    let run = sandbox.run(["test", fixtures.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(" cases in 1 suite: "), "{}", run.stdout);
}

#[test]
fn a_fixture_that_lies_fails() {
    let fixture = |image: &str, mark: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: a\n    image: {image}{mark}\n"
        )
    };
    let sandbox = suite("fixtures: {pass: pass, fail: fail}\n");
    let of = |pass: String, fail: String| {
        sandbox.write("pass/a.yaml", pass);
        sandbox.write("fail/a.yaml", fail);
        sandbox.run(["test"])
    };
    let (good, bad) = (fixture("nginx:1", ""), fixture("nginx", "  # error: no-latest"));
    assert_eq!(of(good.clone(), bad.clone()).code, 0);
    for (pass, fail, said) in [
        (good.clone(), fixture("nginx", ""), "+ line 7: error: no-latest"),
        (good.clone(), fixture("nginx:1", "  # error: no-latest"), "- line 7: error: no-latest"),
        (good.clone(), good.clone(), "something is announced"),
        (bad.clone(), bad.clone(), "nothing is announced as an error"),
    ] {
        let run = of(pass, fail);
        assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
}

#[test]
fn a_thousand_cases_take_no_time() {
    let row = |at: usize| format!("- {{image: 'nginx:{at}', clean: true}}\n");
    let sandbox = suite(&format!("cases:\n{}", (0..1000).map(row).collect::<String>()));
    let start = std::time::Instant::now();
    let run = sandbox.run(["test"]);
    assert!(
        run.stdout.contains("1000 cases in 1 suite: 1000 passed"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    // Unoptimized, and on a machine that does other things too.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
