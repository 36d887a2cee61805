//! Bad input at both doors: each case ends with 2 and says which file and where, what is good beside it is judged, and
//! what `fix` was given stays byte for byte.

use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::fix::{POD, safely_fixed};
use crate::sandbox::{Run, Sandbox};

/// Where the finding in [`POD`] stands.
const FINDING: u64 = 10;
const POD_LINES: u64 = 10;

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn numbers(found: &serde_json::Value, file: &str) -> Vec<u64> {
    let found = found.as_array().unwrap().iter().filter(|one| one["file"] == file);
    found.map(|one| one["line"].as_u64().unwrap()).collect()
}

/// Both doors, on `all/bad.yaml` with these bytes beside a good file: errors on these lines, findings on those.
fn both(what: &str, bytes: &[u8], errors: &[u64], findings: &[u64]) -> String {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("all/a.yaml", POD);
    sandbox.write("all/bad.yaml", bytes);
    sandbox.write("all/z.yaml", POD);
    let pulls = |report: &serde_json::Value, file: &str| {
        let all = report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "pull");
        numbers(&all.cloned().collect(), file)
    };
    let run = sandbox.check(["--format", "json", "all"]);
    let report = run.json();
    assert_eq!(run.code, 2, "{what}: {report:#}");
    assert_eq!(numbers(&report["errors"], "all/bad.yaml"), errors, "{what}: {report:#}");
    assert_eq!(pulls(&report, "all/bad.yaml"), findings, "{what}: {report:#}");
    for file in ["all/a.yaml", "all/z.yaml"] {
        assert_eq!(pulls(&report, file), [FINDING], "{what}: {report:#}");
    }
    let run = sandbox.fix(["all", "--format", "json"]);
    let report = run.json();
    assert_eq!(run.code, 2, "{what}: {report:#}");
    assert_eq!(numbers(&report["errors"], "all/bad.yaml"), errors, "{what}: {report:#}");
    assert_eq!(fs::read(sandbox.path().join("all/bad.yaml")).unwrap(), bytes, "{what}");
    for file in ["all/a.yaml", "all/z.yaml"] {
        assert_eq!(sandbox.read(file), safely_fixed(), "{what}");
    }
    assert_eq!(names(&sandbox.path().join("all")), ["a.yaml", "bad.yaml", "z.yaml"], "{what}");
    let through = ["fix", "--policies", "policy.yaml", "--quiet", "-"];
    let through = sandbox.command(through).write_stdin(bytes).output().unwrap();
    assert_eq!((through.status.code(), &*through.stdout), (Some(2), bytes), "{what}");
    report["errors"][0]["message"].as_str().unwrap().to_owned()
}

/// Documents that are broken, with the line of it on which that shows, and a word of the message.
const BROKEN: [(&str, &str, u64, &str); 20] = [
    ("a tab that indents", "a:\n\tb: 1\n", 2, "tab"),
    ("an unclosed double quote", "a: \"x\nb: 1\n", 2, "quote"),
    ("an unclosed single quote", "a: 'x\nb: 1\n", 2, "quote"),
    ("a key twice", "a: 1\nb: 2\na: 3\n", 3, "stands twice"),
    ("an alias without its anchor", "a: *nowhere\n", 1, "anchor"),
    ("an anchor without a name", "a: & x\n", 1, "anchor"),
    ("an anchor in itself", "a: &a [*a]\n", 1, "anchor"),
    ("an unknown escape", "a: 1\nb: \"\\q\"\n", 2, "escape"),
    ("half a character", "a: \"\\ud800\"\n", 1, "surrogate"),
    ("a merge of a scalar", "a: {<<: 1}\n", 1, "<<"),
    ("a merge of an alias of a scalar", "a: &a x\nb:\n  <<: *a\n", 3, "<<"),
    ("a NUL in a value", "a: 1\nb: x\0y\n", 2, "\\u{0}"),
    ("a NUL on a line of its own", "a: 1\n\0\n", 2, "\\u{0}"),
    ("a reserved character", "a: @x\n", 1, "@"),
    ("an open bracket", "a: {b\n", 1, "bracket"),
    ("a closing bracket too many", "a: ]\n", 1, "bracket"),
    ("too deep an indentation", "a: 1\n  b: 2\n", 2, "mapping"),
    ("a tag that does not fit", "a: !!int x\n", 1, "!!int"),
    ("a key that is no scalar", "? [a]\n: b\n", 1, "key"),
    ("a directive in the middle", "%YAML 3.0\n", 1, "directive"),
];

