//! Policy files and folders: what is found, and what several of them say together.

use crate::policies::{check, refused, with_match, with_rule};
use crate::sandbox::{DENY_LATEST, Sandbox, bad_pod};

#[test]
fn every_error_of_every_file_is_reported_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "all/a.yaml",
        with_match("{workloads: [Bach], namespaces: {include: [\"[\"]}, foo: 1}")
            .replace("action", "acton"),
    );
    sandbox.write("all/b.yaml", with_rule("{nam: a, imageTag: {deni: [x]}, action: Deni}"));
    sandbox.write("all/c.yml", "a: [");
    sandbox.write("all/d.json", "{\"kind\": \"PodPolicy\"}");
    sandbox.write("all/good.yaml", DENY_LATEST);
    let run = check(&sandbox, &["all"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    for words in [
        "spec.match.workloads[0]: ",
        "spec.match.namespaces.include[0]: ",
        "spec.match.foo: ",
        "spec.rules[0].acton: ",
        "spec.rules[0].nam: ",
        "spec.rules[0].name: ",
        "spec.rules[0].imageTag.deni: ",
        "spec.rules[0].action: ",
        "all/c.yml:1:",
        "all/d.json:1:1",
        "nothing was done",
    ] {
        assert!(run.stderr.contains(words), "{words:?} is missing:\n{}", run.stderr);
    }
}

#[test]
fn names_are_unique_over_all_files() {
    let sandbox = Sandbox::new();
    sandbox.write("all/a.yaml", DENY_LATEST);
    sandbox.write("all/b.yaml", DENY_LATEST.replace("latest", "other"));
    let run = check(&sandbox, &["all"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("there are two policies called `images` (first in all/a.yaml:3:18)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--> all/b.yaml:3:18"), "{}", run.stderr);
    let run = check(&sandbox, &["all/a.yaml", "./all/a.yaml", "all/a.yaml"]);
    assert_eq!(run.code, 1, "one file named twice is one file: {}", run.stderr);
}

#[test]
fn every_form_that_manifests_may_have() {
    let sandbox = Sandbox::new();
    let json = "{\"apiVersion\":\"plimsoll.dev/v1alpha1\",\"kind\":\"PodPolicy\",\"metadata\":{\"name\":\"j\"},\"spec\":{\"rules\":[{\"name\":\"r\",\"action\":\"Deny\",\"imageTag\":{\"deny\":[\"latest\"]}}]}}";
    sandbox.write("p.json", json);
    sandbox.write("crlf.yaml", DENY_LATEST.replace('\n', "\r\n"));
    sandbox.write("bom.yaml", format!("\u{feff}{DENY_LATEST}"));
    sandbox.write(
        "stream.yaml",
        format!("# first\n{DENY_LATEST}---\n{}", DENY_LATEST.replace("name: images", "name: more")),
    );
    sandbox.write("list.yaml", format!("apiVersion: v1\nkind: List\nitems:\n- {json}\n"));
    sandbox.write(
        "policies.yaml",
        format!("apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicyList\nitems:\n- {json}\n"),
    );
    for (file, findings) in [
        ("p.json", 1),
        ("crlf.yaml", 1),
        ("bom.yaml", 1),
        ("stream.yaml", 2),
        ("list.yaml", 1),
        ("policies.yaml", 1),
    ] {
        sandbox.write("pod.yaml", bad_pod("x"));
        let run = sandbox.run(["check", "--policies", file, "--format", "json", "pod.yaml"]);
        assert_eq!(run.json()["summary"]["findings"], findings, "{file}");
    }
    for text in [DENY_LATEST.replace('\n', "\r\n"), format!("\u{feff}{DENY_LATEST}")] {
        refused(
            &text.replace("apiVersion", "apiVersio"),
            &["policy.yaml:1:1", "1 | apiVersio: plimsoll.dev/v1alpha1\n  | ^^^^^^^^^\n"],
        );
    }
}

#[test]
fn what_cannot_be_found() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("empty")).unwrap();
    sandbox.write("hidden/.secret.yaml", DENY_LATEST);
    for (path, words) in
        [("no.yaml", "no.yaml"), ("empty", "holds no policy"), ("hidden", "holds no policy")]
    {
        let run = check(&sandbox, &[path]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{path}");
        assert!(run.stderr.contains(words), "{path}: {}", run.stderr);
    }
}

/// A policy must not get lost because of what git is told.
#[test]
fn gitignore_does_not_hide_policies() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write(".gitignore", "all/\n*.yaml\n");
    sandbox.write("all/a.yaml", DENY_LATEST);
    assert_eq!(check(&sandbox, &["all"]).code, 1);
}

/// As the kubelet mounts a ConfigMap.
#[cfg(unix)]
#[test]
fn mounted_config_maps() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new();
    sandbox.write("mount/..2026_01_01/a.yaml", DENY_LATEST);
    symlink("..2026_01_01", sandbox.path().join("mount/..data")).unwrap();
    symlink("..data/a.yaml", sandbox.path().join("mount/a.yaml")).unwrap();
    assert_eq!(check(&sandbox, &["mount"]).code, 1);
}

#[test]
fn conflicts_are_said_and_settled_whatever_the_order() {
    let sandbox = Sandbox::new();
    let dns = |name: &str, policy: &str| {
        DENY_LATEST.replace("name: images", &format!("name: {name}")).replace(
            "action: Deny\n    imageTag: {deny: [latest]}",
            &format!("action: Patch\n    dns: {{policy: {policy}}}"),
        )
    };
    sandbox.write("a.yaml", dns("a", "Default"));
    sandbox.write("b.yaml", dns("b", "ClusterFirst"));
    let [first, second] =
        [["a.yaml", "b.yaml"], ["b.yaml", "a.yaml"]].map(|order| check(&sandbox, &order));
    assert_eq!(
        (first.code, &first.stdout, &first.stderr),
        (second.code, &second.stdout, &second.stderr)
    );
    assert!(
        first.stderr.contains("warning: two rules want different values: "),
        "{}",
        first.stderr
    );
    assert!(first.stderr.contains("a/no-latest has its way"), "{}", first.stderr);
    assert!(first.code < 2);
}
