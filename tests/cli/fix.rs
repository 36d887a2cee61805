//! `fix`: what it changes, what it leaves alone, and what it says.

use std::fs;

use serde_json::json;

use crate::sandbox::{Run, Sandbox};

#[path = "fix/diffs.rs"]
mod diffs;
#[path = "fix/files.rs"]
mod files;
#[path = "fix/refusals.rs"]
mod refusals;

/// A policy with a safe fix and an unsafe one.
pub(crate) const POLICY: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: p}
spec:
  rules:
  - name: pull
    action: Warn
    imagePullPolicy: {}
  - name: requests
    action: Warn
    resources: {requests: {cpu: {required: true, default: 100m}}}
";

/// A pod with something for both, and comments.
pub(crate) const POD: &str = "\
# the first line
apiVersion: v1
kind: Pod
metadata: {name: p}   # a name
spec:
  containers:
  - name: 'app'
    # fixed
    image: \"nginx:1.27\"
    imagePullPolicy: Always # why?
";

impl Sandbox {
    pub(crate) fn for_fixes() -> Self {
        Self::with_policy(POLICY)
    }

    /// `fix --policies policy.yaml` with more arguments.
    pub(crate) fn fix<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.run(["fix", "--policies", "policy.yaml"].into_iter().chain(args))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }
}

pub(crate) fn safely_fixed() -> String {
    POD.replace("Always", "IfNotPresent")
}

#[test]
fn safe_fixes_are_made_and_others_where_they_are_asked_for() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    let run = sandbox.fix(["pod.yaml"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert_eq!(sandbox.read("pod.yaml"), safely_fixed());
    let said = "fixed 1 finding in 1 file: 1 p/pull\n1 pod in 1 file: 1 would be warned about\n1 more fixable with `--unsafe-fixes`\n";
    assert!(run.stdout.ends_with(said), "{}", run.stdout);
    assert!(run.stdout.contains("there is no cpu request"), "{}", run.stdout);

    let again = sandbox.fix(["pod.yaml"]);
    assert!(again.stdout.contains("nothing was fixed\n"), "{}", again.stdout);
    assert_eq!(sandbox.read("pod.yaml"), safely_fixed());

    let run = sandbox.fix(["--unsafe-fixes", "pod.yaml"]);
    assert_eq!(
        run.stdout,
        "fixed 1 finding in 1 file: 1 p/requests\n1 pod in 1 file: nothing to say\n"
    );
    let text = sandbox.read("pod.yaml");
    assert!(text.starts_with(&safely_fixed()) && text.contains("cpu: 100m"), "{text}");
    assert!(!text.contains("patched-by"), "{text}");
    assert_eq!(sandbox.check(["--fail-on", "audit", "pod.yaml"]).code, 0);
}

#[test]
fn the_action_does_not_matter_nor_does_the_mode() {
    for action in ["Patch", "Warn", "Deny", "Audit"] {
        let sandbox =
            Sandbox::with_policy(&POLICY.replace("action: Warn", &format!("action: {action}")));
        sandbox.write("pod.yaml", POD);
        let run = sandbox.fix(["--unsafe-fixes", "--default-mode", "audit", "pod.yaml"]);
        assert_eq!(run.code, 0, "{action}: {}", run.stdout);
        let check = sandbox.check(["--fail-on", "audit", "pod.yaml"]);
        assert_eq!((check.code, check.stdout.as_str()), (0, "1 pod in 1 file: nothing to say\n"));
    }
}

#[test]
fn exit_codes_follow_what_is_left() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    assert_eq!(sandbox.fix(["--fail-on", "warn", "pod.yaml"]).code, 1, "a request is missing");
    assert_eq!(sandbox.fix(["--fail-on", "deny", "pod.yaml"]).code, 0);
    assert_eq!(sandbox.fix(["--fail-on", "audit", "--unsafe-fixes", "pod.yaml"]).code, 0);
    assert_eq!(sandbox.fix(["missing.yaml"]).code, 2);
}

#[test]
fn check_says_how_many_can_be_fixed() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    let last = |sandbox: &Sandbox| {
        let run = sandbox.check(["pod.yaml"]);
        run.stdout.lines().last().unwrap().to_owned()
    };
    assert_eq!(last(&sandbox), "1 fixable with `plimsoll fix`, 1 more with `--unsafe-fixes`");
    sandbox.fix(["pod.yaml"]);
    assert_eq!(last(&sandbox), "1 fixable with `plimsoll fix --unsafe-fixes`");
    sandbox.write("pod.yaml", POD.replace("name: 'app'", "resources: {requests: {cpu: 1}}"));
    assert_eq!(last(&sandbox), "1 fixable with `plimsoll fix`");
    let report = sandbox.check(["--format", "json", "pod.yaml"]).json();
    assert_eq!(report["findings"][0]["fixSafety"], "safe");
    assert_eq!(report["summary"]["unsafeFixes"], 0);
    assert!(report.get("fixes").is_none());
}

