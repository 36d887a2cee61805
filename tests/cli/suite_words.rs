//! `plimsoll test`: what authors write that cannot be meant, and what they write beside it.

use std::fs;

use crate::sandbox::Sandbox;

const HEAD: &str = "apiVersion: plimsoll.dev/v1alpha1\nkind: PolicyTest\n";

fn suite(rest: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.test.yaml", format!("{HEAD}{rest}"));
    sandbox
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
            "- image: nginx:1\n  # one\n  # two\n  clean: true\n  name: b1\n",
        ),
        (
            "- image: nginx\n  deny:\n  - no-latest # right\n  - {rule: other, policy: images, container: app, message: x} # wrong\n  name: b1\n",
            "- image: nginx\n  deny: no-latest # right\n  # wrong\n  name: b1\n",
        ),
        (
            "- image: nginx:1\n  deny:\n  # above\n  - {rule: no-latest} # '# beside'\n  name: \"a # b\"\n",
            "- image: nginx:1\n  # above\n  # '# beside'\n  clean: true\n  name: \"a # b\"\n",
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
