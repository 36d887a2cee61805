//! The command itself: what it says, and how signals end it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::support::{UID, bad_review, connect, eventually, exchange, get, post};

/// `plimsoll serve` as a process of its own; gone with this value.
pub(crate) struct Process {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Process {
        Process::start_with(arguments, &[])
    }

    fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Process {
        let command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        Process::spawn(command, arguments, variables)
    }

    /// Started by `command`, which is handed the arguments.
    pub(crate) fn spawn(
        mut command: Command,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Process {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PLIMSOLL_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(arguments)
            .env_remove("RUST_LOG")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Process { child, stderr }
    }

    /// What is said until a log message with these words.
    pub(crate) fn said_until(&mut self, message: &str) -> Vec<String> {
        let wanted = format!("\"message\":\"{message}\"");
        let mut said = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.stderr.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "{message:?} was never said, but {said:#?}");
            let end = line.contains(&wanted);
            said.push(line);
            if end {
                return said;
            }
        }
    }

    /// A connection to the webhook, and the admin address.
    pub(crate) async fn connect(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        let said = self.said_until("serving");
        let serving: Value = serde_json::from_str(said.last().unwrap()).unwrap();
        let address = |field: &str| serving[field].as_str().unwrap().parse().unwrap();
        let (_, ca) = get(address("admin_listen"), "/ca.pem").await;
        (connect(address("listen"), &ca).await.unwrap(), address("admin_listen"))
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of the start message that are to be pasted.
fn pasteable(said: &[String]) -> String {
    said.iter()
        .skip_while(|line| !line.trim_start().starts_with("curl"))
        .take_while(|line| !line.trim().is_empty())
        .map(String::as_str)
        .collect()
}

#[test]
fn policies_that_pin_are_told_of_where_no_registry_may_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let policy = |name: &str, action: &str| {
        format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: {name}}}\n\
             spec: {{rules: [{{name: r, action: {action}, imageDigest: {{}}}}]}}\n"
        )
    };
    let both = format!("{}---\n{}", policy("pins", "Patch"), policy("warns", "Warn"));
    let policies = write("policies.yaml", &both);
    let none = write("none.yaml", "{}\n");
    let one = write("one.yaml", "registries: [{host: registry.example.com}]\n");
    for (registries, told) in [(None, 1), (Some(&none), 1), (Some(&one), 0)] {
        let mut arguments = vec!["--policies", &policies];
        arguments.extend(registries.iter().flat_map(|file| ["--registries", file.as_str()]));
        let said = Process::start(&arguments).said_until("serving").concat();
        let warnings: Vec<&str> =
            said.lines().filter(|line| line.contains("no registry may be asked")).collect();
        assert_eq!(warnings.len(), told, "{said}");
        assert!(warnings.iter().all(|line| line.contains("\"policy\":\"pins\"")), "{said}");
    }
}

#[test]
fn the_command_in_the_start_message_shows_a_patch_when_pasted() {
    let mut process = Process::start(&[]);
    let command = pasteable(&process.said_until("serving"));
    // From anywhere: it needs no file of this folder.
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh").args(["-c", &command]).current_dir(&folder).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let patch: Value = serde_json::from_str(&said).unwrap_or_else(|error| {
        panic!("{error}: {command}said {said:?}, {}", String::from_utf8_lossy(&output.stderr))
    });
    assert!(patch.as_array().is_some_and(|operations| !operations.is_empty()), "{said}");
    assert!(patch[0]["op"].is_string() && patch[0]["path"].is_string(), "{said}");
}

#[test]
fn a_signal_drains_and_ends_with_0() {
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(&["--drain-delay", "0"]);
        process.said_until("serving");
        process.signal(signal);
        process.said_until("drained");
        assert_eq!(process.exit_code(), Some(0), "{signal}");
    }
}