#[test]
fn what_an_exemption_keeps_quiet_is_left_alone() {
    let exempted = format!(
        "{POLICY}---\napiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicyExemption\nmetadata: {{name: x}}\nspec: {{policies: [p], rules: [pull], reason: r, owner: o, expires: 2999-01-01}}\n"
    );
    let sandbox = Sandbox::with_policy(&exempted);
    sandbox.write("pod.yaml", POD);
    let run = sandbox.fix(["--unsafe-fixes", "pod.yaml"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("1 finding exempted"), "{}", run.stdout);
    let text = sandbox.read("pod.yaml");
    assert!(text.contains("Always # why?") && text.contains("cpu: 100m"), "{text}");
}

#[test]
fn what_a_comment_or_an_annotation_keeps_quiet_is_left_alone() {
    let sandbox = Sandbox::for_fixes();
    let comment = POD.replace("Always # why?", "Always # plimsoll: ignore[pull] the tag moves");
    let annotation =
        POD.replace("{name: p}", "{name: p, annotations: {plimsoll.dev/ignore: pull}}");
    for text in [comment, annotation] {
        sandbox.write("pod.yaml", &text);
        let run = sandbox.fix(["--unsafe-fixes", "pod.yaml"]);
        assert_eq!(run.code, 0, "{}", run.stdout);
        let after = sandbox.read("pod.yaml");
        assert!(after.contains("imagePullPolicy: Always"), "{after}\n{}", run.stdout);
        assert!(after.contains("cpu: 100m"), "{after}\n{}", run.stdout);
        // Asked to, it does not listen.
        sandbox.fix(["--ignore-silences", "pod.yaml"]);
        assert!(sandbox.read("pod.yaml").contains("IfNotPresent"));
    }
}

#[test]
fn what_a_baseline_knows_is_fixed_all_the_same() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    assert_eq!(sandbox.check(["--write-baseline", "pod.yaml"]).code, 0);
    let baseline = ["--baseline", "plimsoll-baseline.json", "--fail-on", "audit"];
    let run = sandbox.fix(baseline.into_iter().chain(["pod.yaml"]));
    assert_eq!(run.code, 0, "the request that is left is in the baseline: {}", run.stdout);
    assert_eq!(sandbox.read("pod.yaml"), safely_fixed());
    assert_eq!(sandbox.fix(["--write-baseline", "--check", "pod.yaml"]).code, 2);
}

#[test]
fn pods_in_objects_of_other_kinds_are_fixed_where_they_stand() {
    let sandbox = Sandbox::for_fixes();
    let workflow = "\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: w-}
spec:
  entrypoint: main
  templates:
  - name: main   # the only one
    container:
      image: \"x:1\"
      imagePullPolicy: Always
      args: [\"{{inputs.parameters.x}}\"]
  - name: other
    script:
      image: x:2
      imagePullPolicy: Always
      source: echo
";
    sandbox.write("workflow.yaml", workflow);
    let run = sandbox.fix(["workflow.yaml"]);
    assert_eq!(
        sandbox.read("workflow.yaml"),
        workflow.replace("Always", "IfNotPresent"),
        "{}",
        run.stdout
    );
    let run = sandbox.fix(["--unsafe-fixes", "workflow.yaml"]);
    assert!(run.stdout.contains("fixed 2 findings in 1 file: 2 p/requests\n"), "{}", run.stdout);
    let check = sandbox.check(["--fail-on", "audit", "workflow.yaml"]);
    assert_eq!(check.code, 0, "{}", check.stdout);
    assert_eq!(sandbox.read("workflow.yaml").matches("cpu: 100m").count(), 2);
}

#[test]
fn every_object_of_a_file_is_fixed_in_its_place() {
    let sandbox = Sandbox::for_fixes();
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: a, image: \"x:1\", imagePullPolicy: Always}]}}";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: x:1\n        imagePullPolicy: Always\n";
    let text = format!(
        "{POD}---\n# nothing here\n---\napiVersion: v1\nkind: List\nitems:\n- {pod}\n# between\n- {pod}\n---\nkey: [1, 2]\n---\n{deployment}"
    );
    sandbox.write("many.yaml", &text);
    let run = sandbox.fix(["many.yaml"]);
    assert_eq!(sandbox.read("many.yaml"), text.replace("Always", "IfNotPresent"), "{}", run.stdout);
    assert!(run.stdout.contains("fixed 4 findings in 1 file: 4 p/pull\n"), "{}", run.stdout);

    let list: serde_json::Value = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
         "spec": {"containers": [{"name": "a", "image": "x:1", "imagePullPolicy": "Always"}]}}]});
    for text in [list.to_string(), serde_json::to_string_pretty(&list).unwrap() + "\n"] {
        sandbox.write("list.json", &text);
        sandbox.fix(["list.json"]);
        assert_eq!(sandbox.read("list.json"), text.replace("Always", "IfNotPresent"));
    }
}

