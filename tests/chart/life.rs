//! The chart in a real API server: validated, installed, upgraded, removed.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::go::tool;
use crate::cluster::process::{Progress, poll};
use crate::cluster::{Cluster, Options, skipped};
use crate::helm::{CHART, Helm, NAMESPACE, run_in};
use crate::schemas;
use crate::variants::VARIANTS;

/// Kinds of others that the chart makes objects of or grants rights on, as permissive as can be.
const FOREIGN: [(&str, &str, &str); 5] = [
    ("monitoring.coreos.com", "PodMonitor", "podmonitors"),
    ("monitoring.coreos.com", "PrometheusRule", "prometheusrules"),
    ("cert-manager.io", "Issuer", "issuers"),
    ("cert-manager.io", "Certificate", "certificates"),
    ("wgpolicyk8s.io", "PolicyReport", "policyreports"),
];

/// Teaches a cluster the kinds that Prometheus' operator, cert-manager and the policy reports bring.
pub(crate) fn add_foreign_kinds(cluster: &Cluster) {
    for (group, kind, plural) in FOREIGN {
        let spec = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let object = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}")},
            "spec": {
                "group": group, "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                    "openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}],
            },
        });
        cluster.create(&object).unwrap();
    }
    cluster
        .kubectl_ok(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"])
        .unwrap();
}

/// The cluster that tests share, with the chart in it as it is by default.
pub(crate) fn installed() -> &'static Cluster {
    static READY: OnceLock<()> = OnceLock::new();
    let cluster = Cluster::shared().unwrap();
    READY.get_or_init(|| {
        add_foreign_kinds(cluster);
        install(&Helm::in_cluster(cluster), &[]);
    });
    cluster
}

pub(crate) fn install(helm: &Helm, args: &[&str]) -> String {
    let base = ["install", "plimsoll", CHART, "-n", NAMESPACE, "--create-namespace"];
    helm.ok(&[&base[..], args].concat())
}

#[test]
fn every_variant_is_valid_and_the_api_server_takes_it() {
    if skipped("every_variant_is_valid_and_the_api_server_takes_it") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    add_foreign_kinds(&cluster);
    let crds = format!("{CHART}/crds");
    cluster.kubectl_ok(&["apply", "--server-side", "-f", &crds]).unwrap();
    cluster
        .kubectl_ok(&["wait", "--for=condition=Established", "--timeout=60s", "-f", &crds])
        .unwrap();
    cluster.kubectl_ok(&["create", "namespace", NAMESPACE]).unwrap();

    let (helm, folder) = (Helm::in_cluster(&cluster), TempDir::new().unwrap());
    let schemas = folder.path().join("schemas");
    std::fs::create_dir(&schemas).unwrap();
    schemas::write(&cluster, &schemas);
    let location = format!("{}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json", schemas.display());
    let kubeconform = tool("kubeconform").unwrap();
    let known = ["--api-versions", "monitoring.coreos.com/v1"];

    for variant in VARIANTS {
        let values = variant.write_to(folder.path());
        let values = ["-f", values.to_str().unwrap()];
        let rendered = helm.template(&[&values[..], &known].concat());
        let rendered = rendered.stdout_of(variant.name).unwrap();
        let file = folder.path().join("rendered.yaml");
        std::fs::write(&file, &rendered).unwrap();

        let args = ["-strict", "-summary", "-schema-location", &location, "rendered.yaml"];
        let valid = run_in(folder.path(), &kubeconform, &args);
        assert!(valid.success(), "{}: {}{}", variant.name, valid.stdout, valid.stderr);
        assert!(valid.stdout.contains("Skipped: 0"), "{}: {}", variant.name, valid.stdout);

        let dry = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"];
        let taken = cluster.kubectl_with(&dry, &rendered).unwrap();
        assert!(taken.success(), "{}: {}", variant.name, taken.stderr);
        assert!(!taken.stderr.contains("Warning"), "{}: {}", variant.name, taken.stderr);

        install(&helm, &values);
        // Again with the same values changes nothing and works.
        let upgrade = ["upgrade", "plimsoll", CHART, "-n", NAMESPACE];
        helm.ok(&[&upgrade[..], &values].concat());
        helm.ok(&["uninstall", "plimsoll", "-n", NAMESPACE]);
    }
    assert_eq!(left_behind(&cluster), Vec::<String>::new());
}

