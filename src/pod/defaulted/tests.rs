use super::*;

/// What the API server makes of a spec.
fn spec(spec: Value) -> Value {
    let mut pod = json!({"spec": spec});
    default_pod(&mut pod);
    let once = pod.clone();
    default_pod(&mut pod);
    assert_eq!(pod, once, "defaulting twice differs from once");
    pod["spec"].take()
}

#[test]
fn a_bare_pod_gets_what_setdefaults_gives() {
    assert_eq!(
        spec(json!({"containers": [{"name": "a", "image": "nginx"}]})),
        json!({
            "containers": [{"name": "a", "image": "nginx", "imagePullPolicy": "Always", "resources": {},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
            "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
        })
    );
}

#[test]
fn a_limit_becomes_its_request_and_quantities_canonical() {
    let found = spec(json!({"containers": [{"name": "a", "image": "x:1", "resources": {
        "limits": {"cpu": 0.5, "memory": "1024Mi", "example.com/x": 2}, "requests": {"cpu": "0.1001"}}}],
        "ephemeralContainers": [{"name": "d", "resources": {"limits": {"cpu": "1"}}}]}));
    assert_eq!(
        found["containers"][0]["resources"],
        json!({"limits": {"cpu": "500m", "memory": "1Gi", "example.com/x": "2"},
               "requests": {"cpu": "101m", "memory": "1Gi", "example.com/x": "2"}})
    );
    assert!(found["ephemeralContainers"][0]["resources"]["requests"].is_null());
}

#[test]
fn pod_level_requests_come_from_containers_then_from_limits() {
    let found = spec(json!({
        "resources": {"limits": {"cpu": "4", "memory": "4Gi"}},
        "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "3"}}},
                           {"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}}],
        "containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}]}));
    assert_eq!(found["resources"]["requests"], json!({"cpu": "3", "memory": "4Gi"}));
}

#[test]
fn what_is_empty_goes_and_what_says_something_stays() {
    let found = spec(
        json!({"hostNetwork": false, "nodeName": "", "nodeSelector": {}, "tolerations": [],
        "serviceAccount": "robot", "automountServiceAccountToken": false,
        "containers": [{"name": "a", "image": "x:1", "command": null, "args": [], "tty": false,
            "env": [{"name": "A", "value": ""}], "securityContext": {"privileged": false, "capabilities": {}}}],
        "volumes": [{"name": "v"}, {"name": "w", "emptyDir": {}}, {"name": "h", "hostPath": {"path": "/x"}}]}),
    );
    for gone in ["hostNetwork", "nodeName", "nodeSelector", "tolerations"] {
        assert!(found.get(gone).is_none(), "{gone}");
    }
    let container = &found["containers"][0];
    for gone in ["command", "args", "tty"] {
        assert!(container.get(gone).is_none(), "{gone}");
    }
    assert_eq!(container["env"], json!([{"name": "A"}]));
    assert_eq!(container["securityContext"], json!({"privileged": false, "capabilities": {}}));
    assert_eq!(
        (&found["serviceAccountName"], &found["serviceAccount"]),
        (&json!("robot"), &json!("robot"))
    );
    assert_eq!(found["automountServiceAccountToken"], json!(false));
    assert_eq!(
        found["volumes"],
        json!([{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}},
               {"name": "h", "hostPath": {"path": "/x", "type": ""}}])
    );
}

#[test]
fn what_has_the_wrong_type_is_left_alone() {
    for mut odd in
        [json!(null), json!(7), json!([]), json!({"spec": 7}), json!({"spec": {"containers": 7}})]
    {
        default_pod(&mut odd);
    }
    let odd =
        json!({"containers": [7, {"resources": [], "ports": {}, "env": ["x"]}], "volumes": [null]});
    assert_eq!(spec(odd)["containers"][0], json!(7));
}
