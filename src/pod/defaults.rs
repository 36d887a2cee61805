//! The API server's defaulting, as readers of the view.
//!
//! A pod reaches a webhook defaulted, a manifest does not. Rules read through these functions, so both are
//! judged alike and the view still knows what the object really holds.
//! Source: pkg/apis/core/v1/defaults.go in kubernetes/kubernetes.

use super::view::{Container, ImageVolume, Pod, Spec};
use crate::image::Reference;

/// An effective value and whether the API server would have put it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective<'p> {
    /// The value in force.
    pub value: &'p str,
    /// The object does not hold it.
    pub defaulted: bool,
}

fn effective<'p>(
    written: Option<&'p str>,
    default: impl FnOnce() -> &'static str,
) -> Effective<'p> {
    match written.filter(|value| !value.is_empty()) {
        Some(value) => Effective { value, defaulted: false },
        None => Effective { value: default(), defaulted: true },
    }
}

/// `Always` for the tag `latest`, or for neither tag nor digest; else `IfNotPresent`
/// (`SetDefaults_Container`, which looks at the tag even where a digest pins the image).
pub(super) fn default_pull_policy(image: &str) -> &'static str {
    match Reference::parse(image) {
        Ok(reference) if reference.tag_or_latest() == Some("latest") => "Always",
        _ => "IfNotPresent",
    }
}

impl Container<'_> {
    /// The name; empty where it is missing.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The image as written; empty where it is missing.
    pub fn image(&self) -> &str {
        self.image.as_deref().unwrap_or_default()
    }

    /// The pull policy in force.
    pub fn image_pull_policy(&self) -> Effective<'_> {
        effective(self.pull_policy.as_deref(), || default_pull_policy(self.image()))
    }

    /// The limit of a resource.
    pub fn limit(&self, resource: &str) -> Option<&str> {
        self.resources.as_ref()?.limits.as_ref()?.get(resource).map(|amount| &*amount.0)
    }

    /// The request of a resource; a limit without a request is its own request (`SetDefaults_Pod`).
    pub fn request(&self, resource: &str) -> Option<Effective<'_>> {
        let written = self
            .resources
            .as_ref()
            .and_then(|resources| resources.requests.as_ref()?.get(resource))
            .map(|amount| Effective { value: &amount.0, defaulted: false });
        written.or_else(|| self.limit(resource).map(|value| Effective { value, defaulted: true }))
    }
}

impl ImageVolume<'_> {
    /// The image as written; empty where it is missing.
    pub fn reference(&self) -> &str {
        self.reference.as_deref().unwrap_or_default()
    }

    /// The pull policy in force (`SetDefaults_ImageVolumeSource`: as for containers).
    pub fn image_pull_policy(&self) -> Effective<'_> {
        effective(self.pull_policy.as_deref(), || default_pull_policy(self.reference()))
    }
}

impl Spec<'_> {
    /// The DNS policy in force.
    pub fn dns_policy(&self) -> Effective<'_> {
        effective(self.dns.as_deref(), || "ClusterFirst")
    }

    /// The restart policy in force.
    pub fn restart_policy(&self) -> Effective<'_> {
        effective(self.restart.as_deref(), || "Always")
    }

    /// Whether the pod shares the node's network.
    pub fn host_network(&self) -> bool {
        self.host_network.unwrap_or_default()
    }

    /// Whether the pod says that it runs Windows.
    pub fn is_windows(&self) -> bool {
        self.os.as_ref().and_then(|os| os.name.as_deref()) == Some("windows")
    }
}

impl Pod<'_> {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.labels.as_ref()?.get(key).map(|value| &**value)
    }

    /// The value of an annotation that the view reads.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.annotations.as_ref()?.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(json: &str) -> Container<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn pull_policies_are_defaulted_from_the_tag() {
        let policy = |json| {
            let container = container(json);
            let found = container.image_pull_policy();
            (found.value.to_owned(), found.defaulted)
        };
        assert_eq!(policy(r#"{"image":"nginx"}"#), ("Always".into(), true));
        assert_eq!(policy(r#"{"image":"host:5000/nginx:latest"}"#), ("Always".into(), true));
        assert_eq!(policy(r#"{"image":"nginx:1.27"}"#), ("IfNotPresent".into(), true));
        assert_eq!(
            policy(r#"{"image":"nginx:1.27","imagePullPolicy":"Never"}"#),
            ("Never".into(), false)
        );
        let digest = "a".repeat(64);
        let pinned = format!(r#"{{"image":"nginx:latest@sha256:{digest}"}}"#);
        assert_eq!(container(&pinned).image_pull_policy().value, "Always");
    }

    #[test]
    fn a_limit_is_its_own_request() {
        let container =
            container(r#"{"resources":{"limits":{"cpu":"1"},"requests":{"memory":1}}}"#);
        assert_eq!(container.request("cpu"), Some(Effective { value: "1", defaulted: true }));
        assert_eq!(container.request("memory"), Some(Effective { value: "1", defaulted: false }));
        assert_eq!(container.limit("memory"), None);
    }
}
