//! Webhooks that say something else than what policies and flags ask for.

use super::*;

use Configuration::{Mutate, Policies, Validate};

fn container(facts: &mut Facts) -> &mut Value {
    let deployment = facts.deployment.as_mut().unwrap().as_mut().unwrap();
    &mut deployment["spec"]["template"]["spec"]["containers"][0]
}

/// A webhook that judges nothing, and looks like one.
fn hollow(facts: &mut Facts) {
    let webhook = webhook(facts, Validate);
    webhook["rules"][0]["apiGroups"] = json!(["x"]);
    webhook["rules"][0]["resources"] = json!(["foos"]);
    webhook["objectSelector"] = json!({"matchLabels": {"never": "never"}});
    webhook["failurePolicy"] = json!("Ignore");
}

fn about_webhooks(facts: &Facts) -> Vec<(Level, String)> {
    let of_webhooks = worst(facts).into_iter().filter(|one| one.check == "webhooks");
    of_webhooks.map(|one| (one.level, one.message)).collect()
}

#[test]
fn a_webhook_that_judges_nothing_is_found() {
    finds(
        Level::Fail,
        "webhooks",
        "validatingwebhookconfiguration/plimsoll is not what the policies and the Deployment's flags ask for: rules, \
         failurePolicy is Ignore and should be Fail, objectSelector",
        hollow,
    );
}

#[test]
fn each_field_is_compared() {
    for (configuration, field, value, words) in [
        (Validate, "timeoutSeconds", json!(2), "timeoutSeconds is 2 and should be 3"),
        (Validate, "matchPolicy", json!("Exact"), "matchPolicy is Exact and should be Equivalent"),
        (
            Validate,
            "matchConditions",
            json!([{"name": "no", "expression": "false"}]),
            "matchConditions",
        ),
        (Mutate, "reinvocationPolicy", json!("Never"), "reinvocationPolicy is Never"),
        (Policies, "rules", json!([]), "rules"),
    ] {
        finds(Level::Fail, "webhooks", words, |f| webhook(f, configuration)[field] = value);
    }
    finds(Level::Fail, "webhooks", "clientConfig", |f| {
        webhook(f, Validate)["clientConfig"]["service"]["path"] = json!("/mutate");
    });
    finds(Level::Fail, "webhooks", "plimsoll is not what the policies", |f| {
        let args = &mut container(f)["args"];
        args.as_array_mut().unwrap().push(json!("--exclude-namespaces=build"));
    });
}

#[test]
fn what_is_told_in_better_words_is_told_once() {
    let mut facts = healthy();
    webhook(&mut facts, Validate)["namespaceSelector"] = json!({});
    let found = about_webhooks(&facts);
    assert!(found.iter().all(|(_, message)| message.contains("does not leave out")), "{found:?}");
}

#[test]
fn a_webhook_that_no_policy_needs_is_found() {
    finds(Level::Fail, "webhooks", "no policy needs a webhook", |f| f.policies = Ok(Vec::new()));
}

#[test]
fn policies_that_servers_may_see_otherwise_are_no_alarm() {
    let mut facts = healthy();
    hollow(&mut facts);
    webhook(&mut facts, Validate)["failurePolicy"] = json!("Fail");
    let mut broken = policy();
    broken["metadata"]["name"] = json!("broken");
    broken["spec"]["rules"] = json!("unheard of");
    facts.policies.as_mut().unwrap().push(broken);
    let found = about_webhooks(&facts);
    assert!(
        found.iter().all(|(level, _)| *level == Level::Unknown) && !found.is_empty(),
        "{found:?}"
    );
    assert!(
        found.iter().any(|(_, message)| message.contains("its last good version")),
        "{found:?}"
    );
    webhook(&mut facts, Validate)["failurePolicy"] = json!("Ignore");
    let found = about_webhooks(&facts);
    let message = "failurePolicy is Ignore and should be Fail";
    assert!(
        found.iter().any(|(level, said)| *level == Level::Fail && said.contains(message)),
        "{found:?}"
    );
}

#[test]
fn a_server_of_another_version_is_no_alarm() {
    let mut facts = healthy();
    hollow(&mut facts);
    webhook(&mut facts, Validate)["failurePolicy"] = json!("Fail");
    container(&mut facts)["image"] = json!("plimsoll:v0.0.9");
    let found = about_webhooks(&facts);
    assert!(
        found.len() == 1
            && found[0].0 == Level::Unknown
            && found[0].1.contains("the server is 0.0.9"),
        "{found:?}"
    );
}

#[test]
fn flags_that_cannot_be_read_are_named() {
    let mut facts = healthy();
    container(&mut facts)["args"] = json!(["serve", "--kubernetes"]);
    container(&mut facts)["env"] =
        json!([{"name": "PLIMSOLL_FAILURE_POLICY", "valueFrom": {"configMapKeyRef": {}}}]);
    let found = about_webhooks(&facts);
    assert!(
        found.len() == 1
            && found[0].0 == Level::Unknown
            && found[0]
                .1
                .contains("failurePolicy: PLIMSOLL_FAILURE_POLICY is taken from another object"),
        "{found:?}"
    );
    hollow(&mut facts);
    assert!(
        about_webhooks(&facts).iter().any(|(level, _)| *level == Level::Fail),
        "the rest is compared"
    );
}

#[test]
fn configurations_that_servers_leave_alone_are_not_compared() {
    let mut facts = healthy();
    hollow(&mut facts);
    let args = &mut container(&mut facts)["args"];
    args.as_array_mut().unwrap().push(json!("--tls-cert=/tls/tls.crt"));
    let found = about_webhooks(&facts);
    assert!(found.len() == 1 && found[0].1.contains("without --tls-ca"), "{found:?}");
}
