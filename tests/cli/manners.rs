//! Manners: hints, progress, what to do first, and readers that stop early.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::sandbox::{Run, Sandbox, bad_pod};

/// Denies `latest` in pods that `matching` is about.
fn policy(name: &str, matching: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: {name}}}\nspec:\n  match: {matching}\n  \
         rules:\n  - name: no-latest\n    action: Deny\n    imageTag: {{deny: [latest]}}\n"
    )
}

/// The lines with hints, without what every line starts with.
fn hints(run: &Run) -> Vec<&str> {
    run.stderr.lines().filter_map(|line| line.strip_prefix("plimsoll: hint: ")).collect()
}

#[test]
fn a_policy_that_is_about_no_pod_is_a_hint() {
    let policies = [
        policy("all", "{}"),
        policy("airflow", "{namespaces: {include: [airflow-*]}, workloads: [Airflow]}"),
        policy("team", "{namespaceSelector: {matchLabels: {team: data}}}"),
        policy("updates", "{operations: [UPDATE]}"),
    ];
    let sandbox = Sandbox::with_policy(&policies.join("---\n"));
    sandbox.write("m/a.yaml", bad_pod("a"));
    sandbox.write("m/b.yaml", bad_pod("b").replace("nginx:latest", "nginx:1"));
    let run = sandbox.check(["m"]);
    assert_eq!(
        hints(&run),
        [
            "policy airflow was about none of the 2 pods; its match asks for pods in namespaces called airflow-*, and \
             of workloads: Airflow",
            "policy updates was about none of the 2 pods; its match asks for pods when the operation is update, and \
             manifests are judged as if they were created",
        ]
    );
    assert!(run.stderr.contains("policy team was not applied"), "it is not known: {}", run.stderr);
    assert_eq!(run.code, 1, "hints change no exit code");

    let unmatched = |args: &[&str]| {
        let run = sandbox.check(args.iter().copied());
        run.json()["unmatchedPolicies"].to_string()
    };
    assert_eq!(unmatched(&["m", "--format", "json"]), r#"["airflow","updates"]"#);
    assert_eq!(unmatched(&["m", "--format", "json", "--quiet"]), r#"["airflow","updates"]"#);
    assert!(hints(&sandbox.check(["m", "--quiet"])).is_empty());
    assert!(hints(&sandbox.check(["m/a.yaml"])).is_empty(), "a file says little of a policy");

    // The Namespace takes a second pass: now the labels are known, and the policy is about nothing.
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: x}}\n";
    sandbox.write("m/namespace.yaml", namespace);
    assert_eq!(unmatched(&["m", "--format", "json"]), r#"["airflow","team","updates"]"#);
    sandbox.write("m/namespace.yaml", namespace.replace("team: x", "team: data"));
    assert_eq!(unmatched(&["m", "--format", "json"]), r#"["airflow","updates"]"#);
}

#[test]
fn hints_count_every_pod_and_are_not_about_built_in_policies() {
    let sandbox = Sandbox::with_policy(&policy("workflows", "{namespaces: {include: [flows]}}"));
    sandbox.write("m/a.yaml", bad_pod("a"));
    let built_in = sandbox.run(["check", "m"]);
    assert!(hints(&built_in).is_empty(), "{}", built_in.stderr);
    assert_eq!(
        hints(&sandbox.check(["m"])),
        [
            "policy workflows was not about the one pod; its match asks for pods in namespaces called flows"
        ]
    );
    // A silence keeps a finding quiet; the policy is about the pod all the same. So is it about one without findings.
    let there = bad_pod("b").replace("name: b", "name: b, namespace: flows");
    let silenced = there.replace("nginx:latest", "nginx:latest # plimsoll: ignore[no-latest] why");
    sandbox.write("m/b.yaml", silenced);
    assert!(hints(&sandbox.check(["m"])).is_empty());
    sandbox.write("m/b.yaml", there.replace("nginx:latest", "nginx:1"));
    assert!(hints(&sandbox.check(["m"])).is_empty());
    // Pods in objects of other kinds are pods.
    sandbox.write(
        "m/b.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w, namespace: flows}\nspec:\n  entrypoint: \
         a\n  templates:\n  - name: a\n    container: {image: 'nginx:1'}\n",
    );
    let run = sandbox.check(["m"]);
    assert!(
        hints(&run).is_empty() && run.stdout.contains("2 pods"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    // Without pods there is nothing to be about.
    fs::remove_dir_all(sandbox.path().join("m")).unwrap();
    sandbox.write("m/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n");
    assert!(hints(&sandbox.check(["m"])).is_empty());
}

#[test]
fn many_hints_are_few() {
    let policies: Vec<_> = (0..80)
        .map(|at| policy(&format!("p{at:02}"), &format!("{{namespaces: {{include: [n{at}]}}}}")))
        .collect();
    let sandbox = Sandbox::with_policy(&policies.join("---\n"));
    // One of the first sixty-four, and one behind them.
    for at in [3, 79] {
        let pod = bad_pod("a").replace("name: a}", &format!("name: a, namespace: n{at}}}"));
        sandbox.write(&format!("m/{at}.yaml"), pod);
    }
    let run = sandbox.check(["m"]);
    let hints = hints(&run);
    assert_eq!(hints.len(), 6);
    assert_eq!(hints[5], "nor were 73 more policies");
    assert!(hints[3].starts_with("policy p04 was"), "{hints:?}");
}

/// What is on the terminal in which a line of the shell runs; none where there is no program that makes a terminal.
fn on_terminal(sandbox: &Sandbox, line: &str, variables: &[(&str, &str)]) -> Option<String> {
    if !Path::new("/usr/bin/script").exists() {
        let required = std::env::var_os("PLIMSOLL_REQUIRE_TOOLS").is_some();
        assert!(!required, "script(1) is missing, and PLIMSOLL_REQUIRE_TOOLS is set");
        eprintln!("skipped: there is no script(1), of util-linux");
        return None;
    }
    let output = Command::new("/usr/bin/script")
        .args(["-qec", line, "/dev/null"])
        .current_dir(sandbox.path())
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("SHELL", "/bin/sh"), ("TERM", "xterm")])
        .env("PLIMSOLL", env!("CARGO_BIN_EXE_plimsoll"))
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A chart, and a `helm` that takes two seconds for it.
#[cfg(unix)]
fn slow_chart() -> Sandbox {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::new();
    sandbox.write("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
    let pod = bad_pod("p");
    sandbox.write("c/templates/p.yaml", &pod);
    let helm =
        format!("#!/bin/sh\nsleep 2\ncat <<'END'\n---\n# Source: c/templates/p.yaml\n{pod}END\n");
    let helm = sandbox.write("helm", helm);
    fs::set_permissions(helm, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
}

#[cfg(unix)]
#[test]
fn progress_is_for_those_who_wait_at_a_terminal() {
    const LINE: &str = "\"$PLIMSOLL\" check c --policies policy.yaml --helm ./helm";
    let sandbox = slow_chart();
    let shown = |line: &str, variables: &[(&str, &str)]| on_terminal(&sandbox, line, variables);
    let words = "0 of 1 file";
    let Some(terminal) = shown(LINE, &[]) else { return };
    let at = terminal.rfind(words).unwrap_or_else(|| panic!("{terminal:?}"));
    let result = terminal.find("error[images/no-latest]").unwrap();
    assert!(at < result, "{terminal:?}");
    // The line was taken back before anything else was said.
    let between = &terminal[at + words.len()..result];
    assert!(between.trim_start().starts_with("\u{1b}[2K"), "{between:?}");
    // Results in a pipe do not make those who wait fewer.
    let piped = shown(&format!("{LINE} >out.txt"), &[]).unwrap();
    assert!(piped.contains(words), "{piped:?}");
    let text = fs::read_to_string(sandbox.path().join("out.txt")).unwrap();
    assert!(text.contains("error[images/no-latest]") && !text.contains('\u{1b}'), "{text:?}");
    std::thread::scope(|scope| {
        let hidden = [
            (format!("{LINE} 2>err.txt"), vec![]),
            (format!("{LINE} --quiet"), vec![]),
            (LINE.to_owned(), vec![("CI", "true")]),
            (LINE.to_owned(), vec![("TERM", "dumb")]),
        ];
        for (line, variables) in hidden {
            scope.spawn(move || {
                let terminal = shown(&line, &variables).unwrap();
                assert!(terminal.contains("no-latest"), "{terminal:?}");
                assert!(!terminal.contains(words), "{line} {variables:?}: {terminal:?}");
            });
        }
    });
    let errors = fs::read_to_string(sandbox.path().join("err.txt")).unwrap();
    assert_eq!(errors, "");
}

#[test]
fn what_is_quick_shows_no_progress() {
    let sandbox = Sandbox::new();
    sandbox.write("m/a.yaml", bad_pod("a"));
    for command in ["check", "fix --diff"] {
        let line = format!("\"$PLIMSOLL\" {command} m --policies policy.yaml --color never");
        let Some(terminal) = on_terminal(&sandbox, &line, &[]) else { return };
        assert!(terminal.contains("no-latest"), "{terminal:?}");
        assert!(!terminal.contains("of 1 file") && !terminal.contains('\u{1b}'), "{terminal:?}");
    }
}

#[test]
fn colours_and_links_are_for_terminals_that_have_them() {
    let sandbox = Sandbox::new();
    sandbox.write("m/a.yaml", bad_pod("a"));
    let line = "\"$PLIMSOLL\" check m --policies policy.yaml";
    let shown = |variables: &[(&str, &str)]| on_terminal(&sandbox, line, variables);
    let (color, link) = ("\u{1b}[", "\u{1b}]8;;file://");
    let Some(plain) = shown(&[]) else { return };
    assert!(plain.contains(color) && !plain.contains(link), "{plain:?}");
    let linked = shown(&[("TERM_PROGRAM", "WezTerm"), ("NO_COLOR", "1")]).unwrap();
    assert!(!linked.contains(color) && linked.contains(link), "{linked:?}");
    let forced = shown(&[("FORCE_HYPERLINK", "1")]).unwrap();
    assert!(forced.contains(color) && forced.contains(link), "{forced:?}");
    let refused = shown(&[("FORCE_HYPERLINK", "0"), ("TERM_PROGRAM", "WezTerm")]).unwrap();
    assert!(!refused.contains(link), "{refused:?}");
}

/// Runs a command whose reader stops after `taken` bytes; what it says on stderr and how it ends.
fn cut_short(sandbox: &Sandbox, args: &[&str], taken: usize) -> (String, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(sandbox.path())
        .env_clear()
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = vec![0; taken];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn a_reader_that_stops_early_gets_the_verdict_in_every_format() {
    let sandbox = Sandbox::new();
    let many = |pod: fn(&str) -> String| {
        (0..1500).map(|at| pod(&format!("p{at}"))).collect::<Vec<_>>().join("---\n")
    };
    sandbox.write("bad.yaml", many(bad_pod));
    sandbox.write("good.yaml", many(|name| bad_pod(name).replace("latest", "1")));
    for format in ["text", "compact", "json", "sarif", "junit", "github", "gitlab", "markdown"] {
        let check = ["check", "--policies", "policy.yaml", "--format", format];
        for taken in [0, 1] {
            let (stderr, code) = cut_short(&sandbox, &[&check, &["bad.yaml"][..]].concat(), taken);
            assert_eq!((&*stderr, code), ("", Some(1)), "{format}");
        }
        let (stderr, code) = cut_short(&sandbox, &[&check, &["good.yaml"][..]].concat(), 0);
        assert_eq!((&*stderr, code), ("", Some(0)), "{format}");
        let fix = ["fix", "--policies", "policy.yaml", "--check", "--format", format, "bad.yaml"];
        assert_eq!(cut_short(&sandbox, &fix, 0), (String::new(), Some(1)), "{format}");
    }
}

#[test]
fn a_reader_that_stops_early_is_no_error_of_any_command() {
    let sandbox = Sandbox::new();
    sandbox.write("pod.yaml", bad_pod("a"));
    let head = "apiVersion: plimsoll.dev/v1alpha1\nkind: PolicyTest\ncases:\n";
    sandbox.write("right.test.yaml", format!("{head}- {{image: nginx:1.29, clean: true}}\n"));
    sandbox.write("wrong.test.yaml", format!("{head}- {{image: nginx:latest, clean: true}}\n"));
    for (line, code) in [
        ("explain", 0),
        ("explain imageTag", 0),
        ("schema policy", 0),
        ("config", 0),
        ("config --format json", 0),
        ("policies", 0),
        ("man", 0),
        ("completions bash", 0),
        ("--help", 0),
        ("check --help", 0),
        ("test right.test.yaml", 0),
        ("test wrong.test.yaml", 1),
        ("fix --profile default --diff --quiet --format text=left.txt pod.yaml", 1),
    ] {
        let args: Vec<_> = line.split(' ').collect();
        assert_eq!(cut_short(&sandbox, &args, 0), (String::new(), Some(code)), "{line}");
    }
}

#[test]
fn what_to_do_first_says_which_fix_mends_what() {
    let sandbox = Sandbox::with_policy(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: pull\n    \
         action: Warn\n    imagePullPolicy: {deny: [Always, Never], onlyWhere: ImageIsFixed, replaceWith: \
         IfNotPresent}\n  - name: no-latest\n    action: Deny\n    imageTag: {deny: [latest]}\n",
    );
    let pod = |policies: &[&str]| {
        let container = |(at, policy): (usize, &&str)| {
            format!("  - {{name: c{at}, image: 'nginx:1.29', imagePullPolicy: {policy}}}\n")
        };
        let containers: String = policies.iter().enumerate().map(container).collect();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n{containers}"
        )
    };
    let remedy = |policies: &[&str]| {
        sandbox.write("a.yaml", pod(policies));
        let text = sandbox.check(["a.yaml"]).stdout;
        let line =
            text.lines().find(|line| line.starts_with("  warning[p/pull]")).unwrap().to_owned();
        let (_, remedy) = line.split_once("object; ").unwrap();
        remedy.strip_suffix("; see `plimsoll explain imagePullPolicy`").unwrap().to_owned()
    };
    assert_eq!(remedy(&["Always"; 3]), "`plimsoll fix` mends them");
    assert_eq!(remedy(&["Never"; 3]), "`plimsoll fix --unsafe-fixes` mends them");
    assert_eq!(
        remedy(&["Never", "Always", "Never"]),
        "`plimsoll fix` mends 1 of them, and 2 more with `--unsafe-fixes`"
    );

    // What is left then no command mends.
    let left: Vec<_> = (0..3).map(|at| bad_pod(&format!("p{at}"))).collect();
    sandbox.write("a.yaml", left.join("---\n"));
    let first = "what to do first";
    assert!(sandbox.check(["a.yaml"]).stdout.contains(first));
    for format in ["text", "markdown"] {
        let fix = ["fix", "--policies", "policy.yaml", "--format", format, "a.yaml"];
        let run = sandbox.run(fix);
        assert!(run.code == 1 && !run.stdout.to_lowercase().contains(first), "{}", run.stdout);
    }
}
