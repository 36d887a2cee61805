//! Findings that are kept quiet, asked through `check`: comments, annotations, baselines, and how they are counted.

use std::fs;

use serde_json::Value;

use crate::sandbox::{DENY_LATEST, Run, Sandbox, bad_pod};

const BASELINE: [&str; 2] = ["--baseline", "plimsoll-baseline.json"];

/// A pod whose image moves, with this behind the image.
fn pod_with(comment: &str) -> String {
    bad_pod("x").replace("latest\n", &format!("latest {comment}\n"))
}

fn check(manifest: &str, args: &[&str]) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("pod.yaml", manifest);
    sandbox.check(args.iter().copied().chain(["pod.yaml"]))
}

fn baseline(sandbox: &Sandbox) -> Value {
    let text = fs::read_to_string(sandbox.path().join("plimsoll-baseline.json")).unwrap();
    assert!(text.ends_with("}\n"));
    serde_json::from_str(&text).unwrap()
}

/// Two pods, one of them twice, and a baseline that knows all of that.
fn known() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a/one.yaml", format!("{}---\n{}", bad_pod("one"), bad_pod("one")));
    sandbox.write("b/two.yaml", bad_pod("two"));
    let run = sandbox.check(["--write-baseline", "a", "b"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "plimsoll: plimsoll-baseline.json holds 3 findings now: 3 added, 0 removed\n"
    );
    assert_eq!(run.stdout, "3 pods in 2 files: nothing to say, 3 silenced (3 in the baseline)\n");
    sandbox
}

#[test]
fn what_is_silenced_is_counted_by_kind_and_leaves_the_exit_code_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("comment.yaml", pod_with("# plimsoll: ignore[no-latest] why"));
    sandbox.write(
        "above.yaml",
        bad_pod("z").replace("    image", "    # plimsoll: ignore[imageTag] why\n    image"),
    );
    sandbox.write(
        "annotation.yaml",
        bad_pod("x").replace(
            "{name: x}",
            "{name: x, annotations: {plimsoll.dev/ignore: images/no-latest; why}}",
        ),
    );
    sandbox.write("known.yaml", bad_pod("x"));
    sandbox
        .write("vendor.yaml", bad_pod("x").replace("{name: x}", "{name: x, labels: {vendor: x}}"));
    sandbox.write("exemptions/x.yaml", "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicyExemption\nmetadata: {name: x}\nspec:\n  policies: [images]\n  reason: x\n  owner: x\n  match: {podSelector: {matchLabels: {vendor: x}}}\n");
    assert_eq!(sandbox.check(["--write-baseline", "known.yaml"]).code, 0);
    let manifests = ["comment.yaml", "above.yaml", "annotation.yaml", "known.yaml", "vendor.yaml"];
    let args = || BASELINE.into_iter().chain(["--exemptions", "exemptions"]);
    let run = sandbox.check(args().chain(manifests));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert_eq!(
        run.stdout,
        "5 pods in 5 files: nothing to say, 5 silenced (2 by comments, 1 by annotation, 1 in the baseline, 1 exempted)\n"
    );
    let summary =
        sandbox.check(args().chain(["--format", "json"]).chain(manifests)).json()["summary"]
            .clone();
    assert_eq!(
        summary["silenced"],
        serde_json::json!({"comments": 2, "annotations": 1, "baseline": 1, "exemptions": 1})
    );
    for (count, expected) in [("exempted", 1), ("findings", 0), ("denied", 0), ("pods", 5)] {
        assert_eq!(summary[count], expected, "{count}");
    }
    let run = sandbox.check(args().chain(["--ignore-silences"]).chain(manifests));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(run.stdout.ends_with("4 would be denied, 1 finding exempted\n"), "{}", run.stdout);
}

#[test]
fn a_pod_is_denied_while_one_finding_is_left() {
    let manifest =
        pod_with("# plimsoll: ignore[no-latest] why") + "  - {name: b, image: b:latest}\n";
    let run = check(&manifest, &[]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.ends_with("1 pod in 1 file: 1 would be denied, 1 silenced (1 by comment)\n")
    );
}

