//! `plimsoll test`: suites that say what policies are to do.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::offered::Offered;
use super::{Color, Common, Outcome, is_broken_pipe, maybe_path, output};
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
        value_parser = Offered::<Destination, Format>::new(),
        hide_possible_values = true
    )]
    formats: Vec<Destination>,
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

/// A format and where it goes; standard output unless a file is named.
#[derive(Clone, Debug)]
struct Destination {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("name a file after the equals sign".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = Format::from_str(format, false).map_err(|_| {
            let known = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<_> = known.map(|value| value.get_name().to_owned()).collect();
            format!("there is no format `{format}`; there are: {}", names.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

pub(super) fn run_suites(args: &TestArgs, common: &Common) -> anyhow::Result<Outcome> {
    for (at, one) in args.formats.iter().enumerate() {
        if args.formats.iter().take(at).any(|earlier| earlier.file == one.file) {
            bail!(
                "--format: two formats go to one place; give each a file, as in --format junit=report.xml"
            );
        }
    }
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
    for destination in &args.formats {
        match write(&mut results, destination, args, common.color) {
            // Whoever reads our output may stop early, as `head` does. The verdict stands.
            Err(error) if is_broken_pipe(&error) => {}
            done => done?,
        }
    }
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

fn write(
    results: &mut Results,
    destination: &Destination,
    args: &TestArgs,
    color: Color,
) -> anyhow::Result<()> {
    match &destination.file {
        None => {
            let stdout = io::stdout();
            let color = color.is_on(&stdout);
            let mut out = BufWriter::new(stdout.lock());
            write_to(results, destination.format, args.style(color), &mut out)
                .context("standard output cannot be written")
        }
        Some(path) => {
            let style = args.style(color == Color::Always);
            File::create(path)
                .map(BufWriter::new)
                .and_then(|mut file| write_to(results, destination.format, style, &mut file))
                .with_context(|| {
                    format!("{}: cannot be written; check the path after --format", path.display())
                })
        }
    }
}

impl TestArgs {
    fn style(&self, color: bool) -> text::Style {
        let Self { quiet, verbose, coverage, .. } = *self;
        text::Style { color, quiet, verbose, coverage }
    }
}

fn write_to(
    results: &mut Results,
    format: Format,
    style: text::Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => {
            text::write_errors(results, style, out)?;
            text::write(results, style, out)?;
        }
        Format::Json => json::write(results, out)?,
        Format::Junit => junit::write(results, out)?,
        Format::Github => github::write(results, out)?,
    }
    out.flush()
}
