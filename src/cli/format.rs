//! The formats of a report, and where each goes.

mod file;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use supports_hyperlinks::Stream;

use super::offered::Offered;
use super::{Color, is_broken_pipe};
use crate::report::{
    Report, Repository, compact, github, gitlab, json, junit, markdown, sarif, text,
};

/// The flag `--format` of every command with a report.
#[derive(Debug, Args)]
pub(super) struct FormatArgs {
    /// How to write the result: text, compact, json, sarif, junit, github, gitlab or markdown. Repeatable: as
    /// FORMAT=FILE into a file, alone or as FORMAT=- to standard output
    #[arg(
        long = "format",
        env = "PLIMSOLL_FORMAT",
        value_name = "FORMAT[=FILE]",
        default_value = "text"
    )]
    #[arg(value_delimiter = ',', value_parser = Offered::<Destination, Format>::new(), hide_possible_values = true)]
    formats: Vec<Destination>,
    /// List silenced findings in SARIF too, as suppressed; GitHub takes those for open alerts
    #[arg(
        long,
        env = "PLIMSOLL_SARIF_SUPPRESSIONS",
        value_parser = FalseyValueParser::new()
    )]
    sarif_suppressions: bool,
}

impl FormatArgs {
    /// Refuses what cannot be written, before anything is done.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        refuse_mixture(&self.formats)
    }

    /// Whether a format shows what fixes write into the files.
    pub(super) fn show_replacements(&self) -> bool {
        self.formats.iter().any(|destination| destination.format == Format::Sarif)
    }

    /// Whether a format shows what is silenced.
    pub(super) fn show_silenced(&self) -> bool {
        self.sarif_suppressions && self.show_replacements()
    }

    /// Whether a format names the objects that nothing was found in.
    pub(super) fn show_judged(&self) -> bool {
        self.formats.iter().any(|destination| destination.format == Format::Junit)
    }

    /// Writes the report in every format, each to its place. One that fails does not keep the others back.
    pub(super) fn write(&self, report: &Report, quiet: bool, color: Color) -> anyhow::Result<()> {
        self.write_with(false, report, quiet, color)
    }

    /// The same, with standard error instead of standard output where that holds a result already.
    pub(super) fn write_beside(
        &self,
        report: &Report,
        quiet: bool,
        color: Color,
    ) -> anyhow::Result<()> {
        self.write_with(true, report, quiet, color)
    }

    fn write_with(
        &self,
        beside: bool,
        report: &Report,
        quiet: bool,
        color: Color,
    ) -> anyhow::Result<()> {
        let here = std::env::current_dir().unwrap_or_default();
        let repository = Repository::around(&here);
        let mut failures = Vec::new();
        for destination in &self.formats {
            match write(report, &repository, destination, beside, quiet, color) {
                // Whoever reads our output may stop early, as `head` does. The verdict stands.
                Err(error) if is_broken_pipe(&error) => {}
                Err(error) => failures.push(format!("{error:#}")),
                Ok(()) => {}
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(anyhow!(failures.join("; "))) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, with the lines in question
    Text,
    /// One line per finding
    Compact,
    /// For scripts
    Json,
    /// For code scanning
    Sarif,
    /// For the test reports of CI systems
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// For summaries of jobs and comments
    Markdown,
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
            Some((format, "-")) => (format, None),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let known = || Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let format = Format::from_str(format, false).map_err(|_| {
            let names: Vec<_> = known().map(|value| value.get_name().to_owned()).collect();
            format!("there is no format `{format}`; there are: {}", names.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

/// Two reports in one place would be neither.
fn refuse_mixture(formats: &[Destination]) -> anyhow::Result<()> {
    let place = |destination: &Destination| destination.file.as_deref().map(file::identity);
    for (at, destination) in formats.iter().enumerate() {
        if formats.iter().take(at).any(|earlier| place(earlier) == place(destination)) {
            match &destination.file {
                None => bail!(
                    "--format: two formats cannot both go to standard output; give all but one a \
                     file, as in --format json=report.json"
                ),
                Some(file) => bail!("--format: two formats go to {}", file.display()),
            }
        }
    }
    Ok(())
}

fn write(
    report: &Report,
    repository: &Repository,
    destination: &Destination,
    beside: bool,
    quiet: bool,
    color: Color,
) -> anyhow::Result<()> {
    let format =
        |style, out: &mut dyn Write| write_to(report, repository, destination.format, style, out);
    match &destination.file {
        None if beside => {
            let stderr = io::stderr();
            let style = text::Style { color: color.is_on(&stderr), quiet, links: false };
            let mut out = BufWriter::new(stderr.lock());
            format(style, &mut out).context("standard error cannot be written")
        }
        None => {
            let stdout = io::stdout();
            let (color, links) = (color.is_on(&stdout), has_links(&stdout));
            let mut out = BufWriter::new(stdout.lock());
            format(text::Style { color, quiet, links }, &mut out)
                .context("standard output cannot be written")
        }
        Some(path) => {
            let style = text::Style { color: color == Color::Always, quiet, links: false };
            file::write(path, |out| format(style, out)).with_context(|| refusal(path))
        }
    }
}

/// Writes a file as those of `--format` are written.
pub(super) fn write_file(
    path: &Path,
    content: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    file::write(path, content).with_context(|| format!("{}: cannot be written", path.display()))
}

fn refusal(path: &Path) -> String {
    format!("{}: cannot be written; check the path after --format", path.display())
}

/// Whether places are links. Terminals that know links also know colours, but not the other way round, so neither
/// follows from the other; FORCE_HYPERLINK decides where it is set.
fn has_links(stdout: &impl IsTerminal) -> bool {
    let is_forced = std::env::var_os("FORCE_HYPERLINK").is_some();
    (is_forced || stdout.is_terminal()) && supports_hyperlinks::on(Stream::Stdout)
}

fn write_to(
    report: &Report,
    repository: &Repository,
    format: Format,
    style: text::Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, style, out)?,
        Format::Compact => compact::write(report, out)?,
        Format::Json => json::write(report, out)?,
        Format::Sarif => sarif::write(report, repository, out)?,
        Format::Junit => junit::write(report, repository, out)?,
        Format::Github => github::write(report, repository, out)?,
        Format::Gitlab => gitlab::write(report, repository, out)?,
        Format::Markdown => markdown::write(report, repository, out)?,
    }
    out.flush()
}
