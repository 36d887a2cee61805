//! Paths as a person would write them.

use std::path::{Component, Path, PathBuf};

/// The path without `.`, and without `..` where that undoes a part before it.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidy.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidy.pop();
            }
            Component::ParentDir if tidy.has_root() => {}
            other => tidy.push(other),
        }
    }
    if tidy.as_os_str().is_empty() { PathBuf::from(".") } else { tidy }
}

/// The way from a folder to a path; both are absolute and have no links in them.
pub(super) fn way(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(shared)).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

/// How a user who wrote `written` for the folder `folder` would write the path of `file`; both are absolute and have no
/// links in them.
pub(super) fn seen_from(written: &Path, folder: &Path, file: &Path) -> PathBuf {
    if written.is_absolute() {
        return file.to_owned();
    }
    let joined = tidy(&written.join(way(folder, file)));
    // `../..` from the working directory may lead around to where it is: its name is then in the way, and not needed.
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    let below = here.as_deref().and_then(|here| file.strip_prefix(here).ok());
    below.map_or(joined, Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_tidied() {
        for (path, expected) in [
            ("a/../b", "b"),
            ("./a/./b", "a/b"),
            ("../a/../../b", "../../b"),
            ("a/..", "."),
            ("/a/../../b", "/b"),
        ] {
            assert_eq!(tidy(Path::new(path)), Path::new(expected));
        }
    }

    #[test]
    fn a_way_leads_from_one_folder_to_another() {
        for (from, to, expected) in [
            ("/a/b", "/a/c/d", "../c/d"),
            ("/a", "/a", "."),
            ("/", "/a", "a"),
            ("/a/b", "/a", ".."),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), Path::new(expected));
        }
    }
}
