//! A healthy installation, broken in one place at a time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::cluster::webhooks::{Configuration, FailurePolicy, Settings, Target, webhooks};
use crate::policy::{CompiledPolicy, PolicySet};

mod advice;
mod differences;
mod disruption;

const DAY: i64 = 24 * 60 * 60;

fn policy() -> Value {
    json!({
        "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy",
        "metadata": {"name": "tags", "generation": 2},
        "spec": {"rules": [{"name": "r", "action": "Patch", "imagePullPolicy": {}}]},
        "status": {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2, "message": ""}]},
    })
}

/// CA and leaf, PEM in base64.
fn certificates(name: &str, from: i64, to: i64) -> (String, String) {
    let at = |second: i64| time::OffsetDateTime::from_unix_timestamp(second).unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "test CA");
    ca.not_after = at(to + 400 * DAY);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    leaf.distinguished_name.push(DnType::CommonName, "leaf");
    (leaf.not_before, leaf.not_after) = (at(from), at(to));
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &ca).unwrap();
    (STANDARD.encode(ca.pem()), STANDARD.encode(leaf.pem()))
}

fn healthy() -> Facts {
    let now = Timestamp::now().as_second();
    let (ca, leaf) = certificates("plimsoll.plimsoll-system.svc", now - DAY, now + 89 * DAY);
    let settings =
        Settings { failure_policy: FailurePolicy::Fail, timeout_seconds: 3, ..Settings::default() };
    let target = Target::new("plimsoll", "plimsoll-system", &settings);
    let set = PolicySet::of(vec![CompiledPolicy::compile(&policy()).unwrap().into()]);
    let configurations = Configuration::ALL.map(|one| {
        let object = json!({"metadata": {"name": one.object_name("plimsoll")},
                            "webhooks": webhooks(one, &set, &target, &ca)});
        Ok(Some(serde_json::from_value(object).unwrap()))
    });
    let crds = crate::crd::definitions().into_iter().map(|mut definition| {
        definition["status"] = json!({"conditions": [{"type": "Established", "status": "True"}]});
        Ok(Some(definition))
    });
    let labels = json!({"app.kubernetes.io/name": "plimsoll"});
    let args = [
        "serve",
        "--kubernetes",
        "--name=plimsoll",
        "--failure-policy=Fail",
        "--webhook-timeout=3",
    ];
    let image = format!("ghcr.io/x/plimsoll:v{}@sha256:00", env!("CARGO_PKG_VERSION"));
    Facts {
        name: "plimsoll".to_owned(),
        namespace: "plimsoll-system".to_owned(),
        now,
        server_version: Ok("v1.36.3".to_owned()),
        crds: crds.collect(),
        configurations: configurations.into(),
        deployment: Ok(Some(json!({
            "metadata": {"name": "plimsoll"},
            "spec": {"replicas": 2, "template": {"metadata": {"labels": labels},
                "spec": {"containers": [{"name": "plimsoll", "image": image, "args": args}]}}},
            "status": {"readyReplicas": 2},
        }))),
        pods: Ok(vec![json!({"metadata": {"name": "plimsoll-a"}, "status": {
            "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{}]}})]),
        disruption_budgets: Ok(vec![json!({"metadata": {"name": "plimsoll"},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}})]),
        lease: Ok(Some(
            json!({"spec": {"holderIdentity": "plimsoll-a", "leaseDurationSeconds": 15,
            "renewTime": Timestamp::from_second(now).unwrap().to_string()}}),
        )),
        secret: Ok(Some(
            json!({"metadata": {"name": "plimsoll-tls"}, "data": {"tls.crt": leaf, "ca.crt": ca}}),
        )),
        policies: Ok(vec![policy()]),
        exemptions: Ok(Vec::new()),
        metrics: Ok(String::new()),
    }
}

fn worst(facts: &Facts) -> Vec<Diagnosis> {
    examine(facts).into_iter().filter(|one| one.level != Level::Ok).collect()
}

/// The one thing that is wrong once this is broken.
#[track_caller]
fn finds(level: Level, check: &str, words: &str, break_it: impl FnOnce(&mut Facts)) {
    let mut facts = healthy();
    break_it(&mut facts);
    let found = worst(&facts);
    assert!(
        found
            .iter()
            .any(|one| one.level == level && one.check == check && one.message.contains(words)),
        "{found:#?}"
    );
    assert!(found.iter().all(|one| one.fix.is_some() || one.level == Level::Unknown), "{found:#?}");
}

fn set(fact: &mut Fact<Option<Value>>, pointer: &str, value: Value) {
    *fact.as_mut().unwrap().as_mut().unwrap().pointer_mut(pointer).unwrap() = value;
}

fn webhook(facts: &mut Facts, configuration: Configuration) -> &mut Value {
    let object = facts.configurations[configuration.index()].as_mut().unwrap().as_mut().unwrap();
    &mut object.data["webhooks"][0]
}

#[test]
fn a_healthy_installation_has_nothing_wrong() {
    assert_eq!(worst(&healthy()), []);
    let checks: std::collections::BTreeSet<_> =
        examine(&healthy()).into_iter().map(|one| one.check).collect();
    assert_eq!(checks.len(), CHECKS.len(), "every check says something");
}

#[test]
fn versions_that_do_not_fit_are_found() {
    use Level::{Fail, Warn};
    finds(Fail, "api-server", "does not know match conditions", |f| {
        f.server_version = Ok("v1.29.1".into())
    });
    finds(Warn, "version", "the server is 0.0.9", |f| {
        set(
            &mut f.deployment,
            "/spec/template/spec/containers/0/image",
            json!("localhost:5000/plimsoll:v0.0.9"),
        );
    });
    finds(Fail, "crds", "podpolicies.plimsoll.dev is missing", |f| f.crds[0] = Ok(None));
    finds(Fail, "crds", "is not served", |f| set(&mut f.crds[1], "/status/conditions", json!([])));
    finds(Warn, "crds", "is not that of version", |f| {
        set(&mut f.crds[0], "/spec/versions/0/schema/openAPIV3Schema/description", json!("old"));
    });
}

#[test]
fn too_few_replicas_are_found() {
    use Level::{Fail, Warn};
    finds(Fail, "replicas", "failurePolicy is Fail and 1 replica", |f| {
        set(&mut f.deployment, "/status/readyReplicas", json!(1));
    });
    finds(Fail, "replicas", "no replica is ready", |f| {
        set(&mut f.deployment, "/status", json!({}))
    });
    finds(Fail, "replicas", "there is no Deployment", |f| f.deployment = Ok(None));
    finds(Fail, "replicas", "no PodDisruptionBudget", |f| f.disruption_budgets = Ok(Vec::new()));
    finds(Warn, "leader", "no replica leads", |f| f.lease = Ok(None));
    finds(Fail, "leader", "has not renewed", |f| {
        set(&mut f.lease, "/spec/renewTime", json!("2026-01-01T00:00:00Z"));
    });
    finds(Warn, "leader", "is no pod of this installation", |f| f.pods = Ok(Vec::new()));
    finds(Fail, "replicas", "does not run: CrashLoopBackOff", |f| {
        let pod = &mut f.pods.as_mut().unwrap()[0];
        pod["status"]["containerStatuses"][0]["state"] =
            json!({"waiting": {"reason": "CrashLoopBackOff"}});
    });
}

#[test]
fn webhooks_that_do_harm_or_nothing_are_found() {
    use Configuration::{Mutate, Policies, Validate};
    use Level::{Fail, Warn};
    finds(Fail, "webhooks", "is not there", |f| f.configurations[0] = Ok(None));
    finds(Fail, "webhooks", "is empty, and policies need it", |f| {
        f.configurations[1].as_mut().unwrap().as_mut().unwrap().data["webhooks"] = json!([]);
    });
    finds(Fail, "webhooks", "switched off: 2026 alice: test", |f| {
        let object = f.configurations[1].as_mut().unwrap().as_mut().unwrap();
        object.metadata.annotations =
            Some([("plimsoll.dev/emergency-off".to_owned(), "2026 alice: test".to_owned())].into());
    });
    finds(Fail, "webhooks", "does not leave out namespace kube-system", |f| {
        webhook(f, Validate)["namespaceSelector"] = json!({});
    });
    finds(Fail, "webhooks", "refuses policies", |f| {
        webhook(f, Policies)["failurePolicy"] = json!("Fail")
    });
    finds(Fail, "webhooks", "asks another Service", |f| {
        webhook(f, Mutate)["clientConfig"]["service"]["name"] = json!("other");
    });
    finds(Warn, "webhooks", "lets people wait 30 s", |f| {
        webhook(f, Mutate)["timeoutSeconds"] = json!(30)
    });
}

#[test]
fn certificates_that_nobody_trusts_are_found() {
    use Level::{Fail, Warn};
    let with = |name: &'static str, from: i64, to: i64| {
        move |facts: &mut Facts| {
            let (ca, leaf) = certificates(name, facts.now + from, facts.now + to);
            set(&mut facts.secret, "/data/tls.crt", json!(leaf));
            for configuration in Configuration::ALL {
                webhook(facts, configuration)["clientConfig"]["caBundle"] = json!(ca);
            }
        }
    };
    let good = "plimsoll.plimsoll-system.svc";
    finds(Fail, "certificate", "expired at", with(good, -2 * DAY, -DAY));
    finds(Fail, "certificate", "within a day", with(good, -2 * DAY, DAY / 2));
    finds(Warn, "certificate", "should have been renewed", with(good, -80 * DAY, 10 * DAY));
    finds(
        Fail,
        "certificate",
        "API servers refuse what is served",
        with("other.svc", -DAY, 89 * DAY),
    );
    finds(Fail, "certificate", "API servers refuse what is served", |f| {
        let (_, leaf) = certificates(good, f.now - DAY, f.now + 89 * DAY);
        set(&mut f.secret, "/data/tls.crt", json!(leaf));
    });
    finds(Fail, "certificate", "caBundle holds no CA", |f| {
        webhook(f, Configuration::Mutate)["clientConfig"]["caBundle"] = json!("");
    });
    finds(Fail, "certificate", "there is no Secret", |f| f.secret = Ok(None));
}

#[test]
fn policies_and_exemptions_are_looked_at() {
    use Level::{Fail, Warn};
    finds(Fail, "policies", "policy tags is not in force: spec.rules: no", |f| {
        let policy = &mut f.policies.as_mut().unwrap()[0];
        policy["status"]["conditions"][0] =
            json!({"type": "Ready", "status": "False", "message": "spec.rules: no"});
    });
    finds(Warn, "policies", "no server has looked at it", |f| {
        f.policies.as_mut().unwrap()[0]["status"] = json!({});
    });
    finds(Warn, "policies", "there is no policy", |f| {
        f.policies = Ok(Vec::new());
        for configuration in &mut f.configurations[..2] {
            configuration.as_mut().unwrap().as_mut().unwrap().data["webhooks"] = json!([]);
        }
    });
    finds(Warn, "exemptions", "exemption old has expired", |f| {
        f.exemptions = Ok(vec![json!({
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption", "metadata": {"name": "old"},
            "spec": {"policies": ["tags"], "reason": "r", "owner": "o", "expires": "2020-01-01T00:00:00Z"},
        })]);
    });
}

#[test]
fn match_conditions_that_fail_are_found() {
    finds(
        Level::Warn,
        "traffic",
        "mutate.plimsoll.dev: match conditions could not be evaluated 3",
        |f| {
            f.metrics =
                Ok("apiserver_admission_match_condition_evaluation_errors_total{kind=\"webhook\",\
            name=\"mutate.plimsoll.dev\",operation=\"CREATE\",type=\"admit\"} 3\n"
                    .to_owned());
        },
    );
}

#[test]
fn what_may_not_be_read_is_named() {
    let mut facts = healthy();
    let no = || {
        "cannot be checked: needs the right to get secrets in namespace plimsoll-system".to_owned()
    };
    facts.secret = Err(no());
    assert_eq!(
        worst(&facts),
        [Diagnosis { check: "certificate", level: Level::Unknown, message: no(), fix: None }]
    );
}
