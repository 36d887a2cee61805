//! Commands of a page, run where its files are.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::markdown::{Block, Page, root};

/// A line that stands for any number of lines.
const ELISION: &str = "…";

/// A folder with the files of a page, in which commands run.
pub(crate) struct Shell {
    folder: TempDir,
    path: OsString,
    envs: Vec<(String, OsString)>,
    /// What the page shows, and what it is here.
    swaps: Vec<(String, String)>,
    status: i32,
}

/// A command as a page shows it, with what it prints.
struct Shown {
    command: String,
    output: String,
}

impl Shell {
    /// With the page's files, and `plimsoll` and the programs of `folders` in the path.
    pub(crate) fn new(page: &Page, folders: &[&Path]) -> Self {
        let folder = TempDir::new().unwrap();
        for block in page.blocks() {
            let Some(name) = &block.file else { continue };
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &block.text).unwrap();
        }
        let plimsoll = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().unwrap();
        let before = std::env::var_os("PATH").unwrap_or_default();
        let paths = folders.iter().copied().chain([plimsoll]).map(Path::to_owned);
        let path = std::env::join_paths(paths.chain(std::env::split_paths(&before))).unwrap();
        Self { folder, path, envs: Vec::new(), swaps: Vec::new(), status: 0 }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn env(&mut self, name: &str, value: impl Into<OsString>) {
        self.envs.push((name.to_owned(), value.into()));
    }

    pub(crate) fn swap(&mut self, shown: impl Into<String>, real: impl Into<String>) {
        self.swaps.push((shown.into(), real.into()));
    }

    /// What a text of the page is here.
    pub(crate) fn real(&self, text: &str) -> String {
        self.swaps.iter().fold(text.to_owned(), |text, (shown, real)| text.replace(shown, real))
    }

    /// What a text from here is on the page.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.swaps.iter().fold(text.to_owned(), |text, (shown, real)| text.replace(real, shown))
    }

    /// What a command prints, as a page would show it.
    fn run(&mut self, command: &str) -> String {
        let script = format!("exec 2>&1\n(exit {})\n{}\n", self.status, self.real(command));
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(self.folder.path()).env("PATH", &self.path);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PLIMSOLL_") {
                shell.env_remove(name);
            }
        }
        shell.envs(self.envs.iter().map(|(name, value)| (name, value)));
        let output = shell.output().unwrap();
        self.status = output.status.code().unwrap_or(-1);
        self.shown(&String::from_utf8(output.stdout).unwrap())
    }
}

/// Held while a page is read and written: tests run at the same time.
pub(crate) static ONE_WRITES: Mutex<()> = Mutex::new(());

/// Runs the blocks of a page whose first command `wanted` takes, and compares what they print; or puts
/// it into the page, when asked to.
pub(crate) fn run_blocks(shell: &mut Shell, path: &Path, wanted: impl Fn(&str) -> bool) {
    let _one = ONE_WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    let page = Page::read(path);
    let mut text = page.text.clone();
    let mut differences = Vec::new();
    for block in page.blocks().iter().rev().filter(|block| is_wanted(block, &wanted)) {
        // From the last to the first, so that places in the text stay right; but run in order.
        text.replace_range(block.range.clone(), &format!("\u{0}{}\u{0}", block.line));
    }
    for block in page.blocks().iter().filter(|block| is_wanted(block, &wanted)) {
        let mut real = String::new();
        for shown in commands(&block.text) {
            let printed = shell.run(&shown.command);
            let printed = printed.trim_end();
            let same = matches(&shown.output, printed);
            if !same {
                differences.push(format!(
                    "{}: $ {}\n--- shown\n{}\n--- printed\n{printed}\n",
                    page.place(block),
                    shown.command,
                    shown.output,
                ));
            }
            let output = if same { shown.output.as_str() } else { printed };
            real += &format!("$ {}\n", shown.command);
            if !output.is_empty() {
                real += &format!("{output}\n");
            }
        }
        text = text.replace(&format!("\u{0}{}\u{0}", block.line), &real);
    }
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        fs::write(root().join(path), text).unwrap();
    } else {
        assert!(
            differences.is_empty(),
            "PLIMSOLL_UPDATE=1 cargo test --test docs writes anew what is printed:\n{}",
            differences.join("\n")
        );
    }
}

/// The blocks of commands that `wanted` takes.
pub(crate) fn has_blocks(page: &Page, wanted: impl Fn(&str) -> bool) -> bool {
    page.blocks().iter().any(|block| is_wanted(block, &wanted))
}

fn is_wanted(block: &Block, wanted: &impl Fn(&str) -> bool) -> bool {
    block.info == "console" && commands(&block.text).first().is_some_and(|one| wanted(&one.command))
}

fn commands(text: &str) -> Vec<Shown> {
    let goes_on = |line: &str| line.ends_with('\\') || line.ends_with('|');
    let mut found: Vec<Shown> = Vec::new();
    let mut continued = false;
    for line in text.lines() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (_, Some(last)) if continued => {
                last.command += &format!("\n{line}");
                continued = goes_on(line);
            }
            (Some(command), _) => {
                found.push(Shown { command: command.to_owned(), output: String::new() });
                continued = goes_on(line);
            }
            (None, Some(last)) => last.output += &format!("{line}\n"),
            (None, None) => panic!("a console block starts with `$ `: {text}"),
        }
    }
    for shown in &mut found {
        shown.output.truncate(shown.output.trim_end().len());
    }
    found
}

/// Whether the text is as shown; `…` alone on a line stands for any lines.
fn matches(shown: &str, printed: &str) -> bool {
    let lines =
        |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (shown, printed) = (lines(shown), lines(printed));
    fn fits(shown: &[String], printed: &[String]) -> bool {
        match shown {
            [] => printed.is_empty(),
            [first, rest @ ..] if first == ELISION => {
                (0..=printed.len()).any(|from| fits(rest, &printed[from..]))
            }
            [first, rest @ ..] => {
                printed.first() == Some(first) && fits(rest, printed.get(1..).unwrap_or_default())
            }
        }
    }
    fits(&shown, &printed)
}
