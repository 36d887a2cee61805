//! A file that is replaced as a whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Puts `after` in place of `before`: first beside the file, then under its name. A link stays, and what it leads to is
/// replaced; permissions stay, and so does the owner where this process may give files away.
///
/// Answers how many other names the file had: they keep the old text.
///
/// # Errors
/// What is in the way; the file is then as it was.
pub(super) fn replace(path: &Path, before: &[&[u8]], after: &[&[u8]]) -> Result<u64, String> {
    let target = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let metadata = fs::metadata(&target).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let folder = target.parent().ok_or("it is in no folder")?;
    refuse_protected(&target, &metadata, folder)?;
    refuse_too_large(after.iter().map(|part| part.len() as u64).sum())?;
    let temporary = beside(folder, &metadata, after).map_err(|error| error.to_string())?;
    match same(&target, before) {
        Ok(true) => {}
        Ok(false) => return Err("it has changed since it was read; run this again".to_owned()),
        Err(error) => return Err(format!("it cannot be read again: {error}")),
    }
    temporary.persist(&target).map_err(|error| error.error.to_string())?;
    // The folder is not synced: after a loss of power it may still name the old text, which is whole as well.
    Ok(other_names(&metadata))
}

/// A file can be replaced by who may write its folder, whatever its own permissions say. They are meant all the same.
fn refuse_protected(target: &Path, metadata: &Metadata, folder: &Path) -> Result<(), String> {
    if metadata.permissions().readonly() {
        return Err("it is read-only".to_owned());
    }
    if fs::metadata(folder).is_ok_and(|folder| folder.permissions().readonly()) {
        return Err(format!("its folder {} is read-only", folder.display()));
    }
    OpenOptions::new().write(true).open(target).map_err(|error| error.to_string())?;
    Ok(())
}

/// Beyond the limit on the size of files, writing would end this process by a signal.
#[cfg(unix)]
fn refuse_too_large(length: u64) -> Result<(), String> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    match limit.filter(|limit| length > *limit) {
        Some(limit) => Err(format!(
            "it would have {length} bytes, and this process may write {limit} into a file (ulimit -f)"
        )),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn refuse_too_large(_: u64) -> Result<(), String> {
    Ok(())
}

/// The new text in a file of its own, which is gone again unless it gets the name.
fn beside(folder: &Path, metadata: &Metadata, text: &[&[u8]]) -> io::Result<NamedTempFile> {
    let mut temporary =
        tempfile::Builder::new().prefix(".plimsoll-").suffix(".tmp").tempfile_in(folder)?;
    for part in text {
        // Of the temporary file itself nobody need be told.
        temporary.as_file_mut().write_all(part)?;
    }
    give(temporary.as_file(), metadata)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Owner first: giving a file away takes permissions from it.
#[cfg(unix)]
fn give(file: &File, like: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let own = file.metadata()?;
    if own.uid() != like.uid() {
        let _ = fchown(file, Some(like.uid()), None);
    }
    if own.gid() != like.gid() {
        let _ = fchown(file, None, Some(like.gid()));
    }
    file.set_permissions(like.permissions())
}

#[cfg(not(unix))]
fn give(file: &File, like: &Metadata) -> io::Result<()> {
    file.set_permissions(like.permissions())
}

#[cfg(unix)]
fn other_names(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;

    metadata.nlink().saturating_sub(1)
}

#[cfg(not(unix))]
fn other_names(_: &Metadata) -> u64 {
    0
}

/// Whether a file holds this text.
fn same(path: &Path, text: &[&[u8]]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length: usize = text.iter().map(|part| part.len()).sum();
    if file.metadata()?.len() != length as u64 {
        return Ok(false);
    }
    let mut found = Vec::with_capacity(length + 1);
    file.read_to_end(&mut found)?;
    let mut rest = found.as_slice();
    for part in text {
        match rest.strip_prefix(*part) {
            Some(after) => rest = after,
            None => return Ok(false),
        }
    }
    Ok(rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.yaml");
        for now in ["older", "old+", "olt", ""] {
            fs::write(&file, now).unwrap();
            let error = replace(&file, &[b"ol", b"d"], &[b"new"]).unwrap_err();
            assert!(error.contains("has changed"), "{now}: {error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), now);
        }
        fs::write(&file, "old").unwrap();
        assert_eq!(replace(&file, &[b"ol", b"d"], &[b"ne", b"w"]), Ok(0));
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }
}
