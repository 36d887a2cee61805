//! What manifests may look like, and that places stay right in all of them.

use std::io::Write;

use crate::sandbox::{Run, Sandbox, bad_pod, places};

#[test]
fn places_in_every_kind_of_text() {
    let sandbox = Sandbox::new();
    let pod = bad_pod("x");
    let cases: [(&str, String, &[&str]); 14] = [
        ("plain", pod.clone(), &["7:12-7:24"]),
        ("crlf", pod.replace('\n', "\r\n"), &["7:12-7:24"]),
        ("bom", format!("\u{feff}{pod}"), &["7:12-7:24"]),
        ("no line break at the end", pod.trim_end().to_owned(), &["7:12-7:24"]),
        ("comments", format!("# über\n\n{pod}"), &["9:12-9:24"]),
        ("two documents", format!("{pod}---\n{pod}"), &["7:12-7:24", "15:12-15:24"]),
        ("empty documents", format!("---\n---\n# nothing\n---\n{pod}...\n"), &["11:12-11:24"]),
        ("quotes", pod.replace("nginx:latest", "\"nginx:latest\""), &["7:12-7:26"]),
        (
            "multi-byte characters before the column",
            pod.replace("- name: app\n    image:", "- {name: app, env: [{name: ä, value: \"日本\"}], image:")
                .replace("latest\n", "latest}\n"),
            &["6:55-6:67"],
        ),
        (
            "list",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b}]}}\n".to_owned(),
            &["4:89-4:90"],
        ),
        (
            "alias",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {i: &image nginx:latest}}\nspec:\n  containers:\n  - {name: a, image: *image}\n  - {name: b, image: *image}\n".to_owned(),
            &["3:45-3:57", "3:45-3:57"],
        ),
        (
            "merge key",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c\n    name: a\n    image: nginx:latest\n  - <<: *c\n    name: b\n".to_owned(),
            &["8:12-8:24", "8:12-8:24"],
        ),
        (
            "block scalar",
            pod.replace("image: nginx:latest", "command: [sh, -c]\n    args:\n    - |\n      a: b\n      image: c\n    image: nginx:latest"),
            &["12:12-12:24"],
        ),
        (
            "json",
            "{\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"é\"}, \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"nginx:latest\"}]}}\n".to_owned(),
            &["2:76-2:90"],
        ),
    ];
    for (what, manifest, wanted) in cases {
        let (report, code) = sandbox.judge("pod.yaml", manifest);
        assert_eq!(places(&report), wanted, "{what}: {report:#}");
        assert_eq!(code, 1, "{what}");
        assert_eq!(report["errors"].as_array().unwrap().len(), 0, "{what}");
    }
}

#[test]
fn paths_start_at_the_root_of_the_document() {
    let sandbox = Sandbox::new();
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec:\n    containers:\n    - {name: a, image: nginx:latest}\n";
    let (report, _) = sandbox.judge("list.yaml", list);
    assert_eq!(report["findings"][0]["path"], "/items/1/spec/containers/0/image");
    assert_eq!(report["findings"][0]["object"]["kind"], "Pod");
    assert_eq!(report["summary"]["objects"], 2);
    let pods = "apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {name: a}, spec: {containers: [{name: a, image: nginx:latest}]}}\n";
    let (report, code) = sandbox.judge("pods.yaml", pods);
    assert_eq!(
        (report["findings"][0]["path"].as_str(), code),
        (Some("/items/0/spec/containers/0/image"), 1)
    );
}

