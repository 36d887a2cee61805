//! `plimsoll replay`: what admission would have answered to recorded traffic.

mod progress;
mod shards;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context;
use clap::Args;
use clap::builder::FalseyValueParser;

use self::shards::ShardArgs;
use super::survey::{SurveyArgs, Surveyed};
use super::{Common, Outcome, maybe_path, now, output};
use crate::config;
use crate::engine::Namespaces;
use crate::forecast::Surroundings;
use crate::replay::{Progress, Replay};
use crate::survey::{Parts, Survey};

/// Sources that are named; of more, the number is told.
const NAMED: usize = 3;

/// Flags of `plimsoll replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Audit logs, captured AdmissionReviews, folders of them, or `-` for standard input; plain, gzip or zstd
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    survey: SurveyArgs,
    /// Wait for more at the end of the last file, over rotations, until Ctrl-C; then tell what was found
    #[arg(long, env = "PLIMSOLL_FOLLOW", value_parser = FalseyValueParser::new())]
    follow: bool,
    /// Namespaces and LimitRanges of the cluster, as `kubectl get namespaces,limitranges -A -o yaml` prints them
    #[arg(long, env = "PLIMSOLL_CLUSTER", value_name = "FILE", value_parser = maybe_path())]
    cluster: Option<PathBuf>,
    /// How many threads judge; absent: one for each core
    #[arg(long, env = "PLIMSOLL_THREADS", value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    shards: ShardArgs,
}

pub(super) fn run(args: &ReplayArgs, common: &Common) -> anyhow::Result<Outcome> {
    let Some(engine) = args.survey.engine(common)? else { return Ok(Outcome::Broken) };
    let Some(before) = args.survey.engine_before(common)? else { return Ok(Outcome::Broken) };
    let shard = args.shards.shard()?;
    let Some(known) = args.known(common) else { return Ok(Outcome::Broken) };
    let replay = Replay {
        engine: &engine,
        before: before.as_ref(),
        known: &known,
        now: Some(now()),
        forecasting: args.survey.forecast,
        threads: args.threads.or(thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN),
        shard,
        follow: args.follow,
        interrupted: interrupts()?,
        progress: Arc::new(Progress::default()),
    };
    let mut survey =
        progress::shown(args.survey.telling.quiet, &args.files, &replay.progress, || {
            replay.run(&args.files)
        });
    if !args.survey.telling.quiet {
        tell(&survey);
    }
    if before.is_some() {
        survey.comparison.get_or_insert_default();
    }
    if let Some(shard) = shard {
        survey.parts = Parts::one(&args.source(), shard);
    }
    let interrupted = replay.interrupted.load(Ordering::Relaxed) && !args.follow;
    let nothing = survey.tally.outcomes.pods == 0 && survey.sources.without_content > 0;
    let surveyed = Surveyed {
        source: args.source(),
        survey,
        surroundings: Surroundings::default(),
        cost: None,
        ledger: None,
    };
    let outcome = args.survey.finish(&surveyed, common)?;
    // What was broken off is no part of anything. That nothing was found in pods nobody could look at must not look clean.
    let unclean = interrupted || (nothing && !args.survey.telling.are_partial());
    Ok(if unclean && outcome == Outcome::Clean { Outcome::Broken } else { outcome })
}

impl ReplayArgs {
    /// What is known of namespaces; where that is wrong, none, and the user was told why.
    fn known(&self, common: &Common) -> Option<Namespaces> {
        let named = self.cluster.as_deref().filter(|file| !file.as_os_str().is_empty());
        match named.map_or_else(|| Ok(Namespaces::default()), config::snapshot) {
            Ok(known) => Some(known),
            Err(errors) => {
                output::errors(errors, common.color);
                output::say(format_args!(
                    "what is known of the cluster is wrong; nothing was done"
                ));
                None
            }
        }
    }

    /// What is read, in a few words.
    fn source(&self) -> String {
        let name = |path: &PathBuf| match path.to_string_lossy().as_ref() {
            "-" => "standard input".to_owned(),
            name => name.to_owned(),
        };
        let first: Vec<_> = self.files.iter().take(NAMED).map(name).collect();
        match self.files.len().saturating_sub(NAMED) {
            0 => first.join(", "),
            more => format!("{} and {more} more", first.join(", ")),
        }
    }
}

/// Set by the first SIGINT or SIGTERM. The second ends the process.
fn interrupts() -> anyhow::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;

    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order counts: the first signal finds nothing set.
        flag::register_conditional_default(signal, Arc::clone(&interrupted))
            .and_then(|_| flag::register(signal, Arc::clone(&interrupted)))
            .context("cannot listen for signals")?;
    }
    Ok(interrupted)
}

/// What a result cannot say of itself.
fn tell(survey: &Survey) {
    let sources = survey.sources;
    if sources.without_content > 0 {
        let (pods, they_were, them) = match sources.without_content {
            1 => ("1 pod was".to_owned(), "it was", "it"),
            many => (format!("{many} pods were"), "they were", "them"),
        };
        output::say(format_args!(
            "warning: {pods} not judged: the log tells that {they_were} created, and not what is in {them}; have the API \
             server record the creation of pods at level Request or RequestResponse"
        ));
    }
    if sources.records > 0 && sources.records == sources.others {
        output::say(format_args!(
            "warning: no pod was created in what was read; at which level does the API server record their creation?"
        ));
    }
    for (policy, namespaces) in &survey.tally.undecided {
        let first: Vec<_> = namespaces.iter().take(NAMED).map(|name| &**name).collect();
        let more = match namespaces.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        output::say(format_args!(
            "warning: policy {policy} was not applied, or not in full, in {}{more}: it asks for labels of the namespace, \
             which a log does not tell; give them with --cluster (or its expressions ask for more of the request than was \
             recorded)",
            first.join(", ")
        ));
    }
}
