//! Readiness by the certificate in force: a replica that clients refuse must not be sent any.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::InForce;
use crate::readiness::Gate;

/// What `/readyz` calls it.
pub(in crate::serve) const GATE: &str = "certificate";

const EVERY: Duration = Duration::from_secs(1);

/// Opens and closes the gate as certificates come and expire, for ever.
pub(in crate::serve) async fn mind(in_force: Arc<InForce>, gate: Gate) {
    let mut before = None;
    loop {
        let problem = in_force.problem(SystemTime::now());
        if before.as_ref() != Some(&problem) {
            match &problem {
                None => gate.open(),
                Some(problem) => {
                    tracing::warn!(problem, "not ready");
                    gate.close(problem.as_str());
                }
            }
            before = Some(problem);
        }
        // Clocks are set, so the end is looked for and not waited for.
        tokio::time::sleep(EVERY).await;
    }
}

impl InForce {
    /// Why no client can connect, where none can.
    fn problem(&self, now: SystemTime) -> Option<String> {
        match self.0.load().as_ref() {
            None => Some("no certificate has been read from the Secret yet".to_owned()),
            Some(certificate) => certificate.refused_because(now),
        }
    }
}
