//! What shells and `man` are given: it must be what they take.

use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;

/// Whether a program is there; in CI it has to be.
fn has(program: &str) -> bool {
    let mut probe = Command::new(program);
    probe.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let found = probe.status().is_ok();
    assert!(
        found || std::env::var_os("PLIMSOLL_REQUIRE_TOOLS").is_none(),
        "{program} is not installed"
    );
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

#[test]
fn every_shell_gets_its_completions() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = sandbox.run(["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{shell}");
        for word in ["check", "fail-on", "explain", "no-config"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(sandbox.run(["completions", "csh"]).code, 2);
}

/// What bash would offer behind a line.
fn completed(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let line = words.join(" ");
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let last = words.len() - 1;
    let script = format!(
        "set -e\nsource completions.bash\nCOMP_WORDS=({})\nCOMP_CWORD={last}\nCOMP_LINE='{line}'\n\
         COMP_POINT=${{#COMP_LINE}}\n_plimsoll plimsoll '{}' '{}' || true\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        quoted.join(" "),
        words[last],
        words[last - 1],
    );
    let output =
        Command::new("bash").args(["-c", &script]).current_dir(sandbox.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    if !has("bash") {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("completions.bash", sandbox.run(["completions", "bash"]).stdout);
    let syntax = Command::new("bash")
        .args(["-n", "completions.bash"])
        .current_dir(sandbox.path())
        .output()
        .unwrap();
    assert!(syntax.status.success() && syntax.stderr.is_empty(), "{syntax:?}");
    assert_eq!(completed(&sandbox, &["plimsoll", "expl"]), ["explain"]);
    assert_eq!(completed(&sandbox, &["plimsoll", "check", "--fail"]), ["--fail-on"]);
    let values = completed(&sandbox, &["plimsoll", "check", "--fail-on", ""]);
    assert_eq!(values, ["deny", "warn", "patch", "audit"]);
    let formats = completed(&sandbox, &["plimsoll", "check", "--format", "s"]);
    assert_eq!(formats, ["sarif"]);
    assert_eq!(completed(&sandbox, &["plimsoll", "test", "--format", "ju"]), ["junit"]);
    assert_eq!(completed(&sandbox, &["plimsoll", "explain", "imageT"]), ["imageTag"]);
    assert_eq!(completed(&sandbox, &["plimsoll", "explain", "batch-d"]), ["batch-dns"]);
    let commands = completed(&sandbox, &["plimsoll", ""]);
    assert!(["check", "config", "man"].iter().all(|c| commands.iter().any(|known| known == c)));
}

#[test]
fn every_command_has_a_page_that_man_takes() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["man", "--dir", "pages"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let help = sandbox.run(["--help"]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let mut names: Vec<_> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(|name| format!("plimsoll-{name}.1"))
        .chain(["plimsoll.1".to_owned()])
        .collect();
    names.sort();
    let pages = std::fs::read_dir(sandbox.path().join("pages")).unwrap();
    let mut found: Vec<_> =
        pages.map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, names);
    assert_eq!(
        sandbox.run(["man", "check"]).stdout,
        std::fs::read_to_string(sandbox.path().join("pages/plimsoll-check.1")).unwrap()
    );
    let version = env!("CARGO_PKG_VERSION");
    let title = format!(".TH plimsoll-check 1  \"plimsoll {version}\"");
    let page = sandbox.run(["man", "check"]).stdout;
    assert!(page.contains(&title), "{}", page.lines().find(|line| line.contains(".TH")).unwrap());
    let wrong = sandbox.run(["man", "chek"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("did you mean `check`?"), "{}", wrong.stderr);
    if !has("groff") {
        return;
    }
    for page in found {
        let output = Command::new("groff")
            .args(["-man", "-ww", "-Tutf8", &page])
            .current_dir(sandbox.path().join("pages"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{page}: {said}");
        assert!(output.stdout.len() > 200, "{page}");
    }
}
