use std::fs;
use std::process::Command;

use super::*;

struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.com",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(self.0.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}");
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "change"]);
    }

    fn since(&self, reference: &str) -> Changes {
        Changes::since(self.0.path(), reference).unwrap()
    }
}

fn lines(count: usize) -> String {
    (1..=count).map(|line| format!("line {line}\n")).collect()
}

#[test]
fn changed_added_and_removed_lines_count_and_no_others() {
    let repository = Repository::new();
    repository.write("a.yaml", &lines(20));
    repository.commit();
    let mut text = lines(20).replace("line 3\n", "line three\n").replace("line 10\n", "");
    text.push_str("++ b/odd.yaml\n");
    repository.write("a.yaml", &text);
    let changes = repository.since("HEAD");
    let touched: Vec<usize> =
        (1..=25).filter(|line| changes.touch("a.yaml", *line..=*line)).collect();
    assert_eq!(touched, [3, 9, 10, 20]);
    assert!(changes.touch("a.yaml", 1..=5));
    assert!(!changes.touch("a.yaml", 4..=8));
    assert!(!changes.touch("odd.yaml", 1..=1));
}

#[test]
fn new_files_count_whole_whether_git_knows_them_or_not() {
    let repository = Repository::new();
    repository.write("old.yaml", "a\n");
    repository.write(".gitignore", "ignored.yaml\n");
    repository.commit();
    repository.write("known.yaml", "a\nb\n");
    repository.git(&["add", "known.yaml"]);
    repository.write("with space/ümlaut \"quoted\".yaml", "a\nb\n");
    repository.write("ignored.yaml", "a\n");
    let changes = repository.since("HEAD");
    assert!(changes.touch("known.yaml", 2..=2));
    assert!(changes.touch("with space/ümlaut \"quoted\".yaml", 2..=2));
    assert!(!changes.touch("old.yaml", 1..=1));
    assert!(!changes.touch("ignored.yaml", 1..=1));
    repository.commit();
    repository.write("with space/ümlaut \"quoted\".yaml", "a\nc\n");
    let changes = repository.since("HEAD");
    assert!(changes.touch("with space/ümlaut \"quoted\".yaml", 2..=2));
    assert!(!changes.touch("with space/ümlaut \"quoted\".yaml", 1..=1));
}

#[test]
fn what_only_the_other_branch_changed_is_no_change_here() {
    let repository = Repository::new();
    repository.write("a.yaml", &lines(20));
    repository.commit();
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.write("a.yaml", &lines(20).replace("line 20\n", "line twenty\n"));
    repository.commit();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("a.yaml", &lines(20).replace("line 1\n", "line one\n"));
    repository.commit();
    repository.git(&["checkout", "--quiet", "feature"]);
    let changes = repository.since("main");
    assert!(changes.touch("a.yaml", 20..=20));
    assert!(!changes.touch("a.yaml", 1..=1));
}

#[test]
fn removed_files_and_settings_of_the_user_change_nothing() {
    let repository = Repository::new();
    repository.write("a.yaml", &lines(3));
    repository.write("gone.yaml", &lines(3));
    repository.commit();
    repository.git(&["config", "diff.noprefix", "true"]);
    repository.git(&["config", "color.diff", "always"]);
    repository.git(&["config", "diff.external", "false"]);
    repository.write("a.yaml", &lines(4));
    fs::remove_file(repository.0.path().join("gone.yaml")).unwrap();
    let changes = repository.since("HEAD");
    assert!(changes.touch("a.yaml", 4..=4));
    assert!(!changes.touch("gone.yaml", 1..=1));
    assert!(changes.touch_below(""));
    assert!(!changes.touch_below("a"));
}

#[test]
fn what_is_no_commit_is_said_with_the_way_out() {
    let repository = Repository::new();
    repository.write("a.yaml", "a\n");
    repository.commit();
    for reference in ["origin/main", "--output=x", "", "HEAD:a.yaml"] {
        let error = Changes::since(repository.0.path(), reference).unwrap_err().to_string();
        assert!(error.contains("there is no such commit"), "{error}");
    }
    let outside = tempfile::tempdir().unwrap();
    let error = Changes::since(outside.path(), "HEAD").unwrap_err().to_string();
    assert!(error.contains("not a git repository"), "{error}");
}

#[test]
fn a_history_without_a_common_ancestor_is_said() {
    let repository = Repository::new();
    repository.write("a.yaml", "a\n");
    repository.commit();
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.write("a.yaml", "b\n");
    repository.commit();
    let error = Changes::since(repository.0.path(), "main").unwrap_err().to_string();
    assert!(error.contains("no common ancestor"), "{error}");
}
