//! Settings that contradict themselves are refused, with their place and a help.

use serde_json::{Value, json};

use super::policy;
use crate::policy::PolicySet;

fn refusal(settings: &Value) -> (String, String) {
    let errors = PolicySet::compile(&[&policy(settings, "Patch")]).unwrap_err();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    let place = error.pointer.as_str().strip_prefix("/spec/rules/0/resources").unwrap();
    assert!(error.help.as_ref().is_none_or(|help| !help.is_empty()));
    (place.to_owned(), error.message.clone())
}

#[test]
fn contradictions_are_refused_where_they_stand() {
    let cases = [
        (json!({}), "", "nothing is asked"),
        (json!({"requests": {"cpu": {}}}), "/requests/cpu", "nothing is asked"),
        (json!({"limits": {"cpu": {"forbidden": false}}}), "/limits/cpu", "nothing is asked"),
        (json!({"requests": {"cpu": {"min": "2", "max": "1"}}}), "/requests/cpu/min", "above"),
        (
            json!({"requests": {"cpu": {"default": "1m", "min": "2m"}}}),
            "/requests/cpu/default",
            "below",
        ),
        (
            json!({"requests": {"cpu": {"default": "2", "max": "1000m"}}}),
            "/requests/cpu/default",
            "above",
        ),
        (json!({"requests": {"cpu": {"default": "-1"}}}), "/requests/cpu/default", "below 0"),
        (json!({"requests": {"memory": {"default": "128m"}}}), "/requests/memory/default", "bytes"),
        (json!({"limits": {"memory": {"default": 0}}}), "/limits/memory/default", "no limit"),
        (
            json!({"limits": {"cpu": {"forbidden": true, "default": "1"}}}),
            "/limits/cpu/default",
            "forbidden",
        ),
        (
            json!({"limits": {"cpu": {"forbidden": true, "required": true}}}),
            "/limits/cpu/required",
            "forbidden",
        ),
        (
            json!({"limits": {"cpu": {"forbidden": true, "maxLimitRequestRatio": 2}}}),
            "/limits/cpu/maxLimitRequestRatio",
            "forbidden",
        ),
        (
            json!({"limits": {"cpu": {"maxLimitRequestRatio": "0.5"}}}),
            "/limits/cpu/maxLimitRequestRatio",
            "below 1",
        ),
        (
            json!({"requests": {"cpu": {"default": "2"}}, "limits": {"cpu": {"default": "1"}}}),
            "/requests/cpu/default",
            "default limit",
        ),
        (
            json!({"requests": {"cpu": {"default": "2"}}, "limits": {"cpu": {"max": "1"}}}),
            "/requests/cpu/default",
            "`max`",
        ),
        (
            json!({"requests": {"cpu": {"min": "2"}}, "limits": {"cpu": {"default": "1"}}}),
            "/requests/cpu/min",
            "does not fit",
        ),
        (
            json!({"requests": {"cpu": {"default": "1"}},
                "limits": {"cpu": {"default": "3", "maxLimitRequestRatio": 2}}}),
            "/limits/cpu/default",
            "times the request",
        ),
        (
            json!({"requests": {"cpu": {"max": "1"}},
                "limits": {"cpu": {"min": "3", "maxLimitRequestRatio": 2}}}),
            "/limits/cpu/min",
            "times the request",
        ),
        (
            json!({"requests": {"hugepages-2Mi": {"default": "2Mi"}}}),
            "/requests/hugepages-2Mi",
            "huge pages",
        ),
        (json!({"limits": {"nvidia.com/gpu": {"max": 1}}}), "/limits/nvidia.com~1gpu", "extended"),
        (json!({"limits": {"memmory": {"max": 1}}}), "/limits/memmory", "no such resource"),
    ];
    for (settings, place, message) in cases {
        let (found, text) = refusal(&settings);
        assert_eq!(found, place, "{settings}");
        assert!(text.contains(message), "{settings}: {text}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_where_it_stands() {
    let cases = [
        (json!({"requests": {"cpu": {"default": "1GB"}}}), "/requests/cpu/default"),
        (json!({"requests": {"cpu": {"forbidden": true}}}), "/requests/cpu/forbidden"),
        (json!({"request": {}}), "/request"),
        (
            json!({"requests": {"cpu": {"max": "1"}}, "containers": {"include": ["[a"]}}),
            "/containers/include/0",
        ),
    ];
    for (settings, place) in cases {
        assert_eq!(refusal(&settings).0, place, "{settings}");
    }
}

#[test]
fn what_the_page_shows_is_taken() {
    let settings = json!({
        "requests": {
            "cpu": {"required": true, "default": "100m", "min": "10m", "max": "4"},
            "memory": {"required": true, "default": "128Mi", "max": "16Gi"},
            "ephemeral-storage": {"default": "1Gi"}},
        "limits": {
            "memory": {"required": true, "default": "256Mi", "maxLimitRequestRatio": "2"},
            "cpu": {"forbidden": true}}});
    PolicySet::compile(&[&policy(&settings, "Patch")]).unwrap();
}

#[test]
fn policies_that_want_different_defaults_are_reported() {
    let named = |name: &str, settings: &Value| {
        let mut policy = policy(settings, "Patch");
        policy["metadata"]["name"] = json!(name);
        policy
    };
    let conflicts = |a: Value, b: Value| {
        let (a, b) = (named("a", &a), named("b", &b));
        PolicySet::compile(&[&a, &b]).unwrap().conflicts().len()
    };
    let limit = |settings: Value| json!({"limits": {"cpu": settings}});
    assert_eq!(conflicts(limit(json!({"default": "1"})), limit(json!({"default": "1000m"}))), 0);
    assert_eq!(conflicts(limit(json!({"default": "1"})), limit(json!({"default": "2"}))), 1);
    assert_eq!(conflicts(limit(json!({"default": "1"})), limit(json!({"forbidden": true}))), 1);
    assert_eq!(conflicts(limit(json!({"default": "1"})), limit(json!({"max": "2"}))), 0);
    let one = json!({"limits": {"cpu": {"default": "1"}}, "containers": {"include": ["a"]}});
    let other = json!({"limits": {"cpu": {"default": "2"}}, "containers": {"exclude": ["a"]}});
    assert_eq!(conflicts(one, other), 0);
}
