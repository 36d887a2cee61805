//! What the pages show is what commands print.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::PoisonError;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cluster::go::tool;
use crate::cluster::process::{accepts_connections, free_port};
use crate::cluster::skipped;
use crate::markdown::{Page, pages, root};
use crate::policy_webhook::define_policies;
use crate::shell::{ONE_WRITES, Shell, has_blocks, run_blocks};
use crate::webhook::Guarded;

fn is_plimsoll(command: &str) -> bool {
    let runs_it = command.contains("plimsoll ") && !command.starts_with("certs/");
    runs_it && !is_serve(command) && !is_kubectl(command)
}

fn is_serve(command: &str) -> bool {
    command.starts_with("plimsoll serve")
}

fn is_curl(command: &str) -> bool {
    command.starts_with("curl ")
}

fn is_kubectl(command: &str) -> bool {
    command.starts_with("kubectl ")
}

#[test]
fn plimsoll_prints_what_is_shown() {
    let mut shown = 0;
    for page in pages().iter().filter(|page| has_blocks(page, is_plimsoll)) {
        // The page on charts shows what other tools render.
        let tools: Vec<PathBuf> = match page.path.ends_with("docs/charts.md") {
            true => ["helm", "kustomize"].map(|name| tool(name).unwrap()).into(),
            false => Vec::new(),
        };
        let folders: Vec<&Path> = tools.iter().filter_map(|tool| tool.parent()).collect();
        run_blocks(&mut Shell::new(page, &folders), &page.path, is_plimsoll);
        shown += 1;
    }
    assert!(shown > 1);
}

#[test]
fn kubectl_prints_what_is_shown() {
    if skipped("kubectl_prints_what_is_shown") {
        return;
    }
    for (at, page) in pages().iter().filter(|page| has_blocks(page, is_kubectl)).enumerate() {
        let guarded = Guarded::by_default(&format!("docs-{at}"));
        if page.text.contains("kubectl explain podpolicy") {
            define_policies(guarded.cluster);
            guarded.served.judge_policies(guarded.cluster);
        }
        let kubectl = guarded.cluster.kubectl_path().to_owned();
        let mut shell = Shell::new(page, &[kubectl.parent().unwrap()]);
        let kubeconfig = shell.folder().join("kubeconfig");
        std::fs::copy(guarded.cluster.kubeconfig(), &kubeconfig).unwrap();
        let namespace = format!("--namespace={}", guarded.namespace);
        let done = Command::new(&kubectl)
            .args(["config", "set-context", "--current", &namespace])
            .env("KUBECONFIG", &kubeconfig)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        shell.env("KUBECONFIG", kubeconfig);
        shell.env("HOME", shell.folder().to_owned());
        shell.env("no_proxy", "127.0.0.1");
        run_blocks(&mut shell, &page.path, is_kubectl);
    }
}

/// A `plimsoll serve` on free ports.
pub(crate) struct Served {
    process: Child,
    pub(crate) listen: String,
    pub(crate) admin: String,
}

impl Served {
    pub(crate) fn start(stderr: &Path) -> Self {
        Self::with(&[], stderr)
    }

    fn with(flags: &[&str], stderr: &Path) -> Self {
        let (port, admin_port) = (free_port().unwrap(), free_port().unwrap());
        let [listen, admin] = [port, admin_port].map(|port| format!("127.0.0.1:{port}"));
        let process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["serve", "--listen", &listen, "--admin-listen", &admin])
            .args(flags)
            .stderr(std::fs::File::create(stderr).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let served = Self { process, listen, admin };
        let end = Instant::now() + Duration::from_secs(30);
        while !accepts_connections(port) || !accepts_connections(admin_port) {
            assert!(Instant::now() < end, "plimsoll does not listen");
            sleep(Duration::from_millis(50));
        }
        // Connections wait from the moment the port is taken; what is said before it serves has been said now.
        served.get("/livez");
        served
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.admin).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn serve_says_and_answers_what_is_shown() {
    for page in pages().iter().filter(|page| has_blocks(page, |c| is_serve(c) || is_curl(c))) {
        let mut shell = Shell::new(page, &[]);
        let log = shell.folder().join("serve.log");
        let served = Served::start(&log);
        shell.swap("127.0.0.1:8443", served.listen.as_str());
        shell.swap("127.0.0.1:8080", served.admin.as_str());
        // A log line follows where stderr is no terminal.
        let said = std::fs::read_to_string(&log).unwrap();
        let said: Vec<_> = said.lines().take_while(|line| !line.starts_with('{')).collect();
        welcome(page, &shell.shown(said.join("\n").trim_end()));
        run_blocks(&mut shell, &page.path, is_curl);
    }
}

/// The page shows what `serve` says.
fn welcome(page: &Page, said: &str) {
    let _one = ONE_WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    let page = &Page::read(&page.path);
    let wanted = format!("$ plimsoll serve\n{said}\n");
    for block in page.blocks().iter().filter(|block| block.text.starts_with("$ plimsoll serve\n")) {
        if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
            let mut text = page.text.clone();
            text.replace_range(block.range.clone(), &wanted);
            std::fs::write(root().join(&page.path), text).unwrap();
        } else {
            assert_eq!(block.text, wanted, "{}", page.place(block));
        }
    }
}

/// The metrics table of docs/serve.md: names in the first column.
#[test]
fn every_metric_is_in_the_table_and_the_other_way_round() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("exemption.yaml");
    // Without one, nothing is told of exemptions.
    let exemption = "{apiVersion: plimsoll.dev/v1alpha1, kind: PodPolicyExemption, metadata: {name: x}, \
                     spec: {policies: ['*'], reason: r, owner: o, expires: 2099-12-31}}";
    std::fs::write(&file, exemption).unwrap();
    let flags = ["--exemptions", file.to_str().unwrap()];
    let text = Served::with(&flags, &folder.path().join("log")).get("/metrics");
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let real: BTreeSet<String> = types
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
        .collect();
    let page = Page::read(Path::new("docs/serve.md"));
    let first = |line: &str| Some(line.strip_prefix("| `plimsoll_")?.split_once('`')?.0.to_owned());
    let named: BTreeSet<String> =
        page.text.lines().filter_map(first).map(|name| format!("plimsoll_{name}")).collect();
    assert_eq!(named, real);

    let series = text.lines().filter(|line| !line.starts_with('#'));
    for labels in series.filter_map(|line| Some(line.split_once('{')?.1.split_once('}')?.0)) {
        for (name, value) in labels.split(',').filter_map(|label| label.split_once('=')) {
            let fixed = ["endpoint", "operation", "verdict", "action", "reason", "result"];
            let value = value.trim_matches('"');
            let known = !fixed.contains(&name) || page.text.contains(&format!("`{value}`"));
            assert!(known, "docs/serve.md does not name {name}={value}");
        }
    }
}
