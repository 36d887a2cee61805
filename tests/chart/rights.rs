//! What the ServiceAccount may do, asked of the API server: enough, and no more.

use crate::cluster::{Cluster, skipped};
use crate::helm::{CHART, Helm, NAMESPACE};
use crate::life::installed;

/// Whether an account of a namespace may do `what` (`VERB RESOURCE[/NAME] [-n NAMESPACE]`).
fn may(cluster: &Cluster, (namespace, account): (&str, &str), what: &str) -> bool {
    let account = format!("--as=system:serviceaccount:{namespace}:{account}");
    let args: Vec<&str> = ["auth", "can-i"].into_iter().chain(what.split(' ')).collect();
    let answer = cluster.kubectl(&[&args[..], &[&account]].concat()).unwrap();
    match answer.stdout.trim() {
        "yes" => true,
        "no" => false,
        other => panic!("{what}: {other}{}", answer.stderr),
    }
}

#[test]
fn the_account_may_do_what_it_needs_and_no_more() {
    if skipped("the_account_may_do_what_it_needs_and_no_more") {
        return;
    }
    let cluster = installed();
    let mutating = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
    let validating = "validatingwebhookconfigurations.admissionregistration.k8s.io";
    let yes = [
        format!("get {mutating}/plimsoll"),
        format!("watch {mutating}/plimsoll"),
        format!("patch {mutating}/plimsoll"),
        format!("patch {validating}/plimsoll"),
        format!("patch {validating}/plimsoll-policies"),
        "list podpolicies.plimsoll.dev".to_owned(),
        "watch podpolicyexemptions.plimsoll.dev".to_owned(),
        "patch podpolicies.plimsoll.dev --subresource=status".to_owned(),
        "watch namespaces".to_owned(),
        "list limitranges -A".to_owned(),
        "create events.events.k8s.io -n default".to_owned(),
        format!("create leases.coordination.k8s.io -n {NAMESPACE}"),
        format!("update leases.coordination.k8s.io/plimsoll -n {NAMESPACE}"),
        format!("update secrets/plimsoll-tls -n {NAMESPACE}"),
        format!("get services/plimsoll -n {NAMESPACE}"),
    ];
    let no = [
        "list pods -A".to_owned(),
        "watch pods -A".to_owned(),
        format!("list pods -n {NAMESPACE}"),
        "list secrets -A".to_owned(),
        format!("list secrets -n {NAMESPACE}"),
        format!("patch secrets/plimsoll-tls -n {NAMESPACE}"),
        format!("delete secrets/plimsoll-tls -n {NAMESPACE}"),
        format!("get secrets/another -n {NAMESPACE}"),
        "get secrets/plimsoll-tls -n default".to_owned(),
        "list configmaps -A".to_owned(),
        format!("create {mutating}"),
        format!("delete {mutating}/plimsoll"),
        format!("patch {mutating}/another"),
        format!("delete {validating}/plimsoll"),
        format!("patch {validating}/another"),
        "patch podpolicies.plimsoll.dev".to_owned(),
        "create podpolicies.plimsoll.dev".to_owned(),
        "patch namespaces".to_owned(),
        format!("update leases.coordination.k8s.io/another -n {NAMESPACE}"),
        "create leases.coordination.k8s.io -n default".to_owned(),
        "create clusterrolebindings.rbac.authorization.k8s.io".to_owned(),
        "patch customresourcedefinitions.apiextensions.k8s.io".to_owned(),
        format!("create serviceaccounts/plimsoll --subresource=token -n {NAMESPACE}"),
    ];
    assert_rights(cluster, (NAMESPACE, "plimsoll"), &yes, &no);
}

/// Everything in `yes`, and nothing in `no`.
fn assert_rights<T: AsRef<str> + std::fmt::Debug>(
    cluster: &Cluster,
    account: (&str, &str),
    yes: &[T],
    no: &[T],
) {
    for (wanted, all) in [(true, yes), (false, no)] {
        let wrong = |what: &&T| may(cluster, account, what.as_ref()) != wanted;
        let wrong: Vec<_> = all.iter().filter(wrong).collect();
        assert!(wrong.is_empty(), "{account:?} should be {wanted}: {wrong:?}");
    }
}

