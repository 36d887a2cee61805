//! What the ServiceAccount may do, asked of the API server: enough, and no more.

use crate::cluster::{Cluster, skipped};
use crate::helm::NAMESPACE;
use crate::life::installed;

/// Whether the server's account may do `what` (`VERB RESOURCE[/NAME] [-n NAMESPACE]`).
fn may(cluster: &Cluster, what: &str) -> bool {
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:plimsoll");
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
    for (wanted, all) in [(true, &yes[..]), (false, &no[..])] {
        let wrong: Vec<_> = all.iter().filter(|what| may(cluster, what) != wanted).collect();
        assert!(wrong.is_empty(), "should be {wanted}: {wrong:?}");
    }
}