#[test]
fn items_that_are_no_objects_are_errors() {
    let sandbox = Sandbox::new();
    let list = "apiVersion: v1\nkind: List\nitems:\n- 7\n- {metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b:latest}]}}\n";
    let (report, code) = sandbox.judge("list.yaml", list);
    assert_eq!(code, 2);
    assert_eq!(places(&report).len(), 1, "{report:#}");
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{report:#}");
    assert_eq!(errors[1]["line"], 5);
    assert!(errors[1]["message"].as_str().unwrap().contains("items[1]"));
}

#[test]
fn standard_input_and_pipes() {
    let sandbox = Sandbox::new();
    // A Namespace asks for a second pass, which finds the input again.
    let input = format!(
        "{}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: other}}\n",
        bad_pod("x")
    );
    for path in ["-", "/dev/stdin"] {
        let args = ["check", "--policies", "policy.yaml", "--format", "json", path];
        let run = Run::of(&sandbox.command(args).write_stdin(input.clone()).output().unwrap());
        assert_eq!(run.code, 1, "{path}: {}{}", run.stdout, run.stderr);
        let report = run.json();
        assert_eq!(places(&report), ["7:12-7:24"]);
        assert_eq!(report["findings"][0]["file"], path);
        assert_eq!(report["errors"].as_array().unwrap().len(), 0);
    }
    sandbox.write("-", "a file of this name is not meant");
    let args = ["check", "--policies", "policy.yaml", "-"];
    let run = Run::of(&sandbox.command(args).write_stdin(input).output().unwrap());
    assert_eq!(run.code, 1, "{}", run.stdout);
    let args = ["check", "--policies", "-", "bad.yaml"];
    sandbox.write("bad.yaml", bad_pod("x"));
    let policy = crate::sandbox::DENY_LATEST;
    let run = Run::of(&sandbox.command(args).write_stdin(policy).output().unwrap());
    assert_eq!(run.code, 1, "{}", run.stderr);
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let sandbox = Sandbox::new();
    let stream = format!("{}---\na: [1\nb: 2\n---\n{}", bad_pod("a"), bad_pod("b"));
    let (report, code) = sandbox.judge("stream.yaml", stream);
    assert_eq!(code, 2);
    assert_eq!(places(&report), ["7:12-7:24", "18:12-18:24"], "{report:#}");
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    let duplicate = bad_pod("a")
        .replace("  containers:", "  dnsPolicy: None\n  dnsPolicy: Default\n  containers:");
    let (report, code) = sandbox.judge("duplicate.yaml", duplicate);
    assert_eq!(code, 2);
    let error = &report["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&6.into(), &3.into()), "{report:#}");
    let tab = bad_pod("a").replace("    image", "\timage");
    let (report, code) = sandbox.judge("tab.yaml", tab);
    assert_eq!(code, 2);
    let error = &report["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&7.into(), &1.into()), "{report:#}");
    assert_eq!(error["message"], "a tab cannot indent YAML");
}

#[test]
fn wrong_types_are_errors_that_name_the_field() {
    let sandbox = Sandbox::new();
    let pod = format!(
        "{}---\n{}",
        bad_pod("a").replace("image: nginx:latest", "image: [1]"),
        bad_pod("b")
    );
    let (report, code) = sandbox.judge("wrong.yaml", pod);
    assert_eq!(code, 2);
    assert_eq!(places(&report), ["15:12-15:24"]);
    let message = report["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("spec.containers[0].image: "), "{message}");
    assert_eq!(report["errors"][0]["line"], 7);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [null]}\n";
    let (report, _) = sandbox.judge("null.yaml", pod);
    let wanted = "spec.containers[0]: invalid type: null, expected a map";
    assert_eq!(report["errors"][0]["message"], wanted);
}

#[test]
fn folders_hold_other_things_too() {
    let sandbox = Sandbox::new();
    sandbox.write("k8s/values.yaml", "image: {tag: latest}\nkind: of\n");
    sandbox.write("k8s/README.md", "# no: yaml: at: all [");
    sandbox.write("k8s/empty.yaml", "");
    sandbox.write("k8s/comment.yml", "# nothing\n");
    sandbox.write("k8s/script.sh", "{{{");
    sandbox.write("k8s/deep/er/pod.json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"b:latest\"}]}}");
    let run = sandbox.check(["--format", "json", "k8s"]);
    let report = run.json();
    assert_eq!(run.code, 1, "{report:#}");
    assert_eq!(report["findings"][0]["file"], "k8s/deep/er/pod.json");
    sandbox.write("nothing/README.md", "");
    let run = sandbox.check(["nothing"]);
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("no manifests found"), "{}", run.stderr);
    let run = sandbox.check(["k8s/empty.yaml"]);
    assert_eq!(run.code, 2, "a file that was named is expected to hold something");
    assert!(run.stdout.contains("empty"), "{}", run.stdout);
}

#[test]
fn objects_that_do_not_say_what_they_are() {
    let sandbox = Sandbox::new();
    let pod = bad_pod("x");
    for (from, to, line, column, message, help) in [
        (
            "apiVersion: v1\n",
            "",
            1,
            7,
            "the object has no apiVersion; kubectl would refuse it",
            None,
        ),
        ("kind: Pod\n", "", 1, 13, "the object has no kind; kubectl would refuse it", None),
        ("v1\n", "1\n", 1, 13, "the apiVersion is no text; kubectl would refuse it", None),
        ("Pod\n", "[Pod]\n", 2, 1, "the kind is no text; kubectl would refuse it", None),
        ("Pod\n", "\"\"\n", 1, 13, "the object has no kind; kubectl would refuse it", None),
        ("Pod\n", "pod\n", 2, 7, "there is no kind `pod` in v1", Some("did you mean `Pod`?")),
        (
            "v1\nkind: Pod\n",
            "apps/v1\nkind: Daemonset\n",
            2,
            7,
            "there is no kind `Daemonset` in apps/v1",
            Some("did you mean `DaemonSet`?"),
        ),
        (
            "Pod\n",
            "namespace\n",
            2,
            7,
            "there is no kind `namespace` in v1",
            Some("did you mean `Namespace`?"),
        ),
    ] {
        // The Namespace makes a second pass.
        let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n";
        sandbox.write("all/a.yaml", pod.replacen(from, to, 1) + namespace);
        let run = sandbox.check(["--format", "json", "all"]);
        let report = run.json();
        assert_eq!((run.code, report["errors"].as_array().unwrap().len()), (2, 1), "{report:#}");
        let error = &report["errors"][0];
        assert_eq!((&error["line"], &error["column"]), (&line.into(), &column.into()), "{error}");
        assert_eq!((error["message"].as_str(), error["help"].as_str()), (Some(message), help));
    }
}

#[test]
fn files_without_objects_are_named_if_the_user_named_them() {
    let sandbox = Sandbox::new();
    for text in
        ["image: {tag: latest}\nkind: DaemonSet\n", "apiVersion: v2\nname: chart\n", "a: 1\n"]
    {
        sandbox.write("all/a.yaml", text);
        let run = sandbox.check(["all"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{text}");
        let run = sandbox.check(["all/a.yaml"]);
        let warning = "all/a.yaml holds no Kubernetes object";
        assert!(run.code == 0 && run.stderr.contains(warning), "{text}: {}", run.stderr);
    }
}

#[test]
fn policies_among_manifests_are_checked_and_not_in_force() {
    let sandbox = Sandbox::new();
    sandbox.write("all/good.yaml", crate::sandbox::DENY_LATEST.replace("latest", "v1"));
    sandbox.write("all/pod.yaml", bad_pod("x").replace("latest", "v1"));
    assert_eq!(sandbox.check(["all"]).code, 0);
    sandbox
        .write("all/bad.yaml", crate::sandbox::DENY_LATEST.replace("action: Deny", "acton: Deny"));
    let run = sandbox.check(["all"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("--> all/bad.yaml:7:5"), "{}", run.stdout);
    assert!(run.stdout.contains("did you mean `action`?"), "{}", run.stdout);
}

#[test]
fn text_of_manifests_cannot_steer_a_terminal() {
    let sandbox = Sandbox::new();
    let pod = bad_pod("\"x\\u001b[2J\"").replace("name: app", "name: \"a\\u001b[31m\"");
    let mut file = std::fs::File::create(sandbox.path().join("bad.yaml")).unwrap();
    file.write_all(pod.as_bytes()).unwrap();
    let run = sandbox.check(["bad.yaml"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
}
