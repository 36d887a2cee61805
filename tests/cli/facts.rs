//! What manifests say of their namespaces.

use crate::sandbox::{DENY_LATEST, Sandbox, bad_pod};

fn in_namespace(namespace: &str) -> String {
    bad_pod("x").replace("name: x", &format!("name: x, namespace: {namespace}"))
}

fn namespace(name: &str, labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n")
}

#[test]
fn the_mode_of_a_namespace_caps_actions() {
    for (mode, action, code) in [
        ("audit", "Audit", 0),
        ("warn", "Warn", 0),
        ("enforce", "Deny", 1),
        ("nonsense", "Deny", 1),
    ] {
        let sandbox = Sandbox::new();
        // In another file, and after the pod.
        sandbox.write("all/a.yaml", in_namespace("etl"));
        sandbox.write("all/b.yaml", namespace("etl", &format!("{{plimsoll.dev/mode: {mode}}}")));
        let run = sandbox.check(["--format", "json", "all"]);
        assert_eq!((run.json()["findings"][0]["action"].as_str(), run.code), (Some(action), code));
    }
}

#[test]
fn namespace_selectors_see_labels_and_the_name() {
    let policy = |selector: &str| {
        DENY_LATEST
            .replace("  rules:", &format!("  match: {{namespaceSelector: {selector}}}\n  rules:"))
    };
    for (selector, code) in [
        ("{matchLabels: {team: data}}", 1),
        ("{matchLabels: {team: web}}", 0),
        ("{matchExpressions: [{key: team, operator: Exists}]}", 1),
        ("{matchLabels: {kubernetes.io/metadata.name: etl}}", 1),
        ("{matchLabels: {kubernetes.io/metadata.name: other}}", 0),
    ] {
        let sandbox = Sandbox::with_policy(&policy(selector));
        sandbox.write(
            "a.yaml",
            format!("{}---\n{}", in_namespace("etl"), namespace("etl", "{team: data}")),
        );
        assert_eq!(sandbox.check(["a.yaml"]).code, code, "{selector}");
    }
}

#[test]
fn objects_without_a_namespace_go_where_the_user_says() {
    let sandbox = Sandbox::with_policy(
        &DENY_LATEST.replace("  rules:", "  match: {namespaces: {include: [etl]}}\n  rules:"),
    );
    sandbox.write("a.yaml", bad_pod("x"));
    sandbox.write("empty.yaml", in_namespace("\"\""));
    for file in ["a.yaml", "empty.yaml"] {
        assert_eq!(sandbox.check([file]).code, 0, "{file}");
        assert_eq!(sandbox.check(["--namespace", "etl", file]).code, 1, "{file}");
    }
    sandbox.write(
        "mode.yaml",
        format!("{}---\n{}", bad_pod("x"), namespace("etl", "{plimsoll.dev/mode: audit}")),
    );
    assert_eq!(sandbox.check(["-n", "etl", "mode.yaml"]).code, 0);
}

#[test]
fn namespaces_with_odd_labels_do_no_harm() {
    for labels in ["null", "7", "[a]", "{plimsoll.dev/mode: 3}", "{}"] {
        let sandbox = Sandbox::new();
        sandbox
            .write("a.yaml", format!("{}---\n{}", in_namespace("etl"), namespace("etl", labels)));
        assert_eq!(sandbox.check(["a.yaml"]).code, 1, "{labels}");
    }
}

#[test]
fn policies_that_could_not_be_decided_are_named() {
    let policy = DENY_LATEST
        .replace("  rules:", "  match: {namespaceSelector: {matchLabels: {team: data}}}\n  rules:");
    let sandbox = Sandbox::with_policy(&policy);
    let pods: Vec<_> = (0..8).map(|at| in_namespace(&format!("n{at}"))).collect();
    sandbox.write("a.yaml", pods.join("---\n"));
    let run = sandbox.check(["a.yaml"]);
    assert_eq!(run.code, 0);
    let warning =
        "policy images was not applied, or not in full, in n0, n1, n2, n3, n4 and 3 more: ";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    sandbox.write("a.yaml", format!("{}---\n{}", pods[0], namespace("n0", "{team: web}")));
    assert_eq!(sandbox.check(["a.yaml"]).stderr, "");
}

