//! An audit of a cluster: every pod in it judged as if it were created now, and attributed to its top owner.
//!
//! It only lists. Nothing is watched and nothing is kept: pods come page by page, each is judged while the next is on
//! its way, and forgotten. What may not be read is named in the result, and everything else is judged.

mod facts;
mod failure;
mod judge;
mod kinds;
mod ledgers;
mod lineage;
mod list;
mod owners;
mod pace;
mod page;
mod policies;
pub mod policy_reports;
mod problems;
mod requests;
mod selection;
mod sources;
mod surroundings;
mod walk;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::engine::Engine;
use crate::survey::{Problem, Survey};

pub use failure::Failure;
pub use judge::Progress;
pub use ledgers::{LedgerUrl, LedgerUrlError, Ledgers, leave_out_seen};
pub use policies::{Installed, InstalledError, installed};
pub use requests::{Manners, Requests};
pub use selection::Selection;
pub use surroundings::surroundings;

use judge::Judge;
use problems::Findings;
use requests::now;
use walk::Walk;

/// Clocks that differ by less are taken for equal: `Date` counts whole seconds, and requests take their time.
const TOLERANCE_SECONDS: u64 = 60;
/// The source of the problem that an audit was stopped.
const STOPPED: &str = "audit";
/// Pages that wait for the judge; one more is with it, and one on its way.
const WAITING: usize = 1;

/// What an audit is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which pods are judged.
    pub selection: Selection,
    /// Objects of a page, at most.
    pub page_size: u32,
    /// Whether forecasts are to be made.
    pub forecast: bool,
    /// What judged pods before, where that is to be compared.
    pub before: Option<Engine>,
}

impl Plan {
    /// Whether pods of namespaces that are left out are read too: what they reserve, and where they run, counts for the
    /// nodes, though nobody judges them.
    fn reads_excluded(&self) -> bool {
        self.forecast && self.selection.is_all_but_excluded()
    }
}

/// Why an audit came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The API server answered nothing.
    #[error("{}", told(.0))]
    Failed(Failure),
    /// The judge broke.
    #[error("judging broke")]
    Judge(#[from] JoinError),
}

// No source: the text has it already, and whoever prints the chain would print it twice.
impl From<Failure> for AuditError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Judges the pods of a cluster until all are, or `stop` says why not to go on.
///
/// # Errors
/// When the API server answers nothing at all; whatever else fails is told in the survey.
pub async fn run(
    requests: &mut Requests,
    engine: &Engine,
    plan: &Plan,
    progress: &Arc<Progress>,
    stop: impl Future<Output = &'static str>,
) -> Result<Survey, AuditError> {
    let mut found = Findings::default();
    let mut survey = Survey::new(plan.forecast);
    let mut stop = std::pin::pin!(stop);
    let facts = tokio::select! {
        facts = facts::gather(requests, &plan.selection, &mut found) => Some(facts?),
        why = &mut stop => {
            found.problems.add(stopped(why));
            None
        }
    };
    if let Some(facts) = facts {
        let (work, to_judge) = mpsc::channel(WAITING);
        let judge = Judge {
            engine: engine.clone(),
            before: plan.before.clone(),
            namespaces: facts.namespaces,
            selection: plan.selection.clone(),
            now: clock(requests, &mut found),
            progress: Arc::clone(progress),
        };
        let judging = tokio::task::spawn_blocking(move || judge.run(to_judge, survey));
        let walk = Walk {
            requests,
            plan,
            names: facts.names,
            judge: work,
            progress: Arc::clone(progress),
            found: &mut found,
        };
        // The walk is dropped here, and with it what the judge waits for.
        let why = tokio::select! {
            () = walk.run() => None,
            why = &mut stop => Some(why),
        };
        if let Some(why) = why {
            found.problems.add(stopped(why));
        }
        survey = judging.await?;
    }
    survey.problems.merge(found.problems);
    survey.notes.merge(found.notes);
    Ok(survey)
}

/// The time by which exemptions expire: that of the API server where it differs from ours.
fn clock(requests: &Requests, found: &mut Findings) -> i64 {
    let ahead = requests.ahead().filter(|ahead| ahead.unsigned_abs() > TOLERANCE_SECONDS);
    let Some(ahead) = ahead else { return now() };
    let seconds = ahead.unsigned_abs();
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    found.notes.add(Problem {
        source: "clock".into(),
        line: None,
        message: format!("the API server's clock is {seconds} s {direction} that of this machine"),
        help: Some(
            "when pods were created, and whether exemptions have expired, is told by the API server's clock"
                .to_owned(),
        ),
    });
    now() + ahead
}

fn told(failure: &Failure) -> String {
    let help = failure.help().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{failure}{help}")
}

fn stopped(why: &str) -> Problem {
    Problem {
        source: STOPPED.into(),
        line: None,
        message: format!("stopped by {why} before all pods were judged"),
        help: None,
    }
}