#[test]
fn a_silence_that_silences_nothing_is_a_warning() {
    let fixed = pod_with("# plimsoll: ignore[no-latest] why").replace(":latest", ":1");
    let run = check(&fixed, &[]);
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stderr,
        "plimsoll: warning: pod.yaml:7:39: this comment silences no finding of `no-latest`; remove it\n"
    );
    assert_eq!(check(&fixed, &["--quiet"]).stderr, "");
    // What is not in force, or stands in a file that could not be read as a whole, can be of use elsewhere.
    assert_eq!(check(&fixed.replace("no-latest", "dns"), &[]).stderr, "");
    let broken = check(&format!("{fixed}---\na: b: c\n"), &[]);
    assert_eq!((broken.code, broken.stderr.as_str()), (2, ""));
    // Whoever writes these is told in any case.
    for silence in ["ignore", "ignore[nolatest] x"] {
        let run = check(&pod_with(&format!("# plimsoll: {silence}")), &["--quiet"]);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains("warning: pod.yaml:7:"), "{}", run.stderr);
    }
}

#[test]
fn rules_of_policies_that_could_not_be_applied_are_not_missed() {
    let policy = DENY_LATEST
        .replace("spec:\n", "spec:\n  match: {namespaceSelector: {matchLabels: {a: b}}}\n");
    let sandbox = Sandbox::with_policy(&policy);
    sandbox.write("pod.yaml", pod_with("# plimsoll: ignore[no-latest] why"));
    let run = sandbox.check(["pod.yaml"]);
    assert!(
        run.stderr.contains("was not applied") && !run.stderr.contains("silences"),
        "{}",
        run.stderr
    );
}

