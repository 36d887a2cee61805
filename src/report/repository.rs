//! The folder that paths in reports for machines count from: the repository's, wherever in it the command was run.

use std::path::{Component, Path, PathBuf};

/// The root of the repository a run takes place in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    root: PathBuf,
    working_directory: PathBuf,
}

impl Repository {
    /// The nearest folder at or above `working_directory`, which is absolute, that holds a `.git`; without one, the
    /// working directory itself.
    pub fn around(working_directory: &Path) -> Self {
        let holds_git = |folder: &&Path| folder.join(".git").exists();
        let root = working_directory.ancestors().find(holds_git).unwrap_or(working_directory);
        Self { root: root.to_owned(), working_directory: working_directory.to_owned() }
    }

    /// The root, as an absolute path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path as it is written in reports for machines: from the root, with forward slashes. One outside the
    /// repository stays absolute; `-`, standard input, stays as it is.
    pub fn relative(&self, path: &Path) -> String {
        if path.as_os_str() == "-" {
            return "-".to_owned();
        }
        let whole = normal(&self.working_directory.join(path));
        let linked;
        let shown = match whole.strip_prefix(&self.root) {
            Ok(shown) => shown,
            // A folder of the repository can have other names.
            Err(_) => {
                linked = without_links(&whole);
                linked.strip_prefix(&self.root).unwrap_or(&whole)
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

/// The same file, in a folder whose name leads through no link.
fn without_links(path: &Path) -> PathBuf {
    let own = path.parent().zip(path.file_name());
    let own = own.and_then(|(folder, name)| Some(folder.canonicalize().ok()?.join(name)));
    own.unwrap_or_else(|| path.to_owned())
}

/// Without `.` and `..`. Links are not followed: a report names files as the repository does.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            other => normal.push(other),
        }
    }
    normal
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
}
