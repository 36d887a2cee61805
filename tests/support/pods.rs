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

fn node_requirement() -> impl Strategy<Value = Value> {
    let key = || select(vec!["node-pool", "zone", "cores"]);
    prop_oneof![
        (key(), select(vec!["In", "NotIn"]), vec(select(vec!["steady", "elastic", "8"]), 1..3)).prop_map(
            |(key, operator, values)| json!({"key": key, "operator": operator, "values": values})
        ),
        (key(), select(vec!["Exists", "DoesNotExist"]))
            .prop_map(|(key, operator)| json!({"key": key, "operator": operator})),
        select(vec!["Gt", "Lt"])
            .prop_map(|operator| json!({"key": "cores", "operator": operator, "values": ["7"]})),
    ]
}

fn toleration() -> impl Strategy<Value = Value> {
    let default = "node.kubernetes.io/not-ready";
    let effect = option::of(select(vec!["NoSchedule", "NoExecute"]));
    let seconds = option::of(select(vec![30, 300, 600]));
    let taint = select(vec![
        json!({"operator": "Exists"}),
        json!({"key": "dedicated", "operator": "Exists"}),
        json!({"key": "dedicated", "operator": "Equal", "value": "batch"}),
        json!({"key": "dedicated", "value": "steady"}),
        json!({"key": default, "operator": "Exists"}),
    ]);
    (taint, effect, seconds).prop_map(|(mut taint, effect, seconds)| {
        if let Some(effect) = effect {
            taint["effect"] = json!(effect);
        }
        if let (Some("NoExecute"), Some(seconds)) = (effect, seconds) {
            taint["tolerationSeconds"] = json!(seconds);
        }
        taint
    })
}

/// Where a pod may and should run.
fn placing() -> impl Strategy<Value = Map<String, Value>> {
    let selector = proptest::collection::btree_map(
        select(vec!["node-pool", "zone"]),
        select(vec!["steady", "elastic"]),
        0..3,
    );
    let term = prop_oneof![
        5 => vec(node_requirement(), 0..3).prop_map(|all| json!({"matchExpressions": all})),
        1 => Just(json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-a"]}]})),
    ];
    let required = option::weighted(0.4, vec(term.clone(), 1..4));
    let preferred = option::weighted(0.3, vec((1..=100, term), 0..3));
    let tolerations = option::of(vec(toleration(), 0..4));
    let class = option::weighted(0.2, select(vec!["system-cluster-critical", ""]));
    let scheduler = option::weighted(0.3, select(vec!["default-scheduler", "volcano"]));
    (
        option::weighted(0.4, selector),
        required,
        preferred,
        tolerations,
        class,
        scheduler,
        any::<bool>(),
    )
        .prop_map(
            |(selector, required, preferred, tolerations, class, scheduler, numbered)| {
                let mut affinity = Map::new();
                if let Some(terms) = required {
                    affinity.insert(
                        "requiredDuringSchedulingIgnoredDuringExecution".to_owned(),
                        json!({"nodeSelectorTerms": terms}),
                    );
                }
                if let Some(terms) = preferred {
                    let terms = terms
                        .into_iter()
                        .map(|(weight, term)| json!({"weight": weight, "preference": term}));
                    affinity.insert(
                        "preferredDuringSchedulingIgnoredDuringExecution".to_owned(),
                        terms.collect(),
                    );
                }
                let mut fields = Map::new();
                let affinity = (!affinity.is_empty()).then(|| json!({"nodeAffinity": affinity}));
                let priority = (numbered && class.is_none()).then(|| json!(0));
                for (name, value) in [
                    ("nodeSelector", selector.map(|labels| json!(labels))),
                    ("affinity", affinity),
                    ("tolerations", tolerations.map(|all| json!(all))),
                    ("priorityClassName", class.map(|name| json!(name))),
                    ("priority", priority),
                    ("schedulerName", scheduler.map(|name| json!(name))),
                ] {
                    fields.extend(value.map(|value| (name.to_owned(), value)));
                }
                fields
            },
        )
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
            let more = json!({"note": "x", "karpenter.sh/do-not-disrupt": "true"});
            let kept = fields.contains_key("labels");
            fields.insert("annotations".to_owned(), if kept { json!({"note": "x"}) } else { more });
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
    (metadata(), lists, dns(), (placing(), spread()), ending(), images(), restart, level, os)
        .prop_map(
            |(
                metadata,
                (mut main, mut init, sidecar),
                dns,
                (placing, spread),
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
                fields.extend(placing);
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