#[test]
fn every_way_to_break_a_document_leaves_the_others() {
    for (what, broken, line, word) in BROKEN {
        let stream = format!("{POD}---\n{broken}---\n{POD}");
        let next = POD_LINES + 2 + broken.lines().count() as u64;
        let said =
            both(what, stream.as_bytes(), &[POD_LINES + 1 + line], &[FINDING, next + FINDING]);
        assert!(said.contains(word), "{what}: {said}");
    }
}

#[test]
fn a_stream_that_is_broken_in_every_way_has_an_error_for_each() {
    let (mut stream, mut line) = (POD.to_owned(), POD_LINES);
    let (mut errors, mut findings) = (Vec::new(), vec![FINDING]);
    for (_, broken, at, _) in BROKEN {
        write!(stream, "---\n{broken}---\n{POD}").unwrap();
        errors.push(line + 1 + at);
        line += 2 + broken.lines().count() as u64;
        findings.push(line + FINDING);
        line += POD_LINES;
    }
    both("all at once", stream.as_bytes(), &errors, &findings);
}

#[test]
fn bytes_that_are_no_text_cost_their_document() {
    let garbled =
        |document: &[u8]| [POD.as_bytes(), b"---\n", document, b"---\n", POD.as_bytes()].concat();
    let stream = garbled(b"# \xc3\xa9\na: 1\nb: caf\xe9\nc: \xff\n");
    let said = both("Latin-1", &stream, &[POD_LINES + 4], &[FINDING, POD_LINES + 6 + FINDING]);
    assert_eq!(said, "byte 0xe9 is not valid UTF-8");
    let twice = [garbled(b"a: \xff\n"), b"---\nb: 'x\n---\n\xe9: 1\n".to_vec()].concat();
    let end = 2 * POD_LINES + 3;
    both("twice", &twice, &[POD_LINES + 2, end + 3, end + 4], &[FINDING, POD_LINES + 3 + FINDING]);
    let windows = |text: &[u8]| {
        text.split_inclusive(|byte| *byte == b'\n')
            .flat_map(|line| match line.strip_suffix(b"\n") {
                Some(line) => [line, b"\r\n"].concat(),
                None => line.to_vec(),
            })
            .collect::<Vec<u8>>()
    };
    let stream = windows(&stream);
    both("Windows", &stream, &[POD_LINES + 4], &[FINDING, POD_LINES + 6 + FINDING]);
    // Columns count characters.
    let sandbox = Sandbox::for_fixes();
    sandbox.write("bad.yaml", b"\xef\xbb\xbf\xc3\xa9\xc3\xa9: \xe9\n");
    let run = sandbox.check(["bad.yaml"]);
    let said =
        "error: byte 0xe9 is not valid UTF-8\n--> bad.yaml:1:5\n = help: save the file as UTF-8\n";
    assert!(run.stdout.contains(said), "{}", run.stdout);
}

#[test]
fn files_that_are_no_text_at_all() {
    let sixteen = |text: &str, big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    };
    for (what, bytes, word) in [
        ("UTF-16 with a mark", sixteen(&format!("\u{feff}{POD}"), false), "UTF-16"),
        ("UTF-16 without", sixteen(POD, true), "UTF-16"),
        ("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0".to_vec(), "0x89"),
        ("an archive", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0".to_vec(), "0x8b"),
        ("a program", [&b"\x7fELF\x02\x01\x01"[..], &[0; 64]].concat(), "\\u{7f}"),
        ("zeros", vec![0; 1 << 16], "\\u{0}"),
    ] {
        let said = both(what, &bytes, &[1], &[]);
        assert!(said.contains(word), "{what}: {said}");
    }
}

