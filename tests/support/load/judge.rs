//! Whether an answer is what a sample should get.

use serde_json::Value;

use super::Sample;

/// What has to become of a pod.
#[derive(Clone, Debug)]
pub(crate) enum Expect {
    /// It is stored, without a patch of Plimsoll's.
    Stored,
    /// It is stored with Plimsoll's patch: the annotation that says so, and this value at this JSON pointer.
    Patched(&'static str, Value),
    /// It is refused with a message that has this in it.
    Denied(&'static str),
}

/// What the API server said.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) body: Vec<u8>,
}

/// What became of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    Patched,
    Denied,
    /// An error that no policy asked for.
    Failed(String),
    /// Stored as no policy allows.
    Slipped(String),
    /// The same, while nobody is there to judge.
    Unguarded,
}

pub(super) fn judge(sample: &Sample, answer: &Answer) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let name = sample.name;
    if !matches!(answer.code, 200..=202) {
        let message = body["message"].as_str().unwrap_or("an answer without a message");
        return match sample.expect {
            Expect::Denied(text) if message.contains(text) => Outcome::Denied,
            _ => Outcome::Failed(format!("{name}: {} {message}", answer.code)),
        };
    }
    let patched = body["metadata"]["annotations"]["plimsoll.dev/patched-by"].as_str();
    match &sample.expect {
        Expect::Stored if patched.is_none() => Outcome::Stored,
        Expect::Stored => Outcome::Failed(format!("{name}: patched without need")),
        Expect::Patched(pointer, value) => {
            if patched.is_some() && body.pointer(pointer) == Some(value) {
                Outcome::Patched
            } else {
                Outcome::Slipped(format!("{name}: not patched"))
            }
        }
        Expect::Denied(_) => Outcome::Slipped(format!("{name}: not denied")),
    }
}

#[test]
fn answers_are_judged_by_what_was_expected() {
    let answer = |code, body: Value| Answer { code, body: body.to_string().into_bytes() };
    let sample = |expect| Sample { name: "x", pod: Value::Null, expect };
    let plain = || answer(201, serde_json::json!({"metadata": {}, "spec": {"a": 1}}));
    let patched = || {
        answer(
            201,
            serde_json::json!({"spec": {"a": 1},
            "metadata": {"annotations": {"plimsoll.dev/patched-by": "p"}}}),
        )
    };
    let refused = || answer(403, serde_json::json!({"message": "denied the request: no"}));
    let broken = || answer(500, serde_json::json!({"message": "failed calling webhook"}));

    assert_eq!(judge(&sample(Expect::Stored), &plain()), Outcome::Stored);
    assert!(matches!(judge(&sample(Expect::Stored), &refused()), Outcome::Failed(_)));
    let patch = || sample(Expect::Patched("/spec/a", 1.into()));
    assert_eq!(judge(&patch(), &patched()), Outcome::Patched);
    assert!(matches!(judge(&patch(), &plain()), Outcome::Slipped(_)));
    let deny = || sample(Expect::Denied("denied the request"));
    assert_eq!(judge(&deny(), &refused()), Outcome::Denied);
    assert!(matches!(judge(&deny(), &broken()), Outcome::Failed(_)));
    assert!(matches!(judge(&deny(), &plain()), Outcome::Slipped(_)));
}
