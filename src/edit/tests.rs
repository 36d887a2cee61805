//! Patches as they are sent.

use serde_json::json;

use super::*;

fn patch_of(object: &Value, edits: &[Edit]) -> Value {
    let mut patch = Patch::default();
    for edit in edits {
        patch.push(edit, |path| {
            let mut place = object;
            path.iter()
                .take_while(|token| {
                    let next = match place {
                        Value::Object(map) => map.get(**token),
                        Value::Array(list) => token.parse().ok().and_then(|at: usize| list.get(at)),
                        _ => None,
                    };
                    next.inspect(|next| place = next).is_some()
                })
                .count()
        });
    }
    serde_json::to_value(patch.into_operations()).unwrap()
}

#[test]
fn missing_parents_come_in_one_operation() {
    let object = json!({"spec": {"containers": [{"name": "a", "resources": {}}]}});
    let at = |name| Pointer::new("/spec/containers/0/resources/requests").join(name);
    let edits = [Edit::set(at("cpu"), "100m"), Edit::set(at("memory"), "1Gi")];
    assert_eq!(
        patch_of(&object, &edits),
        json!([{"op": "add", "path": "/spec/containers/0/resources/requests",
                "value": {"cpu": "100m", "memory": "1Gi"}}])
    );
}

#[test]
fn lists_are_appended_to_and_never_replaced() {
    let object = json!({"spec": {"dnsConfig": {"options": [{"name": "a"}]}}});
    let options = Pointer::new("/spec/dnsConfig/options");
    let edits = [
        Edit::append(options.clone(), json!({"name": "b"})),
        Edit::append(options, json!({"name": "c"})),
    ];
    assert_eq!(
        patch_of(&object, &edits),
        json!([{"op": "add", "path": "/spec/dnsConfig/options/-", "value": {"name": "b"}},
               {"op": "add", "path": "/spec/dnsConfig/options/-", "value": {"name": "c"}}])
    );
    assert_eq!(
        patch_of(&json!({"spec": {}}), &edits),
        json!([{"op": "add", "path": "/spec/dnsConfig",
                "value": {"options": [{"name": "b"}, {"name": "c"}]}}])
    );
}

#[test]
fn nothing_is_folded_into_what_was_removed() {
    let object = json!({"spec": {"x": {"a": "1"}, "list": [{"v": 1}, {"v": 2}]}});
    let at = Pointer::new;
    let edits = [
        Edit::set(at("/spec/x/a"), "2"),
        Edit::remove(at("/spec/x")),
        Edit::set(at("/spec/x/a"), "3"),
        Edit::set(at("/spec/list/1/v"), 3),
        Edit::remove(at("/spec/list/0")),
        Edit::set(at("/spec/list/1/v"), 4),
    ];
    let operations = patch_of(&object, &edits);
    assert_eq!(operations.as_array().map(Vec::len), Some(6), "{operations}");
}

#[test]
fn what_is_there_is_replaced_and_what_is_not_needs_no_removal() {
    let object = json!({"spec": {"dnsPolicy": "ClusterFirst"}});
    let dns = Pointer::new("/spec/dnsPolicy");
    assert_eq!(
        patch_of(&object, &[Edit::set(dns.clone(), "Default")]),
        json!([{"op": "replace", "path": "/spec/dnsPolicy", "value": "Default"}])
    );
    assert_eq!(
        patch_of(&object, &[Edit::remove(dns), Edit::remove(Pointer::new("/spec/x"))]),
        json!([{"op": "remove", "path": "/spec/dnsPolicy"}])
    );
}

#[test]
fn an_edit_does_to_a_value_what_its_patch_does() {
    let pod = json!({"spec": {"labels": null, "containers": [{"name": "a", "resources": {"limits": {"cpu": "1"}}}],
                              "options": [{"name": "x"}]}});
    let at = Pointer::new;
    let edits = [
        Edit::set(at("/spec/labels/a~1b"), "c"),
        Edit::set(at("/spec/containers/0/resources/requests/cpu"), "1"),
        Edit::remove(at("/spec/containers/0/resources/limits/cpu")),
        Edit::append(at("/spec/options"), json!({"name": "y"})),
        Edit::append(at("/spec/dns/options"), json!({"name": "z"})),
        Edit::set(at("/spec/options/0/name"), "w"),
    ];
    let mut after = pod.clone();
    assert!(edits.iter().all(|edit| edit.apply(&mut after)));
    assert_eq!(
        after,
        json!({"spec": {"labels": {"a/b": "c"},
                        "containers": [{"name": "a", "resources": {"limits": {}, "requests": {"cpu": "1"}}}],
                        "options": [{"name": "w"}, {"name": "y"}], "dns": {"options": [{"name": "z"}]}}})
    );
    for misfit in [
        Edit::remove(at("/spec/none/none")),
        Edit::set(at("/spec/containers/1/name"), "x"),
        Edit::set(at("/spec/containers/0/name/x"), "x"),
        Edit::append(at("/spec/containers/0"), "x"),
    ] {
        let mut untouched = after.clone();
        assert!(!misfit.apply(&mut untouched));
        assert_eq!(untouched, after, "{misfit:?}");
    }
}
