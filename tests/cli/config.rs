//! `plimsoll.yaml`: where it is found, what is wrong with it, and what counts more than it.

use std::fs;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox, bad_pod};

/// A repository with a policy, a manifest in a folder of a folder, and a configuration.
fn repository(config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write("ci/policy.yaml", crate::sandbox::DENY_LATEST);
    sandbox.write("deploy/web/pod.yaml", bad_pod("web"));
    sandbox.write("plimsoll.yaml", config);
    sandbox
}

fn run_in(sandbox: &Sandbox, folder: &str, args: &[&str], env: &[(&str, &str)]) -> Run {
    let mut command = sandbox.command(args.iter().copied());
    command.current_dir(sandbox.path().join(folder)).envs(env.iter().copied());
    Run::of(&command.output().unwrap())
}

/// The policies and rules of what was found.
fn found(run: &Run) -> Vec<String> {
    let report: Value = run.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let name =
        |f: &Value| format!("{} {}", f["file"].as_str().unwrap(), f["policy"].as_str().unwrap());
    findings.map(name).collect()
}

#[test]
fn it_is_found_from_a_subfolder_and_its_paths_are_its_own() {
    let sandbox = repository("policies: [ci/policy.yaml]\nformats: [json]\n");
    let run = run_in(&sandbox, "deploy/web", &["check"], &[]);
    assert_eq!((found(&run), run.code), (vec!["pod.yaml images".to_owned()], 1));
    let run = run_in(&sandbox, "", &["check", "deploy"], &[]);
    assert_eq!(found(&run), ["deploy/web/pod.yaml images"]);
    let run = run_in(&sandbox, "deploy", &["check", "--no-config", "--format", "json"], &[]);
    assert!(found(&run).contains(&"web/pod.yaml image-tag".to_owned()), "{}", run.stdout);
}

#[test]
fn it_is_not_found_beyond_the_repository() {
    let sandbox = repository("formats: [json]\n");
    fs::create_dir(sandbox.path().join("deploy/web/.git")).unwrap();
    let run = run_in(&sandbox, "deploy/web", &["config", "--format", "json"], &[]);
    assert_eq!(run.json()["file"], Value::Null);
    assert_eq!(run.json()["searched"].as_array().unwrap().len(), 1);
    let run = run_in(&sandbox, "deploy", &["config", "--format", "json"], &[]);
    assert_eq!(run.json()["file"], "../plimsoll.yaml");
}

#[test]
fn a_file_can_be_named_and_be_left_out() {
    let sandbox = repository("failOn: nonsense\n");
    sandbox.write("other/mine.yaml", "formats: [json]\npolicies: [../ci]\n");
    let named = [("PLIMSOLL_CONFIG", "../other/mine.yaml")];
    for (args, env) in [
        (&["check", "--config", "../other/mine.yaml", "web"][..], &[][..]),
        (&["check", "web"], &named),
        // The flag counts more than the variable.
        (&["check", "--config", "../other/mine.yaml", "web"], &[("PLIMSOLL_NO_CONFIG", "1")]),
        (&["check", "--config", "../other/mine.yaml", "web"], &[("PLIMSOLL_CONFIG", "none")]),
    ] {
        let run = run_in(&sandbox, "deploy", args, env);
        assert_eq!(found(&run), ["web/pod.yaml images"], "{args:?} {env:?}");
    }
    let run = run_in(&sandbox, "deploy", &["check", "--no-config", "-q"], &named);
    assert!(run.stdout.starts_with("patched["), "{}", run.stdout);
    let run = run_in(&sandbox, "deploy", &["check", "--config", "none.yaml"], &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("none.yaml") && run.stderr.contains("cannot be read"));
    let run = run_in(&sandbox, "deploy", &["check", "--config", "x", "--no-config"], &[]);
    assert!(run.code == 2 && run.stderr.contains("leave one out"), "{}", run.stderr);
}

#[test]
fn other_names_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", bad_pod("a"));
    sandbox.write(".plimsoll.yaml", "failOn: audit\n");
    let run = sandbox.check(["a.yaml"]);
    assert!(run.stderr.contains(".plimsoll.yaml is not read"), "{}", run.stderr);
}

