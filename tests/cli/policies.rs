//! Policies: what is refused, and how that is said.

use crate::sandbox::{DENY_LATEST, Run, Sandbox, bad_pod};

/// Runs `check` with the policies of a file or folder over a bad pod.
pub(crate) fn check(sandbox: &Sandbox, policies: &[&str]) -> Run {
    sandbox.write("pod.yaml", bad_pod("x"));
    let flags = policies.iter().flat_map(|path| ["--policies", path]);
    sandbox.run(["check"].into_iter().chain(flags).chain(["pod.yaml"]))
}

/// The errors of a policy, all of which have to be there; nothing is judged.
pub(crate) fn refused(policy: &str, wanted: &[&str]) {
    let sandbox = Sandbox::with_policy(policy);
    let run = check(&sandbox, &["policy.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{policy}\n{}", run.stderr);
    for words in wanted {
        assert!(run.stderr.contains(words), "{words:?} is missing:\n{policy}\n{}", run.stderr);
    }
}

pub(crate) fn with_rule(entry: &str) -> String {
    format!(
        "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: a}}\nspec:\n  rules:\n  - {entry}\n"
    )
}

pub(crate) fn with_match(matching: &str) -> String {
    DENY_LATEST.replace("  rules:", &format!("  match: {matching}\n  rules:"))
}

#[test]
fn lists_that_match_nothing() {
    for field in ["workloads", "operations"] {
        let wanted =
            [&*format!("spec.match.{field}: an empty list matches nothing"), "leave the field out"];
        refused(&with_match(&format!("{{{field}: []}}")), &wanted);
    }
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
    let many: String =
        (0..4097).map(|at| format!("  - {{name: r{at}, imageTag: {{}}}}\n")).collect();
    let many = DENY_LATEST.split_inclusive("  rules:\n").next().unwrap().to_owned() + &many;
    refused(&many, &["spec.rules: these are 4097 rules, and a policy holds 4096 at most"]);
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
