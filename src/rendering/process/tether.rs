//! What has to end or go away with this process, however that ends.
//!
//! A tool in a process group of its own hears nothing of Ctrl-C, and a process that is killed cleans nothing up. So a
//! small shell waits at a pipe from us, as a member of that group: when the pipe ends, we have, and it ends the group and
//! removes what it was told to. The pipe ends with any signal, SIGKILL too, and no handler of signals is needed, which a
//! library would have no business to install.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Systems without it have no tether: a time limit still ends what runs.
#[cfg(unix)]
const SHELL: &str = "/bin/sh";
/// The PATH may be any; a removal needs the one program.
#[cfg(unix)]
const SCRIPT: &str = r#"
while read -r _; do :; done
PATH="$PATH:/usr/bin:/bin"
[ -z "$1" ] || rm -rf -- "$1"
kill -KILL 0
"#;

/// Ends a group of processes when dropped, and when this process ends.
#[derive(Debug)]
pub(super) struct Tether {
    /// The shell, which leads the group. It is waited for last, so that its id is nobody else's until then.
    #[cfg(unix)]
    shell: Option<Child>,
}

impl Tether {
    /// A group, and a folder that goes with it.
    #[cfg(unix)]
    pub(super) fn new(folder: Option<&Path>) -> Self {
        use std::os::unix::process::CommandExt;

        let shell = Command::new(SHELL)
            .args(["-c", SCRIPT, "plimsoll-tether"])
            .args(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Self { shell: shell.ok() }
    }

    #[cfg(not(unix))]
    pub(super) fn new(_folder: Option<&Path>) -> Self {
        Self {}
    }

    /// Starts a program in the group.
    pub(super) fn spawn(self, command: &mut Command) -> io::Result<Group> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;

            let leader = self.shell.as_ref().map(|shell| i32::try_from(shell.id()));
            command.process_group(leader.and_then(Result::ok).unwrap_or_default());
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(Group { child: child.spawn()?, tether: self })
    }
}

#[cfg(unix)]
impl Drop for Tether {
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            kill_group(&shell);
            drop(shell.wait());
        }
    }
}

#[cfg(unix)]
fn kill_group(leader: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    // None is left where all of it has ended.
    let _ended = kill_process_group(Pid::from_child(leader), Signal::KILL);
}

/// A program that runs; everything it started is in its group and ends with it.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) child: Child,
    tether: Tether,
}

impl Group {
    /// Ends all of it.
    pub(super) fn end(self) {
        let Self { mut child, tether } = self;
        #[cfg(unix)]
        if tether.shell.is_none() {
            // Without a shell the program leads the group. Once it was waited for, its id may be another's.
            if let Ok(None) = child.try_wait() {
                kill_group(&child);
            }
        }
        drop(child.kill());
        drop(tether);
        drop(child.wait());
    }
}

/// A temporary folder that goes when dropped, and when this process ends.
#[derive(Debug)]
pub(in super::super) struct Folder {
    // The first to go: what is not there any more needs no tether.
    folder: TempDir,
    _tether: Tether,
}

impl Folder {
    /// A new one.
    pub(in super::super) fn new() -> io::Result<Self> {
        let folder = TempDir::with_prefix("plimsoll-")?;
        // Somebody else may have another working directory.
        let path: PathBuf = std::path::absolute(folder.path())?;
        Ok(Self { folder, _tether: Tether::new(Some(&path)) })
    }

    pub(in super::super) fn path(&self) -> &Path {
        self.folder.path()
    }
}
