//! What people type: the commands of the pages about a life in a cluster.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::cluster::go::tool;
use crate::cluster::process::run;
use crate::cluster::{Cluster, Options, skipped};
use crate::helm::{Helm, NAMESPACE};
use crate::life::{add_foreign_kinds, install, left_behind, webhook, write_as_server};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The blocks of a page with this word behind the fence.
fn blocks(page: &str, info: &str) -> Vec<String> {
    let fences = page.split("\n```").skip(1).step_by(2);
    let wanted = fences.filter_map(|block| block.strip_prefix(info)?.strip_prefix('\n'));
    wanted.map(|block| format!("{block}\n")).collect()
}

fn read(page: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join("docs").join(page)).unwrap()
}

/// Runs the `sh` blocks of a page in their order, each of which must succeed; answers how many there were.
fn run_page(cluster: &Cluster, page: &str) -> usize {
    let page = read(page);
    let folder = TempDir::new().unwrap();
    for shared in ["charts", "certs"] {
        let link = folder.path().join(shared);
        std::os::unix::fs::symlink(Path::new(ROOT).join(shared), link).unwrap();
    }
    if let Some(values) = blocks(&page, "yaml").first() {
        fs::write(folder.path().join("values.yaml"), values).unwrap();
    }
    let helm = tool("helm").unwrap();
    let programs = [cluster.kubectl_path(), &helm, Path::new(env!("CARGO_BIN_EXE_plimsoll"))];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = programs.map(|program| program.parent().unwrap().to_owned());
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path)));
    let path = path.unwrap();
    let commands = blocks(&page, "sh");
    for script in &commands {
        let mut shell = Command::new("sh");
        shell.args(["-euc", script]).current_dir(folder.path()).env("PATH", &path);
        shell.env("HOME", folder.path()).env("KUBECONFIG", cluster.kubeconfig());
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            shell.env_remove(name);
        }
        let done = run(&mut shell, None, Duration::from_secs(120)).unwrap();
        assert!(done.success(), "{script}{}{}", done.stdout, done.stderr);
    }
    commands.len()
}

#[test]
fn the_commands_of_the_page_on_installing_work() {
    if skipped("the_commands_of_the_page_on_installing_work") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    assert!(run_page(&cluster, "install.md") >= 9);
    let crds = cluster.kubectl_ok(&["get", "crd", "-o", "name"]).unwrap();
    assert_eq!(crds, "");
    assert_eq!(left_behind(&cluster), Vec::<String>::new());
}

#[test]
fn the_commands_of_the_pages_on_running_it_work() {
    if skipped("the_commands_of_the_pages_on_running_it_work") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    add_foreign_kinds(&cluster);
    install(&Helm::in_cluster(&cluster), &[]);
    for (kind, entry) in [
        ("MutatingWebhookConfiguration", "mutate.plimsoll.dev"),
        ("ValidatingWebhookConfiguration", "validate.plimsoll.dev"),
    ] {
        let filled = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
                            "metadata": {"name": "plimsoll"}, "webhooks": [webhook(entry)]});
        write_as_server(&cluster, &filled);
    }
    assert!(run_page(&cluster, "certificates.md") >= 2);
    assert!(cluster.kubectl_ok(&["get", "issuers,certificates", "-n", NAMESPACE]).is_ok());
    assert!(run_page(&cluster, "operations.md") >= 3);
    let kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
    assert_eq!(cluster.kubectl_ok(&["get", kinds, "-o", "name"]).unwrap(), "");
}
