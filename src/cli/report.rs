//! `plimsoll report`: parts of a result added up.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::survey::{Surveyed, TellingArgs};
use super::{Common, Outcome, output};
use crate::survey::Problem;
use crate::survey::partial::{Merged, Partial};

/// The largest part that is read, in bytes. One of 10,000 owners has some tens of millions.
const MAX_BYTES: u64 = 1 << 30;

/// Flags of `plimsoll report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The parts, as --format partial=FILE writes them: files, folders of *.json, or `-` for standard input
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    merge: Vec<PathBuf>,
    #[command(flatten)]
    telling: TellingArgs,
}

pub(super) fn run(args: &ReportArgs, common: &Common) -> anyhow::Result<Outcome> {
    args.telling.check()?;
    let mut merged = Merged::default();
    let mut problems = Vec::new();
    let mut read = 0_usize;
    for found in files(&args.merge) {
        let part = found.and_then(|file| {
            let name = file.display().to_string();
            let bytes = bytes(&file).map_err(|error| problem(&file, error.to_string()))?;
            Ok((Partial::read(&name, &bytes)?, name))
        });
        match part {
            Ok((part, name)) => {
                if let Err(refused) = merged.add(&name, part) {
                    output::say(format_args!("{refused}; nothing was added up"));
                    return Ok(Outcome::Broken);
                }
                read += 1;
            }
            Err(problem) => {
                tell(&problem);
                problems.push(problem);
            }
        }
    }
    if read == 0 {
        output::say(format_args!("there is no part that could be read; nothing was added up"));
        return Ok(Outcome::Broken);
    }
    let (judged_by, at) = (merged.policies().unwrap_or_default().to_owned(), merged.at());
    let (source, mut survey, surroundings) = merged.finish();
    problems.into_iter().for_each(|problem| survey.problems.add(problem));
    let surveyed = Surveyed { source, survey, surroundings, cost: None, ledger: None };
    args.telling.finish(&surveyed, (&judged_by, at), common)
}

/// At once too: of a format that holds no problems, nobody would learn of them.
fn tell(problem: &Problem) {
    let Problem { source, line, message, help } = problem;
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let message = match message.strip_prefix("column ") {
        Some(place) => format!(":{place}"),
        None => format!(": {message}"),
    };
    let help = help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
    output::say(format_args!("{source}{line}{message}{help}"));
}

fn problem(path: &Path, message: String) -> Problem {
    Problem { source: path.to_string_lossy().into(), line: None, message, help: None }
}

/// The files that the user named, and those in folders that the user named, by name.
fn files(paths: &[PathBuf]) -> Vec<Result<PathBuf, Problem>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(Ok(path.clone()));
            continue;
        }
        match folder(path) {
            Ok(found) if found.is_empty() => {
                let help = Some("name the folder that the parts were written to".to_owned());
                let problem = problem(path, "the folder holds no *.json".to_owned());
                files.push(Err(Problem { help, ..problem }));
            }
            Ok(found) => files.extend(found.into_iter().map(Ok)),
            Err(error) => files.push(Err(problem(path, error.to_string()))),
        }
    }
    files
}

fn folder(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if entry.extension().is_some_and(|extension| extension == "json") && entry.is_file() {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let from: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path)?),
    };
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("the file is larger than {} MiB, which no part is", MAX_BYTES >> 20);
        return Err(io::Error::other(message));
    }
    Ok(bytes)
}
