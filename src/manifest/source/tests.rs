use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

/// What is read, as paths below `folder`; errors as `path: message`.
fn outcome(folder: &Path, paths: &[&str], threads: usize) -> Vec<String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
    read_all(&paths, threads, |file| {
        let path = file.path.strip_prefix(folder).unwrap_or(&file.path).display().to_string();
        match file.bytes {
            Ok(bytes) if bytes.is_empty() => format!("{path} (empty)"),
            Ok(_) => path,
            Err(error) => format!("{path}: {}", error.message),
        }
    })
}

#[test]
fn folders_are_walked_in_order() {
    let files =
        ["b.yml", "a.yaml", "c/d.json", "c/e.txt", ".hidden/x.yaml", "skip/x.yaml", "B.YAML"];
    let folder = folder(&files);
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".gitignore"), "skip/\n").unwrap();
    let expected = ["B.YAML", "a.yaml", "b.yml", "c/d.json"];
    for threads in [0, 1, 2, 16] {
        assert_eq!(outcome(folder.path(), &[""], threads), expected);
    }
    assert_eq!(outcome(folder.path(), &["c", "", "c/d.json"], 2)[0], "c/d.json");
    assert_eq!(outcome(folder.path(), &["c", "", "c/d.json"], 2).len(), 4);
}

#[test]
fn named_files_are_read_whatever_their_name() {
    let folder = folder(&["e.txt", ".hidden/x.yaml"]);
    fs::write(folder.path().join("empty.yaml"), "").unwrap();
    let paths = ["e.txt", ".hidden/x.yaml", "empty.yaml", "none.yaml"];
    let expected = [
        "e.txt",
        ".hidden/x.yaml",
        "empty.yaml: cannot be read: it is empty",
        "none.yaml: cannot be read: No such file or directory (os error 2)",
    ];
    assert_eq!(outcome(folder.path(), &paths, 2), expected);
    assert_eq!(outcome(folder.path(), &[""], 2), ["e.txt", "empty.yaml (empty)"][1..]);
}

#[cfg(unix)]
#[test]
fn links_and_special_files_do_not_stop_the_rest() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let folder = folder(&["a.yaml", "sub/b.yaml"]);
    let path = |name: &str| folder.path().join(name);
    symlink(path("none"), path("broken.yaml")).unwrap();
    symlink(path("none"), path("broken.txt")).unwrap();
    symlink(folder.path(), path("sub/loop")).unwrap();
    symlink(path("a.yaml"), path("z.yaml")).unwrap();
    let _socket = UnixListener::bind(path("socket.yaml")).unwrap();
    let seen = outcome(folder.path(), &[""], 2);
    assert_eq!(seen.len(), 5, "{seen:?}");
    assert_eq!(seen[0], "a.yaml");
    assert!(seen[1].starts_with("broken.yaml: cannot be read: No such file"), "{seen:?}");
    assert_eq!(seen[2], "sub/b.yaml");
    assert!(seen[3].starts_with("sub/loop: cannot be read: the link leads back to"), "{seen:?}");
    assert_eq!(seen[4], "z.yaml");
    let named = outcome(folder.path(), &["socket.yaml"], 2);
    assert_eq!(named, ["socket.yaml: cannot be read: not a regular file"]);
    let device = outcome(Path::new("/"), &["dev/zero"], 1);
    assert_eq!(device, ["dev/zero: cannot be read: not a regular file"]);
}

#[test]
fn a_panic_of_the_work_is_passed_on() {
    let folder = folder(&["a.yaml", "b.yaml"]);
    let paths = [folder.path().to_path_buf()];
    let result = std::panic::catch_unwind(|| read_all(&paths, 2, |_| panic!("on purpose")));
    assert!(result.is_err());
}

/// What is found below a folder with these globs, counted from it.
fn selected(folder: &Path, paths: &[&str], selection: &Selection) -> Vec<String> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
    let below = |file: SourceFile| file.path.strip_prefix(folder).unwrap().display().to_string();
    read_inputs(&find(&paths, selection, false), 2, below)
}