#[test]
fn what_manifests_say_of_their_namespaces_counts() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("a/pod.yaml", POD.replace("{name: p}", "{name: p, namespace: etl}"));
    let ranges = "kind: LimitRange\napiVersion: v1\nmetadata: {name: r, namespace: etl}\nspec: {limits: [{type: Container, max: {cpu: 50m}}]}\n";
    sandbox.write("z/ranges.yaml", ranges);
    let run = sandbox.fix(["--unsafe-fixes", "a", "z"]);
    let text = sandbox.read("a/pod.yaml");
    assert!(!text.contains("cpu"), "the default does not fit: {text}\n{}", run.stdout);
    // In escapes too.
    sandbox.write("z/ranges.yaml", ranges.replace("kind: LimitRange", "kind: \"Limit\\x52ange\""));
    sandbox.fix(["--unsafe-fixes", "a", "z"]);
    assert!(!sandbox.read("a/pod.yaml").contains("cpu"));
    fs::remove_dir_all(sandbox.path().join("z")).unwrap();
    sandbox.fix(["--unsafe-fixes", "a"]);
    assert!(sandbox.read("a/pod.yaml").contains("cpu: 100m"));
}

/// What `check` calls fixable, `fix` fixes.
#[test]
fn a_fix_that_loses_to_another_rule_is_none() {
    let rule = |name: &str, action: &str, deny: &str, with: &str| {
        format!(
            "---\napiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: {name}}}\nspec:\n  rules:\n  - {{name: r, action: {action}, imagePullPolicy: {{deny: [{deny}], replaceWith: {with}, onlyWhere: Any}}}}\n"
        )
    };
    for action in ["Patch", "Warn"] {
        let both = rule("p1", action, "Always", "IfNotPresent")
            + &rule("p2", action, "IfNotPresent", "Always");
        let sandbox = Sandbox::with_policy(&both);
        for written in ["Always", "IfNotPresent"] {
            sandbox.write("pod.yaml", POD.replace("Always", written));
            let report = sandbox.check(["--format", "json", "pod.yaml"]).json();
            let fixable = report["summary"]["fixable"].as_u64().unwrap();
            let run = sandbox.fix(["--unsafe-fixes", "--fail-on", "deny", "pod.yaml"]);
            let made = u64::from(run.stdout.contains("fixed 1 finding in 1 file"));
            assert_eq!(fixable, made, "{action} {written}: {report:#}\n{}", run.stdout);
            assert_eq!(made == 1, written == "Always", "{}", run.stdout);
            let report = sandbox.check(["--format", "json", "pod.yaml"]).json();
            assert_eq!(report["summary"]["fixable"], 0, "{report:#}");
        }
    }
}

#[test]
fn json_says_what_was_fixed() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pods/a.yaml", POD);
    sandbox.write(
        "pods/b.yaml",
        POD.replace("image: \"nginx:1.27\"", "image: &i \"nginx:1.27\"")
            .replace("Always # why?", "&a Always\n  - {name: b, image: x:1, imagePullPolicy: *a}"),
    );
    let run = sandbox.fix(["--format", "json", "pods"]);
    let report = run.json();
    let fixes = &report["fixes"];
    assert_eq!(
        (&fixes["written"], &fixes["files"], &fixes["applied"]),
        (&json!(true), &json!(1), &json!([{"policy": "p", "rule": "pull", "count": 1}])),
        "{report:#}"
    );
    let refused = &fixes["refused"][0];
    assert_eq!((&refused["file"], &refused["count"]), (&json!("pods/b.yaml"), &json!(2)));
    assert!(refused["line"].is_u64() && refused["message"].is_string(), "{report:#}");
}

#[test]
fn standard_input_comes_out_fixed() {
    let sandbox = Sandbox::for_fixes();
    let filter = |args: &[&str], text: &str| {
        let args =
            ["fix", "--policies", "policy.yaml", "-"].into_iter().chain(args.iter().copied());
        Run::of(&sandbox.command(args).write_stdin(text).output().unwrap())
    };
    let run = filter(&[], POD);
    assert_eq!(run.stdout, safely_fixed());
    assert!(run.stderr.contains("fixed 1 finding in 1 file: 1 p/pull\n"), "{}", run.stderr);
    // What has nothing to fix, or cannot be read, goes through as it is.
    assert_eq!(filter(&[], &safely_fixed()).stdout, safely_fixed());
    let broken = filter(&[], "a: [\r\n");
    assert_eq!((broken.code, broken.stdout.as_str()), (2, "a: [\r\n"));
    let bom = format!("\u{feff}{POD}").replace('\n', "\r\n");
    assert_eq!(filter(&[], &bom).stdout, bom.replace("Always", "IfNotPresent"));
    let check = filter(&["--check"], POD);
    assert_eq!(check.code, 1);
    assert!(check.stdout.contains("would fix 1 finding in 1 file: 1 p/pull\n"), "{}", check.stdout);
    let diff = filter(&["--diff"], POD);
    assert!(diff.stdout.starts_with("--- a/stdin\n+++ b/stdin\n@@ "), "{}", diff.stdout);
}
