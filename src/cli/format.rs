//! The formats of a report, and where each goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::{Color, is_broken_pipe};
use crate::report::{Report, json, text};

/// The flag `--format` of every command with a report.
#[derive(Debug, Args)]
pub(super) struct FormatArgs {
    /// How to write the result, repeatable as FORMAT=FILE
    #[arg(
        long = "format",
        env = "PLIMSOLL_FORMAT",
        value_name = "FORMAT[=FILE]",
        default_value = "text"
    )]
    #[arg(value_delimiter = ',')]
    formats: Vec<Destination>,
}

impl FormatArgs {
    /// Refuses what cannot be written, before anything is done.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        refuse_mixture(&self.formats)
    }

    /// Writes the report in every format, each to its place.
    pub(super) fn write(&self, report: &Report, quiet: bool, color: Color) -> anyhow::Result<()> {
        self.write_to(Stream::Output, report, quiet, color)
    }

    /// The same, with standard error instead of standard output where that holds a result already.
    pub(super) fn write_beside(
        &self,
        report: &Report,
        quiet: bool,
        color: Color,
    ) -> anyhow::Result<()> {
        self.write_to(Stream::Error, report, quiet, color)
    }

    fn write_to(
        &self,
        stream: Stream,
        report: &Report,
        quiet: bool,
        color: Color,
    ) -> anyhow::Result<()> {
        for destination in &self.formats {
            match write(report, destination, stream, quiet, color) {
                // Whoever reads our output may stop early, as `head` does. The verdict stands.
                Err(error) if is_broken_pipe(&error) => {}
                done => done?,
            }
        }
        Ok(())
    }
}

/// Where a report goes that goes to no file.
#[derive(Clone, Copy)]
enum Stream {
    Output,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, with the lines in question
    Text,
    /// For scripts
    Json,
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
    for (at, destination) in formats.iter().enumerate() {
        if formats.iter().take(at).any(|earlier| earlier.file == destination.file) {
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
    destination: &Destination,
    stream: Stream,
    quiet: bool,
    color: Color,
) -> anyhow::Result<()> {
    match &destination.file {
        None if matches!(stream, Stream::Error) => {
            let stderr = io::stderr();
            let color = color.is_on(&stderr);
            let mut out = BufWriter::new(stderr.lock());
            write_to(report, destination.format, text::Style { color, quiet }, &mut out)
                .context("standard error cannot be written")
        }
        None => {
            let stdout = io::stdout();
            let color = color.is_on(&stdout);
            let mut out = BufWriter::new(stdout.lock());
            write_to(report, destination.format, text::Style { color, quiet }, &mut out)
                .context("standard output cannot be written")
        }
        Some(path) => {
            let style = text::Style { color: color == Color::Always, quiet };
            File::create(path)
                .map(BufWriter::new)
                .and_then(|mut file| write_to(report, destination.format, style, &mut file))
                .with_context(|| {
                    format!("{}: cannot be written; check the path after --format", path.display())
                })
        }
    }
}

fn write_to(
    report: &Report,
    format: Format,
    style: text::Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, style, out)?,
        Format::Json => json::write(report, out)?,
    }
    out.flush()
}
