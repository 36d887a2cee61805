//! Server processes on a core of their own, and what the kernel says of them. Linux only.

use std::error::Error;
use std::fmt;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// USER_HZ: fixed by the kernel's interface on every architecture that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server process; it ends with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Resident memory now and at its highest.
pub(crate) struct Memory {
    now: u64,
    peak: u64,
}

impl Server {
    pub(crate) fn start(
        command: Command,
        core: usize,
        address: SocketAddr,
    ) -> Result<Server, Box<dyn Error>> {
        let mut pinned = if taskset_works() {
            let mut pinned = Command::new("taskset");
            pinned.arg("-c").arg(core.to_string()).arg(command.get_program());
            pinned.args(command.get_args());
            pinned
        } else {
            command
        };
        let child = pinned.stdin(Stdio::null()).spawn()?;
        let mut server = Server { child, address };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("{pinned:?} ended with {status}").into());
            }
            if Instant::now() > deadline {
                return Err(format!("{pinned:?} does not listen").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Seconds of processor time, user and system.
    pub(crate) fn cpu(&self) -> Result<f64, Box<dyn Error>> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may hold spaces; what follows may not. utime and stime are the
        // 14th and 15th field, the 12th and 13th after the name.
        let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/PID/stat has another form")?;
        let ticks =
            fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    pub(crate) fn memory(&self) -> Result<Memory, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = |name: &str| -> Result<u64, Box<dyn Error>> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.ok_or("/proc/PID/status has another form")?.parse()?)
        };
        Ok(Memory { now: kibibytes("VmRSS:")?, peak: kibibytes("VmHWM:")? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |kibibytes: u64| kibibytes as f64 / 1024.0;
        write!(f, "{:.1} MiB (peak {:.1})", mebibytes(self.now), mebibytes(self.peak))
    }
}

/// Keeps this process, and so the load, on one core.
pub(crate) fn pin_this_process(core: usize) -> bool {
    let process = std::process::id().to_string();
    let status = Command::new("taskset")
        .args(["-a", "-p", "-c", &core.to_string(), &process])
        .stdout(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn taskset_works() -> bool {
    Command::new("taskset").args(["-c", "0", "true"]).status().is_ok_and(|status| status.success())
}
