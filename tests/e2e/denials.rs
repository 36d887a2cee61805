//! What the user sees who asks for something that a policy forbids.

use serde_json::json;

use crate::cluster::skipped;
use crate::webhook::{Guarded, pod};

#[test]
fn latest_is_denied_with_one_readable_message() {
    if skipped("latest_is_denied_with_one_readable_message") {
        return;
    }
    let guarded = Guarded::by_default("denials");
    for image in ["nginx", "nginx:latest", "registry.example.com:5000/team/app"] {
        let refused = guarded.kubectl(&["run", "x", &format!("--image={image}")]);
        assert!(!refused.success(), "{image} was taken");
        for part in
            ["image-tag", "no-latest", "container x", "spec.containers[0].image", image, "latest"]
        {
            assert!(refused.stderr.contains(part), "{part} is missing in: {}", refused.stderr);
        }
        assert!(refused.stderr.contains("denied the request"), "{}", refused.stderr);
        assert!(!refused.stderr.contains("exceeded quota"));
        assert_eq!(refused.stderr.matches("denied the request").count(), 1, "{}", refused.stderr);
    }
    assert!(guarded.kubectl(&["run", "fine", "--image=nginx:1.27"]).success());
}

#[test]
fn the_status_of_a_denial_is_forbidden_with_its_causes() {
    if skipped("the_status_of_a_denial_is_forbidden_with_its_causes") {
        return;
    }
    let guarded = Guarded::by_default("causes");
    let path = format!("/api/v1/namespaces/{}/pods", guarded.namespace);
    let refused =
        guarded.cluster.raw("create", &path, Some(&guarded.placed(&pod("x", "nginx")))).unwrap();
    assert!(!refused.success());
    // kubectl prints the reason of a Status it knows; the causes reach clients in `details`.
    assert!(
        refused.stderr.contains("Forbidden") || refused.stderr.contains("denied"),
        "{}",
        refused.stderr
    );
}

#[test]
fn mirror_pods_pass_from_kubelets_and_from_nobody_else() {
    if skipped("mirror_pods_pass_from_kubelets_and_from_nobody_else") {
        return;
    }
    let guarded = Guarded::by_default("mirror");
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": format!("{}-nodes", guarded.namespace)},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:node:node-m"}]});
    guarded.cluster.create(&role).unwrap();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-m"}});
    let node = guarded.cluster.create(&node).unwrap();
    let mut mirror = pod("mirror", "nginx");
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    mirror["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "Node", "name": "node-m",
        "uid": node["metadata"]["uid"], "controller": true}]);
    mirror["spec"]["nodeName"] = json!("node-m");
    mirror["spec"]["automountServiceAccountToken"] = json!(false);

    let forged = guarded.create(&mirror);
    assert!(!forged.success() && forged.stderr.contains("no-latest"), "{forged:?}");

    let kubelet = ["create", "-f", "-", "--as=system:node:node-m", "--as-group=system:nodes"];
    let kubelet = [&kubelet[..], &["--as-group=system:authenticated"]].concat();
    let taken =
        guarded.cluster.kubectl_with(&kubelet, &guarded.placed(&mirror).to_string()).unwrap();
    assert!(taken.success(), "{}", taken.stderr);
    let stored = guarded.kubectl(&["get", "pod", "mirror", "-o", "json"]).stdout;
    assert!(!stored.contains("patched-by"), "{stored}");
}