/// A field that is not there is found: the checks above check something.
#[test]
fn kubeconform_refuses_a_misspelt_field() {
    if skipped("kubeconform_refuses_a_misspelt_field") {
        return;
    }
    let folder = TempDir::new().unwrap();
    schemas::write(Cluster::shared().unwrap(), folder.path());
    let pdb = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: x}\n\
               spec: {maxUnavailabel: 1}\n";
    std::fs::write(folder.path().join("pdb.yaml"), pdb).unwrap();
    let location = "{{.ResourceKind}}{{.KindSuffix}}.json";
    let args = ["-strict", "-schema-location", location, "pdb.yaml"];
    let said = run_in(folder.path(), tool("kubeconform").unwrap(), &args);
    assert!(!said.success() && said.stdout.contains("maxUnavailabel"), "{said:?}");
}

/// Everything that carries the release's label, or its name.
pub(crate) fn left_behind(cluster: &Cluster) -> Vec<String> {
    let listed = ["api-resources", "--verbs=list", "-o", "name"];
    let kinds = cluster.kubectl_ok(&listed).unwrap();
    let kinds: Vec<_> = kinds.lines().filter(|kind| !kind.starts_with("events")).collect();
    let objects = cluster.get_json(&[&kinds.join(","), "-A"]).unwrap();
    let ours = |object: &&Value| {
        let metadata = &object["metadata"];
        metadata["labels"]["app.kubernetes.io/instance"] == "plimsoll"
            || metadata["name"].as_str().is_some_and(|name| name.contains("plimsoll"))
    };
    let found = objects["items"].as_array().unwrap().iter().filter(ours);
    let named = found.map(|object| {
        format!("{} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"])
    });
    // An APIService goes with the CRDs.
    let documented = |name: &String| {
        ["CustomResourceDefinition ", "APIService ", "Namespace "]
            .iter()
            .any(|kind| name.starts_with(kind))
    };
    named.filter(|name| !documented(name)).collect()
}

/// The server's account.
const ACCOUNT: &str = "--as=system:serviceaccount:plimsoll-system:plimsoll";

/// Writes as the server does: by its account, under its name.
pub(crate) fn write_as_server(cluster: &Cluster, object: &Value) {
    let manager = "--field-manager=plimsoll";
    let args = ["apply", "--server-side", "--force-conflicts", manager, "-f", "-", ACCOUNT];
    let output = cluster.kubectl_with(&args, &object.to_string());
    output.unwrap().stdout_of("writing as the server").unwrap();
}

pub(crate) fn webhook(name: &str) -> Value {
    json!({
        "name": name, "admissionReviewVersions": ["v1"], "sideEffects": "None",
        "failurePolicy": "Ignore",
        "clientConfig": {"service": {"namespace": NAMESPACE, "name": "plimsoll", "path": "/x"}},
        "rules": [{"apiGroups": ["plimsoll.dev"], "apiVersions": ["v1"], "resources": ["none"],
                   "operations": ["CREATE"]}],
    })
}

