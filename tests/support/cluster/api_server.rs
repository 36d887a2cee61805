//! Ending the API server and starting it again.

use std::path::PathBuf;
use std::time::Duration;

use super::Cluster;
use super::control_plane::wait_for;
use super::process::{Progress, accepts_connections, poll};

/// How the API server is started, to start it again.
#[derive(Clone, Debug)]
pub(super) struct ApiServer {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
}

/// How long an API server may take to let go of its clients. With connections that are in use it takes a minute,
/// in which it answers nobody.
const API_SERVER_LEAVES: Duration = Duration::from_secs(4);

impl Cluster {
    /// Ends the API server as a kubelet does (SIGTERM, and SIGKILL after a grace), starts it again on the same
    /// port and store, and waits until it is ready.
    pub(crate) fn restart_api_server(&self) -> Result<(), String> {
        let name = "kube-apiserver";
        let running = self.supervisor.find(name)?;
        running.signal("TERM")?;
        // One that lingers is killed below.
        drop(poll("the API server to end", API_SERVER_LEAVES, || {
            Ok(if running.is_alive() {
                Progress::NotYet("it runs".to_owned())
            } else {
                Progress::Done(())
            })
        }));
        self.supervisor.stop(name)?;
        let ApiServer { program, args } = &self.api_server;
        let started = self.supervisor.run(name, program, args, &[])?;
        wait_for(&started, || Ok(accepts_connections(self.port)))?;
        wait_for(&started, || self.kubectl.is_ready())
    }
}
