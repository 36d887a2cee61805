//! Rewritten images, as the API server stores them.

use serde_json::{Value, json};

use crate::cluster::skipped;
use crate::webhook::{Guarded, pod};

const POLICY: &str = "apiVersion: plimsoll.dev/v1alpha1
kind: PodPolicy
metadata: {name: mirror}
spec:
  rules:
  - name: mirror
    action: Patch
    imageRegistry:
      rewrite: [{from: docker.io/, to: \"mirror.example.com:5000/hub/\"}]
      deny: [ghcr.io, \"mirror.example.com:5000/hub/evil/**\"]
      imagePullSecrets: [mirror]
  - name: denied
    action: Deny
    imageRegistry: {deny: [ghcr.io, \"docker.io/evil/**\"]}
";

#[test]
fn images_are_stored_as_they_are_rewritten() {
    if skipped("images_are_stored_as_they_are_rewritten") {
        return;
    }
    let guarded = Guarded::by("registry", &[POLICY]);
    let digest = format!("sha256:{}", "a".repeat(64));
    let mut several = pod("several", "nginx");
    several["spec"]["initContainers"] =
        json!([{"name": "init", "image": format!("index.docker.io/team/app:1@{digest}")}]);
    several["spec"]["volumes"] = json!([{"name": "models", "image": {"reference": "models:1"}}]);
    let stored = guarded.stored(&several);
    let at = |pointer: &str| stored.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/spec/containers/0/image"), "mirror.example.com:5000/hub/library/nginx");
    assert_eq!(at("/spec/containers/0/imagePullPolicy"), "Always");
    assert_eq!(
        at("/spec/initContainers/0/image"),
        format!("mirror.example.com:5000/hub/team/app:1@{digest}")
    );
    assert_eq!(
        at("/spec/volumes/0/image/reference"),
        "mirror.example.com:5000/hub/library/models:1"
    );
    assert_eq!(at("/spec/imagePullSecrets"), json!([{"name": "mirror"}]));

    // The Secrets that a pod has stay in front; what is at the mirror is left as it is.
    let mut own = pod("own", "mirror.example.com:5000/hub/library/nginx:1");
    own["spec"]["imagePullSecrets"] = json!([{"name": "team"}, {"name": "mirror"}]);
    let stored = guarded.stored(&own);
    assert_eq!(stored["spec"]["imagePullSecrets"], json!([{"name": "team"}, {"name": "mirror"}]));
    assert_eq!(stored["metadata"].get("annotations"), None::<&Value>);

    for image in ["ghcr.io/team/app:1", "GHCR.io:443/team/app:1", "evil/app:1"] {
        let output = guarded.create(&pod("refused", image));
        assert!(output.stderr.contains("is denied"), "{image}: {}", output.stderr);
        assert!(!output.success(), "{image}");
    }
}
