//! Hints: what a user may have meant otherwise, though nothing is wrong.

use super::explain::matching::words;
use super::output;
use crate::policy::CompiledPolicy;
use crate::policy::document::Verb;

/// How many policies are told of one by one.
const SHOWN: usize = 5;

/// Tells of policies that were about none of so many pods.
pub(super) fn unmatched(policies: &[&CompiledPolicy], pods: usize) {
    let none = if pods == 1 {
        "not about the one pod".to_owned()
    } else {
        format!("about none of the {pods} pods")
    };
    for policy in policies.iter().take(SHOWN) {
        let name = &policy.name;
        output::say(format_args!("hint: policy {name} was {none}; {}", asks(policy)));
    }
    match policies.len().saturating_sub(SHOWN) {
        0 => {}
        1 => output::say(format_args!("hint: nor was one more policy")),
        more => output::say(format_args!("hint: nor were {more} more policies")),
    }
}

/// What a policy asks for of its pods.
fn asks(policy: &CompiledPolicy) -> String {
    let written = policy.matcher.written();
    let words = words(written);
    if words.is_empty() {
        // Pods of the namespace of Plimsoll, and those of the kubelet itself, are judged by no policy.
        return "none of them is judged by any policy".to_owned();
    }
    let asks = format!("its match asks for pods {}", words.join(", and "));
    match &written.operations {
        Some(verbs) if !verbs.contains(&Verb::Create) => {
            format!("{asks}, and manifests are judged as if they were created")
        }
        _ => asks,
    }
}
