//! The folder that paths in reports for machines count from: the repository's, wherever in it the command was run.

use std::path::{Component, Path, PathBuf};

use crate::manifest::source::normal;

/// The root of the repository a run takes place in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    root: PathBuf,
    working_directory: PathBuf,
    /// Whether files outside the root have relative paths too.
    leads_out: bool,
}

impl Repository {
    /// The nearest folder at or above `working_directory`, which is absolute, that holds a `.git`; without one, the
    /// working directory itself.
    pub fn around(working_directory: &Path) -> Self {
        let holds_git = |folder: &&Path| folder.join(".git").exists();
        let root = working_directory.ancestors().find(holds_git).unwrap_or(working_directory);
        Self {
            root: root.to_owned(),
            working_directory: working_directory.to_owned(),
            leads_out: false,
        }
    }

    /// As [`around`](Self::around), but without a `.git` the folder of `file` is the root, so that what is kept in the
    /// file means the same wherever the command runs.
    pub fn of_file(working_directory: &Path, file: &Path) -> Self {
        let mut repository = Self::around(working_directory);
        if !repository.root.join(".git").exists() {
            let file = without_links(&normal(&working_directory.join(file)));
            repository.root = file.parent().unwrap_or(working_directory).to_owned();
            repository.leads_out = true;
        }
        repository
    }

    /// The root, as an absolute path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that such a path is of, as an absolute path.
    pub fn whole(&self, relative: &str) -> PathBuf {
        normal(&self.root.join(relative))
    }

    /// A path as it is written in reports for machines: from the root, with forward slashes. One outside the
    /// repository stays absolute; `-`, standard input, stays as it is.
    pub fn relative(&self, path: &Path) -> String {
        if path.as_os_str() == "-" {
            return "-".to_owned();
        }
        let whole = normal(&self.working_directory.join(path));
        let (linked, outside);
        let shown = match whole.strip_prefix(&self.root) {
            Ok(shown) => shown,
            // A folder of the repository can have other names.
            Err(_) => {
                linked = without_links(&whole);
                match linked.strip_prefix(&self.root) {
                    Ok(shown) => shown,
                    Err(_) if self.leads_out => {
                        outside = way(&self.root, &linked);
                        &outside
                    }
                    Err(_) => &whole,
                }
            }
        };
        let mut text = String::new();
        for component in shown.components() {
            match component {
                Component::RootDir => text.push('/'),
                other => {
                    if !text.is_empty() && !text.ends_with('/') {
                        text.push('/');
                    }
                    text.push_str(&other.as_os_str().to_string_lossy());
                }
            }
        }
        text
    }
}

/// The way from a folder to a file that is not in it.
fn way(folder: &Path, file: &Path) -> PathBuf {
    let common = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(file.components().skip(common)).collect()
}

/// The same file, in a folder whose name leads through no link.
fn without_links(path: &Path) -> PathBuf {
    let own = path.parent().zip(path.file_name());
    let own = own.and_then(|(folder, name)| Some(folder.canonicalize().ok()?.join(name)));
    own.unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_root_wherever_the_command_runs() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        let repository = Repository::around(&root.join("deploy/prod"));
        assert_eq!(repository.root(), root);
        for (written, expected) in [
            ("web.yaml", "deploy/prod/web.yaml"),
            ("./web.yaml", "deploy/prod/web.yaml"),
            ("../base/web.yaml", "deploy/base/web.yaml"),
            ("-", "-"),
            ("/etc/web.yaml", "/etc/web.yaml"),
        ] {
            assert_eq!(repository.relative(Path::new(written)), expected);
        }
        let whole = root.join("deploy/web.yaml");
        assert_eq!(repository.relative(&whole), "deploy/web.yaml");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_repository_is_another_name_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("real");
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::create_dir_all(root.join("deploy")).unwrap();
        let link = root.parent().unwrap().join("link");
        std::os::unix::fs::symlink(&root, &link).unwrap();
        let repository = Repository::around(&root);
        assert_eq!(repository.relative(&link.join("deploy/web.yaml")), "deploy/web.yaml");
        assert_eq!(repository.relative(&link.join("deploy/../web.yaml")), "web.yaml");
    }

    #[test]
    fn without_a_repository_the_working_directory_counts() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::around(folder.path());
        assert_eq!(repository.relative(Path::new("a/b.yaml")), "a/b.yaml");
    }

    #[test]
    fn without_a_repository_paths_can_count_from_the_folder_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/ci")).unwrap();
        for (working_directory, file, written, expected) in [
            ("", "known.json", "a/b.yaml", "a/b.yaml"),
            ("a", "../known.json", "b.yaml", "a/b.yaml"),
            ("a", "../known.json", "..", ""),
            ("a", "ci/known.json", "b.yaml", "../b.yaml"),
            ("", "a/ci/known.json", "a/b.yaml", "../b.yaml"),
            ("", "a/ci/known.json", "-", "-"),
        ] {
            let repository = Repository::of_file(&root.join(working_directory), Path::new(file));
            let shown = repository.relative(Path::new(written));
            assert_eq!(shown, expected);
            let whole = normal(&root.join(working_directory).join(written));
            assert!(shown == "-" || repository.whole(&shown) == whole, "{shown}");
        }
    }
}
