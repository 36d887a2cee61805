//! The flags by which `serve` keeps what it saw: recordings and the ledger.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::ledger;
use crate::quantity::Quantity;
use crate::recording::{DEFAULT_MAX_BYTES, Keep, MIN_MAX_BYTES, Settings, Share};

/// A [`Quantity`] counts billionths.
const NANOS: i128 = 1_000_000_000;

/// Flags by which `serve` keeps what it saw.
#[derive(Debug, Args)]
pub(super) struct RecordingArgs {
    /// Keep reviews in files of this folder, for `plimsoll replay`; arguments, environment and annotations are
    /// taken out
    #[arg(long, env = "PLIMSOLL_RECORD", value_name = "DIR")]
    record: Option<PathBuf>,
    /// The share of reviews that is kept: 0.05, or 1/20
    #[arg(
        long,
        env = "PLIMSOLL_RECORD_SAMPLE",
        value_name = "SHARE",
        default_value = "1",
        requires = "record"
    )]
    record_sample: Share,
    /// Bytes of all files together; the oldest go
    #[arg(
        long,
        env = "PLIMSOLL_RECORD_MAX_BYTES",
        value_name = "BYTES",
        value_parser = bytes,
        default_value = DEFAULT_MAX_BYTES,
        requires = "record"
    )]
    record_max_bytes: u64,
    /// What is not taken out of what is kept
    #[arg(
        long,
        env = "PLIMSOLL_RECORD_KEEP",
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        requires = "record"
    )]
    record_keep: Vec<Kept>,
    #[arg(
        long,
        env = "PLIMSOLL_LEDGER_OWNERS",
        value_name = "N",
        value_parser = owners,
        default_value_t = ledger::DEFAULT_OWNERS,
        help = format!(
            "Owners of pods in the ledger at /ledger, {} at most; 0 switches it off",
            ledger::MAX_OWNERS
        )
    )]
    ledger_owners: usize,
}

/// Something that is taken out unless asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kept {
    /// Texts of `args`
    Args,
    /// Texts of `command`, and headers that probes send
    Command,
    /// Values of `env`
    Env,
    /// Values of annotations
    Annotations,
}

impl RecordingArgs {
    /// What is kept of reviews, where that is asked for.
    pub(super) fn settings(&self) -> Option<Settings> {
        let folder = self.record.clone().filter(|folder| !folder.as_os_str().is_empty())?;
        let keeps = |what| self.record_keep.contains(&what);
        Some(Settings {
            folder,
            share: self.record_sample,
            max_bytes: self.record_max_bytes,
            keep: Keep {
                args: keeps(Kept::Args),
                command: keeps(Kept::Command),
                env: keeps(Kept::Env),
                annotations: keeps(Kept::Annotations),
            },
        })
    }

    /// Owners that the ledger keeps.
    pub(super) const fn ledger_owners(&self) -> usize {
        self.ledger_owners
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let quantity = Quantity::parse(text).map_err(|error| format!("{error}"))?;
    if quantity.is_negative() {
        return Err("at least 1Mi is needed".to_owned());
    }
    let bytes = u64::try_from(quantity.nanos() / NANOS).unwrap_or(u64::MAX);
    if bytes < MIN_MAX_BYTES {
        return Err("at least 1Mi is needed".to_owned());
    }
    Ok(bytes)
}

fn owners(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > ledger::MAX_OWNERS => {
            Err(format!("{} at most: the ledger lives in memory", ledger::MAX_OWNERS))
        }
        Ok(count) => Ok(count),
        Err(error) => Err(format!("{error}")),
    }
}