#[test]
fn an_upgrade_leaves_what_the_server_wrote_and_removing_leaves_nothing() {
    if skipped("an_upgrade_leaves_what_the_server_wrote_and_removing_leaves_nothing") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let helm = Helm::in_cluster(&cluster);
    let notes = install(&helm, &[]);
    assert!(notes.contains("batch-dns, batch-spread"), "{notes}");
    assert!(cluster.kubectl_ok(&["get", "podpolicies"]).unwrap().contains("image-tag"));

    let configurations = [
        ("MutatingWebhookConfiguration", "plimsoll", "mutate.plimsoll.dev"),
        ("ValidatingWebhookConfiguration", "plimsoll", "validate.plimsoll.dev"),
        ("ValidatingWebhookConfiguration", "plimsoll-policies", "policies.plimsoll.dev"),
    ];
    for (kind, name, entry) in configurations {
        write_as_server(
            &cluster,
            &json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
                    "metadata": {"name": name}, "webhooks": [webhook(entry)]}),
        );
    }
    let (data, spec) = (json!({"tls.crt": "eA=="}), json!({"holderIdentity": "one"}));
    for (object, field, value) in
        [("secret/plimsoll-tls", "data", data), ("lease/plimsoll", "spec", spec)]
    {
        let mut stored = cluster.get_json(&[object, "-n", NAMESPACE]).unwrap();
        stored[field] = value;
        let args = ["replace", "-f", "-", ACCOUNT];
        let replaced = cluster.kubectl_with(&args, &stored.to_string()).unwrap();
        replaced.stdout_of("writing as the server").unwrap();
    }
    // Somebody deletes the Secret, and the server makes it again with the labels that it had.
    let mut stored = cluster.get_json(&["secret/plimsoll-tls", "-n", NAMESPACE]).unwrap();
    cluster.kubectl_ok(&["delete", "secret/plimsoll-tls", "-n", NAMESPACE]).unwrap();
    let metadata = stored["metadata"].as_object_mut().unwrap();
    metadata.retain(|field, _| ["name", "namespace", "labels", "annotations"].contains(&&**field));
    let args = ["create", "--field-manager=plimsoll", "-f", "-", ACCOUNT];
    let made = cluster.kubectl_with(&args, &stored.to_string()).unwrap();
    made.stdout_of("making the Secret again").unwrap();
    let own = "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: mine}\n\
               spec: {rules: [{name: a, action: Audit, imageTag: {deny: [latest]}}]}\n";
    cluster.apply(own).unwrap();

    let changed = ["--set", "webhooks.failurePolicy=Fail,policies.profile=observe"];
    let folder = TempDir::new().unwrap();
    let package = ["package", CHART, "--version=9.9.9", "--app-version=9.9.9", "--destination"];
    helm.ok(&[&package[..], &[folder.path().to_str().unwrap()]].concat());
    let next = folder.path().join("plimsoll-9.9.9.tgz").display().to_string();
    helm.ok(&[&["upgrade", "plimsoll", &next, "-n", NAMESPACE], &changed[..]].concat());
    for (kind, name, entry) in configurations {
        let stored = cluster.get_json(&[kind, name]).unwrap();
        assert_eq!(stored["webhooks"][0]["name"], entry, "{kind} {name}");
    }
    let stored = cluster.get_json(&["secret", "plimsoll-tls", "-n", NAMESPACE]).unwrap();
    assert_eq!(stored["data"]["tls.crt"], "eA==");
    let stored = cluster.get_json(&["lease", "plimsoll", "-n", NAMESPACE]).unwrap();
    assert_eq!(stored["spec"]["holderIdentity"], "one");
    let policies = cluster.kubectl_ok(&["get", "podpolicies", "-o", "name"]).unwrap();
    let policies: Vec<_> = policies.lines().filter_map(|name| name.split('/').nth(1)).collect();
    assert_eq!(policies, ["mine", "observe", "observe-batch"]);

    let said = helm.ok(&["uninstall", "plimsoll", "-n", NAMESPACE]);
    assert_eq!(left_behind(&cluster), Vec::<String>::new(), "{said}");
    // People's own policies stay, and so the CRDs.
    assert!(cluster.kubectl(&["get", "podpolicy", "mine"]).unwrap().success());
    install(&helm, &[]);
}