fn globs(globs: &[&str]) -> Vec<String> {
    globs.iter().map(|glob| (*glob).to_owned()).collect()
}

#[test]
fn globs_exclude_as_a_gitignore_does() {
    let files = ["a.yaml", "build/a.yaml", "deep/build/a.yaml", "deep/keep.yaml", "x.gen.yaml"];
    let folder = folder(&files);
    for (excluded, left) in [
        (&["build/"][..], &["a.yaml", "deep/keep.yaml", "x.gen.yaml"][..]),
        (&["/build"], &["a.yaml", "deep/build/a.yaml", "deep/keep.yaml", "x.gen.yaml"]),
        (&["*.gen.yaml", "deep"], &["a.yaml", "build/a.yaml"]),
        (&["deep/*", "!deep/keep.yaml", "build"], &["a.yaml", "deep/keep.yaml", "x.gen.yaml"]),
        (&["**/build/**"], &["a.yaml", "deep/keep.yaml", "x.gen.yaml"]),
        (&["./build"], &["a.yaml", "deep/build/a.yaml", "deep/keep.yaml", "x.gen.yaml"]),
        (&["././build/", "./*.gen.yaml"], &["a.yaml", "deep/build/a.yaml", "deep/keep.yaml"]),
        (
            &["deep/*", "!./deep/keep.yaml"],
            &["a.yaml", "build/a.yaml", "deep/keep.yaml", "x.gen.yaml"],
        ),
    ] {
        let selection = Selection::default().excluding(folder.path(), &globs(excluded)).unwrap();
        assert_eq!(selected(folder.path(), &[""], &selection), left, "{excluded:?}");
    }
}

#[test]
fn globs_may_name_the_folder_in_full() {
    let folder = folder(&["a.yaml", "build/a.yaml", "deep/build/a.yaml"]);
    let build = folder.path().join("build").to_str().unwrap().to_owned();
    let selection = Selection::default().excluding(folder.path(), &[build]).unwrap();
    assert_eq!(selected(folder.path(), &[""], &selection), ["a.yaml", "deep/build/a.yaml"]);
}

#[test]
fn what_is_named_is_read_unless_forced() {
    let folder = folder(&["a.yaml", "build/a.yaml", "build/deep/b.yaml"]);
    let selection = Selection::default().excluding(folder.path(), &globs(&["build"])).unwrap();
    let named = ["build/a.yaml", "build/deep", "a.yaml"];
    let all = ["build/a.yaml", "build/deep/b.yaml", "a.yaml"];
    assert_eq!(selected(folder.path(), &named, &selection), all);
    assert_eq!(selected(folder.path(), &named, &selection.forced(true)), ["a.yaml"]);
}

#[test]
fn globs_include_more_names_or_fewer_places() {
    let files = ["a.yaml", "deploy/a.json", "deploy/note.md", "deploy/x/b.yml", "t/c.yaml.tpl"];
    let folder = folder(&files);
    for (included, found) in [
        (&["deploy/"][..], &["deploy/a.json", "deploy/x/b.yml"][..]),
        (&["deploy/**", "!deploy/x/**"], &["deploy/a.json"]),
        (&["deploy/", "!*.json"], &["deploy/x/b.yml"]),
        (&["/*.yaml", "*.tpl"], &["a.yaml", "t/c.yaml.tpl"]),
        (&["*.md"], &["deploy/note.md"]),
        (&["a*"], &["a.yaml", "deploy/a.json"]),
    ] {
        let selection = Selection::default().including(folder.path(), &globs(included)).unwrap();
        assert_eq!(selected(folder.path(), &[""], &selection), found, "{included:?}");
    }
}

#[test]
fn a_glob_that_is_none_is_named() {
    let whole = std::path::absolute(".").unwrap().to_str().unwrap().to_owned();
    for glob in ["{a", "a**[z-a]", "", "!", "[a", "../a", "a/../../b", ".", "./", &whole] {
        let error = Selection::default().excluding(Path::new("."), &globs(&["ok", glob]));
        let error = error.unwrap_err();
        assert_eq!((error.index, error.glob.as_str()), (1, glob));
    }
}
