use serde_json::json;

use super::{judged, messages, pod, refusal};

#[test]
fn a_patch_is_a_fix_that_settles() {
    let settings = json!({"patches": [
        {"expression": "has(object.metadata.labels) ? [] : [JSONPatch{op: 'add', path: '/metadata/labels', value: {}},
            JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'c'}]", "message": "no label"},
        {"expression": "[JSONPatch{op: 'replace', path: '/spec/dnsPolicy', value: 'Default'}]"},
        {"expression": "object.spec.dnsPolicy == 'Default' ?
            [JSONPatch{op: 'test', path: '/spec/restartPolicy', value: 'Never'},
             JSONPatch{op: 'add', path: '/spec/hostNetwork', value: true}] : []"}]});
    let (found, _) = judged(&settings, &pod());
    let [violation] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(violation.message, "no label");
    let fix = violation.fix.as_ref().unwrap();
    let mut patched = pod();
    fix.edits.iter().for_each(|edit| assert!(edit.apply(&mut patched)));
    assert_eq!(patched["metadata"]["labels"], json!({"a/b": "c"}));
    assert_eq!(patched["spec"]["dnsPolicy"], "Default");
    assert!(patched["spec"]["hostNetwork"].is_null());
    assert!(judged(&settings, &patched).0.is_empty());
}

#[test]
fn a_patch_that_never_settles_has_no_fix() {
    let settings = json!({"patches": [{"expression":
        "[JSONPatch{op: 'add', path: '/spec/volumes', value: []}].filter(p, !has(object.spec.volumes)) +
         [JSONPatch{op: 'add', path: '/spec/volumes/-', value: {'name': 'v' + string(size(object.spec.?volumes.orValue([])))}}]"}]});
    let (found, _) = judged(&settings, &pod());
    assert!(found[0].message.contains("changes it again"), "{found:?}");
    assert!(found[0].fix.is_none());
}

#[test]
fn what_patches_may_not_do_is_an_error() {
    for (operation, wanted) in [
        ("op: 'replace', path: '' + '/metadata/name', value: 'q'", "may not be changed"),
        ("op: 'add', path: '' + '/status', value: {}", "may not be changed"),
        ("op: 'remove', path: '' + '/metadata/uid'", "may not be changed"),
        ("op: 'add', path: '' + '/metadata/labelsx', value: {}", "may not be changed"),
        ("op: 'add', path: '/spec/affinity/podAffinity', value: {}", "nothing at `/spec/affinity`"),
        ("op: 'replace', path: '/spec/nodeName', value: 'n'", "to replace"),
        ("op: 'add', path: '/spec/containers/0', value: {'name': 'b'}", "append it with"),
        ("op: 'add', path: '/spec/containers/0/image', value: 7", "a text is wanted"),
        ("op: '' + 'swap', path: '/spec/priority', value: 7", "no operation `swap`"),
        ("op: 'add', path: '' + 'spec', value: 7", "begins with `/`"),
        ("op: 'move', from: '/spec/nodeName', path: '/spec/hostname'", "to remove"),
    ] {
        let expression = format!("[JSONPatch{{{operation}}}]");
        let found = messages(json!({"patches": [{"expression": expression}]}), &pod());
        assert!(found[0].contains(wanted), "{operation}: {found:?}");
    }
}

#[test]
fn a_patch_makes_no_pod_that_the_api_server_would_refuse() {
    for (path, value, wanted) in [
        ("/spec/priority", "9223372036854775807", Some("does not fit in 32 bits")),
        ("/spec/priority", "2147483647", None),
        ("/spec/terminationGracePeriodSeconds", "9223372036854775807", None),
        ("/spec/priority", "1.5", Some("no whole number")),
        ("/spec/priority", "'7'", Some("a number is wanted, and this is a text")),
        ("/spec/bogus", "'x'", Some("PodSpec has no field `bogus`")),
        ("/spec/", "'x'", Some("has no field ``")),
        ("/spec/hostNetwork", "'true'", Some("true or false is wanted")),
        ("/spec/hostNetwork", "null", None),
        ("/spec/tolerations", "[{'opertor': 'Exists'}]", Some("has no field `opertor`")),
        ("/spec/tolerations", "[{'operator': 'Exists'}]", None),
        ("/spec/nodeSelector", "{'a b': 'c'}", Some("`a b`")),
        ("/spec/overhead", "{'cpu': 'much'}", Some("overhead")),
        ("/spec/overhead", "{'cpu': '0.5'}", None),
        ("/metadata/labels", "{'BAD !': 'x'}", Some("`BAD !`")),
        ("/metadata/labels", "{'good': '!!'}", Some("metadata.labels")),
        ("/metadata/labels", "{'good': 1}", Some("a text is wanted")),
        ("/metadata/labels", "{'example.com/good': 'yes'}", None),
        ("/metadata/annotations", "{'example.com/Good': 'any text !'}", None),
        ("/metadata/annotations", "{'a b': ''}", Some("`a b`")),
        ("/spec/containers/0/resources", "{'limits': {'cpu': 'xx'}}", Some("`limits`: `cpu`")),
        ("/spec/containers/0/resources", "{'limits': {'cpu': '500m'}}", None),
        ("/spec/containers/-", "{'name': 'b', 'imag': 'x'}", Some("has no field `imag`")),
    ] {
        // Paths of constants are looked at when the policy loads.
        let expression = format!(
            "[JSONPatch{{op: 'add', path: '' + '{path}', value: {value}}}].filter(p, true)"
        );
        let (found, _) = judged(&json!({"patches": [{"expression": expression}]}), &pod());
        match wanted {
            None => assert!(found.iter().all(|one| one.fix.is_some()), "{path} {value}: {found:?}"),
            Some(wanted) => {
                assert!(found[0].fix.is_none(), "{path} {value}");
                assert!(found[0].message.contains("makes no pod of it"), "{found:?}");
                assert!(found[0].message.contains(wanted), "{path} {value}: {}", found[0].message);
            }
        }
    }
}

#[test]
fn what_is_gone_already_needs_no_removal() {
    let pod = json!({"metadata": {"name": "p", "labels": {"old": "x"}},
        "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "x:1"}]}});
    for operation in [
        "op: 'remove', path: '/spec/nodeName'",
        "op: 'move', from: '/metadata/labels/old', path: '/metadata/labels/new'",
    ] {
        let settings = json!({"patches": [{"expression": format!("[JSONPatch{{{operation}}}]")}]});
        let (found, _) = judged(&settings, &pod);
        let fix = found[0].fix.as_ref().unwrap_or_else(|| panic!("{operation}: {found:?}"));
        let mut patched = pod.clone();
        fix.edits.iter().for_each(|edit| assert!(edit.apply(&mut patched)));
        assert_ne!(patched, pod);
        assert!(judged(&settings, &patched).0.is_empty(), "{operation}");
    }
}

#[test]
fn a_patch_that_fails_the_second_time_does_not_settle() {
    let settings = json!({"patches": [{"expression":
        "[JSONPatch{op: 'replace', path: '/spec/nodeName', value: 'm'}, JSONPatch{op: 'remove', path: '/spec/nodeName'}]"}]});
    let pod = json!({"spec": {"nodeName": "n", "containers": [{"name": "a", "image": "x:1"}]}});
    let (found, _) = judged(&settings, &pod);
    assert!(found[0].message.contains("made once more, `patches[0]` fails: "), "{found:?}");
    assert!(found[0].fix.is_none() && !found[0].message.contains("could not be evaluated"));
}

#[test]
fn constants_that_cannot_be_right_are_refused() {
    for (patch, wanted) in [
        ("JSONPatch{}", "no `op`"),
        ("JSONPatch{op: 'bad', path: '/spec/priority'}", "no operation `bad`"),
        ("JSONPatch{op: 'add', value: 1}", "no `path`"),
        ("JSONPatch{op: 'move', path: '/spec/priority'}", "no `from`"),
        ("JSONPatch{op: 'add', path: 'spec/priority', value: 1}", "begins with `/`"),
        ("JSONPatch{op: 'add', path: '/metadata/name', value: 'x'}", "may not be changed"),
        ("JSONPatch{op: 'add', path: '/spec/bogus', value: 'x'}", "no field `bogus`"),
        (
            "JSONPatch{op: 'add', path: '/spec/tolerations', value: [Object.spec.tolerations{opertor: 'x'}]}",
            "no field `opertor`",
        ),
        (
            "JSONPatch{op: 'add', path: '/spec/tolerations', value: [Object.spec.nope{operator: 'x'}]}",
            "no field `nope`",
        ),
    ] {
        let error = refusal(json!({"patches": [{"expression": format!("[{patch}]")}]}));
        assert_eq!(error.pointer.as_str(), "/patches/0/expression", "{patch}");
        assert!(error.message.contains(wanted), "{patch}: {error}");
    }
}
