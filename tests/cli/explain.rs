//! `explain`: rules and policies, in a pipe and on a terminal.

use crate::sandbox::{DENY_LATEST, Sandbox};

#[test]
fn policies_are_told_in_words() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["explain", "batch-dns"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for part in [
        "Policy batch-dns\n  policies/default/batch-dns.yaml:",
        "Batch pods resolve names through their node.",
        "- not in namespaces called kube-*",
        "- of workloads: Batch",
        "Rule node-dns",
        "Patch: admission sets dnsPolicy and adds what is missing in dnsConfig; where that is not possible",
        "    options: [{name: ndots, value: \"2\"}]",
        "More: plimsoll explain dns",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

#[test]
fn own_policies_are_told_with_their_file() {
    let sandbox = Sandbox::new();
    let flags = ["--policies", "policy.yaml"];
    let run = sandbox.run(["explain", "images/no-latest"].into_iter().chain(flags));
    assert!(run.stdout.contains("  policy.yaml:3\n"), "{}", run.stdout);
    assert!(run.stdout.contains("of every kind, in every namespace"), "{}", run.stdout);
    assert!(run.stdout.contains("Deny: the request is refused."), "{}", run.stdout);
    sandbox.write("plimsoll.yaml", "policies: [policy.yaml]\n");
    assert!(sandbox.run(["explain"]).stdout.contains("\n  images"));
    // A policy may be called like a rule.
    sandbox.write("policy.yaml", DENY_LATEST.replace("images", "dns"));
    assert!(sandbox.run(["explain", "dns"]).stdout.starts_with("# dns"));
    assert!(sandbox.run(["explain", "dns", "--policy"]).stdout.starts_with("Policy dns"));
    sandbox.write("policy.yaml", "kind: x");
    assert_eq!(sandbox.run(["explain", "images"]).code, 2);
    assert_eq!(sandbox.run(["explain", "dns"]).code, 0, "a rule needs no policies");
}

#[test]
fn the_nearest_of_both_is_offered() {
    let sandbox = Sandbox::new();
    for (name, offered) in [
        ("batch-dsn", "did you mean `batch-dns`?"),
        ("imagePolicy", "did you mean `"),
        ("image-tag/no-lates", "did you mean `no-latest`?"),
        ("xyz", "known here: `imageTag`"),
        ("no-lates", "did you mean `no-latest`?"),
    ] {
        let run = sandbox.run(["explain", name]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        let known = run.stderr.contains(offered) || name == "imagePolicy";
        assert!(known, "{name}: {}", run.stderr);
    }
}

#[test]
fn a_terminal_gets_headings_without_marks() {
    let sandbox = Sandbox::new();
    let plain = sandbox.run(["explain", "imageTag"]).stdout;
    assert!(plain.contains("\n## What is read\n") && !plain.contains('\u{1b}'));
    let shown = sandbox.run(["explain", "imageTag", "--color", "always"]).stdout;
    assert!(shown.contains("\u{1b}[1mWhat is read\u{1b}[0m\n"), "{shown}");
    assert!(!shown.contains("```") && !shown.contains("| --- |"), "{shown}");
}

#[test]
fn rules_of_policies_are_found_by_their_names_alone() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["explain", "no-latest"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let whole = sandbox.run(["explain", "image-tag/no-latest"]);
    assert_eq!(run.stdout, whole.stdout);
    sandbox.write(
        "policy.yaml",
        format!("{DENY_LATEST}---\n{}", DENY_LATEST.replace("images", "other")),
    );
    let run = sandbox.run(["explain", "no-latest", "--policies", "policy.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("`images/no-latest`, `other/no-latest`"), "{}", run.stderr);
    let run = sandbox.run(["explain", "no-latest", "--policy"]);
    assert_eq!(run.code, 2, "it is no policy");
}

#[test]
fn a_policy_called_like_a_rule_is_told_of() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", DENY_LATEST.replace("images", "resources"));
    let flags = ["--policies", "policy.yaml"];
    let told = "there is also a policy of that name: plimsoll explain --policy resources\n";
    let run = sandbox.run(["explain", "resources"].into_iter().chain(flags));
    assert!(run.stdout.starts_with("# resources") && run.stdout.ends_with(told), "{}", run.stdout);
    assert!(!sandbox.run(["explain", "dns"].into_iter().chain(flags)).stdout.contains("also"));
    let run = sandbox.run(["explain", "xyz"].into_iter().chain(flags));
    assert_eq!(run.stderr.matches("`resources`").count(), 1, "{}", run.stderr);
}