/// Of what is found in a folder, things that are no files are no one's concern; what was named is an error.
#[test]
fn things_that_are_no_files_are_not_waited_for() {
    let sandbox = Sandbox::for_fixes();
    let all = sandbox.path().join("all");
    sandbox.write("all/pod.yaml", POD);
    let _socket = UnixListener::bind(all.join("socket.yaml")).unwrap();
    let made = Command::new("mkfifo").arg(all.join("fifo.yaml")).status().unwrap();
    assert!(made.success());
    symlink("/dev/zero", all.join("device.yaml")).unwrap();
    symlink("socket.yaml", all.join("link.yaml")).unwrap();
    fs::create_dir(all.join("folder.yaml")).unwrap();
    symlink("..", all.join("folder.yaml/up")).unwrap();
    symlink("round.yaml", all.join("round.yaml")).unwrap();
    symlink("nowhere.yaml", all.join("dangling.yaml")).unwrap();
    let errors = ["all/dangling.yaml", "all/folder.yaml/up", "all/round.yaml"];
    let before = names(&all);
    let run = sandbox.check(["--format", "json", "all"]);
    let files = |run: &Run| -> Vec<String> {
        let report = run.json();
        let files = report["errors"].as_array().unwrap().iter();
        files.map(|error| error["file"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((run.code, files(&run)), (2, errors.map(str::to_owned).to_vec()));
    assert_eq!(numbers(&run.json()["findings"], "all/pod.yaml"), [7, FINDING]);
    let run = sandbox.fix(["--format", "json", "all"]);
    assert_eq!((run.code, files(&run)), (2, errors.map(str::to_owned).to_vec()));
    assert_eq!(sandbox.read("all/pod.yaml"), safely_fixed());
    for (name, why) in [
        ("all/socket.yaml", "not a regular file"),
        ("all/link.yaml", "not a regular file"),
        ("all/fifo.yaml", "not a regular file"),
        ("all/device.yaml", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("/dev/null", "not a regular file"),
        ("all/dangling.yaml", "No such file or directory"),
        ("all/round.yaml", "symbolic link"),
    ] {
        sandbox.write("all/pod.yaml", POD);
        for run in [sandbox.check([name, "all/pod.yaml"]), sandbox.fix([name, "all/pod.yaml"])] {
            assert_eq!(run.code, 2, "{name}: {}", run.stdout);
            let place = format!("--> {name}\n");
            assert!(run.stdout.contains(&place) && run.stdout.contains(why), "{}", run.stdout);
            assert!(run.stdout.contains("--> all/pod.yaml:"), "{}", run.stdout);
        }
        assert_eq!(sandbox.read("all/pod.yaml"), safely_fixed(), "{name}");
    }
    assert_eq!(names(&all), before, "nothing is left");
}

/// Files and folders without permissions. Root reads them all the same, so there somebody else runs the command.
#[test]
fn what_may_not_be_read_is_named_and_left() {
    let sandbox = Sandbox::for_fixes();
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    sandbox.write("all/pod.yaml", POD);
    let file = sandbox.write("all/secret.yaml", POD);
    let inside = sandbox.write("all/closed/pod.yaml", POD);
    let closed = inside.parent().unwrap();
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    mode(sandbox.path(), 0o755);
    mode(&sandbox.path().join("all"), 0o777);
    for door in ["check", "fix"] {
        mode(&file, 0);
        mode(closed, 0);
        let mut command = Command::new(if root { "setpriv" } else { "env" });
        if root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
            // Where this user cannot get at the program, a copy does.
            let copy = sandbox.path().join("plimsoll");
            if !copy.exists() {
                fs::hard_link(env!("CARGO_BIN_EXE_plimsoll"), &copy)
                    .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &copy).map(drop))
                    .unwrap();
            }
            command.arg(copy);
        } else {
            command.arg(env!("CARGO_BIN_EXE_plimsoll"));
        }
        command.args([door, "--policies", "policy.yaml", "all"]).current_dir(sandbox.path());
        let run = Run::of(&command.output().unwrap());
        mode(&file, 0o644);
        mode(closed, 0o755);
        assert_eq!(run.code, 2, "{door}: {}{}", run.stdout, run.stderr);
        for name in ["all/secret.yaml", "all/closed"] {
            let said =
                format!("error: cannot be read: Permission denied (os error 13)\n--> {name}\n");
            assert!(run.stdout.contains(&said), "{door}: {}", run.stdout);
        }
        assert!(run.stdout.contains("--> all/pod.yaml:"), "{door}: {}", run.stdout);
        assert_eq!(sandbox.read("all/secret.yaml"), POD);
        assert_eq!(sandbox.read("all/closed/pod.yaml"), POD);
        assert_eq!(names(&sandbox.path().join("all")), ["closed", "pod.yaml", "secret.yaml"]);
    }
}

/// A folder in which files come and go while it is read.
#[test]
fn files_that_vanish_are_at_worst_an_error() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("all/stays.yaml", POD);
    let all = sandbox.path().join("all");
    let done = AtomicBool::new(false);
    let mut vanished = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0.. {
                let name = all.join(format!("{}.yaml", turn % 64));
                let below = all.join(format!("folder-{}/deep", turn % 8));
                // The other side may be renaming a file over one of these.
                let _ = fs::write(&name, POD);
                let _ =
                    fs::create_dir_all(&below).and_then(|()| fs::write(below.join("x.yaml"), POD));
                let _ = fs::remove_file(all.join(format!("{}.yaml", (turn + 32) % 64)));
                let _ = fs::remove_dir_all(all.join(format!("folder-{}", (turn + 4) % 8)));
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        for turn in 0..20 {
            let run = match turn % 2 {
                0 => sandbox.check(["--format", "json", "all"]),
                _ => sandbox.fix(["--format", "json", "all"]),
            };
            assert!([0, 1, 2].contains(&run.code), "{}", run.stderr);
            let report = run.json();
            for error in report["errors"].as_array().unwrap() {
                let message = error["message"].as_str().unwrap();
                let is_clear = ["cannot be read: ", "cannot be written: "]
                    .iter()
                    .any(|start| message.starts_with(start));
                // A file can be met while it is written, and is empty or ends early then.
                let is_half = error["line"].is_u64();
                assert!((is_clear || is_half) && error["file"].is_string(), "{error}");
                vanished += usize::from(is_clear);
            }
            assert_eq!(run.code == 2, !report["errors"].as_array().unwrap().is_empty());
        }
        done.store(true, Ordering::Relaxed);
    });
    println!("{vanished} errors about files that were gone");
    assert_eq!(sandbox.read("all/stays.yaml"), safely_fixed());
    let left = names(&all);
    assert!(!left.iter().any(|name| name.contains(".tmp")), "{left:?}");
}

