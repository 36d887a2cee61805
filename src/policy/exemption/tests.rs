use serde_json::json;

use super::*;

fn exemption(spec: Value) -> Value {
    json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicyExemption",
           "metadata": {"name": "x"}, "spec": spec})
}

fn good() -> Value {
    exemption(json!({"policies": ["image-*"], "reason": "r", "owner": "o"}))
}

fn policies() -> PolicySet {
    let policy = |name: &str, rules: Value| {
        json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name},
               "spec": {"rules": rules}})
    };
    let tag = policy("image-tag", json!([{"name": "no-latest", "imageTag": {}}]));
    let dns = policy("dns", json!([{"name": "node", "dns": {"policy": "Default"}}]));
    PolicySet::compile(&[&tag, &dns]).unwrap()
}

/// Pointer, message and help of every error.
fn errors(object: &Value) -> Vec<(String, String, String)> {
    let found = CompiledExemption::compile(object).unwrap_err();
    let tell = |error: DecodeError| {
        (error.pointer.field_path(), error.message, error.help.unwrap_or_default())
    };
    found.into_iter().map(tell).collect()
}

#[test]
fn every_error_is_told_with_its_place() {
    let found = errors(&exemption(json!({
        "policys": ["a"], "rules": [], "match": {"namespace": {}, "workloads": ["Bach"]}, "reason": " ",
        "owner": 7, "expires": "soon"})));
    let places: Vec<_> = found.iter().map(|(place, ..)| place.as_str()).collect();
    let wanted = [
        "spec.policys",
        "spec.policies",
        "spec.rules",
        "spec.match.namespace",
        "spec.match.workloads[0]",
        "spec.reason",
        "spec.owner",
        "spec.expires",
    ];
    assert_eq!(places, wanted, "{found:#?}");
    assert_eq!(found[0].2, "did you mean `policies`?");
    assert_eq!(found[7].1, "`soon` is no day and no moment");
    assert!(found[7].2.contains("2026-12-31T18:00:00Z"), "{}", found[7].2);
}

#[test]
fn what_must_be_there_must_be_there() {
    for field in ["policies", "reason", "owner"] {
        let mut object = good();
        object["spec"].as_object_mut().unwrap().remove(field);
        let found = errors(&object);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1, format!("the field `{field}` is missing"));
    }
    for (field, value) in [("policies", json!([])), ("owner", json!("")), ("policies", json!([""]))]
    {
        let mut object = good();
        object["spec"][field] = value;
        assert_eq!(errors(&object).len(), 1, "{object}");
    }
    let mut object = good();
    object["kind"] = json!("PodPolicy");
    assert!(errors(&object)[0].2.contains("kind PodPolicyExemption"));
    assert_eq!(errors(&json!([]))[0].1, "an exemption is a mapping, and this is a list");
}

#[test]
fn names_are_unique_and_sorted() {
    let [mut b, mut a] = [good(), good()];
    b["metadata"]["name"] = json!("b");
    a["metadata"]["name"] = json!("a");
    let set = ExemptionSet::compile(&[&b, &a]).unwrap();
    let names: Vec<_> = set.exemptions().iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["a", "b"]);
    let found = ExemptionSet::compile(&[&a, &b, &a]).unwrap_err();
    assert_eq!((found.len(), found[0].index, found[0].earlier), (1, 2, Some(0)));
    assert_eq!(
        found[0].to_string(),
        "exemption a: metadata.name: there are two exemptions called `a`"
    );
}

#[test]
fn rules_are_named_by_name_or_kind() {
    let policies = policies();
    let [dns, tag] = policies.policies() else { panic!() };
    for (names, rules, covered) in [
        (json!(["image-*"]), Value::Null, true),
        (json!(["dns", "image-tag"]), json!(["imageTag"]), true),
        (json!(["*"]), json!(["no-*"]), true),
        (json!(["*"]), json!(["imageT"]), false),
        (json!(["dns"]), Value::Null, false),
    ] {
        let object =
            exemption(json!({"policies": names, "rules": rules, "reason": "r", "owner": "o"}));
        let exemption = CompiledExemption::compile(&object).unwrap();
        assert_eq!(exemption.covers(tag, &tag.rules[0]), covered, "{object}");
    }
    let all = CompiledExemption::compile(&good()).unwrap();
    assert!(!all.covers(dns, &dns.rules[0]));
}

#[test]
fn names_that_lead_nowhere_are_strays() {
    let object = exemption(json!({"policies": ["image-tga", "dns"], "rules": ["node", "imageTag"],
                                  "reason": "r", "owner": "o"}));
    let strays = ExemptionSet::compile(&[&object]).unwrap().strays(&policies());
    let told: Vec<_> =
        strays.iter().map(|stray| (stray.pointer.field_path(), stray.message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("spec.policies[0]".to_owned(), "no policy is called `image-tga`"),
            (
                "spec.rules[1]".to_owned(),
                "no rule of these policies is called `imageTag` or is one"
            ),
        ]
    );
    assert_eq!(strays[0].help.as_deref(), Some("did you mean `image-tag`?"));
    assert!(ExemptionSet::compile(&[&good()]).unwrap().strays(&policies()).is_empty());
}

#[test]
fn it_ends_when_it_says_and_never_without_a_clock() {
    let mut object = good();
    object["spec"]["expires"] = json!("1970-01-01T00:01:40Z");
    let exemption = CompiledExemption::compile(&object).unwrap();
    let seen = [None, Some(99), Some(100), Some(i64::MAX)].map(|now| exemption.is_expired(now));
    assert_eq!(seen, [false, false, true, true]);
    assert!(!CompiledExemption::compile(&good()).unwrap().is_expired(Some(i64::MAX)));
}
