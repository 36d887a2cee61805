//! The container image: built without a daemon and without root's help from a registry, the same each time, and run
//! as the chart runs it.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

#[allow(dead_code, reason = "each test binary uses its own part of the support code")]
#[path = "support/cluster/process.rs"]
mod process;

use process::{Output, Progress, free_port, poll, run};

const PATIENCE: Duration = Duration::from_secs(300);

/// Links the program once more, statically. Its libraries are there already: that takes seconds, and a
/// build of everything for another target would take minutes.
fn static_program(into: &Path) -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().unwrap().join("deps");
    let program = into.join("plimsoll");
    let mut said = String::new();
    for library in libraries(&built) {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command
            .args(["--edition=2024", "--crate-name=plimsoll", "--crate-type=bin", "src/main.rs"])
            .args(["-C", "target-feature=+crt-static", "-C", "strip=symbols"])
            .arg(format!("--extern=plimsoll={}", library.display()))
            .arg(format!("-Ldependency={}", built.display()))
            .arg("-o")
            .arg(&program)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let linked = run(&mut command, None, PATIENCE).unwrap();
        if linked.success() {
            return program;
        }
        said += &linked.stderr;
    }
    panic!("linking statically failed: {said}");
}

/// Builds of the library, the newest first. Cargo does not say which one is the program's, and those with other
/// features lack what the program calls.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let of_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("libplimsoll-") && name.ends_with(".rlib")
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = files.filter(of_ours).collect();
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().modified().unwrap()));
    found
}

/// buildah with a store of its own.
struct Buildah {
    store: TempDir,
}

impl Buildah {
    fn run(&self, args: &[&str]) -> Output {
        let folder = |name: &str| self.store.path().join(name).display().to_string();
        let mut command = Command::new("buildah");
        command
            .args([
                "--storage-driver",
                "vfs",
                "--root",
                &folder("root"),
                "--runroot",
                &folder("run"),
            ])
            .args(args)
            .env("HOME", self.store.path());
        run(&mut command, None, PATIENCE).unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        let text = self.run(args).stdout_of(&format!("buildah {}", args.join(" "))).unwrap();
        text.trim().to_owned()
    }

    /// Builds the image's last stage around a program; answers with its id.
    fn build(&self, context: &Path) -> String {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Dockerfile");
        let version = concat!("VERSION=", env!("CARGO_PKG_VERSION"));
        let context = context.to_str().unwrap();
        self.ok(&[
            "bud",
            "--quiet",
            "--isolation",
            "chroot",
            "--timestamp",
            "0",
            "--no-cache",
            "--target",
            "prebuilt",
            "--build-arg",
            version,
            "--file",
            file,
            context,
        ])
    }
}

/// Said where nobody can miss it; a failure where `.ci/run` has installed what is needed.
fn skipped(why: &str) {
    let required = std::env::var_os("PLIMSOLL_REQUIRE_TOOLS").is_some();
    assert!(!required, "{why}, and PLIMSOLL_REQUIRE_TOOLS is set");
    drop(writeln!(std::io::stderr(), "plimsoll tests: SKIPPED the image: {why}."));
}

/// Ends what it holds.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn get(port: u16, path: &str) -> Result<String, String> {
    use std::io::Read;
    let failed = |e: std::io::Error| e.to_string();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).map_err(failed)?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    Ok(answer)
}

#[test]
fn it_is_built_the_same_each_time_and_runs_without_root_on_a_read_only_disk() {
    if Command::new("buildah").arg("--version").output().is_err() {
        return skipped("there is no buildah");
    }
    if fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) != 0) {
        return skipped("only root can build and run without a daemon here");
    }
    let context = TempDir::new().unwrap();
    static_program(context.path());
    let buildah = Buildah { store: TempDir::new().unwrap() };
    let image = buildah.build(context.path());
    assert_eq!(image, buildah.build(context.path()), "the same image id each time");

    let described: Value =
        serde_json::from_str(&buildah.ok(&["inspect", "--type", "image", &image])).unwrap();
    let config = &described["OCIv1"]["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/plimsoll"]));
    let labels = &config["Labels"];
    for (label, value) in [
        ("version", env!("CARGO_PKG_VERSION")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("title", "Plimsoll"),
    ] {
        assert_eq!(labels[format!("org.opencontainers.image.{label}")], value);
    }
    for label in ["source", "description", "documentation", "revision"] {
        assert!(labels[format!("org.opencontainers.image.{label}")].is_string(), "{label}");
    }

    let container = buildah.ok(&["from", "--pull-never", &image]);
    let root = buildah.ok(&["mount", &container]);
    // A scratch image holds the program; the mount may add places for what a runtime mounts.
    let files: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, ["plimsoll"]);
    runs(Path::new(&root));
    buildah.ok(&["umount", &container]);
    buildah.ok(&["rm", &container]);
}

/// As the chart's security context has it: that user, no rights, nothing writable.
fn runs(root: &Path) {
    // A mount of its own, gone with the process: read-only, and the namespace keeps it from everybody else.
    let script = r#"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec chroot --userspec=65532:65532 "$0" /plimsoll "$@""#;
    let inside = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(root).args(args).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    };
    let said = run(&mut inside(&["--version"]), None, PATIENCE).unwrap();
    assert_eq!(said.stdout.trim(), concat!("plimsoll ", env!("CARGO_PKG_VERSION")), "{said:?}");

    let (port, admin) = (free_port().unwrap(), free_port().unwrap());
    let listen = [format!("--listen=:{port}"), format!("--admin-listen=:{admin}")];
    let mut command = inside(&["serve", &listen[0], &listen[1]]);
    let served = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let served = Running(served);
    for path in ["/livez", "/readyz"] {
        poll(path, Duration::from_secs(30), || {
            Ok(match get(admin, path) {
                Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => Progress::Done(()),
                Ok(other) | Err(other) => Progress::NotYet(other),
            })
        })
        .unwrap();
    }
    let status = fs::read_to_string(format!("/proc/{}/status", served.0.id())).unwrap();
    assert!(status.contains("Uid:\t65532\t65532\t65532\t65532"), "{status}");
}
