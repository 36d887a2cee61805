//! The programs of one cluster, and the small shell script that outlives the test process to end them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use super::process::{is_alive, run, wait};

const SCRIPT: &str = include_str!("supervisor.sh");
/// Time for the script to kill everything and remove the folder.
const ENDING: Duration = Duration::from_secs(20);

/// A program that runs as part of the cluster and never longer than it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// What it is called in [`Supervisor::run`].
    pub(crate) name: String,
    /// Its process id.
    pub(crate) pid: u32,
    /// Where its stdout and stderr go.
    pub(crate) log: PathBuf,
}

impl Program {
    /// Whether it still runs.
    pub(crate) fn is_alive(&self) -> bool {
        is_alive(self.pid)
    }

    /// Sends a signal by its short name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) -> Result<(), String> {
        let mut kill = Command::new("kill");
        kill.args([format!("-{name}"), self.pid.to_string()]);
        run(&mut kill, None, Duration::from_secs(5))?.stdout_of("kill").map(drop)
    }

    /// The last lines of its log, indented, for an error message.
    pub(crate) fn log_tail(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.iter().skip(lines.len().saturating_sub(15));
        last.map(|line| format!("  {line}\n")).collect()
    }
}

/// Holds the script's stdin: everything ends when this does.
#[derive(Debug)]
pub(crate) struct Supervisor {
    folder: PathBuf,
    shell: Child,
    pipes: Mutex<Option<Pipes>>,
}

#[derive(Debug)]
struct Pipes {
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Makes a folder for the cluster and a supervisor that removes it in the end.
    pub(crate) fn start() -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("plimsoll-cluster-")
            .tempdir()
            .map_err(|e| format!("cannot make a temporary folder: {e}"))?;
        for name in ["run", "logs"] {
            fs::create_dir(folder.path().join(name))
                .map_err(|e| format!("cannot make a folder in {}: {e}", folder.path().display()))?;
        }
        let script = folder.path().join("run/supervisor.sh");
        fs::write(&script, SCRIPT)
            .map_err(|e| format!("cannot write {}: {e}", script.display()))?;
        let mut shell = Command::new("sh")
            .arg(script)
            .arg(folder.path())
            // A group of its own: Ctrl-C in a terminal reaches the test process only, whose end then
            // has everything stopped in order.
            .process_group(0)
            // Not the test process's own stdout and stderr: who reads those waits for their last writer.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot run sh: {e}"))?;
        let (Some(commands), Some(answers)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err("the supervisor has no pipes".to_owned());
        };
        let pipes = Pipes { commands, answers: BufReader::new(answers) };
        // From here on the folder is the supervisor's to remove.
        Ok(Self { folder: folder.keep(), shell, pipes: Mutex::new(Some(pipes)) })
    }

    /// The cluster's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts `program` under `name`, without the proxy settings of the environment: everything is on
    /// loopback. A name may be used again once its program has been stopped; the log is then continued.
    pub(crate) fn run(
        &self,
        name: &str,
        program: &Path,
        args: &[String],
        envs: &[(&str, &str)],
    ) -> Result<Program, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(format!("a program's name is letters, digits and dashes, not {name:?}"));
        }
        let mut script =
            String::from("unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY\n");
        for (variable, value) in envs {
            script += &format!("export {variable}={}\n", quoted(value));
        }
        script += "exec";
        for word in [&*program.to_string_lossy()].into_iter().chain(args.iter().map(String::as_str))
        {
            script += " ";
            script += &quoted(word);
        }
        script += "\n";
        let path = self.folder.join("run").join(name);
        fs::write(&path, script).map_err(|e| format!("cannot write {}: {e}", path.display()))?;

        let answer = self.ask(&format!("run {name}"))?;
        let pid = answer.parse().map_err(|_| format!("not a process id: {answer:?}"))?;
        Ok(Program { name: name.to_owned(), pid, log: self.log(name) })
    }

    /// What runs under `name`.
    pub(crate) fn find(&self, name: &str) -> Result<Program, String> {
        let answer = self.ask(&format!("find {name}"))?;
        let pid = answer.parse().map_err(|_| format!("nothing runs under {name}"))?;
        Ok(Program { name: name.to_owned(), pid, log: self.log(name) })
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// Kills what [`Supervisor::run`] started under `name`, and waits until it is gone.
    pub(crate) fn stop(&self, name: &str) -> Result<(), String> {
        self.ask(&format!("stop {name}")).map(drop)
    }

    /// The exit code of what [`Supervisor::run`] started under `name` and what has ended by itself; as shells
    /// have it, 128 and the signal's number for one that a signal ended.
    pub(crate) fn reap(&self, program: &Program) -> Result<i32, String> {
        if program.is_alive() {
            return Err(format!("{} runs still", program.name));
        }
        let answer = self.ask(&format!("reap {}", program.name))?;
        let code = answer.strip_prefix("ended ").and_then(|code| code.parse().ok());
        code.ok_or_else(|| format!("not an exit code: {answer:?}"))
    }

    fn ask(&self, command: &str) -> Result<String, String> {
        let gone = || format!("the cluster has been stopped, so it cannot {command:?}");
        let mut guard = self.pipes.lock().map_err(|_| gone())?;
        let pipes = guard.as_mut().ok_or_else(gone)?;
        let mut answer = String::new();
        writeln!(pipes.commands, "{command}")
            .and_then(|()| pipes.answers.read_line(&mut answer))
            .map_err(|e| format!("{}: {e}", gone()))?;
        match answer.trim() {
            "" => Err(gone()),
            answer => Ok(answer.to_owned()),
        }
    }

    /// Has the logs kept when everything else is removed.
    pub(crate) fn keep_logs(&self) {
        drop(fs::write(self.folder.join("keep"), ""));
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Ok(mut pipes) = self.pipes.lock() {
            pipes.take();
        }
        let ended = wait(&mut self.shell, ENDING);
        if !ended.is_some_and(|status| status.success()) {
            // It hangs or was killed before it could do its work: do it here.
            let group = format!("-{}", self.shell.id());
            drop(Command::new("kill").args(["-KILL", "--", &group]).status());
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// `word` as the shell takes it literally.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
