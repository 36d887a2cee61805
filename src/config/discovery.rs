//! Where the configuration file is looked for.

use std::path::{Path, PathBuf};

/// What it is called.
pub const FILE: &str = "plimsoll.yaml";
/// What people call it by mistake.
const OTHER_NAMES: [&str; 3] = ["plimsoll.yml", ".plimsoll.yaml", ".plimsoll.yml"];

/// How a search for the configuration file went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The file, named from the working directory on: `../plimsoll.yaml`.
    pub found: Option<PathBuf>,
    /// The folders that were looked into, from the working directory up.
    pub searched: Vec<PathBuf>,
    /// A file with nearly the right name, where none with the right one was found.
    pub misnamed: Option<PathBuf>,
}

/// Looks for the file in `working_directory`, which is absolute, and in the folders above it, up to the first that
/// holds a `.git` and no further: what lies beyond belongs to somebody else.
pub fn search(working_directory: &Path) -> Search {
    let mut search = Search::default();
    let mut shown = PathBuf::new();
    for folder in working_directory.ancestors() {
        search.searched.push(folder.to_owned());
        if folder.join(FILE).is_file() {
            search.found = Some(shown.join(FILE));
            search.misnamed = None;
            return search;
        }
        if search.misnamed.is_none() {
            let other = OTHER_NAMES.into_iter().find(|name| folder.join(name).is_file());
            search.misnamed = other.map(|name| shown.join(name));
        }
        if folder.join(".git").exists() {
            break;
        }
        shown.push("..");
    }
    search
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_found_upward_and_not_beyond_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("repository/.git")).unwrap();
        fs::create_dir_all(root.join("repository/a/b")).unwrap();
        fs::write(root.join(FILE), "").unwrap();
        let deep = root.join("repository/a/b");
        let missing = search(&deep);
        assert_eq!(missing.found, None);
        assert_eq!(missing.searched.len(), 3, "{missing:?}");
        fs::write(root.join("repository/plimsoll.yml"), "").unwrap();
        assert_eq!(search(&deep).misnamed.as_deref(), Some(Path::new("../../plimsoll.yml")));
        fs::write(root.join("repository").join(FILE), "").unwrap();
        let found = search(&deep);
        assert_eq!(found.found.as_deref(), Some(Path::new("../../plimsoll.yaml")));
        assert_eq!(found.misnamed, None);
        assert_eq!(search(&root.join("repository")).found.as_deref(), Some(Path::new(FILE)));
    }
}
