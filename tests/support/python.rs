//! Programs that tests need and that are published as Python packages: installed once, in pinned versions, and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed. pre-commit runs hooks; check-jsonschema has the schemas of CI systems in it.
const PACKAGES: [&str; 2] = ["pre-commit==4.7.0", "check-jsonschema==0.39.0"];

/// The folder with the programs. None where they cannot be had; that fails where `PLIMSOLL_REQUIRE_TOOLS` is set.
pub(crate) fn tools(test: &str) -> Option<PathBuf> {
    match installed() {
        Ok(folder) => Some(folder),
        Err(why) => {
            let required = std::env::var_os("PLIMSOLL_REQUIRE_TOOLS").is_some();
            assert!(!required, "{test}: {why}, and PLIMSOLL_REQUIRE_TOOLS is set");
            eprintln!("{test}: skipped: {why}");
            None
        }
    }
}

fn installed() -> Result<PathBuf, String> {
    let cache = super::cluster::go::cache_folder()?;
    fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    let lock = File::create(cache.join("python.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let key = PACKAGES.join("-").replace("==", "-");
    let folder = cache.join(format!("python-{key}"));
    let done = folder.join("done");
    if !done.exists() {
        // A virtual environment knows its own path, so it is made in its place.
        drop(fs::remove_dir_all(&folder));
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let pip = folder.join("bin/pip");
        run(Command::new(pip)
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(PACKAGES))?;
        File::create(done).map_err(|error| error.to_string())?;
    }
    Ok(folder.join("bin"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
