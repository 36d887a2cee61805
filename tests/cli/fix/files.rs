//! How files are replaced: whole, with their permissions and links, or not at all.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use crate::fix::{POD, safely_fixed};
use crate::sandbox::{Run, Sandbox};

/// The files in a folder, hidden ones too.
fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(sandbox.path().join(folder)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn permissions_stay() {
    for mode in [0o644, 0o600, 0o755, 0o664] {
        let sandbox = Sandbox::for_fixes();
        let file = sandbox.write("pods/pod.yaml", POD);
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        assert_eq!(sandbox.fix(["pods"]).code, 0);
        assert_eq!(sandbox.read("pods/pod.yaml"), safely_fixed());
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, mode);
        assert_eq!(names(&sandbox, "pods"), ["pod.yaml"]);
    }
}

#[test]
fn a_file_without_anything_to_fix_is_not_touched() {
    let sandbox = Sandbox::for_fixes();
    let file = sandbox.write("pod.yaml", safely_fixed());
    let before = fs::metadata(&file).unwrap();
    sandbox.fix(["pod.yaml"]);
    let after = fs::metadata(&file).unwrap();
    assert_eq!(
        (before.ino(), before.modified().unwrap()),
        (after.ino(), after.modified().unwrap())
    );
}

#[test]
fn links_stay_and_what_they_lead_to_is_fixed_once() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("real/pod.yaml", POD);
    fs::create_dir(sandbox.path().join("links")).unwrap();
    let link = sandbox.path().join("links/pod.yaml");
    symlink("../real/pod.yaml", &link).unwrap();
    symlink("pod.yaml", sandbox.path().join("real/twin.yaml")).unwrap();
    let run = sandbox.fix(["links", "real", "./real/pod.yaml"]);
    assert!(run.stdout.contains("fixed 1 finding in 1 file"), "{}", run.stdout);
    assert!(run.stdout.contains("--> links/pod.yaml:"), "{}", run.stdout);
    assert_eq!(fs::read_link(&link).unwrap().to_str(), Some("../real/pod.yaml"));
    assert_eq!(sandbox.read("real/pod.yaml"), safely_fixed());
    assert_eq!(names(&sandbox, "real"), ["pod.yaml", "twin.yaml"]);
    assert_eq!(names(&sandbox, "links"), ["pod.yaml"]);
}

#[test]
fn other_names_of_a_file_are_mentioned() {
    let sandbox = Sandbox::for_fixes();
    let file = sandbox.write("pod.yaml", POD);
    fs::hard_link(&file, sandbox.path().join("other.txt")).unwrap();
    let run = sandbox.fix(["pod.yaml"]);
    assert_eq!(
        run.stderr,
        "plimsoll: warning: pod.yaml had 1 other name (hard links), which keep the old text\n"
    );
    assert_eq!(sandbox.read("pod.yaml"), safely_fixed());
    assert_eq!(sandbox.read("other.txt"), POD);
}

#[test]
fn what_is_read_only_stays_as_it_is() {
    let sandbox = Sandbox::for_fixes();
    let locked = sandbox.write("a/pod.yaml", POD);
    fs::set_permissions(&locked, Permissions::from_mode(0o444)).unwrap();
    sandbox.write("b/pod.yaml", POD);
    let folder = sandbox.path().join("b");
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    let run = sandbox.fix(["a", "b"]);
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("error: cannot be written: it is read-only\n--> a/pod.yaml\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("error: cannot be written: its folder "), "{}", run.stdout);
    assert!(run.stdout.contains("= help: the file is as it was"), "{}", run.stdout);
    assert!(run.stdout.contains("nothing was fixed\n"), "{}", run.stdout);
    for name in ["a", "b"] {
        assert_eq!(sandbox.read(&format!("{name}/pod.yaml")), POD);
        assert_eq!(names(&sandbox, name), ["pod.yaml"]);
    }
}

/// A shell's line, in the folder, with `plimsoll` in `$P`.
fn shell(sandbox: &Sandbox, script: &str) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(sandbox.path());
    command.env("P", env!("CARGO_BIN_EXE_plimsoll"));
    Run::of(&command.output().unwrap())
}

/// The limit ends other programs by a signal.
#[test]
fn a_limit_on_the_size_of_files_ends_nothing() {
    let sandbox = Sandbox::for_fixes();
    let long = format!("{POD}# {}\n", "x".repeat(8192));
    sandbox.write("pods/long.yaml", &long);
    sandbox.write("pods/short.yaml", POD);
    let run = shell(&sandbox, "ulimit -f 4; $P fix --policies policy.yaml pods");
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stdout.contains("bytes into a file (ulimit -f)\n--> pods/long.yaml\n")
            || run.stdout.contains("(ulimit -f)\n--> pods/long.yaml\n"),
        "{}",
        run.stdout
    );
    assert_eq!(sandbox.read("pods/long.yaml"), long);
    assert_eq!(sandbox.read("pods/short.yaml"), safely_fixed());
    assert_eq!(names(&sandbox, "pods"), ["long.yaml", "short.yaml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    for command in ["fix - <pod.yaml", "fix --diff pod.yaml"] {
        let run = shell(&sandbox, &format!("$P {command} --policies policy.yaml >/dev/full"));
        assert_eq!(run.code, 2, "{command}");
        assert!(run.stderr.contains("standard output cannot be written"), "{}", run.stderr);
    }
    assert_eq!(sandbox.read("pod.yaml"), POD);
    let run = shell(&sandbox, "$P fix --diff pod.yaml --policies policy.yaml | true; echo end");
    assert_eq!(run.stdout, "end\n");
}

/// What is no file can be read and not replaced.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_read_and_not_written() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", POD);
    let run = shell(&sandbox, "cat pod.yaml | $P fix --policies policy.yaml /dev/stdin");
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("cannot be written: "), "{}", run.stdout);
}
