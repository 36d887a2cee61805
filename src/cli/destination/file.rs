//! A result's file: whole, or as it was before.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Writes a file beside `path` and puts it in its place when it is whole. Where `path` is no plain file (a pipe, a
/// device), or its folder takes no new file, it is written itself.
pub(super) fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // A link stays a link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&target).ok();
    let beside = match &before {
        Some(metadata) if !metadata.is_file() => None,
        // Renaming would pass by that the file may not be written.
        Some(_) => File::options().append(true).open(&target).map(|_| temporary(&target).ok())?,
        None => temporary(&target).ok(),
    };
    let Some(mut beside) = beside else {
        return fill(&mut File::create(&target)?, content);
    };
    fill(beside.as_file_mut(), content)?;
    if let Some(before) = before {
        fs::set_permissions(beside.path(), before.permissions())?;
    }
    beside.persist(&target)?;
    Ok(())
}

fn fill(file: &mut File, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    content(&mut out)?;
    out.flush()
}

fn temporary(target: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    let prefix: OsString =
        [".plimsoll-".as_ref(), target.file_name().unwrap_or_default()].into_iter().collect();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file, less what the user's mask takes away.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(target))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What two names of one file have in common.
pub(super) fn identity(path: &Path) -> PathBuf {
    let whole = fs::canonicalize(path);
    whole.unwrap_or_else(|_| {
        let folder = fs::canonicalize(folder(path));
        let name = path.file_name().unwrap_or_default();
        folder.map_or_else(|_| path.to_owned(), |folder| folder.join(name))
    })
}
