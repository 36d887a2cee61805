//! A headless Chromium, and what drives it: npm packages that are installed once, in pinned versions, and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::go;

/// Names under which systems install it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The folder of the packages in the repository.
const TOOLS: &str = "tests/tools/browser";

/// What pages are opened with.
pub(crate) struct Browser {
    chromium: PathBuf,
    packages: PathBuf,
}

impl Browser {
    /// None where it cannot be had; that fails where `PLIMSOLL_REQUIRE_TOOLS` is set.
    pub(crate) fn find(test: &str) -> Option<Self> {
        match find() {
            Ok(browser) => Some(browser),
            Err(why) => {
                let required = std::env::var_os("PLIMSOLL_REQUIRE_TOOLS").is_some();
                assert!(!required, "{test}: {why}, and PLIMSOLL_REQUIRE_TOOLS is set");
                eprintln!("{test}: skipped: {why}");
                None
            }
        }
    }

    /// Opens a report, and does one part of `page.mjs` with it.
    pub(crate) fn run(&self, part: &str, report: &str, more: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("report.html");
        fs::write(&page, report).unwrap();
        if let Some(d) = std::env::var_os("DEBUG_KEEP") {
            fs::write(Path::new(&d).join(format!("{part}.html")), report).unwrap();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/page.mjs");
        let output = Command::new("node")
            .arg(script)
            .args([self.packages.as_os_str(), self.chromium.as_os_str()])
            .arg(part)
            .arg(&page)
            .args(more)
            // Whatever the browser writes is gone with this folder.
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        println!("{told}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{part} failed:\n{told}\n{errors}");
        assert!(told.contains("done"), "{part} ended early:\n{told}\n{errors}");
    }
}

fn find() -> Result<Browser, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let chromium = std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|program| program.is_file())
        .ok_or("there is no Chromium: install Debian's package chromium")?;
    let version = run(Command::new("node").arg("--version"))?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    if major.is_none_or(|major: u32| major < 20) {
        return Err(format!("Node.js 20 or later is needed, and this is {}", version.trim()));
    }
    Ok(Browser { chromium, packages: packages()? })
}

/// The folder with `node_modules`, installed now if it never was.
fn packages() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(TOOLS);
    let text = |name: &str| {
        fs::read_to_string(source.join(name)).map_err(|e| format!("{TOOLS}/{name}: {e}"))
    };
    let key = go::fnv1a(&[&text("package-lock.json")?]);
    let cache = go::cache_folder()?;
    fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    let lock = File::create(cache.join("browser.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let folder = cache.join(format!("browser-{key:016x}"));
    if !folder.join("done").exists() {
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for name in ["package.json", "package-lock.json"] {
            fs::write(folder.join(name), text(name)?).map_err(|error| error.to_string())?;
        }
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder))?;
        File::create(folder.join("done")).map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

fn run(command: &mut Command) -> Result<String, String> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
