//! Policy files: what is refused, and how that is said.

use crate::sandbox::{DENY_LATEST, Run, Sandbox, bad_pod};

/// Runs `check` with the policies of a file or folder over a bad pod.
fn check(sandbox: &Sandbox, policies: &[&str]) -> Run {
    sandbox.write("pod.yaml", bad_pod("x"));
    let flags = policies.iter().flat_map(|path| ["--policies", path]);
    sandbox.run(["check"].into_iter().chain(flags).chain(["pod.yaml"]))
}

/// The errors of a policy, all of which have to be there; nothing is judged.
fn refused(policy: &str, wanted: &[&str]) {
    let sandbox = Sandbox::with_policy(policy);
    let run = check(&sandbox, &["policy.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{policy}\n{}", run.stderr);
    for words in wanted {
        assert!(run.stderr.contains(words), "{words:?} is missing:\n{policy}\n{}", run.stderr);
    }
}

fn with_rule(entry: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: a}}\nspec:\n  rules:\n  - {entry}\n"
    )
}

fn with_match(matching: &str) -> String {
    DENY_LATEST.replace("  rules:", &format!("  match: {matching}\n  rules:"))
}

#[test]
fn unknown_fields_name_the_nearest() {
    let top = DENY_LATEST.replace("spec:", "specs: {}\nspec:");
    refused(&top, &["specs: unknown field `specs`", "did you mean `spec`?", "policy.yaml:4:1"]);
    let spec = DENY_LATEST.replace("  rules:", "  descripton: x\n  rules:");
    refused(&spec, &["spec.descripton: unknown field", "`description`?", "policy.yaml:5:3"]);
    refused(
        &with_match("{namespace: {}}"),
        &["spec.match.namespace: ", "`namespaces`?", "policy.yaml:5:11"],
    );
    refused(
        &with_match("{namespaces: {includ: []}}"),
        &["spec.match.namespaces.includ: ", "`include`?"],
    );
    refused(
        &with_match("{podSelector: {matchLabel: {}}}"),
        &["spec.match.podSelector.matchLabel: ", "`matchLabels`?"],
    );
    refused(
        &with_match("{podSelector: {matchExpressions: [{key: a, operater: Exists}]}}"),
        &["spec.match.podSelector.matchExpressions[0].operater: ", "`operator`?"],
    );
    refused(
        &with_rule("{name: a, acton: Deny, imageTag: {}}"),
        &["spec.rules[0].acton: ", "`action`?", "policy.yaml:6:15"],
    );
    refused(&with_rule("{name: a, imageTagg: {}}"), &["spec.rules[0].imageTagg: ", "`imageTag`?"]);
    refused(
        &with_rule("{name: a, imageTag: {deni: [x]}}"),
        &["spec.rules[0].imageTag.deni: ", "`deny`?", "policy.yaml:6:26"],
    );
}

#[test]
fn wrong_values() {
    refused(
        &with_rule("{name: a, action: Deni, imageTag: {}}"),
        &["spec.rules[0].action: ", "`Deny`?"],
    );
    refused(
        &with_rule("{name: a, imageTag: {deny: 3}}"),
        &["spec.rules[0].imageTag.deny: ", "policy.yaml:6:32"],
    );
    refused(
        &with_rule("{name: a, imageTag: }"),
        &["spec.rules[0].imageTag: ", "write `imageTag: {}`"],
    );
    refused(
        &with_rule("{name: a, imageTag: yes}"),
        &["`imageTag` is a mapping, and this is a boolean"],
    );
    refused(&with_rule("{name: 3, imageTag: {}}"), &["spec.rules[0].name: "]);
    refused(&with_rule("{name: \"\", imageTag: {}}"), &["spec.rules[0].name: a rule needs a name"]);
    refused(&with_rule("{imageTag: {}}"), &["the field `name` is missing"]);
    refused(&with_rule("7"), &["spec.rules[0]: a rule is a mapping, and this is a number"]);
    refused(&with_match("[]"), &["spec.match: `match` is a mapping, and this is a list"]);
    refused(&with_match("{operations: [DELETE]}"), &["spec.match.operations[0]: ", "`CREATE`"]);
    refused(
        &with_match("{workloads: [Bach]}"),
        &["spec.match.workloads[0]: ", "did you mean `Batch`?"],
    );
    refused(&with_match("{workloads: [Airflo]}"), &["did you mean `Airflow`?"]);
    refused(
        &with_match("{namespaces: {include: [\"a[\"]}}"),
        &["spec.match.namespaces.include[0]: ", "policy.yaml:5:"],
    );
    refused(
        &with_match("{podSelector: {matchLabels: {\"bad key\": x}}}"),
        &["spec.match.podSelector.matchLabels"],
    );
    refused(
        &with_match("{podSelector: {matchLabels: {a: \"b c\"}}}"),
        &["spec.match.podSelector.matchLabels.a: "],
    );
    refused(
        &with_match("{podSelector: {matchExpressions: [{key: a, operator: Inn}]}}"),
        &["spec.match.podSelector.matchExpressions[0].operator: ", "NotIn"],
    );
    refused(
        &with_match("{podSelector: {matchExpressions: [{key: a, operator: In}]}}"),
        &["spec.match.podSelector.matchExpressions[0]"],
    );
}

