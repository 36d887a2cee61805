//! The formats of a report on manifests.

use std::io::{self, Write};

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::Color;
use super::destination::{Console, Destination, refuse_mixture, write_all};
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
    #[arg(value_delimiter = ',', value_parser = Destination::<Format>::parser(), hide_possible_values = true)]
    formats: Vec<Destination<Format>>,
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
        self.write_with(Console::Stdout, report, quiet, color)
    }

    /// The same, with standard error instead of standard output where that holds a result already.
    pub(super) fn write_beside(
        &self,
        report: &Report,
        quiet: bool,
        color: Color,
    ) -> anyhow::Result<()> {
        self.write_with(Console::Stderr, report, quiet, color)
    }

    fn write_with(
        &self,
        console: Console,
        report: &Report,
        quiet: bool,
        color: Color,
    ) -> anyhow::Result<()> {
        let here = std::env::current_dir().unwrap_or_default();
        let repository = Repository::around(&here);
        write_all(&self.formats, console, color, |format, looks, out| {
            let style = text::Style { color: looks.color, quiet, links: looks.links };
            write_to(report, &repository, format, style, out)
        })
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

fn write_to(
    report: &Report,
    repository: &Repository,
    format: Format,
    style: text::Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, style, out),
        Format::Compact => compact::write(report, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, repository, out),
        Format::Junit => junit::write(report, repository, out),
        Format::Github => github::write(report, repository, out),
        Format::Gitlab => gitlab::write(report, repository, out),
        Format::Markdown => markdown::write(report, repository, out),
    }
}
