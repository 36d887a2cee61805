//! How the result of an audit or a replay is told: its formats, and the exit code.

use std::io::{self, Write};

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use crate::cli::destination::{Console, Destination, refuse_mixture, write_all};
use crate::cli::forecast::ForecastArgs;
use crate::cli::judging::FailOn;
use crate::cli::{Common, Outcome, output};
use crate::forecast::{self, Surroundings};
use crate::ledger::Gathered;
use crate::report::survey::{Cost, Overview, csv, html, json, junit, markdown, partial, text};
use crate::survey::Survey;

/// Flags of every command that tells what was found in many pods.
#[derive(Debug, Args)]
pub(in crate::cli) struct TellingArgs {
    /// How to write the result: text, html, json, csv, junit, markdown, or partial (for `plimsoll report --merge`).
    /// Repeatable: as FORMAT=FILE into a file, alone or as FORMAT=- to standard output
    // `formats` is what the configuration file says for `check`, whose formats are others.
    #[arg(
        id = "survey_formats",
        long = "format",
        env = "PLIMSOLL_SURVEY_FORMAT",
        value_name = "FORMAT[=FILE]",
        default_value = "text",
        value_delimiter = ',',
        value_parser = Destination::<Format>::parser(),
        hide_possible_values = true
    )]
    formats: Vec<Destination<Format>>,
    /// Exit with 1 when something is found that is at least this grave
    #[arg(
        long,
        env = "PLIMSOLL_FAIL_ON",
        value_enum,
        default_value = "deny",
        value_name = "ACTION"
    )]
    fail_on: FailOn,
    /// Only the findings, no summary and no progress
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) quiet: bool,
    #[command(flatten)]
    forecasting: ForecastArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: what to do first, and for whom
    Text,
    /// For people, with plots: one file to mail or archive
    Html,
    /// For scripts
    Json,
    /// For spreadsheets
    Csv,
    /// For the test reports of CI systems
    Junit,
    /// For summaries of jobs and comments
    Markdown,
    /// For `plimsoll report --merge`
    Partial,
}

/// What an audit or a replay came to.
#[derive(Debug)]
pub(in crate::cli) struct Surveyed {
    /// What was looked at.
    pub(in crate::cli) source: String,
    /// What was found.
    pub(in crate::cli) survey: Survey,
    /// What is known of the cluster around it, for forecasts.
    pub(in crate::cli) surroundings: Surroundings,
    /// What it cost the API server, where one was asked.
    pub(in crate::cli) cost: Option<Cost>,
    /// What replicas of the webhook did to pods that are gone, where they were asked.
    pub(in crate::cli) ledger: Option<Gathered>,
}

impl TellingArgs {
    /// Refuses what cannot be written, before anything is done.
    pub(in crate::cli) fn check(&self) -> anyhow::Result<()> {
        refuse_mixture(&self.formats)
    }

    /// Whether the result is only to be added up with others.
    pub(in crate::cli) fn are_partial(&self) -> bool {
        self.formats.iter().all(|destination| destination.format == Format::Partial)
    }

    /// Tells what was found in pods that were judged by what has this digest, and when; and how the run ends.
    pub(in crate::cli) fn finish(
        &self,
        surveyed: &Surveyed,
        (judged_by, at): (&str, i64),
        common: &Common,
    ) -> anyhow::Result<Outcome> {
        let Surveyed { source, survey, surroundings, cost, ledger } = surveyed;
        let assumptions = self.forecasting.assumptions();
        let forecast = survey.observations.as_ref().map(|observations| {
            forecast::forecast(&survey.tally, observations, surroundings, &assumptions)
        });
        let overview = Overview {
            source,
            at,
            survey,
            forecast: forecast.as_ref(),
            cost: *cost,
            ledger: ledger.as_ref(),
            fail_on: Some(self.fail_on.into()),
        };
        write_all(&self.formats, Console::Stdout, common.color, |format, looks, out| {
            let style = text::Style {
                color: looks.color,
                quiet: self.quiet,
                verbose: common.settings.verbose,
                width: looks.width,
            };
            match format {
                Format::Partial => partial::write(&overview, judged_by, surroundings, out),
                format => write(&overview, format, style, out),
            }
        })?;
        if !self.quiet {
            for (note, count) in survey.notes.iter() {
                let often = if count > 1 { format!(" ({count} times)") } else { String::new() };
                let help = note.help.as_deref().map(|help| format!("; {help}"));
                let help = help.unwrap_or_default();
                output::say(format_args!("note: {}: {}{often}{help}", note.source, note.message));
            }
        }
        if self.are_partial() {
            // What is wrong is told, and is the outcome, where all parts are added up. A part that is written is done:
            // a Job would only make it again.
            return Ok(Outcome::Clean);
        }
        Ok(if !survey.problems.is_empty() {
            Outcome::Broken
        } else if overview.fails() {
            Outcome::Findings
        } else {
            Outcome::Clean
        })
    }
}

fn write(
    overview: &Overview<'_>,
    format: Format,
    style: text::Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(overview, style, out),
        Format::Html => html::write(overview, out),
        Format::Json => json::write(overview, out),
        Format::Csv => csv::write(overview, out),
        Format::Junit => junit::write(overview, out),
        Format::Markdown => markdown::write(overview, out),
        // It takes more than an overview.
        Format::Partial => Ok(()),
    }
}