#[test]
fn settings_that_cannot_be() {
    refused(
        &with_rule("{name: a, action: Patch, dns: {policy: None}}"),
        &["spec.rules[0].dns", "nameserver", "policy.yaml:6:"],
    );
    refused(
        &with_rule("{name: a, resources: {requests: {cpu: {default: 1x}}}}"),
        &["spec.rules[0].resources.requests.cpu.default: ", "policy.yaml:6:"],
    );
    refused(
        &with_rule("{name: a, imageTag: {deny: [\"[\"]}}"),
        &["spec.rules[0].imageTag.deny[0]: "],
    );
    refused(
        &with_rule("{name: a, topologySpread: {constraints: [{topologyKey: a, maxSkew: 0}]}}"),
        &["spec.rules[0].topologySpread.constraints[0]"],
    );
}

#[test]
fn entries_and_their_kinds() {
    refused(
        &with_rule("{name: a, imageTag: {}, dns: {}}"),
        &["spec.rules[0].dns: ", "`imageTag` and `dns`", "make two entries"],
    );
    refused(&with_rule("{name: a}"), &["spec.rules[0]: the entry names no rule", "imageTag"]);
    refused(
        &with_rule("{name: a, action: Patch, imageTag: {deny: [x]}}"),
        &["spec.rules[0].action: `imageTag` has no fix"],
    );
    refused(
        &with_rule("{name: a, action: Deny, otherwise: Warn, imageTag: {deny: [x]}}"),
        &["spec.rules[0].otherwise: "],
    );
    refused(
        &with_rule("{name: a, action: Patch, otherwise: Patch, dns: {policy: Default}}"),
        &["spec.rules[0].otherwise: ", "cannot be Patch"],
    );
    let twice = format!("{DENY_LATEST}  - name: no-latest\n    imageTag: {{deny: [x]}}\n");
    refused(
        &twice,
        &["spec.rules[1].name: there are two rules called `no-latest`", "policy.yaml:9:11"],
    );
}

#[test]
fn heads() {
    refused(
        &DENY_LATEST.replace("v1alpha1", "v1"),
        &["apiVersion: this is `plimsoll.dev/v1`, not `plimsoll.dev/v1alpha1`", "policy.yaml:1:13"],
    );
    refused(
        &DENY_LATEST.replace("PodPolicy", "PodPolcy"),
        &["kind: this is `PodPolcy`, not `PodPolicy`"],
    );
    refused(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        &["kind: this is `ConfigMap`"],
    );
    refused(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: a}\n",
        &["spec: the field `spec` is missing"],
    );
    refused(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nspec: {}\n",
        &["`metadata` is missing", "`rules` is missing"],
    );
    refused(
        &DENY_LATEST.replace("{name: images}", "{}"),
        &["metadata.name: the field `name` is missing"],
    );
    refused(
        &DENY_LATEST.replace("{name: images}", "[]"),
        &["metadata: `metadata` is a mapping, and this is a list"],
    );
    refused("- 1\n", &["policy.yaml:1:1"]);
    refused("# nothing\n", &["the file holds no policy"]);
    refused("", &["empty"]);
    refused("a: [", &["policy.yaml:1:"]);
}

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
