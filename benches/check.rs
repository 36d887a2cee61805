//! `plimsoll check` of 1,000 mixed manifests, about 2 MB, as a whole process, and `plimsoll fix` of the same.
//!
//! `cargo bench --bench check` prints wall time, CPU time and peak memory. Linux only for the last two.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILES: usize = 1000;
const RUNS: usize = 21;

/// A pod spec of the length people write, with comments.
fn spec(at: usize, indent: &str, restart: &str) -> String {
    let mut text = String::new();
    let tag = if at.is_multiple_of(7) { "latest".to_owned() } else { format!("1.{at}") };
    let lines = [
        "serviceAccountName: runner".to_owned(),
        format!("restartPolicy: {restart}"),
        "# Keep the number of threads in step with the CPU request.".to_owned(),
        "containers:".to_owned(),
        "- name: main".to_owned(),
        format!(
            "  image: registry.example.com/team-{}/app:{tag}  # bumped by the release job",
            at % 13
        ),
        "  imagePullPolicy: IfNotPresent".to_owned(),
        "  args: [\"--listen=0.0.0.0:8080\", \"--threads\", \"4\", \"--log-format=json\"]"
            .to_owned(),
        "  env:".to_owned(),
        "  - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: database, key: url}}}"
            .to_owned(),
        "  - name: JAVA_TOOL_OPTIONS".to_owned(),
        "    value: >-".to_owned(),
        "      -XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError".to_owned(),
        "      -Dfile.encoding=UTF-8".to_owned(),
        "  ports:".to_owned(),
        "  - {containerPort: 8080, name: http}".to_owned(),
        "  readinessProbe:".to_owned(),
        "    httpGet: {path: /ready, port: http}".to_owned(),
        "    periodSeconds: 10".to_owned(),
        "  resources:".to_owned(),
        "    requests: {cpu: 250m, memory: 256Mi}".to_owned(),
        "    limits:".to_owned(),
        "      memory: 512Mi".to_owned(),
        "  volumeMounts:".to_owned(),
        "  - name: config".to_owned(),
        "    mountPath: /etc/app".to_owned(),
        "    readOnly: true".to_owned(),
        "- name: proxy".to_owned(),
        format!("  image: registry.example.com/platform/proxy:2.{}", at % 5),
        "  resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}".to_owned(),
        "volumes:".to_owned(),
        "- name: config".to_owned(),
        "  configMap:".to_owned(),
        format!("    name: app-{at}"),
    ];
    for line in lines {
        writeln!(text, "{indent}{line}").unwrap();
    }
    text
}

fn manifest(at: usize) -> String {
    let head = |version: &str, kind: &str| {
        format!(
            "# Owner: team-{}\napiVersion: {version}\nkind: {kind}\nmetadata:\n  name: app-{at}\n  namespace: team-{}\n  labels:\n    app.kubernetes.io/name: app-{at}\n",
            at % 13,
            at % 13
        )
    };
    let labels = format!("      metadata: {{labels: {{app: app-{at}}}}}\n");
    let deployment = || {
        format!(
            "{}spec:\n  replicas: 2\n  selector: {{matchLabels: {{app: app-{at}}}}}\n  template:\n{}    spec:\n{}",
            head("apps/v1", "Deployment"),
            labels.replace("      metadata", "    metadata"),
            spec(at, "      ", "Always")
        )
    };
    match at % 5 {
        0 => format!(
            "{}spec:\n  schedule: \"{} * * * *\"\n  jobTemplate:\n    spec:\n      template:\n{}        spec:\n{}",
            head("batch/v1", "CronJob"),
            at % 60,
            labels.replace("      metadata", "        metadata"),
            spec(at, "          ", "Never")
        ),
        1 => format!("{}spec:\n{}", head("v1", "Pod"), spec(at, "  ", "OnFailure")),
        2 => {
            let service = format!(
                "{}spec:\n  selector: {{app: app-{at}}}\n  ports: [{{port: 80, targetPort: http}}]\n",
                head("v1", "Service")
            );
            format!("{}---\n{service}", deployment())
        }
        3 => {
            let mut text = head("v1", "ConfigMap") + "data:\n  app.properties: |\n";
            for line in 0..40 {
                writeln!(text, "    setting.number.{line}=value of the setting {line} of app {at}")
                    .unwrap();
            }
            text
        }
        _ => deployment(),
    }
}

fn corpus(folder: &Path) -> usize {
    (0..FILES)
        .map(|at| {
            let text = manifest(at);
            let group = folder.join(format!("team-{}", at % 13));
            fs::create_dir_all(&group).unwrap();
            fs::write(group.join(format!("app-{at}.yaml")), &text).unwrap();
            text.len()
        })
        .sum()
}

/// User and system seconds of all children so far.
fn children_cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(13) + ticks(14)) / 100.0
}

/// Runs of one command, each over what `prepare` leaves in the folder.
fn measure(name: &str, args: &[&str], folder: &Path, prepare: impl Fn()) {
    let run = || {
        prepare();
        let started = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(args)
            .arg(folder)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(1), "the corpus holds findings and no errors");
        started.elapsed()
    };
    run();
    let before = children_cpu();
    let mut walls: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    let cpu = (children_cpu() - before) / RUNS as f64;
    walls.sort();
    println!("{name}, {RUNS} runs");
    println!("  wall  min {:?}  median {:?}  max {:?}", walls[0], walls[RUNS / 2], walls[RUNS - 1]);
    println!("  cpu   mean {cpu:.3} s");
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = corpus(folder.path());
    println!("{FILES} manifests, {:.2} MB", bytes as f64 / 1e6);
    let fresh = || {
        corpus(folder.path());
    };
    let all = ["fix", "--quiet", "--unsafe-fixes"];
    measure("check", &["check", "--quiet"], folder.path(), || {});
    measure("fix --check", &["fix", "--quiet", "--check"], folder.path(), || {});
    measure("fix", &["fix", "--quiet"], folder.path(), fresh);
    measure("fix --unsafe-fixes", &all, folder.path(), fresh);
    measure("fix, all fixed before", &all, folder.path(), || {});
}
