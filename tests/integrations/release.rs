//! A release as it would stand on a server, in a folder: the archive, and its checksum.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// The version of this source.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A folder of releases with one in it.
pub(crate) struct Release(TempDir);

impl Release {
    /// The program under test, packed.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let release = folder.path().join(format!("v{VERSION}"));
        fs::create_dir_all(&release).unwrap();
        let name = archive();
        let program = Path::new(env!("CARGO_BIN_EXE_plimsoll"));
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(release.join(&name));
        tar.arg("-C").arg(program.parent().unwrap()).arg("plimsoll");
        tar.arg("-C").arg(env!("CARGO_MANIFEST_DIR")).arg("LICENSE");
        assert!(tar.status().unwrap().success());
        let sum = Command::new("sha256sum").arg(&name).current_dir(&release).output().unwrap();
        fs::write(release.join(format!("{name}.sha256")), sum.stdout).unwrap();
        Self(folder)
    }

    /// Where it is, for `curl`.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.0.path().display())
    }

    /// The archive's path.
    pub(crate) fn archive(&self) -> std::path::PathBuf {
        self.0.path().join(format!("v{VERSION}")).join(archive())
    }

    /// Another archive under the same checksum.
    pub(crate) fn spoil(&self) {
        fs::write(self.archive(), "not what was released").unwrap();
    }
}

/// What the archive for this machine is called.
pub(crate) fn archive() -> String {
    format!("plimsoll-{}-unknown-linux-gnu.tar.gz", std::env::consts::ARCH)
}
