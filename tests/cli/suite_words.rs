//! `plimsoll test`: what authors write that cannot be meant, and what they write beside it.

use std::fs;

use crate::sandbox::{Run, Sandbox};

const HEAD: &str = "apiVersion: plimsoll.dev/v1alpha1\nkind: PolicyTest\n";

fn suite(rest: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.test.yaml", format!("{HEAD}{rest}"));
    sandbox
}

fn run(rest: &str) -> Run {
    suite(rest).run(["test"])
}

#[test]
fn an_update_keeps_the_comments_of_what_it_replaces() {
    for (before, after) in [
        (
            "- image: nginx\n  clean: true # c2\n- image: nginx:1\n  deny: no-latest   # why\n",
            "- image: nginx\n  deny: no-latest # c2\n- image: nginx:1\n  clean: true   # why\n",
        ),
        (
            "- clean: true # c\n  image: nginx\n- image: nginx:1\n  name: b1\n  deny: no-latest # last",
            "- # c\n  image: nginx\n  deny: no-latest\n- image: nginx:1\n  name: b1\n  clean: true # last",
        ),
        (
            "- image: nginx:1\n  deny: no-latest # one\n  message: x # two\n  name: b1\n",
            "- image: nginx:1\n  # one\n  # two\n  name: b1\n  clean: true\n",
        ),
        (
            "- image: nginx:1\n  deny:\n  # above\n  - {rule: no-latest} # '# beside'\n  name: \"a # b\"\n",
            "- image: nginx:1\n  # above\n  # '# beside'\n  name: \"a # b\"\n  clean: true\n",
        ),
    ] {
        let sandbox = suite(&format!("cases:\n{before}"));
        let run = sandbox.run(["test", "--update"]);
        assert_eq!(run.code, 0, "{before}{}{}", run.stdout, run.stderr);
        let text = fs::read_to_string(sandbox.path().join("policy.test.yaml")).unwrap();
        assert_eq!(text, format!("{HEAD}cases:\n{after}"));
        assert_eq!(sandbox.run(["test"]).code, 0, "{text}");
    }
}

#[test]
fn names_that_no_rule_has_are_errors_of_the_suite() {
    for (case, place, said) in [
        ("{deny: no-lates}", 4, "no rule is called `no-lates`"),
        ("{deny: bogus/no-latest}", 4, "no rule is called `bogus/no-latest`"),
        ("{deny: images/no-lates}", 4, "no rule of the policy `images` is called `no-lates`"),
        ("{deny: [no-latest, {rule: no-lates}]}", 4, "no rule is called `no-lates`"),
        ("{matched: [image]}", 4, "no policy is called `image`"),
        ("{matrix: {deny: [no-lates]}}", 4, "no rule is called `no-lates`"),
    ] {
        let run = run(&format!("cases:\n- {case}\n"));
        assert_eq!(run.code, 2, "{case}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(said), "{case}: {}", run.stdout);
        assert!(run.stdout.contains("did you mean `"), "{case}: {}", run.stdout);
        let column = 3 + case.rfind("no-lates").or(case.find("image")).unwrap();
        let column = case.find("bogus").map_or(column, |at| at + 3);
        let column = case.find("images/").map_or(column, |at| at + 3);
        let column = case.find("matrix").map_or(column, |_| 3 + case.find("deny").unwrap());
        let at = format!("policy.test.yaml:{place}:{column}\n");
        assert!(run.stdout.contains(&at), "{case}: {at}{}", run.stdout);
        assert_eq!(run.stdout.matches(said).count(), 1, "{}", run.stdout);
    }
}

#[test]
fn fields_that_no_pod_has_are_errors() {
    for (case, at, said) in [
        ("spec: {contaniers: []}", "contaniers", "did you mean `containers`?"),
        (
            "spec: {containers: [{name: a, imagePulPolicy: x}]}",
            "imagePulPolicy",
            "did you mean `imagePullPolicy`?",
        ),
        ("container: {imag: x}", "imag:", "did you mean `image`?"),
        ("pod: {spec: {hostNetwrk: true}}", "hostNetwrk", "did you mean `hostNetwork`?"),
        (
            "image: a, images: {b: c}",
            "images:",
            "a pod has `image` or `images`, and this one has both",
        ),
        (
            "message: {contains: a, exact: b}",
            "message",
            "a text is told by `contains` or by `exact`, and this has both",
        ),
        ("message: {}", "message", "and this has neither"),
        ("message: {contain: a}", "contain:", "did you mean `contains`?"),
    ] {
        let run = run(&format!("cases:\n- {{{case}, name: x}}\n"));
        let column = case.find(at).unwrap() + 4;
        assert_eq!(run.code, 2, "{case}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(said), "{case}: {}", run.stdout);
        assert!(
            run.stdout.contains(&format!("policy.test.yaml:4:{column}\n")),
            "{case}: {}",
            run.stdout
        );
        assert_eq!(run.stdout.matches(said).count(), 1, "{}", run.stdout);
    }
    let run =
        run("defaults: {spec: {hostNetwrk: true}}\ncases:\n- {clean: true}\n- {clean: true}\n");
    assert_eq!(
        (run.code, run.stdout.matches("defaults.spec.hostNetwrk").count()),
        (2, 1),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("cases["), "{}", run.stdout);
}
