//! The registry of the CNCF, and crane, which pushes to it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::certs::Authority;
use crate::go::tool;

static REGISTRY: LazyLock<std::path::PathBuf> = LazyLock::new(|| tool("registry").unwrap());
static CRANE: LazyLock<std::path::PathBuf> = LazyLock::new(|| tool("crane").unwrap());

/// Who may pull in [`Auth::Htpasswd`].
pub(crate) const USER: (&str, &str) = ("sam", "loadline");
/// The same as Apache's htpasswd writes it, with bcrypt.
const HTPASSWD: &str = "sam:$2y$05$abcdefghijklmnopqrstuuv6Bzzw266czZkN7nHBdw987Y57RxYJC\n";

/// Whom the registry lets in.
pub(crate) enum Auth<'a> {
    Anybody,
    Htpasswd,
    /// Who has a token of this server, signed with one of these keys (JSON). The images are those of another registry.
    Token {
        realm: &'a str,
        keys: &'a str,
        store: &'a Registry,
    },
}

/// A registry that runs as long as this value lives.
pub(crate) struct Registry {
    process: Child,
    folder: TempDir,
    /// Address and port.
    pub(crate) host: String,
}

impl Registry {
    /// Without TLS if there is no authority.
    pub(crate) fn start(authority: Option<&Authority>, auth: &Auth<'_>) -> Registry {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let store = match auth {
            Auth::Token { store, .. } => store.folder.path(),
            _ => folder.path(),
        };
        let store = store.join("store").display().to_string();
        let mut config = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {store}}}}}\n\
             http:\n  addr: 127.0.0.1:0\n  secret: test\n"
        );
        if let Some(authority) = authority {
            let cert = authority.serving_cert(&["127.0.0.1", "localhost"]).unwrap();
            let files = cert.write_to(folder.path()).unwrap();
            fs::write(path("ca.crt"), authority.ca_pem()).unwrap();
            let (cert, key) = (files.cert.display(), files.key.display());
            config += &format!("  tls: {{certificate: {cert}, key: {key}}}\n");
        }
        match auth {
            Auth::Anybody => {}
            Auth::Htpasswd => {
                fs::write(path("htpasswd"), HTPASSWD).unwrap();
                config +=
                    &format!("auth: {{htpasswd: {{realm: r, path: {}}}}}\n", path("htpasswd"));
            }
            Auth::Token { realm, keys, .. } => {
                fs::write(path("keys"), keys).unwrap();
                let keys = path("keys");
                config += &format!(
                    "auth:\n  token: {{realm: '{realm}', service: s, issuer: i, jwks: {keys}, \
                     signingalgorithms: [EdDSA]}}\n"
                );
            }
        }
        Self::launch(folder, &config)
    }

    /// One that does as a configuration says which listens at a free port of loopback.
    pub(crate) fn launch(folder: TempDir, config: &str) -> Registry {
        let file = folder.path().join("config.yaml");
        fs::write(&file, config).unwrap();
        let mut process = Command::new(&*REGISTRY)
            .arg("serve")
            .arg(&file)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut told = String::new();
        let host = loop {
            let Some(line) = lines.next().and_then(Result::ok) else {
                panic!("the registry does not start:\n{told}")
            };
            if let Some((_, rest)) = line.split_once("listening on ") {
                let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
                break rest[..end.unwrap_or(rest.len())].to_owned();
            }
            told = told + &line + "\n";
        };
        // A full pipe would stop it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Registry { process, folder, host }
    }

    /// The file of its authority.
    pub(crate) fn ca(&self) -> std::path::PathBuf {
        self.folder.path().join("ca.crt")
    }

    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// Pushes an image whose layer has so many empty blocks, and says its digest.
    pub(crate) fn push(&self, name: &str, blocks: usize) -> String {
        let layer = self.folder.path().join(format!("layer-{blocks}.tar"));
        fs::write(&layer, vec![0; 1024 * blocks]).unwrap();
        let image = self.image(name);
        let layer = layer.display().to_string();
        self.crane(&["append", "--oci-empty-base", "-f", &layer, "-t", &image]);
        self.digest(name)
    }

    /// Pushes a list of images that were pushed, and says its digest.
    pub(crate) fn push_list(&self, name: &str, of: &[&str]) -> String {
        let image = self.image(name);
        let of: Vec<String> = of.iter().map(|name| self.image(name)).collect();
        let mut args = vec!["index", "append", "-t", &image];
        of.iter().for_each(|image| args.extend(["-m", image]));
        self.crane(&args);
        self.digest(name)
    }

    /// What crane takes for the digest.
    pub(crate) fn digest(&self, name: &str) -> String {
        self.crane(&["digest", &self.image(name)]).trim().to_owned()
    }

    fn crane(&self, args: &[&str]) -> String {
        self.try_crane(args).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs crane with what this registry wants of it.
    pub(crate) fn try_crane(&self, args: &[&str]) -> Result<String, String> {
        self.log_in(self.folder.path());
        let output = Command::new(&*CRANE)
            .args(args)
            .env("DOCKER_CONFIG", self.folder.path())
            .env("SSL_CERT_FILE", self.ca())
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(format!("crane {args:?}: {stderr}")),
        }
    }

    fn log_in(&self, folder: &Path) {
        let (username, password) = USER;
        let login = serde_json::json!({"username": username, "password": password});
        let config = serde_json::json!({"auths": {&self.host: login}});
        fs::write(folder.join("config.json"), config.to_string()).unwrap();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
