//! Formats for machines: each is read back by the rules of those who read it.

#[path = "formats/github.rs"]
pub(crate) mod github;
#[path = "formats/gitlab.rs"]
mod gitlab;
#[path = "formats/junit.rs"]
pub(crate) mod junit;
#[path = "formats/lines.rs"]
mod lines;
#[path = "formats/order.rs"]
mod order;
#[path = "formats/sarif.rs"]
pub(crate) mod sarif;
#[path = "formats/text.rs"]
mod text;

use std::fmt::Write as _;

use crate::sandbox::{Sandbox, bad_pod};

/// One rule for each action, all of which a pod with `latest` and without requests breaks.
pub(crate) const EVERY_ACTION: &str = "\
apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: all}
spec:
  description: One rule for each action.
  rules:
  - {name: denied, action: Deny, imageTag: {deny: [latest]}}
  - {name: warned, action: Warn, imageTag: {deny: [latest]}}
  - {name: patched, action: Patch, dns: {policy: Default}}
  - {name: recorded, action: Audit, imageTag: {deny: [latest]}}
  - {name: silent, action: Deny, imageTag: {deny: [never]}}
";

/// Names that break what is not escaped. YAML takes them in quotes; the API server would not, and that is no reason to
/// write a broken report.
pub(crate) const HOSTILE: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: \"a%0Ab::c,d:e|f`g<h>&'\\\"\\e[31mred\\0\\n::error::x\\r\\u2028\\uFFFE]]>\", namespace: \"n/%\\t\"}
spec:
  containers:
  - {name: \"c,1:2%\\e]8;;x\\a\\n@here\", image: nginx:latest}
";

/// A folder whose findings are of every action, in files with every sort of name, one that cannot be read among them.
pub(crate) fn varied() -> Sandbox {
    let sandbox = Sandbox::with_policy(EVERY_ACTION);
    std::fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.write("jobs/good.yaml", bad_pod("good").replace("latest", "1.29"));
    sandbox.write("jobs/two words/100%,é:#?.yaml", bad_pod("odd"));
    sandbox.write("jobs/hostile.yaml", HOSTILE);
    // The same object twice: what is said of both is the same.
    sandbox.write("jobs/twins.yaml", format!("{0}---\n{0}", bad_pod("twin")));
    sandbox.write("jobs/broken.yaml", "a: 1\nb: [\n");
    sandbox
}

/// A policy that says more than one thing of each of many pods.
pub(crate) fn pods(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}---", bad_pod(&format!("p{at}")));
    }
    text
}
