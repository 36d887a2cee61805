//! Manifests as people write them, of five kinds: about 2 kB each.

use std::fmt::Write;
use std::fs;
use std::path::Path;

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

/// The manifest with this number.
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

/// Writes `count` manifests into folders below `folder`; their size in bytes.
pub(crate) fn write(folder: &Path, count: usize) -> usize {
    (0..count)
        .map(|at| {
            let text = manifest(at);
            let group = folder.join(format!("team-{}", at % 13));
            fs::create_dir_all(&group).unwrap();
            fs::write(group.join(format!("app-{at}.yaml")), &text).unwrap();
            text.len()
        })
        .sum()
}
