//! The values that people set, each rendered, validated and installed.

use std::path::{Path, PathBuf};

/// A set of values.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) values: &'static str,
}

const fn of(name: &'static str, values: &'static str) -> Variant {
    Variant { name, values }
}

pub(crate) static VARIANTS: &[Variant] = &[
    of("defaults", ""),
    of("fail", "webhooks: {failurePolicy: Fail, timeoutSeconds: 5, defaultMode: warn}"),
    of("excluded-namespaces", "webhooks: {excludeNamespaces: [istio-system, cert-manager]}"),
    of("cert-manager", "certificates: {mode: certManager}"),
    of(
        "own-issuer",
        "certificates: {mode: certManager, certManager: {issuerRef: {name: corp, kind: ClusterIssuer}}}",
    ),
    of("files", "certificates: {mode: files, files: {secretName: my-tls}}"),
    of("autoscaling", "autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 9}"),
    of(
        "one-replica",
        "{replicaCount: 1, podDisruptionBudget: {enabled: false}, networkPolicy: {enabled: false}, \
          priorityClassName: '', monitoring: {podMonitor: {enabled: false}, rules: {enabled: false}, \
          dashboard: {enabled: false}}}",
    ),
    of(
        "monitoring",
        "monitoring: {podMonitor: {enabled: true, interval: 15s, labels: {release: kps}}, \
          rules: {enabled: true, labels: {release: kps}, alertLabels: {team: platform}, \
          disabled: [PlimsollNoLeader]}, dashboard: {enabled: true, annotations: {grafana_folder: Ops}}}",
    ),
    of(
        "registries",
        "{registries: {config: {allow: ['*.example.com']}, secrets: [{name: one}], ca: {secret: authorities}}, \
          networkPolicy: {egress: {enabled: true}}, podAnnotations: {a: b}}",
    ),
    of("strict", "policies: {profile: strict}"),
    of("steady-nodes", "policies: {profile: steady-nodes}"),
    of("observe", "{policies: {profile: observe}, webhooks: {defaultMode: audit}}"),
    of(
        "own-policies",
        r#"
policies:
  profile: default
  exclude: [batch-dns]
  extra:
  - apiVersion: plimsoll.dev/v1alpha1
    kind: PodPolicy
    metadata: {name: no-dev-tags, labels: {team: data}}
    spec:
      match: {namespaceSelector: {matchLabels: {team: data}}}
      rules:
      - {name: dev, action: Deny, imageTag: {deny: ["dev-*"]}}
"#,
    ),
    of(
        "everything-set",
        r#"
fullnameOverride: guard
commonLabels: {app.kubernetes.io/part-of: platform, app.kubernetes.io/name: not-this}
replicaCount: 3
image:
  repository: registry.example.com:5000/mirror/plimsoll
  tag: 0.1.0
  digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  pullPolicy: Always
imagePullSecrets: [{name: mirror}]
logLevel: info,plimsoll=debug
maxConnections: 100
drainDelaySeconds: 0
ledgerOwners: 10000
recording: {enabled: true, sample: 0.05, maxBytes: 64Mi, keep: [args, annotations], volume: {persistentVolumeClaim: {claimName: reviews}}}
extraEnv: [{name: RUST_BACKTRACE, value: "1"}]
serviceAccount: {name: guard-sa, annotations: {eks.amazonaws.com/role-arn: "arn:x"}}
service: {annotations: {a: b}, ipFamilyPolicy: PreferDualStack}
ports: {webhook: 10250, admin: 9090}
hostNetwork: true
resources: {requests: {cpu: 1, memory: 128Mi}, limits: {cpu: 2, memory: 128Mi}}
podDisruptionBudget: {maxUnavailable: 50%}
priorityClassName: system-node-critical
podAnnotations: {a: b}
podLabels: {c: d, app.kubernetes.io/name: not-this}
deploymentAnnotations: {e: f}
nodeSelector: {pool: system}
tolerations: [{key: CriticalAddonsOnly, operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
  {matchExpressions: [{key: arch, operator: In, values: [amd64]}]}]}}}
topologySpreadConstraints: [{topologyKey: rack, maxSkew: 1, whenUnsatisfiable: DoNotSchedule,
  labelSelector: {matchLabels: {app.kubernetes.io/name: plimsoll}}}]
podSecurityContext: {runAsUser: null, runAsGroup: null}
networkPolicy:
  metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  egress: {enabled: true, apiServerPorts: [443, 16443]}
lease: {create: false}
"#,
    ),
    of("own-account", "serviceAccount: {create: false, name: default}"),
    of("audit", "audit: {enabled: true}"),
    of(
        "audit-of-namespaces",
        "audit: {enabled: true, namespaces: [default, kube-public], forecast: false, failOn: warn}",
    ),
    of(
        "audit-with-all",
        r#"
fullnameOverride: a-name-that-is-so-long-that-a-cron-job-cannot-have-it-as-it-is
commonLabels: {app.kubernetes.io/part-of: platform, app.kubernetes.io/name: plimsoll}
webhooks: {excludeNamespaces: [istio-system]}
networkPolicy: {egress: {apiServerPorts: [16443]}}
imagePullSecrets: [{name: mirror}]
audit:
  enabled: true
  schedule: "*/30 * * * *"
  timeZone: Europe/Berlin
  suspend: true
  writeReports: auto
  withLedger: true
  owners: [{group: argoproj.io, resources: [workflows, cronworkflows]}]
  format: json
  output: {claimName: results, formats: [markdown, csv]}
  extraArgs: [--qps=50]
  startingDeadlineSeconds: 60
  activeDeadlineSeconds: 600
  ttlSecondsAfterFinished: 0
  successfulJobsHistoryLimit: 0
  failedJobsHistoryLimit: 1
  resources: {limits: {memory: 96Mi}}
  priorityClassName: system-cluster-critical
  podAnnotations: {a: b}
  tolerations: [{key: CriticalAddonsOnly, operator: Exists}]
  serviceAccount: {name: auditor, annotations: {eks.amazonaws.com/role-arn: "arn:x"}}
"#,
    ),
];

impl Variant {
    /// The values as a file.
    pub(crate) fn write_to(&self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}.yaml", self.name));
        std::fs::write(&path, self.values).unwrap();
        path
    }
}
