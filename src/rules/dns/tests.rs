use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};

use crate::engine::{Attributes, Decision, Engine, NamespaceFacts, Operation, Stage};
use crate::pod::kinds::Object;
use crate::policy::{Action, PolicyError, PolicySet};

fn policy(settings: &Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": "p"},
           "spec": {"rules": [{"name": "r", "action": "Patch", "dns": settings}]}})
}

fn decide(settings: &Value, pod: &Value, stage: Stage) -> Decision {
    let policy = policy(settings);
    let engine = Engine::new(Arc::new(PolicySet::compile(&[&policy]).unwrap()));
    let attributes = Attributes {
        operation: Operation::Create,
        group: "",
        kind: "Pod",
        subresource: "",
        namespace: "default",
        user: None,
        object: Some(Object::Value(pod)),
        old_object: None,
        facts: NamespaceFacts::default(),
        now: None,
        ..Attributes::default()
    };
    engine.decide(&attributes, stage)
}

fn summaries(settings: &Value, spec: &Value) -> Vec<String> {
    let decision = decide(settings, &json!({"spec": spec}), Stage::Mutate);
    let fixes = decision.findings.into_iter().filter_map(|finding| finding.violation.fix);
    fixes.map(|fix| fix.summary).collect()
}

fn refusal(settings: &Value) -> PolicyError {
    let mut errors = PolicySet::compile(&[&policy(settings)]).unwrap_err();
    assert_eq!(errors.len(), 1);
    errors.remove(0)
}

#[rstest]
#[case(json!({}), "", "asks for nothing")]
#[case(json!({"policy": "None"}), "/policy", "without any name server")]
#[case(json!({"policy": "None", "nameservers": []}), "/policy", "without any name server")]
#[case(json!({"policy": "Default", "nameservers": ["1.1.1.1"]}), "/nameservers", "policy: None")]
#[case(json!({"nameservers": ["1.1.1.1"]}), "/nameservers", "policy: None")]
#[case(json!({"policy": "None", "nameservers": ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]}), "/nameservers", "4 name servers")]
#[case(json!({"policy": "None", "nameservers": ["ns.example.com"]}), "/nameservers/0", "no IP address")]
#[case(json!({"policy": "None", "nameservers": ["10.96.0.010"]}), "/nameservers/0", "no IP address")]
#[case(json!({"policy": "None", "nameservers": ["::ffff:10.0.0.1"]}), "/nameservers/0", "IPv4")]
#[case(json!({"policy": "None", "nameservers": ["1.1.1.1", "1.1.1.1"]}), "/nameservers/1", "twice")]
#[case(json!({"policy": "ClusterFirstWithHostNet"}), "/policy", "unknown variant")]
#[case(json!({"searches": ["Corp.example.com"]}), "/searches/0", "no search domain")]
#[case(json!({"searches": ["a..b"]}), "/searches/0", "no search domain")]
#[case(json!({"searches": ["a.b", "a.b"]}), "/searches/1", "twice")]
#[case(json!({"searches": vec!["a.b"; 33]}), "/searches", "33 search domains")]
#[case(json!({"searches": vec!["a".repeat(200); 11]}), "/searches", "2210 characters")]
#[case(json!({"options": [{"name": ""}]}), "/options/0/name", "needs a name")]
#[case(json!({"options": [{"name": "ndots:2"}]}), "/options/0/name", "no name of an option")]
#[case(json!({"options": [{"name": "ndots"}]}), "/options/0/value", "takes a number")]
#[case(json!({"options": [{"name": "ndots", "value": "two"}]}), "/options/0/value", "takes a number")]
#[case(json!({"options": [{"name": "x", "value": "a b"}]}), "/options/0/value", "one word")]
#[case(json!({"options": [{"name": "a"}, {"name": "a"}]}), "/options/1/name", "twice")]
#[case(json!({"options": [{"name": "a", "overide": true}]}), "/options/0/overide", "unknown field")]
fn contradictions_are_refused_with_their_place(
    #[case] settings: Value,
    #[case] place: &str,
    #[case] message: &str,
) {
    let error = refusal(&settings);
    assert_eq!(error.pointer.as_str(), format!("/spec/rules/0/dns{place}"));
    assert!(error.message.contains(message), "{}", error.message);
    assert!(error.help.is_some());
}

#[rstest]
#[case(json!({"searches": [".", "_tcp.example.com", "example.com."]}))]
#[case(json!({"searches": vec!["a"; 1]}))]
#[case(json!({"policy": "None", "nameservers": ["fd00::a", "10.96.0.10"]}))]
#[case(json!({"hostNetwork": "ClusterFirstWithHostNet"}))]
fn what_the_api_server_takes_is_taken(#[case] settings: Value) {
    PolicySet::compile(&[&policy(&settings)]).unwrap();
}

