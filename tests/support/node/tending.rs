//! What a kubelet does about a process that runs: probes while it is wanted, and a graceful end.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{Container, LifecycleHandler};
use tokio::task::block_in_place;

use super::container::entry_point;
use super::life::{Life, RELIST, TICK};
use super::probe::{Prober, Verdict};
use super::status::Status;
use super::volume::refresh;
use crate::cluster::Program;

/// Why a container's process is no longer looked after.
pub(super) enum End {
    /// It has ended by itself, with this code.
    Exited(i32),
    /// Its pod was to end, and it has.
    Over,
}

struct Probers {
    startup: Option<Prober>,
    readiness: Option<Prober>,
    liveness: Option<Prober>,
}

impl Probers {
    fn new(life: &Life, container: &Container) -> Self {
        let prober = |probe| {
            Prober::new(probe, container, life.ip).unwrap_or_else(|problem| {
                life.complain(&problem);
                None
            })
        };
        Self {
            startup: prober(container.startup_probe.as_ref()),
            readiness: prober(container.readiness_probe.as_ref()),
            liveness: prober(container.liveness_probe.as_ref()),
        }
    }

    /// Asks those that are due. True when the container is to be started again.
    async fn ask(&mut self, status: &mut Status) -> bool {
        if let Some(startup) = self.startup.as_mut().filter(|_| !status.started) {
            match startup.ask().await {
                Verdict::Success => status.started = true,
                Verdict::Failure => return true,
                Verdict::Undecided => {}
            }
            return false;
        }
        self.ask_readiness(status).await;
        match &mut self.liveness {
            Some(liveness) => liveness.ask().await == Verdict::Failure,
            None => false,
        }
    }

    async fn ask_readiness(&mut self, status: &mut Status) {
        if let Some(readiness) = &mut self.readiness {
            match readiness.ask().await {
                Verdict::Success => status.ready = true,
                Verdict::Failure => status.ready = false,
                Verdict::Undecided => {}
            }
        } else {
            status.ready = status.started;
        }
    }
}

impl Life {
    /// Probes the container until it ends, or ends it when its pod is to end.
    pub(super) async fn look_after(&mut self, container: &Container, program: Program) -> End {
        let mut probers = Probers::new(self, container);
        self.status.started = probers.startup.is_none();
        let mut relist = Instant::now() + RELIST;
        let mut kill_at: Option<Instant> = None;
        loop {
            if !self.update() {
                drop(program.signal("KILL"));
                return End::Over;
            }
            if self.pod.metadata.deletion_timestamp.is_some() {
                self.terminate(container, &program, &mut probers).await;
                return End::Over;
            }
            if Instant::now() >= relist {
                relist = Instant::now() + RELIST;
                if !is_running(program.pid) {
                    return End::Exited(self.reap(&program));
                }
                // A volume whose Secret is gone keeps its files.
                let volumes = self.folder.join("volumes");
                drop(refresh(&self.node, &self.pod, self.ip, &volumes).await);
            }
            if kill_at.is_none() && probers.ask(&mut self.status).await {
                self.complain("liveness or startup probe failed: the container is started again");
                self.status.ready = false;
                kill_at = Some(Instant::now() + self.grace());
                drop(program.signal("TERM"));
            }
            if kill_at.is_some_and(|at| Instant::now() >= at) {
                drop(program.signal("KILL"));
            }
            self.report(container).await;
            tokio::time::sleep(TICK).await;
        }
    }

    fn grace(&self) -> Duration {
        let spec = self.pod.spec.as_ref();
        let seconds = self
            .pod
            .metadata
            .deletion_grace_period_seconds
            .or_else(|| spec.and_then(|spec| spec.termination_grace_period_seconds));
        Duration::from_secs(seconds.and_then(|seconds| seconds.try_into().ok()).unwrap_or(30))
    }

    fn reap(&self, program: &Program) -> i32 {
        let cluster = self.node.cluster;
        block_in_place(|| cluster.reap(program)).unwrap_or_else(|problem| {
            self.complain(&problem);
            -1
        })
    }

    /// Ends the container's process as its pod wants it to end: the hook, SIGTERM, and SIGKILL when the grace
    /// period is over. Readiness is asked for to the end, liveness is not.
    async fn terminate(&mut self, container: &Container, program: &Program, probers: &mut Probers) {
        let deadline = Instant::now() + self.grace();
        let hook = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.clone());
        match hook.as_ref().map(pre_stop) {
            Some(Ok(time)) => {
                let end = deadline.min(Instant::now() + time);
                self.linger(container, program, probers, end).await;
            }
            Some(Err(problem)) => self.complain(&format!("preStop: {problem}")),
            None => {}
        }
        let asked = Instant::now();
        drop(program.signal("TERM"));
        // A kubelet grants 2 s more to a container whose hook has used everything up.
        let deadline = deadline.max(asked + Duration::from_secs(2));
        if !self.linger(container, program, probers, deadline).await {
            self.complain("the grace period was over: killed");
            drop(program.signal("KILL"));
        }
        while is_running(program.pid) {
            tokio::time::sleep(TICK).await;
        }
        let code = self.reap(program);
        if code != 0 {
            self.complain(&format!("ended with {code} after SIGTERM"));
        }
    }

    /// Waits until `deadline`, or until the process has ended (true).
    async fn linger(
        &mut self,
        container: &Container,
        program: &Program,
        probers: &mut Probers,
        deadline: Instant,
    ) -> bool {
        while is_running(program.pid) {
            if Instant::now() >= deadline || !self.update() {
                return false;
            }
            probers.ask_readiness(&mut self.status).await;
            self.report(container).await;
            tokio::time::sleep(TICK).await;
        }
        true
    }
}

/// How long a hook takes. What it runs has to be in the image.
fn pre_stop(hook: &LifecycleHandler) -> Result<Duration, String> {
    if let Some(sleep) = &hook.sleep {
        return Ok(Duration::from_secs(sleep.seconds.try_into().unwrap_or_default()));
    }
    let exec = hook.exec.as_ref().and_then(|exec| exec.command.clone());
    match exec {
        Some(words) => {
            entry_point(&words)?;
            Err(format!("the test kubelet knows `sleep` only, not {words:?}"))
        }
        None => Err("the test kubelet knows `sleep` only".to_owned()),
    }
}

/// Like [`Program::is_alive`], without a process of its own: this is asked many times a second.
fn is_running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    })
}