/// The cluster knows the namespace and would add the label: refusing the pod here would be a mistake.
#[test]
fn what_the_namespace_would_give_is_undecided_where_it_is_not_known() {
    let policy = |otherwise: &str| {
        DENY_LATEST
            .replace("action: Deny", &format!("action: Patch\n    otherwise: {otherwise}"))
            .replace(
                "imageTag: {deny: [latest]}",
                "labels: {labels: [{key: team, default: {fromNamespaceLabel: team}}]}",
            )
    };
    let sandbox = Sandbox::with_policy(&policy("Deny"));
    let pod = in_namespace("etl");
    sandbox.write("a.yaml", &pod);
    let warning = "policy images was not applied, or not in full, in etl: it asks for labels of the namespace";
    for args in [&["check"][..], &["check", "--fail-on", "audit"]] {
        let run = sandbox.run(args.iter().chain(&["--policies", "policy.yaml", "a.yaml"]).copied());
        assert_eq!(run.code, 0, "{}", run.stdout);
        assert!(run.stderr.contains(warning), "{}", run.stderr);
    }
    for (labels, code) in [("{team: data}", 0), ("{}", 1), ("{team: \"a b\"}", 1)] {
        sandbox.write("a.yaml", format!("{pod}---\n{}", namespace("etl", labels)));
        let run = sandbox.check(["a.yaml"]);
        assert_eq!((run.code, &*run.stderr), (code, ""), "{labels}: {}", run.stdout);
    }
    // What is not mended anywhere is found all the same.
    sandbox.write("policy.yaml", policy("Deny").replace("Patch\n    otherwise: Deny", "Deny"));
    sandbox.write("a.yaml", &pod);
    let run = sandbox.check(["a.yaml"]);
    assert!(run.code == 1 && run.stdout.contains("which is not known here"), "{}", run.stdout);
}

/// What the namespace fills in counts as if it stood in the manifest.
#[test]
fn limit_ranges_count_wherever_they_stand() {
    let policy = DENY_LATEST
        .replace("imageTag: {deny: [latest]}", "resources: {requests: {memory: {required: true}}}");
    let sandbox = Sandbox::with_policy(&policy);
    let range = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec:\n  limits:\n  - {type: Container, defaultRequest: {memory: 64Mi}, default: {memory: 64Mi}}\n";
    sandbox.write("all/a.yaml", in_namespace("etl"));
    assert_eq!(sandbox.check(["all"]).code, 1);
    sandbox.write("all/b.yaml", range.replace("name: l", "name: l, namespace: etl"));
    assert_eq!(sandbox.check(["all"]).code, 0);
    sandbox.write("all/b.yaml", range);
    assert_eq!(sandbox.check(["all"]).code, 1, "it is one of the namespace `default`");
    assert_eq!(sandbox.check(["--namespace", "etl", "all"]).code, 0);
}

#[test]
fn broken_limit_ranges_are_errors_that_are_told_once() {
    let sandbox = Sandbox::new();
    // Another makes a second pass.
    let good = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: []}\n";
    sandbox.write("all/a.yaml", format!("{good}---\n{}", namespace("etl", "{a: b}")));
    for (limits, line, column, message) in [
        ("  - {type: Pod, max: {memory: x}}", 6, 31, "spec.limits[0].max.memory: "),
        ("  - null", 6, 5, "spec.limits[0]: expected a map"),
        ("  - type: Pod\n    max: 7", 7, 10, "spec.limits[0].max: expected a map"),
    ] {
        let broken = good.replace("spec: {limits: []}", &format!("spec:\n  limits:\n{limits}"));
        sandbox.write("all/b.yaml", broken);
        let run = sandbox.check(["--format", "json", "all"]);
        let report = run.json();
        assert_eq!((run.code, report["errors"].as_array().unwrap().len()), (2, 1), "{report:#}");
        let error = &report["errors"][0];
        assert_eq!(error["file"], "all/b.yaml");
        assert_eq!((&error["line"], &error["column"]), (&line.into(), &column.into()), "{error}");
        assert!(error["message"].as_str().unwrap().starts_with(message), "{error}");
    }
}