/// Helm's order: the webhook configurations go before what answers them.
#[test]
fn the_webhook_configurations_are_removed_first() {
    if skipped("the_webhook_configurations_are_removed_first") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let helm = Helm::in_cluster(&cluster);
    install(&helm, &[]);
    // Held by a finalizer, each is still there when Helm is done, with the time of its deletion.
    let hold = r#"{"metadata": {"finalizers": ["example.com/hold"]}}"#;
    let held = [
        ("mutatingwebhookconfiguration/plimsoll", None),
        ("validatingwebhookconfiguration/plimsoll", None),
        ("validatingwebhookconfiguration/plimsoll-policies", None),
        ("service/plimsoll", Some(NAMESPACE)),
        ("deployment/plimsoll", Some(NAMESPACE)),
        ("clusterrole/plimsoll", None),
    ];
    let placed = |namespace: Option<&'static str>| {
        namespace.map_or(Vec::new(), |namespace| vec!["-n", namespace])
    };
    for (name, namespace) in held {
        let args = [&["patch", name, "--type=merge", "-p", hold][..], &placed(namespace)].concat();
        cluster.kubectl_ok(&args).unwrap();
    }
    // Their deletion counts as a change, and resource versions grow with every change in the cluster; timestamps
    // would tell whole seconds only.
    helm.ok(&["uninstall", "plimsoll", "-n", NAMESPACE, "--no-hooks"]);
    let version = |(name, namespace): &(&str, Option<&'static str>)| {
        let object = cluster.get_json(&[&[*name][..], &placed(*namespace)].concat()).unwrap();
        assert!(object["metadata"]["deletionTimestamp"].is_string(), "{name}");
        object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap()
    };
    let versions: Vec<u64> = held.iter().map(version).collect();
    let (webhooks, others) = versions.split_at(3);
    assert!(webhooks.iter().max() < others.iter().min(), "{versions:?}");
}

/// Helm leaves CRDs alone, so an upgrade or install whose CRDs are not those in the cluster stops and says what to do.
#[test]
fn an_upgrade_waits_for_its_crds() {
    if skipped("an_upgrade_waits_for_its_crds") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let helm = Helm::in_cluster(&cluster);
    install(&helm, &["--set", "policies.profile=none"]);
    let crd = "podpolicies.plimsoll.dev";
    let field = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/description";
    let older = json!([{"op": "remove", "path": field}]).to_string();
    cluster.kubectl_ok(&["patch", "crd", crd, "--type=json", "-p", &older]).unwrap();

    let upgrade = ["upgrade", "plimsoll", CHART, "-n", NAMESPACE];
    let refused = helm.run(&upgrade);
    assert!(!refused.success());
    assert!(refused.stderr.contains("podpolicies.plimsoll.dev in the cluster is not this chart's"));
    let unchecked = ["--set", "crds.check=false", "--dry-run=server"];
    helm.ok(&[&upgrade[..], &unchecked].concat());

    let crds = helm.ok(&["show", "crds", CHART]);
    let apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
    cluster.kubectl_with(&apply, &crds).unwrap().stdout_of("applying the CRDs").unwrap();
    poll("an upgrade with the new CRDs", Duration::from_secs(30), || {
        let done = helm.run(&upgrade);
        Ok(if done.success() { Progress::Done(()) } else { Progress::NotYet(done.stderr) })
    })
    .unwrap();

    // Those that an uninstalled release has left are seen on an install too: Helm 3 does not replace them.
    helm.ok(&["uninstall", "plimsoll", "-n", NAMESPACE]);
    cluster.kubectl_ok(&["patch", "crd", crd, "--type=json", "-p", &older]).unwrap();
    let refused = helm.run(&["install", "plimsoll", CHART, "-n", NAMESPACE, "--skip-crds"]);
    assert!(!refused.success());
    assert!(refused.stderr.contains("podpolicies.plimsoll.dev in the cluster is not this chart's"));
}
