//! The manners of the text format.

use super::{pods, varied};
use crate::sandbox::{Run, Sandbox, bad_pod};

#[test]
fn what_to_do_first_follows_more_than_a_few_findings() {
    let sandbox = varied();
    let text = sandbox.check(["jobs/twins.yaml"]).stdout;
    let (_, end) = text.split_once("what to do first:\n").unwrap();
    assert_eq!(
        end,
        "  error[all/denied]: 2 findings in 2 objects; no command mends them; see `plimsoll explain imageTag`\n  \
           warning[all/warned]: 2 findings in 2 objects; no command mends them; see `plimsoll explain imageTag`\n  \
           patched[all/patched]: 2 findings in 2 objects; admission mends them; in the file, `plimsoll fix --unsafe-fixes` mends them; \
         see `plimsoll explain dns`\n  \
           audit[all/recorded]: 2 findings in 2 objects; no command mends them; see `plimsoll explain imageTag`\n\n\
         2 pods in 1 file: 2 would be denied, 2 would be warned about, 2 would be patched\n\
         2 fixable with `plimsoll fix --unsafe-fixes`\n"
    );
    let quiet = sandbox.check(["--quiet", "jobs/twins.yaml"]).stdout;
    assert!(!quiet.contains("first") && !quiet.contains("pods in"), "{quiet}");
}

#[test]
fn small_runs_stay_small() {
    let sandbox = Sandbox::new();
    for (count, section) in [(1, false), (2, false), (3, true)] {
        sandbox.write("pods.yaml", pods(count));
        let text = sandbox.check(["pods.yaml"]).stdout;
        assert_eq!(text.contains("what to do first"), section, "{text}");
    }
}

#[test]
fn links_are_for_terminals_that_know_them() {
    let sandbox = Sandbox::new();
    sandbox.write("a b.yaml", bad_pod("x"));
    let run = |variables: &[(&str, &str)], args: &[&str]| {
        let args = ["check", "--policies", "policy.yaml", "a b.yaml"].iter().chain(args);
        let mut command = sandbox.command(args.copied());
        Run::of(&command.envs(variables.iter().copied()).output().unwrap()).stdout
    };
    let link = "\u{1b}]8;;file://";
    let forced = run(&[("FORCE_HYPERLINK", "1")], &[]);
    let whole = std::fs::canonicalize(sandbox.path()).unwrap();
    let expected = format!(
        "--> {link}{}/a%20b.yaml\u{1b}\\a b.yaml:7:12\u{1b}]8;;\u{1b}\\\n",
        whole.display()
    );
    assert!(forced.contains(&expected), "{forced:?}");
    // Colours are another matter.
    assert!(
        run(&[("FORCE_HYPERLINK", "1"), ("NO_COLOR", "1")], &["--color", "never"]).contains(link)
    );
    assert!(!run(&[], &["--color", "always"]).contains(link));
    for variables in [&[("FORCE_HYPERLINK", "0")], &[("TERM_PROGRAM", "WezTerm")]] {
        assert!(!run(variables, &[]).contains('\u{1b}'), "{variables:?}: no terminal");
    }
    run(&[("FORCE_HYPERLINK", "1")], &["--format", "text=out.txt"]);
    let written = std::fs::read_to_string(sandbox.path().join("out.txt")).unwrap();
    assert!(!written.contains('\u{1b}'), "a file is no terminal");
}