const MIB: u64 = 1 << 20;

/// Runs a door on a file; answers with the seconds and the peak of its memory in bytes.
fn measured(sandbox: &Sandbox, door: &str, name: &str, code: i32) -> (Duration, u64, String) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args([door, "--policies", "policy.yaml", "--fail-on", "warn", name])
        .current_dir(sandbox.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let code_of = loop {
        if let Ok(text) = fs::read_to_string(&status)
            && let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))
        {
            peak = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024;
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begun.elapsed() > Duration::from_secs(240) {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    };
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(code_of, Some(code), "{door} {name} after {:?}: {said}", begun.elapsed());
    (begun.elapsed(), peak, said)
}

/// Unoptimized, on a busy machine, and with memory that is bounded by the size of the file.
#[test]
fn files_of_a_hundred_megabytes() {
    const SIZE: u64 = 100 * MIB;
    let sandbox = Sandbox::for_fixes();
    let line = format!("    {}\n", "abcdefghi ".repeat(10));
    let path = sandbox.path().join("big.yaml");
    let fill = |is_one_line: bool| {
        let mut file = BufWriter::new(File::create(&path).unwrap());
        write!(file, "{POD}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n")
            .unwrap();
        write!(file, "  x: {}", if is_one_line { "\"" } else { "|\n" }).unwrap();
        for _ in 0..SIZE / line.len() as u64 {
            file.write_all(if is_one_line { line.trim_end().as_bytes() } else { line.as_bytes() })
                .unwrap();
        }
        write!(file, "{}---\n{POD}", if is_one_line { "\"\n" } else { "" }).unwrap();
        file.flush().unwrap();
    };
    for is_one_line in [false, true] {
        fill(is_one_line);
        let size = fs::metadata(&path).unwrap().len();
        for door in ["check", "fix"] {
            let (time, peak, said) = measured(&sandbox, door, "big.yaml", 1);
            println!("{door}, one line: {is_one_line}: {time:?}, {} MiB", peak / MIB);
            assert_eq!(said.matches("there is no cpu request").count(), 2, "{said}");
            assert!(peak > size && peak < 6 * size, "{door}: {} MiB", peak / MIB);
        }
        let fixed = fs::read(&path).unwrap();
        assert_eq!(
            fixed.len() as u64,
            size + 2 * "IfNotPresent".len() as u64 - 2 * "Always".len() as u64
        );
        assert!(
            fixed.starts_with(safely_fixed().as_bytes())
                && fixed.ends_with(safely_fixed().as_bytes())
        );
        assert_eq!(names(sandbox.path()), ["big.yaml", "policy.yaml"]);
    }
}

