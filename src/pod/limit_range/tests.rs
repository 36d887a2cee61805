use serde_json::json;

use super::*;

fn quantity(text: &str) -> Option<Quantity> {
    Some(Quantity::parse(text).unwrap())
}

fn range() -> LimitRange {
    LimitRange::from_value(&json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "sizes"},
        "spec": {"limits": [
            {"type": "Container", "max": {"memory": "1Gi"}, "min": {"cpu": "10m"},
             "defaultRequest": {"memory": "64Mi"}, "maxLimitRequestRatio": {"memory": 4}},
            {"type": "Pod", "max": {"memory": "2Gi"}},
            {"type": "PersistentVolumeClaim", "max": {"storage": "1Ti"}},
        ]}
    }))
    .unwrap()
    .unwrap()
}

#[test]
fn defaults_are_filled_in_as_the_api_server_does() {
    let range = range();
    assert_eq!(range.name, "sizes");
    assert_eq!(range.container.default.get("memory"), quantity("1Gi"));
    assert_eq!(range.container.default_request.get("memory"), quantity("64Mi"));
    assert_eq!(range.container.default_request.get("cpu"), quantity("10m"));
    assert_eq!(range.container.default.get("cpu"), None);
    assert_eq!(range.pod.default.get("memory"), None);
}

#[test]
fn bounds_refuse_what_limitranger_refuses() {
    let range = range();
    let refused = |request: &str, limit: &str| {
        let read = |text: &str| if text.is_empty() { None } else { quantity(text) };
        let refuses = |bound| range.container.refuses(bound, "memory", read(request), read(limit));
        Bound::ALL.map(refuses)
    };
    assert_eq!(refused("512Mi", "1Gi"), [false, false, false]);
    assert_eq!(refused("512Mi", "1025Mi"), [false, true, false]);
    assert_eq!(refused("512Mi", ""), [false, true, true]);
    assert_eq!(refused("128Mi", "1Gi"), [false, false, true]);
    assert_eq!(refused("0", "0"), [false, false, true]);
    assert!(range.container.refuses(Bound::Min, "cpu", None, None));
    assert!(range.container.refuses(Bound::Min, "cpu", quantity("5m"), None));
    assert!(!range.container.refuses(Bound::Min, "cpu", quantity("0.01"), None));
}

#[test]
fn only_limit_ranges_are_read() {
    let read = |value| LimitRange::from_value(&value).unwrap();
    assert_eq!(read(json!({"kind": "Pod", "spec": {"limits": []}})), None);
    assert_eq!(read(json!({"spec": {}})), None);
    assert!(read(json!({"spec": {"limits": []}})).is_some());
    assert!(read(json!({"kind": "LimitRange"})).is_some());
    assert!(read(json!({"kind": "LimitRange", "spec": {"limits": null}})).is_some());
}

#[test]
fn broken_fields_are_placed() {
    for (spec, pointer) in [
        (json!(7), "/spec"),
        (json!({"limits": {}}), "/spec/limits"),
        (json!({"limits": [null]}), "/spec/limits/0"),
        (json!({"limits": [{"max": {}}]}), "/spec/limits/0/type"),
        (json!({"limits": [{"type": 1}]}), "/spec/limits/0/type"),
        (json!({"limits": [{"type": "Pod"}, {"type": "Pod", "max": 1}]}), "/spec/limits/1/max"),
        (json!({"limits": [{"type": "Pod", "max": {"memory": "x"}}]}), "/spec/limits/0/max/memory"),
        (json!({"limits": [{"type": "Other", "min": {"a/b": []}}]}), "/spec/limits/0/min/a~1b"),
    ] {
        let value = json!({"kind": "LimitRange", "spec": spec});
        let error = LimitRange::from_value(&value).unwrap_err();
        assert_eq!(error.pointer.as_str(), pointer, "{error}");
    }
}

#[test]
fn amounts_are_rounded_up_to_thousandths() {
    assert_eq!(stored(" 100u ").ok(), quantity("1m"));
    assert_eq!(stored("1500u").ok(), quantity("2m"));
    assert_eq!(stored("1Gi").ok(), quantity("1Gi"));
    assert!(stored("1GB").is_err());
}
