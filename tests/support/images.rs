//! A real registry on loopback, with images that crane pushes.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::go::tool;

/// How long a registry may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who may pull and push in [`Images::start_private`].
pub(crate) const USER: (&str, &str) = ("sam", "loadline");
/// The same as Apache's htpasswd writes it, with bcrypt.
const HTPASSWD: &str = "sam:$2y$05$abcdefghijklmnopqrstuuv6Bzzw266czZkN7nHBdw987Y57RxYJC\n";

/// A registry without TLS that runs as long as this value lives.
pub(crate) struct Images {
    process: Child,
    folder: TempDir,
    /// Address and port.
    pub(crate) host: String,
}

impl Images {
    pub(crate) fn start() -> Self {
        Self::started("")
    }

    /// One that lets nobody in but [`USER`].
    pub(crate) fn start_private() -> Self {
        let images = Self::started("auth: {htpasswd: {realm: r, path: htpasswd}}\n");
        let (user, password) = USER;
        let args = ["auth", "login", "--insecure", &images.host, "-u", user, "-p", password];
        images.crane(&args);
        images
    }

    fn started(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.yaml");
        let text = "version: 0.1\nlog: {level: info}\nstorage: {inmemory: {}}\n\
                    http: {addr: '127.0.0.1:0', secret: test}\n";
        fs::write(&config, format!("{text}{more}")).unwrap();
        fs::write(folder.path().join("htpasswd"), HTPASSWD).unwrap();
        let log = |name: &str| File::create(folder.path().join(name)).unwrap();
        let process = Command::new(tool("registry").unwrap())
            .arg("serve")
            .arg(&config)
            .current_dir(folder.path())
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(log("access"))
            .stderr(log("log"))
            .spawn()
            .unwrap();
        let mut images = Self { process, folder, host: String::new() };
        let begun = Instant::now();
        while images.host.is_empty() {
            let told = images.read("log");
            if let Some((_, rest)) = told.split_once("listening on ") {
                let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
                images.host = end.map(|end| rest[..end].to_owned()).unwrap_or_default();
            }
            assert!(begun.elapsed() < PATIENCE, "the registry does not start: {told}");
            sleep(Duration::from_millis(20));
        }
        images
    }

    /// Pushes an image that no other is like, and says its digest.
    pub(crate) fn push(&self, name: &str) -> String {
        let layer = self.folder.path().join("layer.tar");
        // An archive without files, as long as the name says.
        fs::write(&layer, vec![0; 1024 * (1 + name.len())]).unwrap();
        let image = format!("{}/{name}", self.host);
        let layer = layer.display().to_string();
        self.crane(&["append", "--insecure", "--oci-empty-base", "-f", &layer, "-t", &image]);
        self.crane(&["digest", "--insecure", &image]).trim().to_owned()
    }

    /// How often the manifest of an image was asked for by whoever is not crane.
    pub(crate) fn requests(&self, name: &str, tag: &str) -> usize {
        let wanted = format!("/v2/{name}/manifests/{tag} ");
        let access = self.read("access");
        access.lines().filter(|line| line.contains(&wanted) && line.contains("plimsoll")).count()
    }

    /// What `plimsoll` is told of it.
    pub(crate) fn config(&self, more: &str) -> String {
        format!("registries:\n- {{host: '{}', plainHttp: true}}\nproxies: {{}}\n{more}", self.host)
    }

    /// Ends it, as a machine that goes away does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn read(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        fs::read_to_string(path).unwrap_or_default()
    }

    fn crane(&self, args: &[&str]) -> String {
        let output = Command::new(tool("crane").unwrap())
            .args(args)
            .env("DOCKER_CONFIG", self.folder.path())
            .env("HTTP_PROXY", "")
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
