//! Which part of the work a process does.

use anyhow::{Context, anyhow};
use clap::Args;

use crate::survey::Shard;

/// The variable in which an Indexed Job tells its pods which of them they are, from 0.
const INDEX: &str = "JOB_COMPLETION_INDEX";

/// Flags that cut the work into parts.
#[derive(Debug, Args)]
pub(super) struct ShardArgs {
    /// Judge only part I of N, from 1. All parts see every record once; `plimsoll report --merge` adds them up
    #[arg(long, env = "PLIMSOLL_SHARD", value_name = "I/N", conflicts_with_all = ["follow", "shards"])]
    shard: Option<String>,
    /// Judge only one of N parts: the one that JOB_COMPLETION_INDEX tells, as in a pod of an Indexed Job
    #[arg(long, env = "PLIMSOLL_SHARDS", value_name = "N", conflicts_with = "follow")]
    shards: Option<u64>,
}

impl ShardArgs {
    /// The part that is to be done here; none for all.
    pub(super) fn shard(&self) -> anyhow::Result<Option<Shard>> {
        if let Some(shard) = self.shard.as_deref().filter(|shard| !shard.is_empty()) {
            let shard: Result<Shard, String> = shard.parse();
            return shard.map(Some).map_err(|error| anyhow!("--shard: {error}"));
        }
        let Some(shards) = self.shards else { return Ok(None) };
        let index = std::env::var(INDEX).with_context(|| {
            format!("--shards needs {INDEX}, which a Job of completionMode Indexed sets; elsewhere use --shard I/N")
        })?;
        let number = index.parse::<u64>().ok().and_then(|index| index.checked_add(1));
        let number = number.with_context(|| format!("{INDEX} is `{index}`, and not a number"))?;
        Shard::new(number, shards).map(Some).map_err(|error| anyhow!("--shards: {error}"))
    }
}
