//! Shares, files and their bounds, and what is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::files::Files;
use super::*;
use crate::admission::review;
use crate::engine::Engine;

#[test]
fn shares_hold_what_they_say() {
    for (text, expected) in [("1", 10_000), ("0", 0), ("0.25", 2_500), ("1/20", 500)] {
        let share: Share = text.parse().unwrap();
        let held = (0..10_000).filter(|number| share.holds(&format!("uid-{number}"))).count();
        assert!(held.abs_diff(expected) <= expected / 8, "{text}: {held}");
        assert_eq!(share.holds("uid-1"), share.holds("uid-1"));
    }
    for wrong in ["", "-1", "1.1", "NaN", "1/0", "0/0", "half", "2/1"] {
        assert_eq!(wrong.parse::<Share>(), Err(ShareError), "{wrong}");
    }
    assert_eq!("1/1".parse(), Ok(Share::ALL));
}

/// Name and length of the files of a folder, the oldest first.
fn listed(folder: &TempDir) -> Vec<(String, u64)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
        .collect();
    found.sort();
    found
}

#[test]
fn files_rotate_and_stay_within_their_bound() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    fs::write(folder.path().join("reviews-20200101T000000Z-1-0001.jsonl"), [b'x'; 100]).unwrap();
    let mut files = Files::new(folder.path().to_owned(), 1_600);
    for number in 0..500_u32 {
        files.write(format!("{number:039}\n").as_bytes()).unwrap();
        let ours = listed(&folder).into_iter().filter(|(name, _)| name != "notes.txt");
        let lengths: Vec<u64> = ours.map(|(_, length)| length).collect();
        assert!(lengths.iter().sum::<u64>() <= 1_600 && lengths.len() <= 21, "{lengths:?}");
        assert!(lengths.iter().all(|length| *length <= 100), "{lengths:?}");
    }
    let names: Vec<String> = listed(&folder).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"notes.txt".to_owned()) && !names[1].contains("2020"), "{names:?}");
    let newest = folder.path().join(names.last().unwrap());
    assert!(fs::read_to_string(&newest).unwrap().ends_with("499\n"));
    assert_eq!(fs::metadata(&newest).unwrap().permissions().mode() & 0o777, 0o600);
    // One that is larger than a file is one all the same.
    files.write(&[b'y'; 1_600]).unwrap();
    let ours: u64 = listed(&folder).iter().map(|(_, length)| length).sum();
    assert_eq!(ours, 1_600 + "not ours".len() as u64);
}

#[test]
fn a_folder_is_made_for_its_owner_alone_and_made_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let mut files = Files::new(folder.clone(), 1 << 20);
    files.write(b"{}\n").unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    fs::remove_dir_all(&folder).unwrap();
    // It is looked for once a second.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    files.write(b"{}\n").unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

fn body(operation: &str, kind: &str, uid: &str, more: &Value) -> Vec<u8> {
    let mut review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid, "kind": {"group": "", "version": "v1", "kind": kind}, "operation": operation,
        "object": {"metadata": {"uid": uid}, "spec": {"containers": [
            {"name": "x", "image": "app:1", "args": ["a"], "command": ["c"], "env": [{"name": "E", "value": "e"}]}]}}}});
    if let (Some(request), Some(more)) = (review["request"].as_object_mut(), more.as_object()) {
        request.extend(more.clone());
    }
    serde_json::to_vec(&review).unwrap()
}

/// The uids that are recorded of these.
fn recorded(reviews: &[(Endpoint, Vec<u8>)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Arc::default());
    let settings = Settings {
        folder: folder.path().join("reviews"),
        share: Share::ALL,
        max_bytes: MIN_MAX_BYTES,
        keep: Keep::default(),
    };
    let recorder = Recorder::start(settings, Metrics::default()).unwrap();
    for (endpoint, body) in reviews {
        let answer = review(&engine, *endpoint, body).unwrap();
        recorder.take(*endpoint, &answer.record, body);
    }
    recorder.close();
    let Ok(files) = fs::read_dir(folder.path().join("reviews")) else { return Vec::new() };
    let text: String =
        files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let uid = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["request"]["uid"].as_str().unwrap().to_owned()
    };
    text.lines().map(uid).collect()
}

