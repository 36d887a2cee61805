//! Generated pods: every part that a rule reads, in the shapes that the API server accepts.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const IMAGES: [&str; 13] = [
    "index.docker.io/library/redis:7",
    "mirror.example.com/hub/library/nginx:1.27",
    "GHCR.io:443/team/app:1",
    "nginx",
    "nginx:latest",
    "nginx:1.27",
    "host:5000/app",
    "localhost/team/app:v1.2.3-SNAPSHOT",
    "Registry.Example.com/a/b:1",
    "[::1]:5000/x:2",
    "app:latest@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "repo/app@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "quay.io/jupyter/base-notebook:2026-11-01",
];

/// (quantity, value in thousandths) in ascending order.
const CPU: [(&str, u64); 5] = [("0", 0), ("10m", 10), ("0.1", 100), ("1", 1000), ("4", 4000)];
const MEMORY: [(&str, u64); 6] =
    [("0", 0), ("16Mi", 16), ("64Mi", 64), ("134217728", 128), ("1Gi", 1024), ("8Gi", 8192)];

fn pair(
    scale: &'static [(&'static str, u64)],
) -> impl Strategy<Value = (Option<String>, Option<String>)> {
    (option::of(select(scale)), option::of(select(scale))).prop_map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) if a.1 > b.1 => (Some(b.0.to_owned()), Some(a.0.to_owned())),
        (a, b) => (a.map(|a| a.0.to_owned()), b.map(|b| b.0.to_owned())),
    })
}

fn resources() -> impl Strategy<Value = Option<Value>> {
    let both = (pair(&CPU), pair(&MEMORY), option::weighted(0.2, pair(&MEMORY)), any::<bool>());
    option::of(both.prop_map(|(cpu, memory, storage, gpu)| {
        let (mut requests, mut limits) = (Map::new(), Map::new());
        let storage = storage.unwrap_or_default();
        for (name, (request, limit)) in
            [("cpu", cpu), ("memory", memory), ("ephemeral-storage", storage)]
        {
            requests.extend(request.map(|value| (name.to_owned(), json!(value))));
            limits.extend(limit.map(|value| (name.to_owned(), json!(value))));
        }
        if gpu {
            limits.insert("example.com/gpu".to_owned(), json!("1"));
        }
        let mut resources = Map::new();
        if !requests.is_empty() {
            resources.insert("requests".to_owned(), Value::Object(requests));
        }
        if !limits.is_empty() {
            resources.insert("limits".to_owned(), Value::Object(limits));
        }
        Value::Object(resources)
    }))
}

fn container(name: String) -> impl Strategy<Value = Value> {
    let policy = option::of(select(vec!["Always", "IfNotPresent", "Never"]));
    let env = option::weighted(
        0.3,
        select(vec![
            "db.etl.svc:5432",
            "https://example.com",
            "http://hub:8081",
            "set -e\ncurl http://hub\n",
            "echo a\n.svc\tb",
            "s3://bucket/data",
        ]),
    );
    (select(&IMAGES[..]), policy, resources(), env).prop_map(
        move |(image, policy, resources, env)| {
            let mut container = json!({"name": name, "image": image});
            if let Some(policy) = policy {
                container["imagePullPolicy"] = json!(policy);
            }
            if let Some(resources) = resources {
                container["resources"] = resources;
            }
            if let Some(env) = env {
                container["env"] = json!([{"name": "A", "value": env}]);
            }
            container
        },
    )
}

