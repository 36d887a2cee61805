//! Exemptions, and the mode of namespaces without a label, asked through `check`.

use crate::sandbox::{DENY_LATEST, Run, Sandbox, bad_pod};

/// An exemption from `images` with more in its spec.
fn exemption(name: &str, more: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicyExemption\nmetadata: {{name: {name}}}\nspec:\n  policies: [images]\n  reason: the vendor ships no other tag\n  owner: team-data\n{more}"
    )
}

/// A bad pod under `images` with these exemptions.
fn check(exemptions: &str, args: &[&str]) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("exemptions.yaml", exemptions);
    sandbox.write("pod.yaml", bad_pod("x"));
    let first = ["--exemptions", "exemptions.yaml"];
    sandbox.check(first.into_iter().chain(args.iter().copied()).chain(["pod.yaml"]))
}

#[test]
fn exempted_findings_are_counted_and_not_reported() {
    let run = check(&exemption("vendor", ""), &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, "1 pod in 1 file: nothing to say, 1 finding exempted\n");
    let report = check(&exemption("vendor", ""), &["--format", "json"]).json();
    assert_eq!(
        (&report["summary"]["exempted"], &report["summary"]["findings"]),
        (&1.into(), &0.into())
    );
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn exemptions_stand_among_policies_too() {
    let sandbox = Sandbox::new();
    sandbox.write("all/policy.yaml", format!("{DENY_LATEST}---\n{}", exemption("one", "")));
    sandbox.write("all/more.yaml", exemption("two", ""));
    sandbox.write("pod.yaml", bad_pod("x"));
    // What is named twice counts once.
    for more in [vec![], vec!["--exemptions", "all/more.yaml"]] {
        let args = ["check", "--policies", "all"].into_iter().chain(more).chain(["pod.yaml"]);
        let run = sandbox.run(args);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.stderr, "plimsoll: warning: exemptions that exempted nothing: two\n");
    }
    let run = sandbox.run(["check", "--policies", "all/more.yaml", "pod.yaml"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("--policies names exemptions alone, and no policy"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_built_in_policies_have_exemptions_as_well() {
    let sandbox = Sandbox::new();
    let built_in = exemption("vendor", "").replace("[images]", "[image-tag, resources]");
    sandbox.write("exemptions/a.yaml", built_in);
    sandbox.write("pod.yaml", bad_pod("x"));
    assert_eq!(sandbox.run(["check", "pod.yaml"]).code, 1);
    let run = sandbox.run(["check", "--exemptions", "exemptions", "pod.yaml"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let mut command = sandbox.command(["check", "pod.yaml"]);
    command.env("PLIMSOLL_EXEMPTIONS", "exemptions/a.yaml");
    assert_eq!(Run::of(&command.output().unwrap()).code, 0);
    let mut command = sandbox.command(["check", "pod.yaml"]);
    command.env("PLIMSOLL_EXEMPTIONS", "").env("PLIMSOLL_POLICIES", "");
    assert_eq!(Run::of(&command.output().unwrap()).code, 1);
}

#[test]
fn expired_ones_have_no_effect_and_are_named() {
    let run = check(&exemption("old", "  expires: 2020-02-29\n"), &[]);
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stderr,
        "plimsoll: warning: exemption old expired (2020-02-29) and has no effect; remove it, or ask team-data about it\n"
    );
    let run = check(&exemption("new", "  expires: 9998-12-31T23:59:59+01:00\n"), &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn those_that_do_nothing_are_named() {
    let many: Vec<_> = (0..7).map(|at| exemption(&format!("e{at}"), "")).collect();
    let run = check(&many.join("---\n"), &[]);
    assert_eq!(run.code, 0);
    let unused = "warning: exemptions that exempted nothing: e1, e2, e3, e4, e5 and 1 more\n";
    assert_eq!(run.stderr, format!("plimsoll: {unused}"), "the first by name counts");
    assert_eq!(check(&many.join("---\n"), &["--quiet"]).stderr, "");
    let run = check(&exemption("joe", "  match: {users: {include: [joe]}}\n"), &[]);
    assert_eq!(run.code, 1, "a manifest has no user");
    assert!(run.stderr.contains("exempted nothing: joe; no user is known here"), "{}", run.stderr);
}

#[test]
fn those_for_nothing_that_exists_are_named() {
    let stray = exemption("stray", "  rules: [imageTga]\n").replace("[images]", "[imags, images]");
    let run = check(&stray, &[]);
    assert_eq!(run.code, 1);
    for words in [
        "warning: exemption stray: spec.policies[0]: no policy is called `imags`; did you mean `images`?\n",
        "warning: exemption stray: spec.rules[0]: no rule of these policies is called `imageTga` or is one; did you mean `imageTag`?\n",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(!run.stderr.contains("exempted nothing"), "{}", run.stderr);
}

#[test]
fn only_the_pods_that_match_are_exempted() {
    let exemption =
        exemption("etl", "  match: {namespaces: {include: [etl]}}\n  rules: [imageTag]\n");
    assert_eq!(check(&exemption, &["--namespace", "etl"]).code, 0);
    assert_eq!(check(&exemption, &["--namespace", "web"]).code, 1);
}

#[test]
fn wrong_ones_are_errors_with_their_places() {
    for (more, words) in [
        ("  expires: tomorrow\n", "spec.expires: `tomorrow` is no day and no moment"),
        ("  expire: 2026-01-01\n", "did you mean `expires`?"),
        ("  rules: []\n", "spec.rules: the list is empty, so nothing would be exempted"),
        ("  rules: [\"[\"]\n", "spec.rules[0]: the glob \"[\" is malformed"),
    ] {
        let run = check(&exemption("wrong", more), &[]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stderr.contains("exemptions.yaml:8:"), "{}", run.stderr);
    }
    let run = check(DENY_LATEST, &[]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("kind: this is `PodPolicy`, not `PodPolicyExemption`"),
        "{}",
        run.stderr
    );
    assert!(check("# nothing\n", &[]).stderr.contains("the file holds no exemption"));
    let twice = format!("{0}---\n{0}", exemption("twice", ""));
    let run = check(&twice, &[]);
    assert!(
        run.stderr
            .contains("there are two exemptions called `twice` (first in exemptions.yaml:3:18)"),
        "{}",
        run.stderr
    );
}

/// They are manifests too, which the cluster would refuse, and are in force nowhere else.
#[test]
fn among_manifests_they_are_checked_and_not_honoured() {
    let sandbox = Sandbox::new();
    sandbox.write("all/pod.yaml", bad_pod("x"));
    sandbox.write("all/exemption.yaml", exemption("x", ""));
    assert_eq!(sandbox.check(["all"]).code, 1);
    sandbox.write("all/exemption.yaml", exemption("x", "  owners: [a]\n"));
    let run = sandbox.check(["all"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("spec.owners: unknown field `owners`"), "{}", run.stdout);
    let lower = exemption("x", "").replace("PodPolicyExemption", "PodpolicyExemption");
    sandbox.write("all/exemption.yaml", lower);
    assert!(sandbox.check(["all"]).stdout.contains("did you mean `PodPolicyExemption`?"));
}

#[test]
fn namespaces_without_a_label_have_the_mode_by_default() {
    let sandbox = Sandbox::new();
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {labels}}}\n")
    };
    for (labels, mode, summary) in [
        (None, "audit", "1 finding, recorded only"),
        (None, "warn", "1 would be warned about"),
        (None, "enforce", "1 would be denied"),
        (Some("{}"), "audit", "1 finding, recorded only"),
        (Some("{plimsoll.dev/mode: enforce}"), "audit", "1 would be denied"),
        (Some("{plimsoll.dev/mode: warn}"), "audit", "1 would be warned about"),
        (Some("{plimsoll.dev/mode: wran}"), "audit", "1 would be denied"),
        (Some("{plimsoll.dev/mode: 3}"), "audit", "1 would be denied"),
        (Some("{plimsoll.dev/mode: audit}"), "enforce", "1 finding, recorded only"),
    ] {
        let namespace = labels.map(|labels| format!("---\n{}", namespace(labels)));
        sandbox.write("a.yaml", bad_pod("x") + &namespace.unwrap_or_default());
        let run = sandbox.check(["--default-mode", mode, "a.yaml"]);
        assert!(run.stdout.contains(summary), "{labels:?} {mode}: {}", run.stdout);
    }
}
