//! The names of the fields of pods, by which misspelt ones are told.
//!
//! Source: `PodSpec`, `Container` and `EphemeralContainer` of `k8s.io/api/core/v1/types.go`, Kubernetes 1.33 to 1.37.

/// The fields of a pod's `spec`; `workloadRef` is one of 1.35 alone.
pub const POD_SPEC: [&str; 44] = [
    "activeDeadlineSeconds",
    "affinity",
    "automountServiceAccountToken",
    "containers",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "ephemeralContainers",
    "evictionResponders",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "hostname",
    "hostnameOverride",
    "imagePullSecrets",
    "initContainers",
    "nodeName",
    "nodeSelector",
    "os",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "resourceClaims",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "schedulingGroup",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
    "workloadRef",
];

/// The fields of containers; `targetContainerName` is one of ephemeral containers alone.
pub const CONTAINER: [&str; 26] = [
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "targetContainerName",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];

#[cfg(all(test, feature = "serve"))]
mod tests {
    use k8s_openapi::api::core::v1::{Container, EphemeralContainer, PodSpec};

    use super::*;

    /// The names of the fields of a type, without what sets their words apart.
    fn fields(value: &impl std::fmt::Debug) -> Vec<String> {
        let text = format!("{value:#?}");
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        let names = lines.filter_map(|line| line.split_once(": ")).map(|(name, _)| name);
        names.filter(|name| !name.starts_with(' ')).map(|name| name.replace('_', "")).collect()
    }

    #[test]
    fn every_field_of_the_newest_api_is_known() {
        let containers =
            [fields(&Container::default()), fields(&EphemeralContainer::default())].concat();
        for (known, newest, gone) in [
            (POD_SPEC.as_slice(), fields(&PodSpec::default()), ["workloadRef"].as_slice()),
            (CONTAINER.as_slice(), containers, &[]),
        ] {
            let plain: Vec<String> = known.iter().map(|name| name.to_lowercase()).collect();
            for name in &newest {
                assert!(plain.contains(name), "{name} is missing");
            }
            for name in known.iter().filter(|name| !gone.contains(name)) {
                assert!(newest.contains(&name.to_lowercase()), "{name} is no field");
            }
        }
    }
}