fn containers(
    prefix: &'static str,
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Value>> {
    count.prop_flat_map(move |count| {
        (0..count).map(|at| container(format!("{prefix}-{at}"))).collect::<Vec<_>>()
    })
}

fn dns() -> impl Strategy<Value = Map<String, Value>> {
    let policy =
        option::of(select(vec!["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]));
    let options = option::of(vec(
        (
            select(vec!["ndots", "timeout", "edns0", "rotate"]),
            option::of(select(vec!["1", "3", "5"])),
        ),
        0..3,
    ));
    let searches = option::of(vec(select(vec!["example.com", "svc.example.com"]), 0..3));
    (policy, options, searches, any::<bool>()).prop_map(|(policy, options, searches, host)| {
        let mut fields = Map::new();
        let mut config = Map::new();
        if let Some(options) = options {
            let options = options.into_iter().map(|(name, value)| match value {
                Some(value) => json!({"name": name, "value": value}),
                None => json!({"name": name}),
            });
            config.insert("options".to_owned(), options.collect());
        }
        if let Some(searches) = searches {
            config.insert("searches".to_owned(), json!(searches));
        }
        if policy == Some("None") {
            config.insert("nameservers".to_owned(), json!(["10.0.0.10"]));
        }
        if !config.is_empty() {
            fields.insert("dnsConfig".to_owned(), Value::Object(config));
        }
        if let Some(policy) = policy {
            fields.insert("dnsPolicy".to_owned(), json!(policy));
        }
        if host {
            fields.insert("hostNetwork".to_owned(), json!(true));
        }
        fields
    })
}

fn spread() -> impl Strategy<Value = Map<String, Value>> {
    let keys = vec!["kubernetes.io/hostname", "topology.kubernetes.io/zone", "example.com/rack"];
    let constraints = proptest::sample::subsequence(keys, 0..=2).prop_flat_map(|keys| {
        keys.into_iter().map(|key| (Just(key), 1..4_i64, any::<bool>())).collect::<Vec<_>>()
    });
    let pinned = option::weighted(0.15, select(vec!["nodeName", "nodeSelector", "affinity"]));
    (option::of(constraints), pinned).prop_map(|(constraints, pinned)| {
        let mut fields = Map::new();
        if let Some(constraints) = constraints {
            let constraints = constraints.into_iter().map(|(key, skew, hard)| {
                json!({"topologyKey": key, "maxSkew": skew, "labelSelector": {"matchLabels": {"app": "x"}},
                    "whenUnsatisfiable": if hard { "DoNotSchedule" } else { "ScheduleAnyway" }})
            });
            fields.insert("topologySpreadConstraints".to_owned(), constraints.collect());
        }
        match pinned {
            Some("nodeName") => drop(fields.insert("nodeName".to_owned(), json!("node-a"))),
            Some("nodeSelector") => {
                fields.insert("nodeSelector".to_owned(), json!({"kubernetes.io/hostname": "node-a"}));
            }
            Some("affinity") => {
                let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-a"]}]});
                fields.insert(
                    "affinity".to_owned(),
                    json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                        {"nodeSelectorTerms": [term]}}}),
                );
            }
            _ => {}
        }
        fields
    })
}

/// Fields of the spec, and a handler of the first container.
fn ending() -> impl Strategy<Value = (Map<String, Value>, Option<Value>)> {
    let grace = option::of(select(vec![0_i64, 10, 30, 60, 120, 900]));
    let deadline = option::of(select(vec![1_i64, 60, 600, 86400]));
    let sleep = option::of(select(vec![0_i64, 5, 30, 90]));
    (grace, deadline, sleep).prop_map(|(grace, deadline, sleep)| {
        let mut fields = Map::new();
        fields
            .extend(grace.map(|grace| ("terminationGracePeriodSeconds".to_owned(), json!(grace))));
        fields
            .extend(deadline.map(|deadline| ("activeDeadlineSeconds".to_owned(), json!(deadline))));
        let handler = match sleep {
            // The API server takes no sleep that is longer than the grace period, and none of nothing before 1.33.
            Some(seconds @ 1..) if seconds <= grace.unwrap_or(30) => {
                Some(json!({"preStop": {"sleep": {"seconds": seconds}}}))
            }
            Some(0) => Some(json!({"postStart": {"exec": {"command": ["/bin/true"]}}})),
            _ => None,
        };
        (fields, handler)
    })
}

fn metadata() -> impl Strategy<Value = Map<String, Value>> {
    let labels = option::of(select(vec![
        json!({"app": "x"}),
        json!({"kubernetes_executor": "True", "dag_id": "etl"}),
        json!({"spark-app-selector": "s", "spark-role": "executor"}),
        json!({"plimsoll.dev/crowd": "mine"}),
        json!({"workflows.argoproj.io/workflow": "w"}),
        json!({"example.com/team": "data", "batch.kubernetes.io/job-name": "j"}),
        json!({"example.com/team": "nobody", "app": ""}),
    ]));
    (labels, any::<bool>()).prop_map(|(labels, annotated)| {
        let mut fields = Map::new();
        fields.extend(labels.map(|labels| ("labels".to_owned(), labels)));
        if annotated {
            fields.insert("annotations".to_owned(), json!({"note": "x"}));
        }
        fields
    })
}

/// What comes with images.
fn images() -> impl Strategy<Value = Map<String, Value>> {
    let secrets =
        option::of(select(vec![json!([{"name": "mirror"}]), json!([]), json!([{"name": "team"}])]));
    let volume = option::weighted(0.3, select(&IMAGES[..]));
    (secrets, volume).prop_map(|(secrets, volume)| {
        let mut fields = Map::new();
        fields.extend(secrets.map(|secrets| ("imagePullSecrets".to_owned(), secrets)));
        let volume = volume.map(|image| json!([{"name": "models", "image": {"reference": image}}]));
        fields.extend(volume.map(|volume| ("volumes".to_owned(), volume)));
        fields
    })
}

/// A pod that is mostly valid: the API server has the last word on it.
pub(crate) fn pod() -> impl Strategy<Value = Value> {
    let restart = option::of(select(vec!["Always", "OnFailure", "Never"]));
    let level = option::weighted(
        0.1,
        Just(
            json!({"requests": {"cpu": "40", "memory": "100Gi"}, "limits": {"cpu": "80", "memory": "200Gi"}}),
        ),
    );
    let os = option::weighted(0.1, select(vec!["linux", "windows"]));
    let lists = (containers("main", 1..4), containers("init", 0..3), any::<bool>());
    (metadata(), lists, dns(), spread(), ending(), images(), restart, level, os).prop_map(
        |(
            metadata,
            (mut main, mut init, sidecar),
            dns,
            spread,
            (ending, handler),
            images,
            restart,
            level,
            os,
        )| {
            if let (Some(handler), Some(first)) = (handler, main.first_mut()) {
                first["lifecycle"] = handler;
            }
            let mut spec = json!({"containers": main});
            if let (true, Some(first)) = (sidecar, init.first_mut()) {
                first["restartPolicy"] = json!("Always");
            }
            let fields = spec.as_object_mut().unwrap();
            if !init.is_empty() {
                fields.insert("initContainers".to_owned(), json!(init));
            }
            fields.extend(dns);
            fields.extend(spread);
            fields.extend(ending);
            fields.extend(images);
            fields.extend(restart.map(|restart| ("restartPolicy".to_owned(), json!(restart))));
            match os {
                Some("windows") => {
                    fields.insert("os".to_owned(), json!({"name": "windows"}));
                    fields.remove("hostNetwork");
                }
                os => {
                    fields.extend(os.map(|os| ("os".to_owned(), json!({"name": os}))));
                    fields.extend(level.map(|level| ("resources".to_owned(), level)));
                }
            }
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        },
    )
}
