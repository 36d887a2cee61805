//! Where the control plane's programs come from: a folder that the person names, or a build of our own.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::say;

/// The folder that must hold etcd, kube-apiserver and kubectl; the ecosystem's own name for it.
const ASSETS: &str = "KUBEBUILDER_ASSETS";
/// Where builds are kept, if not in the person's cache folder.
const CACHE: &str = "PLIMSOLL_TEST_CACHE";
/// The Go module that pins what is built.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster");
/// What a build leaves in its folder. etcd's Go package is called `server`, so `go build` says that.
const BUILT: [(&str, &str); 5] = [
    ("server", "etcd"),
    ("kube-apiserver", "kube-apiserver"),
    ("kubectl", "kubectl"),
    ("kube-scheduler", "kube-scheduler"),
    ("kube-controller-manager", "kube-controller-manager"),
];

/// How the folder of a build is called before it is done.
const UNFINISHED: &str = "building-";

/// Runs a program and ends it, with everything it started, when stdin ends: the build stops when the
/// test process does, however that dies. The program has to lead a process group of its own.
const TETHER: &str = r#"
exec 3<&0
"$@" </dev/null &
child=$!
( while read -r _; do :; done; kill -KILL 0 ) <&3 &
tether=$!
wait "$child"
status=$?
kill -KILL "$tether" 2>/dev/null
exit "$status"
"#;

/// The programs of a control plane.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    folder: PathBuf,
    built_version: Option<String>,
}

impl Binaries {
    /// The path of one of the programs, such as `kube-scheduler`.
    pub(crate) fn path(&self, program: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(program);
        if path.is_file() {
            return Ok(path);
        }
        Err(format!(
            "{} has no {program}. Put one there, or unset {ASSETS} to have all of them built with Go.",
            self.folder.display()
        ))
    }

    /// The Kubernetes version, such as `v1.36.3`, of programs that were built here; unknown for others.
    pub(crate) fn built_version(&self) -> Option<&str> {
        self.built_version.as_deref()
    }
}

/// Finds the programs: in `KUBEBUILDER_ASSETS`, in the cache, or by building them with Go.
pub(crate) fn binaries() -> Result<Binaries, String> {
    if let Some(folder) = non_empty(ASSETS) {
        let found = Binaries { folder: folder.into(), built_version: None };
        for program in ["etcd", "kube-apiserver", "kubectl"] {
            found.path(program)?;
        }
        return Ok(found);
    }
    let recipe = Recipe::read()?;
    let cache = cache_folder()?;
    let folder = cache.join(format!("control-plane-{}", recipe.key));
    if !folder.is_dir() {
        build_once(&recipe, &cache, &folder)?;
    }
    Ok(Binaries { folder, built_version: Some(recipe.version) })
}

/// What is built, and under which key it is kept.
struct Recipe {
    version: String,
    ldflags: String,
    key: String,
}

impl Recipe {
    fn read() -> Result<Self, String> {
        let path = Path::new(MODULE).join("go.mod");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let version = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "))
            .find_map(|rest| rest.split_whitespace().next())
            .ok_or_else(|| format!("{} does not require k8s.io/kubernetes", path.display()))?
            .to_owned();
        let ldflags = ldflags(&version)?;
        let key = format!("{:016x}", fnv1a(&[&text, &ldflags]));
        Ok(Self { version, ldflags, key })
    }
}

/// Without these the server calls itself v0.0.0, and kubectl warns about it.
fn ldflags(version: &str) -> Result<String, String> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Err(format!("not a Kubernetes version: {version}"));
    };
    let package = "k8s.io/component-base/version";
    Ok(format!(
        "-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    ))
}

/// FNV-1a: the same on every machine and with every compiler, which std's hasher does not promise.
fn fnv1a(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn cache_folder() -> Result<PathBuf, String> {
    if let Some(folder) = non_empty(CACHE) {
        return std::path::absolute(&folder).map_err(|e| format!("{CACHE}={folder}: {e}"));
    }
    if let Some(folder) = non_empty("XDG_CACHE_HOME") {
        return Ok(Path::new(&folder).join("plimsoll-test"));
    }
    if let Some(home) = non_empty("HOME") {
        return Ok(Path::new(&home).join(".cache/plimsoll-test"));
    }
    Err(format!("no folder to keep the test control plane in: set {CACHE} (or HOME)"))
}

fn non_empty(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Builds into `folder`, unless another process has done so by the time that it is our turn.
fn build_once(recipe: &Recipe, cache: &Path, folder: &Path) -> Result<(), String> {
    let failed = |what: &str, e: io::Error| format!("cannot {what} in {}: {e}", cache.display());
    fs::create_dir_all(cache).map_err(|e| failed("make the cache folder", e))?;
    let lock = File::create(cache.join("lock")).map_err(|e| failed("lock", e))?;
    if lock.try_lock().is_err() {
        say("another test builds the control plane: waiting for it");
        lock.lock().map_err(|e| failed("lock", e))?;
    }
    if folder.is_dir() {
        return Ok(());
    }
    require_go()?;
    remove_unfinished(cache);
    let unfinished = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(cache)
        .map_err(|e| failed("make a folder", e))?;
    go_build(recipe, unfinished.path())?;
    for (package, program) in BUILT {
        fs::rename(unfinished.path().join(package), unfinished.path().join(program))
            .map_err(|e| format!("the Go build left no {package}: {e}"))?;
    }
    fs::rename(unfinished.path(), folder).map_err(|e| failed("move the build into place", e))
    // Dropping `unfinished` finds nothing to remove; dropping `lock` lets the others in.
}

/// Removes what builds left behind that were killed. Nobody else builds: the caller holds the lock.
fn remove_unfinished(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn require_go() -> Result<(), String> {
    let answer = Command::new("go").arg("version").stdout(Stdio::null()).status();
    if answer.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(format!(
        "the cluster tests need a Kubernetes control plane, and there is none yet. One of these helps:\n\
         - install Go 1.26 or newer: the programs are then built, once, from tests/cluster/go.mod\n\
         - set {ASSETS} to a folder that holds etcd, kube-apiserver and kubectl\n\
         - set {}=1 to leave the cluster tests out, knowing that they are left out",
        super::SKIP
    ))
}

fn go_build(recipe: &Recipe, into: &Path) -> Result<(), String> {
    say(&format!(
        "building the Kubernetes {} control plane for the tests: once, 5 to 10 minutes on two cores",
        recipe.version
    ));
    let started = Instant::now();
    let mut out = into.as_os_str().to_owned();
    out.push("/");
    let mut child = Command::new("sh")
        .args(["-c", TETHER, "sh", "go", "build", "-trimpath", "-buildvcs=false"])
        .args(["-mod=readonly", "-ldflags", &recipe.ldflags, "-o"])
        .arg(out)
        .arg("tool")
        .current_dir(MODULE)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot run sh: {e}"))?;
    // Held until the build has ended: closing it ends the build.
    let tether = child.stdin.take();
    let status = child.wait().map_err(|e| format!("cannot wait for the Go build: {e}"))?;
    drop(tether);
    if !status.success() {
        return Err(format!(
            "`go build tool` in tests/cluster failed ({status}); its errors are above"
        ));
    }
    say(&format!("built in {} s, kept for the next time", started.elapsed().as_secs()));
    io::stderr().flush().map_err(|e| format!("cannot write to stderr: {e}"))
}