/// One `{…}` over ten thousand lines, with a pod in it.
#[test]
fn flow_mappings_of_ten_thousand_lines() {
    let sandbox = Sandbox::for_fixes();
    let mut text =
        String::from("{apiVersion: v1, kind: Pod,\nmetadata: {name: p, annotations: {\n");
    for at in 0..5000 {
        writeln!(text, "k{at}: \"v{at}\", # {at}").unwrap();
    }
    text += "}},\nspec: {containers: [{name: a, image: 'x:1',\nimagePullPolicy: Always, # why\nenv: [\n";
    let line = text.lines().count() as u64 - 1;
    for at in 0..5000 {
        writeln!(text, "{{name: E{at}, value: '{at}'}},").unwrap();
    }
    text += "]}]}}\n";
    assert!(text.lines().count() > 10_000);
    sandbox.write("flow.yaml", &text);
    let begun = Instant::now();
    let report = sandbox.check(["--format", "json", "flow.yaml"]).json();
    assert_eq!(numbers(&report["findings"], "flow.yaml"), [line - 1, line], "{report:#}");
    let run = sandbox.fix(["--unsafe-fixes", "flow.yaml"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let fixed = sandbox.read("flow.yaml");
    let changed: Vec<_> =
        text.lines().filter(|line| !fixed.lines().any(|new| new == *line)).collect();
    assert!(
        changed.len() <= 2 && changed.contains(&"imagePullPolicy: Always, # why"),
        "{changed:?}"
    );
    assert!(fixed.contains("\nimagePullPolicy: IfNotPresent, # why\n") && fixed.contains("100m"));
    assert_eq!(sandbox.check(["--fail-on", "audit", "flow.yaml"]).code, 0);
    // The same with its end missing.
    let broken = text.replace("]}]}}\n", "]}]}\n");
    both("an open bracket of ten thousand lines", broken.as_bytes(), &[1], &[]);
}

/// A full disk, where this user may have one of its own; said on the way, where not.
#[test]
fn a_full_disk_leaves_the_file_whole() {
    let sandbox = Sandbox::for_fixes();
    let folder = sandbox.path().join("disk");
    fs::create_dir(&folder).unwrap();
    // In a name space of its own, so that nothing is left mounted whatever happens.
    let script = "mount -t tmpfs -o size=64k none disk || exit 77\n\
         cp long.yaml short.yaml disk/\n\
         dd if=/dev/zero of=disk/filler bs=4096 count=64 2>/dev/null\n\
         $P fix --policies policy.yaml disk; code=$?\n\
         cmp long.yaml disk/long.yaml && cmp short.yaml disk/short.yaml || exit 9\n\
         ls -A disk\n\
         rm disk/filler\n\
         $P fix --policies policy.yaml --quiet disk || exit 8\n\
         cmp -s short.yaml disk/short.yaml && exit 7\n\
         exit $code\n";
    let long = format!("{POD}# {}\n", "x".repeat(20_000));
    sandbox.write("long.yaml", &long);
    sandbox.write("short.yaml", POD);
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", script])
        .current_dir(sandbox.path())
        .env("P", env!("CARGO_BIN_EXE_plimsoll"))
        .output();
    let Some(output) = output.ok().filter(|output| {
        output.status.code() != Some(77)
            && !String::from_utf8_lossy(&output.stderr).contains("unshare: ")
    }) else {
        eprintln!("skipped: this user may mount nothing, so no disk can be filled");
        return;
    };
    let run = Run::of(&output);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    for name in ["long", "short"] {
        let said = format!(
            "error: cannot be written: No space left on device (os error 28)\n--> disk/{name}.yaml\n = help: the file is as it was\n"
        );
        assert!(run.stdout.contains(&said), "{}", run.stdout);
    }
    assert!(run.stdout.contains("\nfiller\nlong.yaml\nshort.yaml\n"), "{}", run.stdout);
    assert!(names(&folder).is_empty());
}
