//! Where results go: `--format FORMAT=FILE`, as every command with a report reads and obeys it.

mod file;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use supports_hyperlinks::Stream;
use terminal_size::terminal_size_of;

use super::offered::Offered;
use super::{Color, is_broken_pipe};

/// A format and where it goes; standard output unless a file is named.
#[derive(Clone, Debug)]
pub(super) struct Destination<F> {
    pub(super) format: F,
    file: Option<PathBuf>,
}

/// What the place that a result goes to can show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looks {
    /// Colours.
    pub(super) color: bool,
    /// Links to files.
    pub(super) links: bool,
    /// So many columns, where that is known.
    pub(super) width: Option<usize>,
}

/// Where results go that would go to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Console {
    Stdout,
    /// Standard error, where standard output holds a result already.
    Stderr,
}

impl<F: ValueEnum + Clone + Send + Sync + 'static> Destination<F> {
    /// What reads the values of the flag, and tells shells the names of the formats.
    pub(super) const fn parser() -> Offered<Self, F> {
        Offered::new()
    }
}

impl<F: ValueEnum> FromStr for Destination<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("name a file after the equals sign".to_owned()),
            Some((format, "-")) => (format, None),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let known = || F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let format = F::from_str(format, false).map_err(|_| {
            let names: Vec<_> = known().map(|value| value.get_name().to_owned()).collect();
            format!("there is no format `{format}`; there are: {}", names.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

/// Refuses two results in one place, which would be neither.
pub(super) fn refuse_mixture<F>(destinations: &[Destination<F>]) -> anyhow::Result<()> {
    let place = |destination: &Destination<F>| destination.file.as_deref().map(file::identity);
    for (at, destination) in destinations.iter().enumerate() {
        if destinations.iter().take(at).any(|earlier| place(earlier) == place(destination)) {
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

/// Writes a result in every format, each to its place. One that fails does not keep the others back.
pub(super) fn write_all<F: Copy>(
    destinations: &[Destination<F>],
    console: Console,
    color: Color,
    mut write: impl FnMut(F, Looks, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut failures = Vec::new();
    for Destination { format, file } in destinations {
        let content = |looks: Looks, out: &mut dyn Write| {
            write(*format, looks, &mut *out)?;
            out.flush()
        };
        match write_one(file.as_deref(), console, color, content) {
            // Whoever reads our output may stop early, as `head` does. The verdict stands.
            Err(error) if is_broken_pipe(&error) => {}
            Err(error) => failures.push(format!("{error:#}")),
            Ok(()) => {}
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(anyhow!(failures.join("; "))) }
}

fn write_one(
    file: Option<&Path>,
    console: Console,
    color: Color,
    mut content: impl FnMut(Looks, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    match (file, console) {
        (None, Console::Stderr) => {
            let stderr = io::stderr();
            let looks = Looks { color: color.is_on(&stderr), ..Looks::default() };
            content(looks, &mut BufWriter::new(stderr.lock()))
                .context("standard error cannot be written")
        }
        (None, Console::Stdout) => {
            let stdout = io::stdout();
            let width = terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
            let looks = Looks { color: color.is_on(&stdout), links: has_links(&stdout), width };
            content(looks, &mut BufWriter::new(stdout.lock()))
                .context("standard output cannot be written")
        }
        (Some(path), _) => {
            let looks = Looks { color: color == Color::Always, ..Looks::default() };
            file::write(path, |out| content(looks, out)).with_context(|| refusal(path))
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
