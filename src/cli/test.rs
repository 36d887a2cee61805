//! `plimsoll test`: suites that say what policies are to do.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::destination::{Console, Destination, refuse_mixture, write_all};
use super::{Common, Outcome, maybe_path, output};
use crate::glob::{Globs, Slash};
use crate::suite::report::{github, json, junit, text};
use crate::suite::{Options, Results, run, update};

/// Flags of `plimsoll test`.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Suites, or folders that are walked for `*.test.yaml`
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only cases whose name, or SUITE/NAME, this glob covers
    #[arg(long, env = "PLIMSOLL_RUN", value_name = "GLOB")]
    run: Option<String>,
    /// Write into the suites what comes of their cases, and say what changed
    #[arg(long, env = "PLIMSOLL_UPDATE_SUITES", value_parser = FalseyValueParser::new())]
    update: bool,
    /// Test these policies instead of those that the suites name, repeatable
    #[arg(
        long,
        env = "PLIMSOLL_TEST_POLICIES",
        value_name = "PATH",
        value_delimiter = ',',
        value_parser = maybe_path()
    )]
    policies: Vec<PathBuf>,
    /// Show every rule and `match` that no case exercises
    #[arg(long, env = "PLIMSOLL_COVERAGE", value_parser = FalseyValueParser::new())]
    coverage: bool,
    /// Exit with 1 when less than this share of the policies is exercised
    #[arg(long, env = "PLIMSOLL_FAIL_UNDER", value_name = "PERCENT", conflicts_with = "run")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    fail_under: Option<u8>,
    /// How to write the result, repeatable as FORMAT=FILE
    #[arg(
        long = "format",
        env = "PLIMSOLL_TEST_FORMAT",
        value_name = "FORMAT[=FILE]",
        default_value = "text",
        value_delimiter = ',',
        value_parser = Destination::<Format>::parser(),
        hide_possible_values = true
    )]
    formats: Vec<Destination<Format>>,
    /// Name every case, not only those that fail
    #[arg(long, short, env = "PLIMSOLL_VERBOSE", value_parser = FalseyValueParser::new())]
    verbose: bool,
    /// Only what fails, no summary
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, with the lines that differ
    Text,
    /// For scripts
    Json,
    /// For CI systems
    Junit,
    /// For annotations in GitHub Actions
    Github,
}

pub(super) fn run_suites(args: &TestArgs, common: &Common) -> anyhow::Result<Outcome> {
    refuse_mixture(&args.formats)?;
    let only = args.run.as_deref().map(|glob| Globs::compile::<&str>(&[glob], &[], Slash::Crossed));
    let only = only.transpose().context("--run")?;
    // A chart or a script may set the variable to nothing.
    let named = args.policies.iter().filter(|path| !path.as_os_str().is_empty());
    let options = Options { only, policies: named.cloned().collect() };
    let mut results =
        if args.update { update(&args.paths, &options) } else { run(&args.paths, &options) };
    if results.suites.is_empty() && results.errors.is_empty() {
        let paths: Vec<_> = args.paths.iter().map(|path| path.display().to_string()).collect();
        bail!(
            "no suite found in {}; suites are files called *.test.yaml that hold a PolicyTest",
            paths.join(", ")
        );
    }
    if let (Some(glob), true, 0) = (&args.run, results.errors.is_empty(), results.cases().count()) {
        bail!("--run {glob}: no case is called so");
    }
    write_all(&args.formats, Console::Stdout, common.color, |format, looks, out| {
        write(&mut results, format, args.style(looks.color), out)
    })?;
    let wanted = args.fail_under.map_or(0, usize::from);
    let percent = results.coverage.percent();
    if percent < wanted {
        output::say(format_args!("coverage is {percent} %, and --fail-under asks for {wanted} %"));
    }
    Ok(if !results.errors.is_empty() {
        Outcome::Broken
    } else if results.failed().next().is_some() || percent < wanted {
        Outcome::Findings
    } else {
        Outcome::Clean
    })
}

impl TestArgs {
    fn style(&self, color: bool) -> text::Style {
        let Self { quiet, verbose, coverage, .. } = *self;
        text::Style { color, quiet, verbose, coverage }
    }
}

fn write(
    results: &mut Results,
    format: Format,
    style: text::Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => {
            text::write_errors(results, style, out)?;
            text::write(results, style, out)
        }
        Format::Json => json::write(results, out),
        Format::Junit => junit::write(results, out),
        Format::Github => github::write(results, out),
    }
}
