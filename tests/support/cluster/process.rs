//! Running programs with a deadline, and waiting for things that take a moment.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Output {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Everything it wrote to stdout.
    pub(crate) stdout: String,
    /// Everything it wrote to stderr.
    pub(crate) stderr: String,
}

impl Output {
    /// Whether the program ended with 0.
    pub(crate) fn success(&self) -> bool {
        self.status.success()
    }

    /// Stdout, or stderr as an error that names `what` was tried.
    pub(crate) fn stdout_of(self, what: &str) -> Result<String, String> {
        if self.success() {
            return Ok(self.stdout);
        }
        Err(format!("{what} failed ({}): {}", self.status, self.stderr.trim()))
    }
}

/// Runs `command` with `stdin` until it ends, or kills it after `timeout`.
///
/// An error means that it could not run or ran out of time; a program that ended with a failure is an
/// [`Output`] like any other.
pub(crate) fn run(
    command: &mut Command,
    stdin: Option<&str>,
    timeout: Duration,
) -> Result<Output, String> {
    let shown = show(command);
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("cannot run {shown}: {e}"))?;

    let (pipe_in, pipe_out, pipe_err) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        if let (Some(mut pipe), Some(text)) = (pipe_in, stdin) {
            // A program that ends without reading all of it says why on stderr.
            scope.spawn(move || drop(pipe.write_all(text.as_bytes())));
        }
        let stdout = scope.spawn(move || read_all(pipe_out));
        let stderr = scope.spawn(move || read_all(pipe_err));
        let status = wait(&mut child, timeout);
        let stdout = stdout.join().unwrap_or_default();
        let stderr = stderr.join().unwrap_or_default();
        match status {
            Some(status) => Ok(Output { status, stdout, stderr }),
            None => Err(format!(
                "{shown} did not end within {} s and was killed.\nstdout: {}\nstderr: {}",
                timeout.as_secs(),
                stdout.trim(),
                stderr.trim(),
            )),
        }
    })
}

fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|a| a.to_string_lossy()));
    words.join(" ")
}

fn read_all(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        drop(pipe.read_to_end(&mut bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for `child`; kills it and says `None` when `timeout` has passed.
pub(crate) fn wait(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + timeout;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            drop(child.kill());
            drop(child.wait());
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// What a probe found.
pub(crate) enum Progress<T> {
    /// What was waited for.
    Done(T),
    /// Nothing yet, and why not.
    NotYet(String),
}

/// Asks `probe` again and again until it is done, fails for good (`Err`), or `timeout` has passed; the
/// error then says what was waited for and what was in the way last.
pub(crate) fn poll<T>(
    what: &str,
    timeout: Duration,
    mut probe: impl FnMut() -> Result<Progress<T>, String>,
) -> Result<T, String> {
    let deadline = Instant::now() + timeout;
    loop {
        match probe()? {
            Progress::Done(found) => return Ok(found),
            Progress::NotYet(reason) if Instant::now() >= deadline => {
                return Err(format!(
                    "waited {} s in vain for {what}; last: {reason}",
                    timeout.as_secs()
                ));
            }
            Progress::NotYet(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// A TCP port on loopback that nobody listens on now. Somebody else may take it before it is used:
/// whoever starts a server on it has to be ready to try another.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|e| format!("cannot find a free port on 127.0.0.1: {e}"))
}

/// Whether somebody accepts connections on `port` of 127.0.0.1.
pub(crate) fn accepts_connections(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

/// Whether the process runs; one that has ended and only waits for its parent to notice does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let signalled = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    // The state follows the program's name, which is in parentheses and may hold anything.
    let zombie = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('Z')))
        .unwrap_or(false);
    signalled && !zombie
}