#[test]
fn comments_count_in_lists_flow_mappings_and_windows_files() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: {containers: [\n    {name: a, image: a:latest}, # plimsoll: ignore[no-latest] why\n    # plimsoll: ignore[no-latest] why\n    {name: b,\timage: b:latest},\n    {name: c,\n\n     image: c:latest}]}\n";
    for manifest in [list.to_owned(), list.replace('\n', "\r\n"), format!("\u{feff}{list}")] {
        let run = check(&manifest, &[]);
        assert!(run.stdout.contains("--> pod.yaml:13:13"), "{}", run.stdout);
        assert!(
            run.stdout.ends_with("1 would be denied, 2 silenced (2 by comments)\n"),
            "{}",
            run.stdout
        );
        assert_eq!(run.stderr, "");
    }
    let json = r##"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "# plimsoll: ignore[no-latest] x"}, "spec": {"containers": [{"name": "a", "image": "a:latest"}]}}"##;
    let run = check(json, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
}

#[test]
fn a_comment_at_an_anchor_is_about_all_who_use_it() {
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: &i a:latest # plimsoll: ignore[no-latest] why\n  - {name: b, image: *i}\n";
    let run = check(manifest, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("2 silenced (2 by comments)"));
}

#[test]
fn a_baseline_is_for_people_and_always_the_same() {
    let sandbox = known();
    let written = fs::read(sandbox.path().join("plimsoll-baseline.json")).unwrap();
    let baseline = baseline(&sandbox);
    assert_eq!(baseline["version"], 1);
    let shown: Vec<_> = baseline["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            format!(
                "{} {} {} {}/{} {} {}",
                entry["file"],
                entry["object"],
                entry["container"],
                entry["policy"],
                entry["rule"],
                entry["message"],
                entry["count"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a/one.yaml Pod one app images/no-latest `nginx:latest`: the tag `latest` is denied 2",
            "b/two.yaml Pod two app images/no-latest `nginx:latest`: the tag `latest` is denied null",
        ]
    );
    let again = sandbox.check(["--write-baseline", "b", "./a"]);
    assert_eq!(
        again.stderr,
        "plimsoll: plimsoll-baseline.json holds 3 findings now: 0 added, 0 removed\n"
    );
    assert_eq!(fs::read(sandbox.path().join("plimsoll-baseline.json")).unwrap(), written);
    let names: Vec<_> =
        fs::read_dir(sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn a_baseline_silences_what_it_knows_wherever_the_command_runs() {
    let sandbox = known();
    fs::create_dir(sandbox.path().join(".git")).unwrap();
    let run = sandbox.check(BASELINE.into_iter().chain(["a", "b"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let mut command = sandbox.command([
        "check",
        "--policies",
        "../policy.yaml",
        "--baseline",
        "../plimsoll-baseline.json",
        ".",
    ]);
    let run = Run::of(&command.current_dir(sandbox.path().join("a")).output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    // One more than is known, and one that is not known at all.
    sandbox.write("b/two.yaml", format!("{}---\n{}", bad_pod("two"), bad_pod("two")));
    sandbox.write("b/three.yaml", bad_pod("two"));
    let mut command =
        sandbox.command(["check", "--policies", "policy.yaml", "--format", "json", "b"]);
    let report =
        Run::of(&command.env("PLIMSOLL_BASELINE", "plimsoll-baseline.json").output().unwrap())
            .json();
    let files: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["file"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, ["b/three.yaml", "b/two.yaml"]);
    assert_eq!(report["findings"][1]["line"], 15);
    assert_eq!(report["summary"]["silenced"]["baseline"], 1);
    let mut command = sandbox.command(["check", "--policies", "policy.yaml", "b"]);
    assert_eq!(Run::of(&command.env("PLIMSOLL_BASELINE", "").output().unwrap()).code, 1);
}

#[test]
fn entries_that_no_longer_apply_are_told_where_files_were_judged() {
    let sandbox = known();
    sandbox.write("a/one.yaml", bad_pod("one"));
    assert_eq!(sandbox.check(BASELINE.into_iter().chain(["b"])).stderr, "");
    let prune = "plimsoll: warning: --write-baseline with the same paths takes out what no longer applies\n";
    let run = sandbox.check(BASELINE.into_iter().chain(["a", "b"]));
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stderr,
        format!(
            "plimsoll: warning: plimsoll-baseline.json:5:15: images/no-latest of Pod one in a/one.yaml is there once, and 2 are allowed\n{prune}"
        )
    );
    // A file that is gone from below a path that was judged.
    fs::remove_file(sandbox.path().join("b/two.yaml")).unwrap();
    sandbox.write("b/three.yaml", bad_pod("three").replace("latest", "1"));
    let run = sandbox.check(BASELINE.into_iter().chain(["b"]));
    assert_eq!(
        run.stderr,
        format!(
            "plimsoll: warning: plimsoll-baseline.json:15:15: images/no-latest of Pod two in b/two.yaml is no longer there\n{prune}"
        )
    );
    assert_eq!(sandbox.check(BASELINE.into_iter().chain(["b", "--quiet"])).stderr, "");
    // A part of the tree leaves the rest of the baseline alone.
    let run = sandbox.check(["--write-baseline", "b"]);
    assert_eq!(
        run.stderr,
        "plimsoll: plimsoll-baseline.json holds 2 findings now: 0 added, 1 removed\n"
    );
    let run = sandbox.check(["--write-baseline", "a", "b"]);
    assert_eq!(
        run.stderr,
        "plimsoll: plimsoll-baseline.json holds 1 finding now: 0 added, 1 removed\n"
    );
}

#[test]
fn errors_are_no_part_of_a_baseline() {
    let sandbox = known();
    sandbox.write("a/one.yaml", format!("{}---\na: b: c\n", bad_pod("new")));
    let run = sandbox.check(BASELINE.into_iter().chain(["a"]));
    assert_eq!((run.code, run.stderr.as_str()), (2, ""));
    let run = sandbox.check(["--write-baseline", "a", "b"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.starts_with("error: "), "{}", run.stdout);
    // What may stand in the part that could not be read stays known.
    assert_eq!(
        run.stderr,
        "plimsoll: plimsoll-baseline.json holds 4 findings now: 1 added, 0 removed\n"
    );
}

#[test]
fn a_baseline_that_cannot_be_read_is_an_error_with_a_place() {
    let sandbox = Sandbox::new();
    sandbox.write("pod.yaml", bad_pod("x"));
    let run = sandbox.check(["--baseline", "none.json", "pod.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert_eq!(
        run.stderr,
        "error: there is no such baseline\n--> none.json\n = help: write it with --write-baseline, or leave --baseline out\n\nplimsoll: the baseline is wrong; nothing was done\n"
    );
    let entry = r#"{"file": "f", "object": "o", "policy": "p", "rule": "r", "message": "m", "fingerprint": "x"}"#;
    for (text, message) in [
        ("{\n  \"version\": 1,\n<<<<<<< HEAD\n}".to_owned(), "b.json:3:1"),
        (
            "{\"version\": 2, \"findings\": []}".to_owned(),
            "this baseline is of version 2, and this plimsoll reads version 1",
        ),
        ("{\"findings\": []}".to_owned(), "this is no baseline: it has no `version`"),
        (String::new(), "this is no baseline"),
        (
            "{\"version\": 1, \"findings\": [{\"file\": 3}]}".to_owned(),
            "findings[0].file: invalid type: integer `3`, expected a string",
        ),
        (
            format!("{{\"version\": 1, \"findings\": [{}]}}", entry.replace("rule", "rul")),
            "did you mean `rule`?",
        ),
        (format!("{{\"version\": 1, \"finding\": [{entry}]}}"), "did you mean `findings`?"),
        (
            format!(
                "{{\"version\": 1, \"findings\": [{}]}}",
                entry.replace("\"fingerprint", "\"count\": 0, \"fingerprint")
            ),
            "findings[0].count: an entry is of one finding at least",
        ),
    ] {
        sandbox.write("b.json", &text);
        for args in [vec!["--baseline", "b.json"], vec!["--baseline", "b.json", "--write-baseline"]]
        {
            let run = sandbox.check(args.into_iter().chain(["pod.yaml"]));
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{text}");
            assert!(
                run.stderr.contains(message) && run.stderr.contains("--> b.json"),
                "{text}: {}",
                run.stderr
            );
        }
        assert_eq!(fs::read_to_string(sandbox.path().join("b.json")).unwrap(), text);
    }
    sandbox.write("b.json", format!("{{\"version\": 1, \"findings\": [{entry}]}}"));
    assert_eq!(sandbox.check(["--baseline", "b.json", "pod.yaml"]).code, 1);
}

#[test]
fn a_broken_baseline_is_not_overwritten_and_the_help_is_of_use() {
    let sandbox = Sandbox::new();
    sandbox.write("pod.yaml", bad_pod("x"));
    let path = sandbox.write("b.json", "<<<<<<< HEAD");
    let args = ["--baseline", "b.json", "--write-baseline", "pod.yaml"];
    let run = sandbox.check(args);
    assert_eq!(run.code, 2);
    let help = "= help: mend it, or remove it and write it anew with --write-baseline";
    assert!(run.stderr.contains(help), "{}", run.stderr);
    fs::remove_file(path).unwrap();
    assert_eq!(sandbox.check(args).code, 0);
}

#[test]
fn without_a_repository_a_baseline_counts_from_its_own_folder() {
    let sandbox = known();
    let within = |folder: &str, args: &[&str]| {
        let mut command = sandbox.command(["check", "--policies"]);
        command.current_dir(sandbox.path().join(folder));
        let policy = sandbox.path().join("policy.yaml");
        let run = Run::of(&command.arg(policy).args(args).output().unwrap());
        (run.code, run.stderr)
    };
    assert_eq!(within("a", &[".", "--baseline", "../plimsoll-baseline.json"]), (0, String::new()));
    assert_eq!(within("", &["a", "b", "--baseline", "plimsoll-baseline.json"]), (0, String::new()));
    // A baseline beside the manifests, and not above them.
    fs::create_dir(sandbox.path().join("ci")).unwrap();
    let (code, stderr) = within("", &["a", "b", "--write-baseline", "--baseline", "ci/known.json"]);
    assert_eq!(code, 0, "{stderr}");
    let text = fs::read_to_string(sandbox.path().join("ci/known.json")).unwrap();
    assert!(text.contains("\"../a/one.yaml\""), "{text}");
    assert_eq!(within("b", &[".", "--baseline", "../ci/known.json"]), (0, String::new()));
    fs::remove_file(sandbox.path().join("b/two.yaml")).unwrap();
    sandbox.write("b/none.yaml", "");
    let (code, stderr) = within("b", &[".", "--baseline", "../ci/known.json"]);
    assert_eq!(code, 0);
    assert!(stderr.contains("Pod two in ../b/two.yaml is no longer there"), "{stderr}");
    assert!(!stderr.contains("one.yaml"), "{stderr}");
}

#[test]
fn entries_of_one_fingerprint_add_up() {
    let sandbox = known();
    let path = sandbox.path().join("plimsoll-baseline.json");
    let mut whole = baseline(&sandbox);
    let entries = whole["findings"].as_array_mut().unwrap();
    let mut one = entries[0].clone();
    assert_eq!(one["count"], 2);
    one.as_object_mut().unwrap().remove("count");
    entries[0] = one.clone();
    entries.insert(1, one);
    fs::write(path, whole.to_string()).unwrap();
    let run = sandbox.check(BASELINE.into_iter().chain(["a", "b"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
}

#[test]
fn a_baseline_that_cannot_be_written_is_an_error_and_the_old_one_is_whole() {
    let sandbox = Sandbox::new();
    sandbox.write("pod.yaml", bad_pod("x"));
    let run = sandbox.check(["--write-baseline", "--baseline", "none/b.json", "pod.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("none/b.json: the baseline cannot be written"), "{}", run.stderr);
    let run = sandbox.check(["--write-baseline", "--ignore-silences", "pod.yaml"]);
    assert_eq!(run.code, 2);
}

#[cfg(unix)]
#[test]
fn a_baseline_keeps_its_permissions_and_the_link_that_leads_to_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let sandbox = known();
    let path = sandbox.path().join("plimsoll-baseline.json");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_ne!(mode() & 0o044, 0, "others may read what others may");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("plimsoll-baseline.json", sandbox.path().join("link.json")).unwrap();
    sandbox.write("b/two.yaml", bad_pod("two").replace("latest", "1"));
    let run = sandbox.check(["--write-baseline", "--baseline", "link.json", "a", "b"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(mode(), 0o640);
    assert!(sandbox.path().join("link.json").is_symlink());
    assert_eq!(baseline(&sandbox)["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn facts_among_the_manifests_do_not_make_findings_count_twice() {
    let sandbox = known();
    sandbox
        .write("b/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n");
    let run = sandbox.check(BASELINE.into_iter().chain(["a", "b"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let run = sandbox.check(["--write-baseline", "a", "b"]);
    assert_eq!(
        run.stderr,
        "plimsoll: plimsoll-baseline.json holds 3 findings now: 0 added, 0 removed\n"
    );
}

#[test]
fn pods_in_objects_of_any_kind_have_comments_and_annotations_of_their_templates() {
    let workflow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  templates:\n  - name: a\n    container: {image: a:latest} # plimsoll: ignore[no-latest] why\n  - name: b\n    metadata: {annotations: {plimsoll.dev/ignore: no-latest; why}}\n    container: {image: b:latest}\n  - name: c\n    container: {image: c:latest}\n";
    let run = check(workflow, &[]);
    assert!(run.stdout.contains("--> pod.yaml:12:24"), "{}", run.stdout);
    assert!(
        run.stdout.ends_with("1 would be denied, 2 silenced (1 by comment, 1 by annotation)\n"),
        "{}",
        run.stdout
    );
    assert_eq!(run.stderr, "");
}