/// Installs another release, in a namespace that is called as it is, with audits alone.
fn audits(release: &str, values: &str) {
    let set = format!("policies.profile=none,audit.enabled=true,audit.suspend=true,{values}");
    let args = ["install", release, CHART, "-n", release, "--create-namespace", "--skip-crds"];
    Helm::in_cluster(installed()).ok(&[&args[..], &["--set", &set]].concat());
}

/// What no audit may do, whatever it is told to do.
const NEVER: [&str; 12] = [
    "get pods -A",
    "watch pods -A",
    "delete pods -A",
    "patch pods -A",
    "create pods -n default",
    "watch namespaces",
    "list secrets -A",
    "list configmaps -A",
    "patch podpolicies.plimsoll.dev --subresource=status",
    "patch podpolicies.plimsoll.dev",
    "patch validatingwebhookconfigurations.admissionregistration.k8s.io",
    "create events.events.k8s.io -n default",
];

/// What an audit of all namespaces needs.
const LISTS: [&str; 13] = [
    "list pods -A",
    "list namespaces",
    "list limitranges -A",
    "list replicasets.apps -A",
    "list deployments.apps -A",
    "list daemonsets.apps -A",
    "list statefulsets.apps -A",
    "list jobs.batch -A",
    "list cronjobs.batch -A",
    "list podpolicies.plimsoll.dev",
    "list podpolicyexemptions.plimsoll.dev",
    "list nodes",
    "list resourcequotas -A",
];

#[test]
fn an_audit_may_only_list() {
    if skipped("an_audit_may_only_list") {
        return;
    }
    let no = [
        "get pods --subresource=proxy -n auditor",
        "list policyreports.wgpolicyk8s.io -A",
        "create policyreports.wgpolicyk8s.io -A",
    ];
    audits("auditor", "fullnameOverride=auditor");
    let account = ("auditor", "auditor-audit");
    assert_rights(installed(), account, &LISTS, &[&NEVER[..], &no].concat());
}

#[test]
fn an_audit_may_do_more_where_it_is_told_to() {
    if skipped("an_audit_may_do_more_where_it_is_told_to") {
        return;
    }
    let all = "fullnameOverride=writer,audit.withLedger=true,audit.writeReports=wgpolicy";
    audits("writer", &format!("{all},audit.forecast=false"));
    let mut yes = vec!["get pods --subresource=proxy -n writer", "list pods -n writer"];
    yes.extend(
        LISTS.iter().filter(|what| !["list nodes", "list resourcequotas -A"].contains(what)),
    );
    let reports = ["get", "list", "create", "update", "delete"]
        .map(|verb| format!("{verb} policyreports.wgpolicyk8s.io -A"));
    yes.extend(reports.iter().map(String::as_str));
    let no = [
        "list nodes",
        "list resourcequotas -A",
        "watch policyreports.wgpolicyk8s.io -A",
        "deletecollection policyreports.wgpolicyk8s.io -A",
        "get pods --subresource=proxy -n default",
        "create pods --subresource=proxy -n writer",
        "create pods --subresource=exec -n writer",
    ];
    assert_rights(installed(), ("writer", "writer-audit"), &yes, &[&NEVER[..], &no].concat());
}

#[test]
fn an_audit_of_some_namespaces_may_not_list_pods_of_others() {
    if skipped("an_audit_of_some_namespaces_may_not_list_pods_of_others") {
        return;
    }
    audits("narrow", "fullnameOverride=narrow,audit.namespaces={default,kube-public}");
    let yes = [
        "list pods -n default",
        "list jobs.batch -n kube-public",
        "list limitranges -n default",
        "list namespaces",
        "list podpolicies.plimsoll.dev",
    ];
    let no = ["list pods -A", "list pods -n kube-system", "list pods -n narrow"];
    assert_rights(installed(), ("narrow", "narrow-audit"), &yes, &[&NEVER[..], &no].concat());
}
