//! `plimsoll fix`: manifests changed so that nothing is left to say of them.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use clap::builder::FalseyValueParser;

use super::format::FormatArgs;
use super::judging::{FailOn, JudgingArgs};
#[cfg(feature = "serve")]
use super::registries::DigestArgs;
use super::selection::SelectionArgs;
use super::silencing::{self, SilencingArgs};
use super::{Common, Outcome, check::tell_unread, now, output, progress, verbose};
use crate::finding::Safety;
use crate::{check, fix};

/// Threads where files are written: they wait for the disk, which takes several at a time in one go.
const WRITERS: usize = 8;

/// Flags of `plimsoll fix`.
#[derive(Debug, Args)]
pub(super) struct FixArgs {
    #[command(flatten)]
    files: SelectionArgs,
    /// Change no file; print what would change as a unified diff
    #[arg(
        long,
        env = "PLIMSOLL_DIFF",
        value_parser = FalseyValueParser::new(),
        conflicts_with = "write_baseline"
    )]
    diff: bool,
    /// Change no file; exit with 1 if one would change
    #[arg(
        long,
        env = "PLIMSOLL_CHECK",
        value_parser = FalseyValueParser::new(),
        conflicts_with = "write_baseline"
    )]
    check: bool,
    /// Make also the fixes that can change what a workload does
    #[arg(long, env = "PLIMSOLL_UNSAFE_FIXES", value_parser = FalseyValueParser::new())]
    unsafe_fixes: bool,
    #[command(flatten)]
    judging: JudgingArgs,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    digests: DigestArgs,
    #[command(flatten)]
    silencing: SilencingArgs,
    #[command(flatten)]
    formats: FormatArgs,
    /// Exit with 1 when something is left that is at least this grave
    #[arg(
        long,
        env = "PLIMSOLL_FAIL_ON",
        value_enum,
        default_value = "deny",
        value_name = "ACTION"
    )]
    fail_on: FailOn,
    /// Only the findings that are left, no summary
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
}

pub(super) fn run(args: &FixArgs, common: &Common) -> anyhow::Result<Outcome> {
    args.formats.check()?;
    let begun = Instant::now();
    let Some(selection) = args.files.selection(common) else { return Ok(Outcome::Broken) };
    let Some(engine) = args.judging.engine(common)? else { return Ok(Outcome::Broken) };
    let Some(mut silencing) = args.silencing.load(common)? else { return Ok(Outcome::Broken) };
    silencing.kept = args.formats.show_silenced();
    let Some(known) = args.judging.known(common) else { return Ok(Outcome::Broken) };
    #[cfg(feature = "serve")]
    let Some(asker) = args.digests.asker(common)? else { return Ok(Outcome::Broken) };
    let write = !args.diff && !args.check;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = if write { cores.max(WRITERS) } else { cores };
    let context = check::Context {
        namespace: &args.judging.namespace,
        now: Some(now()),
        known: &known,
        #[cfg(feature = "serve")]
        registries: asker.as_ref().map(|asker| asker as &dyn check::Ask),
        selection: &selection,
        // Where nothing is written, they would not fit the file.
        with_replacements: write && args.formats.show_replacements(),
        with_judged: args.formats.show_judged(),
        silencing: &silencing,
        ..check::Context::new(&engine)
    };
    let options = fix::Options {
        safety: if args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe },
        write,
        diff: args.diff,
    };
    let loaded = Instant::now();
    let fix::Done { mut report, output, notes } =
        progress::shown(args.quiet, &args.files.paths, |progress| {
            fix::run(check::Context { progress, ..context }, options, &args.files.paths, threads)
        });
    if common.settings.verbose {
        verbose::told(&engine, &report, [loaded - begun, loaded.elapsed()]);
    }
    report.fail_on = Some(args.fail_on.into());
    let unmatched = args.judging.unmatched(&engine, &report);
    report.unmatched = unmatched.iter().map(|policy| Arc::clone(&policy.name)).collect();
    tell_unread(&report, &args.files);
    for note in notes {
        output::say(format_args!("warning: {note}"));
    }
    let through = options.write && args.files.paths.iter().any(|path| path.as_os_str() == "-");
    silencing::finish(&silencing, &report, &args.files.paths, args.quiet, options.write)?;
    if options.diff || through {
        let mut out = io::stdout().lock();
        match out.write_all(&output).and_then(|()| out.flush()) {
            // Whoever reads our output may stop early, as `head` does. The verdict stands.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            done => done.context("standard output cannot be written")?,
        }
        args.formats.write_beside(&report, args.quiet, common.color)?;
    } else {
        args.formats.write(&report, args.quiet, common.color)?;
    }
    let is_refused = report.fixes.as_ref().is_some_and(|fixes| fixes.left_out() > 0);
    let would_change = report.fixes.as_ref().is_some_and(|fixes| fixes.files > 0);
    Ok(if !report.errors.is_empty() {
        Outcome::Broken
    } else if report.reaches(args.fail_on.into()) || is_refused || (args.check && would_change) {
        Outcome::Findings
    } else {
        Outcome::Clean
    })
}