#[test]
fn everything_wrong_is_told_with_its_place() {
    let sandbox = repository("polices: [x]\nfailOn: warm\nprofile: stric\nformats: [text, jsn]\n");
    let run = run_in(&sandbox, "deploy", &["check"], &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    for part in [
        "unknown field `polices`\n --> ../plimsoll.yaml:1:1",
        "did you mean `policies`?",
        "--> ../plimsoll.yaml:2:9",
        "did you mean `warn`?",
        "2 errors in the configuration; nothing was done",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    // What only the flags can tell comes once the rest is right.
    sandbox.write("plimsoll.yaml", "profile: stric\nformats: [text, jsn]\n");
    let run = run_in(&sandbox, "deploy", &["check"], &[]);
    for part in [
        "profile: there is no `stric`\n --> ../plimsoll.yaml:1:10",
        "did you mean `strict`?",
        "formats[1]: there is no format `jsn`",
        "--> ../plimsoll.yaml:2:17",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    sandbox.write("plimsoll.yaml", "exclude: [ok, '{a']\n");
    let run = run_in(&sandbox, "deploy", &["check"], &[]);
    assert!(run.stderr.contains("exclude[1]: `{a` is no glob"), "{}", run.stderr);
    assert_eq!(run.code, 2);
}

#[test]
fn flags_win_over_variables_and_these_over_the_file() {
    let sandbox = repository("policies: [ci]\nformats: [json]\nfailOn: audit\nnamespace: file\n");
    let origin = |args: &[&str], env: &[(&str, &str)], key: &str| {
        let args = [&["config", "--format", "json", "check"], args].concat();
        let run = run_in(&sandbox, "", &args, env);
        let setting = run.json()["settings"][key].clone();
        (setting["value"].clone(), setting["origin"].as_str().unwrap().to_owned())
    };
    let variable = [("PLIMSOLL_NAMESPACE", "variable")];
    assert_eq!(origin(&[], &[], "namespace"), (json!("file"), "config".into()));
    assert_eq!(origin(&[], &variable, "namespace"), (json!("variable"), "environment".into()));
    let flag = ["--namespace", "flag"];
    assert_eq!(origin(&flag, &variable, "namespace"), (json!("flag"), "flag".into()));
    assert_eq!(origin(&[], &[], "defaultMode"), (json!("enforce"), "default".into()));
    // An empty variable says nothing, and a profile asked for means other policies.
    let empty = [("PLIMSOLL_POLICIES", "")];
    assert_eq!(origin(&[], &empty, "policies"), (json!(["ci"]), "config".into()));
    assert_eq!(origin(&["--profile", "strict"], &[], "policies"), (json!(null), "default".into()));

    let run = run_in(&sandbox, "", &["check", "deploy", "--profile", "strict"], &[]);
    assert!(found(&run).iter().all(|found| found.contains(" strict-")), "{}", run.stdout);
    let run = run_in(&sandbox, "", &["check", "deploy"], &[("PLIMSOLL_POLICIES", "")]);
    assert_eq!(found(&run), ["deploy/web/pod.yaml images"]);
    let run = run_in(&sandbox, "", &["check", "deploy", "--format", "text", "-q"], &[]);
    assert!(run.stdout.starts_with("error[images/no-latest]"), "{}", run.stdout);
}

#[test]
fn the_line_that_ci_fails_on_is_a_setting() {
    let policy = crate::sandbox::DENY_LATEST.replace("Deny", "Audit");
    let sandbox = Sandbox::with_policy(&policy);
    sandbox.write("a.yaml", bad_pod("a"));
    assert_eq!(sandbox.check(["a.yaml"]).code, 0);
    sandbox.write("plimsoll.yaml", "failOn: audit\n");
    assert_eq!(sandbox.check(["a.yaml"]).code, 1);
    assert_eq!(sandbox.check(["a.yaml", "--fail-on", "warn"]).code, 0);
}

#[test]
fn what_is_known_of_the_cluster_counts() {
    let policy = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: data}
spec:
  match: {namespaceSelector: {matchLabels: {team: data}}}
  rules:
  - name: no-latest
    action: Deny
    imageTag: {deny: [latest]}
  - name: pull-once
    action: Patch
    imagePullPolicy: {onlyWhere: Any}
";
    let sandbox = Sandbox::with_policy(policy);
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: data}}\n";
    sandbox.write(
        "snapshot.yaml",
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}",
            namespace.trim_end().replace('\n', "\n  ")
        ),
    );
    sandbox.write("a/pod.yaml", bad_pod("a"));
    let kinds = |run: &Run| -> Vec<String> {
        let findings = run.json()["findings"].as_array().unwrap().clone();
        findings.iter().map(|found| found["kind"].as_str().unwrap().to_owned()).collect()
    };
    let check = || sandbox.check(["a", "--format", "json"]);
    assert!(check().stderr.contains("was not applied, or not in full, in default"));
    let run = sandbox.check(["a", "--format", "json", "--cluster", "snapshot.yaml"]);
    assert_eq!(kinds(&run), ["imagePullPolicy", "imageTag"]);
    for config in [
        "cluster: snapshot.yaml\n",
        "cluster: {snapshot: snapshot.yaml}\n",
        "cluster:\n  namespaces:\n  - {name: default, labels: {team: data}}\n",
    ] {
        sandbox.write("plimsoll.yaml", config);
        assert_eq!(kinds(&check()), ["imagePullPolicy", "imageTag"], "{config}");
    }
    // The plugin would undo the patch, and nobody is told of it.
    sandbox.write("plimsoll.yaml", "cluster: {snapshot: snapshot.yaml, alwaysPullImages: true}\n");
    assert_eq!(kinds(&check()), ["imageTag"]);
    sandbox.write("plimsoll.yaml", "cluster: {snapshot: policy.yaml}\n");
    let run = check();
    assert!(run.stderr.contains("no Namespace and no LimitRange"), "{}", run.stderr);
    assert_eq!(run.code, 2);
    assert_eq!(sandbox.run(["config", "--check"]).code, 2);
}