#[test]
fn ctrl_c_ends_at_once_where_sigterm_waits_for_api_servers() {
    let mut process = Process::start(&[]);
    process.said_until("serving");
    let began = Instant::now();
    process.signal("INT");
    assert_eq!(process.exit_code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut process = Process::start(&["--drain-delay", "1h"]);
    process.said_until("serving");
    process.signal("TERM");
    process.said_until("draining");
    process.signal("INT");
    assert_eq!(process.exit_code(), Some(0));
}

#[test]
fn what_keeps_it_from_starting_is_said_with_2() {
    for (arguments, words) in [
        (&["--listen", "nonsense"][..], "--listen"),
        (&["--tls-cert", "/nowhere/tls.crt", "--tls-key", "/nowhere/tls.key"], "/nowhere/tls.crt"),
        (&["--tls-cert", "/nowhere/tls.crt"], "--tls-key"),
        (&["--drain-delay", "soon"], "--drain-delay"),
        (&["--log-level", "a=b=c"], "a=b=c"),
        (&["--policies", "/nowhere"], "/nowhere"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .arg("serve")
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn without_a_cluster_there_is_nothing_to_follow() {
    let nowhere = tempfile::tempdir().unwrap();
    let serve = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args([
                "serve",
                "--kubernetes",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .args(arguments)
            .env("HOME", nowhere.path())
            .env("KUBECONFIG", nowhere.path().join("config"))
            .env_remove("KUBERNETES_SERVICE_HOST")
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = serve(&[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no cluster is configured") && said.contains("KUBECONFIG"), "{said}");
    let file = nowhere.path().join("config").display().to_string();
    for once in [file.as_str(), "No such file", "in-cluster", "no cluster is configured"] {
        assert_eq!(said.matches(once).count(), 1, "{once}: {said}");
    }
    for flag in ["--policies=x", "--profile=strict", "--exemptions=x"] {
        let (code, said) = serve(&[flag]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("cannot be used with"), "{flag}: {said}");
    }
}

/// It waits, alive and not ready, and says what for.
#[tokio::test]
async fn an_api_server_that_is_not_there_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        // Nobody listens on port 1.
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let mut process = Process::start_with(
        &["--kubernetes", "--identity", "me", "--drain-delay", "0"],
        &[("KUBECONFIG", file.to_str().unwrap())],
    );
    let said = process.said_until("serving");
    assert!(said.iter().any(|line| line.contains("as me of plimsoll-system/plimsoll")), "{said:?}");
    let serving: Value = serde_json::from_str(said.last().unwrap()).unwrap();
    let admin = serving["admin_listen"].as_str().unwrap().parse().unwrap();
    let waits = eventually(async || {
        let (code, text) = get(admin, "/readyz").await;
        code == 503
            && ["policies", "exemptions", "namespaces", "limitranges"].iter().all(|resource| {
                text.contains(&format!("{resource}: the API server cannot be reached"))
            })
    });
    assert!(waits.await, "{:?}", get(admin, "/readyz").await);
    assert_eq!(get(admin, "/livez").await.0, 200);
    let began = Instant::now();
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5), "an end that waits for nobody");
}

/// Whether a server with these flags lets a pod with `latest` through.
async fn allows(arguments: &[&str]) -> bool {
    let mut process = Process::start(arguments);
    let said = process.said_until("serving");
    let serving: Value = serde_json::from_str(said.last().unwrap()).unwrap();
    let address = |field: &str| serving[field].as_str().unwrap().parse().unwrap();
    let (_, ca) = get(address("admin_listen"), "/ca.pem").await;
    let mut stream = connect(address("listen"), &ca).await.unwrap();
    let answer = exchange(&mut stream, &post("/validate", &bad_review())).await.json();
    answer["response"]["allowed"] == true
}

#[tokio::test]
async fn exemptions_and_the_mode_by_default_count() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exemption.yaml");
    let exempt = |expires: &str| {
        let text = format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicyExemption\nmetadata: {{name: vendor}}\nspec:\n  policies: [image-tag]\n  reason: r\n  owner: o\n  expires: {expires}\n"
        );
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap()
    };
    assert!(!allows(&[]).await);
    assert!(allows(&["--default-mode", "audit"]).await);
    assert!(allows(&["--default-mode", "warn"]).await);
    assert!(allows(&["--exemptions", exempt("9998-01-01")]).await);
    assert!(!allows(&["--exemptions", exempt("2020-01-01")]).await);
}

#[tokio::test]
async fn a_denial_is_one_line_with_names_and_nothing_of_the_object() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/default/image-tag.yaml");
    let mut process = Process::start(&["--policies", policies]);
    let said = process.said_until("serving");
    let serving: Value = serde_json::from_str(said.last().unwrap()).unwrap();
    let address = |field: &str| serving[field].as_str().unwrap().parse().unwrap();
    let (_, ca) = get(address("admin_listen"), "/ca.pem").await;
    let mut stream = connect(address("listen"), &ca).await.unwrap();
    let mut review: Value = serde_json::from_slice(&bad_review()).unwrap();
    review["request"]["name"] = json!("line\nbreak \u{1b}[31m");
    review["request"]["object"]["spec"]["containers"][0]["args"] = json!(["s3cret-token"]);
    let body = serde_json::to_vec(&review).unwrap();
    exchange(&mut stream, &post("/validate", &body)).await;
    exchange(&mut stream, &post("/mutate", &body)).await;
    process.signal("INT");
    let said = process.said_until("drained").concat();
    let denials: Vec<&str> = said.lines().filter(|line| line.contains("\"denied\"")).collect();
    assert_eq!(denials.len(), 1, "{said}");
    let denial: Value = serde_json::from_str(denials[0]).unwrap();
    for (field, value) in [
        ("uid", UID),
        ("namespace", "airflow"),
        ("name", "line\nbreak \u{1b}[31m"),
        ("user", "system:serviceaccount:airflow:airflow-scheduler"),
        ("policy", "image-tag"),
        ("rule", "no-latest"),
        ("level", "INFO"),
    ] {
        assert_eq!(denial[field], value, "{denial}");
    }
    assert!(!said.contains("s3cret-token") && !said.contains("\u{1b}"), "{said}");
}
