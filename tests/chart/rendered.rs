//! What the chart renders to, and what it refuses.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::go::tool;
use crate::cluster::process::run;
use crate::cluster::skipped;
use crate::helm::{CHART, Helm, documents, find};
use crate::variants::VARIANTS;

const MONITORED: [&str; 2] = ["--api-versions", "monitoring.coreos.com/v1"];

#[test]
fn helm_lint_finds_nothing() {
    if skipped("helm_lint_finds_nothing") {
        return;
    }
    let (helm, folder) = (Helm::alone(), TempDir::new().unwrap());
    for variant in VARIANTS {
        let values = variant.write_to(folder.path());
        helm.ok(&["lint", "--strict", "--quiet", CHART, "-f", values.to_str().unwrap()]);
    }
}

#[test]
fn the_suites_of_helm_unittest_pass() {
    if skipped("the_suites_of_helm_unittest_pass") {
        return;
    }
    let home = TempDir::new().unwrap();
    let mut command = Command::new(tool("helm-unittest").unwrap());
    command.args(["--strict", "--file", "tests/*_test.yaml", CHART]).env("HOME", home.path());
    let output = run(&mut command, None, Duration::from_secs(120)).unwrap();
    assert!(output.success(), "{}{}", output.stdout, output.stderr);
    assert!(!output.stdout.contains("Tests:       0 passed"), "{}", output.stdout);
}

#[rstest]
#[case::a_misspelt_value("replicaCont=3", "additional properties 'replicaCont' not allowed")]
#[case::in_the_wrong_case("webhooks.failurePolicy=fail", "'Ignore', 'Fail'")]
#[case::misspelt_inside("image.pullpolicy=Always", "'pullpolicy' not allowed")]
#[case::too_long_a_timeout("webhooks.timeoutSeconds=31", "maximum: got 31, want 30")]
#[case::no_such_profile("policies.profile=lax", "'/policies/profile'")]
#[case::no_such_mode("webhooks.defaultMode=Enforce", "'/webhooks/defaultMode'")]
#[case::no_such_alert("monitoring.rules.disabled={PlimsolDown}", "'/monitoring/rules/disabled/0'")]
#[case::not_a_namespace("webhooks.excludeNamespaces={kube-*}", "'/webhooks/excludeNamespaces/0'")]
#[case::not_a_digest("image.digest=sha256:abc", "'/image/digest'")]
#[case::a_policy_without_a_name("policies.extra[0].kind=PodPolicy", "missing properties")]
#[case::no_replica("replicaCount=0", "minimum: got 0, want 1")]
#[case::no_schedule("audit.schedule=daily", "'/audit/schedule'")]
#[case::no_such_action("audit.failOn=none", "'never', 'deny'")]
#[case::no_such_reports("audit.writeReports=true", "'/audit/writeReports'")]
#[case::no_such_format("audit.output.formats={pdf}", "'/audit/output/formats/0'")]
#[case::misspelt_in_the_audit("audit.enable=true", "'enable' not allowed")]
fn the_schema_refuses(#[case] set: &str, #[case] because: &str) {
    if skipped("the_schema_refuses") {
        return;
    }
    let said = Helm::alone().refusal(&["--set", set]);
    assert!(said.contains(because), "{said}");
}

#[rstest]
#[case::fail_with_one_replica(
    &["webhooks.failurePolicy=Fail", "replicaCount=1"],
    "Fail needs two replicas or more"
)]
#[case::fail_with_one_at_least(
    &["webhooks.failurePolicy=Fail", "autoscaling.enabled=true", "autoscaling.minReplicas=1"],
    "autoscaling.minReplicas"
)]
#[case::no_secret(&["certificates.mode=files"], "certificates.files.secretName")]
#[case::no_account(&["serviceAccount.create=false"], "serviceAccount.name")]
#[case::one_port(&["ports.admin=8443"], "ports.admin")]
#[case::more_at_least_than_at_most(&["autoscaling.minReplicas=7"], "autoscaling.minReplicas")]
#[case::a_policy_that_is_not_there(
    &["policies.exclude={batch-dms}"],
    "profile default has no policy batch-dms; it has: batch-dns, batch-spread"
)]
fn the_chart_refuses(#[case] set: &[&str], #[case] because: &str) {
    if skipped("the_chart_refuses") {
        return;
    }
    let args: Vec<_> = set.iter().flat_map(|value| ["--set", value]).collect();
    let said = Helm::alone().refusal(&args);
    assert!(said.contains(because), "{said}");
}

/// Each profile is in the chart as it is in the program.
#[test]
fn profiles_render_to_the_policies_that_are_built_in() {
    if skipped("profiles_render_to_the_policies_that_are_built_in") {
        return;
    }
    let helm = Helm::alone();
    let spec_of = |object: &Value| (object["metadata"]["name"].clone(), object["spec"].clone());
    for profile in ["default", "strict", "observe", "steady-nodes", "batch-hygiene", "none"] {
        let set = format!("policies.profile={profile}");
        let objects = helm.objects(&["--set", &set]);
        let rendered: Vec<_> =
            objects.iter().filter(|object| object["kind"] == "PodPolicy").map(spec_of).collect();
        let built_in = plimsoll::policy_source::EMBEDDED
            .iter()
            .filter(|file| file.profile == profile)
            .flat_map(|file| documents(file.portable()));
        let built_in: Vec<_> = built_in.map(|object| spec_of(&object)).collect();
        assert_eq!(rendered.len(), built_in.len(), "{profile}");
        for policy in built_in {
            assert!(rendered.contains(&policy), "{profile}: {policy:?} is not in {rendered:?}");
        }
    }
}