#[test]
fn fix_reads_it_too() {
    let policy = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: pulls}
spec:
  rules:
  - name: pull-once
    action: Patch
    imagePullPolicy: {onlyWhere: Any}
";
    let sandbox = repository("policies: [ci]\nexclude: [/deploy/old]\n");
    sandbox.write("ci/policy.yaml", policy);
    sandbox.write("deploy/old/pod.yaml", bad_pod("old"));
    let run = run_in(&sandbox, "deploy", &["fix", "--diff", "--unsafe-fixes", "-q", "-v"], &[]);
    assert!(run.stdout.contains("imagePullPolicy: IfNotPresent"), "{}{}", run.stdout, run.stderr);
    assert!(!run.stdout.contains("old/pod.yaml"), "{}", run.stdout);
    assert!(run.stderr.contains("configuration: ../plimsoll.yaml\n"), "{}", run.stderr);
    // What the cluster's plugin would undo is not written either.
    sandbox.write("plimsoll.yaml", "policies: [ci]\ncluster: {alwaysPullImages: true}\n");
    let run = run_in(&sandbox, "deploy", &["fix", "--diff", "--unsafe-fixes", "-q"], &[]);
    assert_eq!(run.stdout, "", "{}", run.stderr);
}

#[test]
fn config_shows_values_that_the_file_could_hold() {
    let sandbox = repository(
        "policies: [ci]\nexclude: ['*.{a,b}']\nrender: never\nhelm: {values: [v.yaml], set: ['a=b,c']}\nkubernetesVersion: '1.30'\ncluster: {alwaysPullImages: true}\n",
    );
    let shown = run_in(&sandbox, "", &["config"], &[]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    assert!(shown.stdout.contains("policies: [\"ci\"] # plimsoll.yaml:1\n"), "{}", shown.stdout);
    assert!(shown.stdout.contains("failOn: \"deny\" # default\n"), "{}", shown.stdout);
    let helm =
        "helm:\n  values: [\"v.yaml\"] # plimsoll.yaml:4\n  set: [\"a=b,c\"] # plimsoll.yaml:4\n";
    assert!(shown.stdout.contains(helm), "{}", shown.stdout);
    sandbox.write("plimsoll.yaml", &shown.stdout);
    let again = run_in(&sandbox, "", &["config", "--check"], &[]);
    assert_eq!(again.stdout, "plimsoll.yaml: nothing is wrong\n", "{}", again.stderr);
    let run = sandbox.run(["config", "serve"]);
    assert!(
        run.code == 2 && run.stderr.contains("commands that do: audit, check"),
        "{}",
        run.stderr
    );
}

#[test]
fn verbose_says_what_is_used() {
    let sandbox = repository("policies: [ci]\n");
    let run = run_in(&sandbox, "deploy", &["check", "-v", "--namespace", "etl"], &[]);
    for part in [
        "configuration: ../plimsoll.yaml\n",
        "policies: ../ci (../plimsoll.yaml:1)\n",
        "namespace: etl (command line)\n",
        "policies: 1 with 1 rules (../ci): images\n",
        "files: 1 with 1 objects",
        "time: ",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert_eq!(run_in(&sandbox, "deploy", &["check"], &[]).stderr, "");
}