#[test]
fn a_spared_pod_is_told_why() {
    let settings = json!({"policy": "Default", "options": [{"name": "ndots", "value": "2"}]});
    let env = json!([{"name": "DB", "value": "postgres://u:secret@db.etl.svc/x"}]);
    assert_eq!(
        summaries(&settings, &json!({"containers": [{"name": "base", "env": env}]})),
        [
            "dnsConfig.options + ndots:2; dnsPolicy stays ClusterFirst: container base names a Service in env"
        ]
    );
    let pod = json!({"metadata": {"labels": {"ray.io/node-type": "head"}}, "spec": {}});
    let decision = decide(&settings, &pod, Stage::Mutate);
    let [finding] = decision.findings.as_slice() else { panic!("{decision:?}") };
    let why = "dnsPolicy stays ClusterFirst: Ray workers find their head by its Service";
    assert!(finding.violation.fix.as_ref().unwrap().summary.ends_with(why));
    assert!(finding.violation.help.ends_with(why));
}

#[test]
fn summaries_say_what_changes() {
    let settings = json!({"policy": "None", "nameservers": ["10.0.0.1"], "searches": ["a.b"],
        "options": [{"name": "ndots", "value": "2", "override": true}, {"name": "edns0"}]});
    let spec = json!({"dnsConfig": {"options": [{"name": "ndots", "value": "5"}]}});
    assert_eq!(
        summaries(&settings, &spec),
        [
            "dnsPolicy ClusterFirst -> None with nameservers 10.0.0.1",
            "dnsConfig.searches + a.b",
            "dnsConfig.options ndots 5 -> 2",
            "dnsConfig.options + edns0",
        ]
    );
}

#[test]
fn env_is_never_quoted() {
    let settings = json!({"policy": "Default", "options": [{"name": "ndots", "value": "2"}]});
    let pod =
        json!({"spec": {"containers": [{"name": "a", "args": ["--token=s3cr3t", "db.svc"]}]}});
    assert!(!format!("{:?}", decide(&settings, &pod, Stage::Whole)).contains("s3cr3t"));
}

/// Every shape of settings on every shape of pod: the fix leaves the rule silent, the result is one that
/// `validatePodDNSConfig` takes, and what the author wrote is still there.
#[test]
fn fixes_settle_and_keep_pods_valid() {
    let options = json!([{"name": "ndots", "value": "2", "override": true}, {"name": "edns0"}]);
    let mut settings = Vec::new();
    for policy in [None, Some("Default"), Some("ClusterFirst"), Some("None")] {
        for names in ["Keep", "Ignore"] {
            for host in ["Keep", "ClusterFirstWithHostNet"] {
                let mut one = json!({"clusterNames": names, "hostNetwork": host, "options": options,
                                     "searches": ["a.example", "b.example"]});
                if let Some(policy) = policy {
                    one["policy"] = json!(policy);
                }
                if policy == Some("None") {
                    one["nameservers"] = json!(["10.0.0.1", "10.0.0.2"]);
                }
                settings.push(one);
            }
        }
    }
    let configs = [
        json!(null),
        json!({}),
        json!({"options": null, "searches": [], "nameservers": ["1.1.1.1"]}),
        json!({"options": [{"name": "ndots"}, {"name": "ndots", "value": "9"}], "searches": ["b.example"]}),
        json!({"nameservers": ["1.1.1.1", "10.0.0.2", "8.8.8.8"], "searches": vec!["x"; 31]}),
    ];
    let policies = ["", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    for settings in &settings {
        for (config, policy) in
            configs.iter().flat_map(|config| policies.map(|policy| (config, policy)))
        {
            for (host, argument) in [(false, "x"), (true, "x"), (false, "db.svc"), (true, "db.svc")]
            {
                let mut spec = json!({"dnsConfig": config, "hostNetwork": host,
                    "containers": [{"name": "a", "args": [argument]}]});
                if !policy.is_empty() {
                    spec["dnsPolicy"] = json!(policy);
                }
                check(settings, &json!({"metadata": null, "spec": spec}));
            }
        }
    }
}

fn check(settings: &Value, pod: &Value) {
    let first = decide(settings, pod, Stage::Mutate);
    let mut after = pod.clone();
    let patch: json_patch::Patch = serde_json::from_value(json!(first.patch)).unwrap();
    json_patch::patch(&mut after, &patch).unwrap();
    assert!(decide(settings, &after, Stage::Mutate).patch.is_empty(), "{settings} {pod} {after}");
    // What is left has no fix.
    for finding in &decide(settings, &after, Stage::Validate).findings {
        assert_ne!(finding.action, Action::Patch);
        assert!(finding.violation.fix.is_none(), "{settings} {after}: {finding:?}");
    }
    let list = |pod: &Value, field: &str| {
        pod["spec"]["dnsConfig"][field].as_array().cloned().unwrap_or_default()
    };
    assert!(list(&after, "nameservers").len() <= 3);
    assert!(list(&after, "searches").len() <= 32);
    for field in ["nameservers", "searches"] {
        assert!(list(&after, field).starts_with(&list(pod, field)));
    }
    let policy = after["spec"]["dnsPolicy"].as_str();
    if pod["spec"]["dnsPolicy"] != "None" && policy == Some("None") {
        assert!(!list(&after, "nameservers").is_empty());
    }
}
