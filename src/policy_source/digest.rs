//! What tells one set of policies from another.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Bytes of SHA-256 that are kept: enough that two sets never share them by chance.
const LENGTH: usize = 16;

/// 32 hexadecimal digits of what policies and exemptions say.
pub(super) fn of(policies: Vec<&Value>, exemptions: Vec<&Value>) -> String {
    let mut digest = Sha256::new();
    for objects in [policies, exemptions] {
        let mut texts: Vec<String> = objects.into_iter().map(said).collect();
        texts.sort();
        digest.update(texts.len().to_le_bytes());
        for text in texts {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
    }
    digest.finalize().iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

/// The parts of an object that count, in one order.
fn said(object: &Value) -> String {
    let name = object.pointer("/metadata/name");
    serde_json::json!([object.get("kind"), name, object.get("spec")]).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_what_does_not_count_are_left_out() {
        let policy = |name: &str, labels: Value, spec: Value| json!({"kind": "PodPolicy", "metadata": {"name": name, "labels": labels}, "spec": spec});
        let (a, b) =
            (policy("a", json!({}), json!({"x": 1, "y": 2})), policy("b", json!({}), json!(1)));
        let other = policy("a", json!({"x": "y"}), json!({"y": 2, "x": 1}));
        let known = of(vec![&a, &b], vec![]);
        assert_eq!(known.len(), 32);
        assert_eq!(of(vec![&b, &other], vec![]), known);
        let changed = policy("a", json!({}), json!({"x": 1, "y": 3}));
        for different in
            [of(vec![&a], vec![]), of(vec![&a], vec![&b]), of(vec![&changed, &b], vec![])]
        {
            assert_ne!(different, known);
        }
    }
}
