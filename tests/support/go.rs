//! Programs that tests need and that are published as Go modules: built once, from pinned versions, and kept.
//!
//! A folder with a `go.mod` of `tool` directives, and no Go code, says what is built.

#![allow(dead_code, reason = "each test binary uses its own part of the support code")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Where builds are kept, if not in the person's cache folder.
pub(crate) const CACHE: &str = "PLIMSOLL_TEST_CACHE";

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

/// What to build.
pub(crate) struct Module<'a> {
    /// What it is, for messages: `the Kubernetes v1.36.3 control plane`.
    pub(crate) what: String,
    /// The folder of its `go.mod`, below the root of the repository.
    pub(crate) folder: &'a str,
    /// Its folder in the cache is called so, followed by a key of what is built.
    pub(crate) name: &'a str,
    /// For Go's linker.
    pub(crate) ldflags: String,
    /// The Go packages that are built, and what the programs are called then.
    pub(crate) programs: &'a [(&'a str, &'a str)],
    /// What helps where there is no Go, line by line.
    pub(crate) instead: &'a [String],
}

/// A program that `tests/tools/<name>` pins.
pub(crate) fn tool(name: &str) -> Result<PathBuf, String> {
    let module = Module {
        what: name.to_owned(),
        folder: &format!("tests/tools/{name}"),
        name: &format!("tool-{name}"),
        ldflags: "-s -w".to_owned(),
        programs: &[(name, name)],
        instead: &[],
    };
    Ok(module.built()?.join(name))
}

impl Module<'_> {
    /// The text of its `go.mod`.
    pub(crate) fn text(&self) -> Result<String, String> {
        let path = self.path().join("go.mod");
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.folder)
    }

    /// The folder that holds the programs, built now if they never were.
    pub(crate) fn built(&self) -> Result<PathBuf, String> {
        let key = format!("{:016x}", fnv1a(&[&self.text()?, &self.ldflags]));
        let cache = cache_folder()?;
        let folder = cache.join(format!("{}-{key}", self.name));
        if !folder.is_dir() {
            self.build_once(&cache, &folder)?;
        }
        Ok(folder)
    }

    /// Builds into `folder`, unless another process has done so by the time that it is our turn.
    fn build_once(&self, cache: &Path, folder: &Path) -> Result<(), String> {
        let failed =
            |what: &str, e: io::Error| format!("cannot {what} in {}: {e}", cache.display());
        fs::create_dir_all(cache).map_err(|e| failed("make the cache folder", e))?;
        let lock = File::create(cache.join("lock")).map_err(|e| failed("lock", e))?;
        if lock.try_lock().is_err() {
            say("another test builds what is needed: waiting for it");
            lock.lock().map_err(|e| failed("lock", e))?;
        }
        if folder.is_dir() {
            return Ok(());
        }
        self.require_go()?;
        remove_unfinished(cache);
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(cache)
            .map_err(|e| failed("make a folder", e))?;
        self.go_build(unfinished.path())?;
        for (package, program) in self.programs {
            fs::rename(unfinished.path().join(package), unfinished.path().join(program))
                .map_err(|e| format!("the Go build left no {package}: {e}"))?;
        }
        fs::rename(unfinished.path(), folder).map_err(|e| failed("move the build into place", e))
        // Dropping `unfinished` finds nothing to remove; dropping `lock` lets the others in.
    }

    fn require_go(&self) -> Result<(), String> {
        let answer = Command::new("go").arg("version").stdout(Stdio::null()).status();
        if answer.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        let mut message = format!(
            "the tests need {}, and there is none yet. One of these helps:\n\
             - install Go 1.26 or newer: it is then built, once, from {}/go.mod",
            self.what, self.folder
        );
        for line in self.instead {
            message += &format!("\n- {line}");
        }
        Err(message)
    }

    fn go_build(&self, into: &Path) -> Result<(), String> {
        say(&format!("building {} for the tests: once, some minutes on two cores", self.what));
        let started = Instant::now();
        let mut out = into.as_os_str().to_owned();
        out.push("/");
        let mut child = Command::new("sh")
            .args(["-c", TETHER, "sh", "go", "build", "-trimpath", "-buildvcs=false"])
            .args(["-mod=readonly", "-ldflags", &self.ldflags, "-o"])
            .arg(out)
            .arg("tool")
            .current_dir(self.path())
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
                "`go build tool` in {} failed ({status}); its errors are above",
                self.folder
            ));
        }
        say(&format!("built in {} s, kept for the next time", started.elapsed().as_secs()));
        io::stderr().flush().map_err(|e| format!("cannot write to stderr: {e}"))
    }
}

/// FNV-1a: the same on every machine and with every compiler, which std's hasher does not promise.
pub(crate) fn fnv1a(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The folder where what tests need is kept.
pub(crate) fn cache_folder() -> Result<PathBuf, String> {
    if let Some(folder) = non_empty(CACHE) {
        return std::path::absolute(&folder).map_err(|e| format!("{CACHE}={folder}: {e}"));
    }
    if let Some(folder) = non_empty("XDG_CACHE_HOME") {
        return Ok(Path::new(&folder).join("plimsoll-test"));
    }
    if let Some(home) = non_empty("HOME") {
        return Ok(Path::new(&home).join(".cache/plimsoll-test"));
    }
    Err(format!("no folder to keep what tests need: set {CACHE} (or HOME)"))
}

/// A variable that is set to something.
pub(crate) fn non_empty(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Removes what builds left behind that were killed. Nobody else builds: the caller holds the lock.
fn remove_unfinished(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// Tells the person something now. Not with `eprintln!`, which the test harness holds back.
fn say(text: &str) {
    drop(writeln!(io::stderr(), "plimsoll tests: {text}"));
}
