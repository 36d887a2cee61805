//! What the ServiceAccounts of a cluster asked the API server for.

use std::fs;

use serde_json::{Value, json};

use super::Cluster;

pub(super) const POLICY_FILE: &str = "audit-policy.json";
pub(super) const LOG_FILE: &str = "audit.log";

/// Who asked for what, and nothing of what was in it.
pub(super) fn policy() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
        // Watches are written down as they start, too: one that never ends has no other stage.
        "rules": [
            {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
            {"level": "Metadata", "userGroups": ["system:serviceaccounts"], "omitStages": ["RequestReceived"]},
            {"level": "None"},
        ],
    })
}

/// A request that a ServiceAccount has made.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) user: String,
    /// As in RBAC: get, list, watch, create, update, patch, delete, deletecollection.
    pub(crate) verb: String,
    /// With the group and the subresource: `pods`, `podpolicies.plimsoll.dev/status`.
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    /// The status code of the answer.
    pub(crate) code: u64,
    /// `RequestReceived`, `ResponseStarted` (watches), `ResponseComplete` or `Panic`.
    pub(crate) stage: String,
    /// RFC 3339.
    pub(crate) at: String,
}

impl Asked {
    fn read(event: &Value) -> Option<Self> {
        let text =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let object = &event["objectRef"];
        let mut resource = text(&object["resource"])?;
        if let Some(group) = text(&object["apiGroup"]) {
            resource += &format!(".{group}");
        }
        if let Some(subresource) = text(&object["subresource"]) {
            resource += &format!("/{subresource}");
        }
        Some(Self {
            user: text(&event["user"]["username"])?,
            verb: text(&event["verb"])?,
            resource,
            namespace: text(&object["namespace"]),
            name: text(&object["name"]),
            code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
            stage: text(&event["stage"])?,
            at: text(&event["requestReceivedTimestamp"])?,
        })
    }
}

impl Cluster {
    /// What the ServiceAccount `name` in `namespace` has asked for so far, in the order of the answers. The
    /// cluster needs [`super::Options::audit`].
    pub(crate) fn audit_log(&self, namespace: &str, name: &str) -> Result<Vec<Asked>, String> {
        let path = self.folder().join(LOG_FILE);
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let user = format!("system:serviceaccount:{namespace}:{name}");
        let mut asked = Vec::new();
        // The last line may be half written.
        for line in text.lines().filter(|line| line.ends_with('}')) {
            let event =
                serde_json::from_str(line).map_err(|e| format!("{}: {e}", path.display()))?;
            asked.extend(Asked::read(&event).filter(|asked| asked.user == user));
        }
        Ok(asked)
    }
}
