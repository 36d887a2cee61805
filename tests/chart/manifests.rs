//! What people type: the commands of docs/install.md, and `plimsoll manifests`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::cluster::go::tool;
use crate::cluster::process::{Output, run};
use crate::cluster::{Cluster, Options, skipped};
use crate::helm::{documents, find};
use crate::life::left_behind;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn plimsoll(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    run(command.arg("manifests").args(args), None, Duration::from_secs(60)).unwrap()
}

fn printed(args: &[&str]) -> String {
    plimsoll(args).stdout_of("plimsoll manifests").unwrap()
}

/// The blocks of a page with this word behind the fence, and the files that the page shows.
fn blocks(page: &str, info: &str) -> Vec<String> {
    let fences = page.split("\n```").skip(1).step_by(2);
    let wanted = fences.filter_map(|block| block.strip_prefix(info)?.strip_prefix('\n'));
    wanted.map(|block| format!("{block}\n")).collect()
}

/// The page's commands in their order, in one cluster.
#[test]
fn the_commands_of_the_page_work() {
    if skipped("the_commands_of_the_page_work") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let folder = TempDir::new().unwrap();
    let page = fs::read_to_string(Path::new(ROOT).join("docs/install.md")).unwrap();
    std::os::unix::fs::symlink(Path::new(ROOT).join("charts"), folder.path().join("charts"))
        .unwrap();
    fs::write(folder.path().join("values.yaml"), &blocks(&page, "yaml")[0]).unwrap();

    let helm = tool("helm").unwrap();
    let programs = [cluster.kubectl_path(), &helm, Path::new(env!("CARGO_BIN_EXE_plimsoll"))];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = programs.map(|program| program.parent().unwrap().to_owned());
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path)));
    let path = path.unwrap();
    let commands = blocks(&page, "sh");
    assert!(commands.len() >= 9, "{commands:?}");
    for script in commands {
        let mut shell = Command::new("sh");
        shell.args(["-euc", &script]).current_dir(folder.path()).env("PATH", &path);
        shell.env("HOME", folder.path()).env("KUBECONFIG", cluster.kubeconfig());
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            shell.env_remove(name);
        }
        let done = run(&mut shell, None, Duration::from_secs(120)).unwrap();
        assert!(done.success(), "{script}{}{}", done.stdout, done.stderr);
    }
    let crds = cluster.kubectl_ok(&["get", "crd", "-o", "name"]).unwrap();
    assert_eq!(crds, "");
    assert_eq!(left_behind(&cluster), Vec::<String>::new());
}

#[test]
fn plain_manifests_are_taken_as_they_are() {
    if skipped("plain_manifests_are_taken_as_they_are") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).unwrap();
    let apply = |text: &str| {
        let args = ["apply", "--server-side", "--validate=strict", "-f", "-"];
        let output = cluster.kubectl_with(&args, text).unwrap();
        assert!(!output.stderr.contains("Warning"), "{}", output.stderr);
        output.stdout_of("kubectl apply").unwrap()
    };
    apply(&printed(&["--crds-only"]));
    cluster
        .kubectl_ok(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"])
        .unwrap();
    let image = "registry.example.com:5000/guard:1@sha256:abc";
    let args = ["--name", "guard", "--namespace", "plimsoll-2", "--image", image];
    let more = ["--profile", "strict", "--failure-policy", "Fail"];
    let text = printed(&[&args[..], &more].concat());
    assert!(!text.contains("{{") && !text.contains("goes-here"), "{text}");
    apply(&text);

    let deployment = cluster.get_json(&["deployment", "guard", "-n", "plimsoll-2"]).unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], image);
    let args = container["args"].as_array().unwrap();
    for wanted in ["--failure-policy=Fail", "--name=guard", "--own-namespace=plimsoll-2"] {
        assert!(args.iter().any(|arg| arg == wanted), "{args:?}");
    }
    assert!(cluster.kubectl(&["get", "podpolicy", "strict-resources"]).unwrap().success());

    // The namespace asks for restricted pods: the Deployment's are.
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "guard".into();
    let args = ["create", "--dry-run=server", "-n", "plimsoll-2", "-f", "-"];
    let made = cluster.kubectl_with(&args, &pod.to_string()).unwrap();
    assert!(made.success(), "{}", made.stderr);

    let delete = ["delete", "--wait=false", "-f", "-"];
    let deleted = cluster.kubectl_with(&delete, &text).unwrap().stdout_of("delete").unwrap();
    let kinds: Vec<_> = deleted.lines().filter_map(|line| line.split_once('"')).collect();
    assert!(
        kinds.iter().take(3).all(|(kind, _)| kind.contains("webhookconfiguration")),
        "{deleted}"
    );
}

#[test]
fn plain_manifests_are_what_was_asked_for() {
    let kinds = |args: &[&str]| -> Vec<String> {
        let kind = |object: &Value| object["kind"].as_str().unwrap().to_owned();
        documents(&printed(args)).iter().map(kind).collect()
    };
    let count = |kinds: &[String], kind: &str| kinds.iter().filter(|one| *one == kind).count();
    let crds = kinds(&["--crds-only"]);
    assert_eq!(crds, ["CustomResourceDefinition", "CustomResourceDefinition"]);
    let default = kinds(&[]);
    assert_eq!(count(&default, "CustomResourceDefinition"), 0);
    assert_eq!(count(&default, "PodPolicy"), 5);
    assert_eq!(count(&default, "Namespace"), 1);
    let all = kinds(&["--include-crds", "--profile", "none"]);
    assert_eq!((count(&all, "CustomResourceDefinition"), count(&all, "PodPolicy")), (2, 0));
    let objects = documents(&printed(&["--failure-policy", "Fail"]));
    let args = &find(&objects, "Deployment", "plimsoll")["spec"]["template"]["spec"]["containers"]
        [0]["args"];
    assert!(args.as_array().unwrap().iter().any(|arg| arg == "--failure-policy=Fail"));

    for wrong in [["--name", "A"], ["--namespace", "a.b"], ["--image", "a b"], ["--profile", "lax"]]
    {
        let refused = plimsoll(&wrong);
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        assert!(refused.stderr.contains(wrong[0]), "{}", refused.stderr);
    }
}