/// The configurations are empty, whatever is set: the server alone fills them in.
#[test]
fn webhook_configurations_are_empty() {
    if skipped("webhook_configurations_are_empty") {
        return;
    }
    let (helm, folder) = (Helm::alone(), TempDir::new().unwrap());
    for variant in VARIANTS {
        let values = variant.write_to(folder.path());
        let objects = helm.objects(&["-f", values.to_str().unwrap()]);
        let is_one = |object: &&Value| {
            object["kind"].as_str().is_some_and(|kind| kind.ends_with("WebhookConfiguration"))
        };
        let found: Vec<_> = objects.iter().filter(is_one).collect();
        assert_eq!(found.len(), 3, "{}", variant.name);
        assert!(found.iter().all(|object| object.get("webhooks").is_none()), "{}", variant.name);
    }
}

#[test]
fn monitoring_is_there_where_the_cluster_knows_it() {
    if skipped("monitoring_is_there_where_the_cluster_knows_it") {
        return;
    }
    let helm = Helm::alone();
    let of = |args: &[&str]| {
        let objects = helm.objects(args);
        let kinds = ["PodMonitor", "PrometheusRule", "ConfigMap"];
        kinds.map(|kind| objects.iter().filter(|object| object["kind"] == kind).count())
    };
    assert_eq!(of(&[]), [0, 0, 0]);
    assert_eq!(of(&MONITORED), [1, 1, 1]);
    let off = ["--set", "monitoring.rules.enabled=false"];
    assert_eq!(of(&[&MONITORED[..], &off].concat()), [1, 0, 1]);
    assert_eq!(of(&["--set", "monitoring.podMonitor.enabled=true"]), [1, 0, 0]);
}

/// What the chart asks of pods elsewhere, its own pods are: judged by the policies that it brings.
#[rstest]
#[case::of_the_webhook(&[], "Deployment", "plimsoll")]
#[case::of_the_audit(&["--set", "audit.enabled=true"], "CronJob", "plimsoll-audit")]
fn its_own_pods_pass_the_default_policies(
    #[case] args: &[&str],
    #[case] kind: &str,
    #[case] name: &str,
) {
    if skipped("its_own_pods_pass_the_default_policies") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let objects = Helm::alone().objects(args);
    let mut workload = find(&objects, kind, name).clone();
    // In its own namespace it would not be judged at all.
    workload["metadata"]["namespace"] = json!("elsewhere");
    let file = folder.path().join("workload.json");
    std::fs::write(&file, workload.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let output = run(command.arg("check").arg(&file), None, Duration::from_secs(60)).unwrap();
    assert!(output.stdout.contains("1 pod in 1 file: "), "{}", output.stdout);
    assert!(output.success() && !output.stdout.contains("patched"), "{}", output.stdout);
}

/// Flags that containers are given are flags that the commands have.
#[test]
fn the_arguments_are_flags_of_their_commands() {
    if skipped("the_arguments_are_flags_of_their_commands") {
        return;
    }
    let (helm, folder) = (Helm::alone(), TempDir::new().unwrap());
    let (mut given, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for variant in VARIANTS {
        let values = variant.write_to(folder.path());
        for object in helm.objects(&["-f", values.to_str().unwrap()]) {
            let template = match object["kind"].as_str() {
                Some("Deployment") => &object["spec"]["template"],
                Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"],
                _ => continue,
            };
            let args = template["spec"]["containers"][0]["args"].as_array().unwrap();
            let args: Vec<_> = args.iter().map(|arg| arg.as_str().unwrap().to_owned()).collect();
            let (command, flags) = args.split_first().unwrap();
            let flags = flags.iter().map(|arg| arg.split('=').next().unwrap().to_owned());
            given.extend(flags.map(|flag| (command.clone(), flag)));
        }
    }
    let commands: BTreeSet<_> = given.iter().map(|(command, _)| command.clone()).collect();
    assert_eq!(commands.into_iter().collect::<Vec<_>>(), ["audit", "serve"]);
    let mut known = std::collections::BTreeMap::new();
    for (command, flag) in given {
        let help: &String = known.entry(command.clone()).or_insert_with(|| {
            let mut program = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
            let help = run(program.args([&command, "--help"]), None, Duration::from_secs(60));
            help.unwrap().stdout
        });
        if !help
            .split_whitespace()
            .any(|word| word.trim_end_matches("...").split("[=").next() == Some(&*flag))
        {
            unknown.insert((command, flag));
        }
    }
    assert!(unknown.is_empty(), "there are no {unknown:?}");
}

/// What Helm says after an install are commands that exist, with flags that they have.
#[test]
fn the_notes_name_flags_that_exist() {
    let notes = std::fs::read_to_string(format!("{CHART}/templates/NOTES.txt")).unwrap();
    let commands = notes.lines().filter_map(|line| line.trim().strip_prefix("plimsoll "));
    let mut seen = 0;
    for words in commands.map(|command| command.split_whitespace().collect::<Vec<_>>()) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        let help = run(command.args([words[0], "--help"]), None, Duration::from_secs(60)).unwrap();
        assert!(help.success(), "{}", help.stderr);
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.stdout.contains(&format!("{flag} ")), "{} has no {flag}", words[0]);
        }
        seen += 1;
    }
    assert!(seen > 0);
}