#[test]
fn a_pod_is_recorded_where_it_is_first_asked_about() {
    use Endpoint::{Mutate, Validate};
    let none = json!({});
    let pod = |uid| body("CREATE", "Pod", uid, &none);
    let both = [(Mutate, pod("a")), (Mutate, pod("a")), (Validate, pod("b")), (Mutate, pod("c"))];
    assert_eq!(recorded(&both), ["a", "c"], "asked again, and asked elsewhere");
    assert_eq!(recorded(&[(Validate, pod("a")), (Validate, pod("b"))]), ["a", "b"]);
    let others = [
        (Mutate, pod("a")),
        (Validate, body("UPDATE", "Pod", "b", &none)),
        (Validate, body("CREATE", "ReplicationController", "c", &none)),
        (Validate, body("DELETE", "Pod", "d", &none)),
        (Mutate, body("CREATE", "Pod", "e", &json!({"dryRun": true}))),
    ];
    assert_eq!(recorded(&others), ["a", "b", "c"]);
}

#[test]
fn only_what_is_asked_for_stays() {
    let body = body("CREATE", "Pod", "u", &json!({}));
    let texts = |keep: Keep| {
        let (line, created) = scrub(&body, keep).unwrap();
        assert_eq!(created.as_deref(), Some("u"));
        let review: Value = serde_json::from_slice(&line).unwrap();
        let container = review["request"]["object"]["spec"]["containers"][0].clone();
        let text = |at: &str| container.pointer(at).unwrap().as_str().unwrap().to_owned();
        [text("/args/0"), text("/command/0"), text("/env/0/value"), text("/env/0/name")]
    };
    let gone = "redacted";
    assert_eq!(texts(Keep::default()), [gone, gone, gone, "E"]);
    assert_eq!(texts(Keep { args: true, ..Keep::default() }), ["a", gone, gone, "E"]);
    assert_eq!(texts(Keep { command: true, ..Keep::default() }), [gone, "c", gone, "E"]);
    assert_eq!(texts(Keep { env: true, ..Keep::default() }), [gone, gone, "e", "E"]);
}

#[test]
fn own_annotations_and_names_stay() {
    let review = json!({"request": {"object": {"metadata": {
        "labels": {"args": "x", "env": "y", "annotations": "z"},
        "annotations": {"plimsoll.dev/patched-by": "a", "kubernetes.io/config.mirror": "b", "token": "c",
            "karpenter.sh/do-not-disrupt": "true", "cluster-autoscaler.kubernetes.io/safe-to-evict": "d", "n": {"d": ["e", 1]}},
        "managedFields": []}, "spec": {"nodeSelector": {"command": "f"}}}}});
    let (line, _) = scrub(&serde_json::to_vec(&review).unwrap(), Keep::default()).unwrap();
    let found: Value = serde_json::from_slice(&line).unwrap();
    let mut expected = review;
    let metadata = &mut expected["request"]["object"]["metadata"];
    metadata["annotations"]["token"] = json!("redacted");
    metadata["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] = json!("redacted");
    metadata["annotations"]["n"] = json!({"d": ["redacted", 0]});
    metadata.as_object_mut().unwrap().remove("managedFields");
    assert_eq!(found, expected);
    assert!(scrub(b"{", Keep::default()).is_err());
}

#[test]
fn the_status_of_pods_is_taken_out_and_that_of_others_stays() {
    let review = |kind: &str| {
        json!({"request": {"operation": "UPDATE", "object": {"kind": kind, "status": {"message": "m"}},
            "oldObject": {"kind": kind, "status": {}}}})
        .to_string()
    };
    let scrubbed = |kind: &str| -> Value {
        serde_json::from_slice(&scrub(review(kind).as_bytes(), Keep::default()).unwrap().0).unwrap()
    };
    let expected =
        json!({"operation": "UPDATE", "object": {"kind": "Pod"}, "oldObject": {"kind": "Pod"}});
    assert_eq!(scrubbed("Pod")["request"], expected);
    assert_eq!(scrubbed("Job")["request"]["object"]["status"], json!({"message": "m"}));
}
