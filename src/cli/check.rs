//! `plimsoll check`: manifests judged as the cluster would judge them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, bail};
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::{Color, Common, DefaultMode, Outcome, PolicyArgs, is_broken_pipe, now, output};
use crate::check::{self, DEFAULT_NAMESPACE};
use crate::engine::Engine;
use crate::policy::Action;
use crate::report::{Report, json, text};

/// Flags of `plimsoll check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    policies: PolicyArgs,
    /// How to write the result, repeatable as FORMAT=FILE
    #[arg(
        long = "format",
        env = "PLIMSOLL_FORMAT",
        value_name = "FORMAT[=FILE]",
        default_value = "text"
    )]
    #[arg(value_delimiter = ',')]
    formats: Vec<Destination>,
    /// Exit with 1 when something is found that is at least this grave
    #[arg(
        long,
        env = "PLIMSOLL_FAIL_ON",
        value_enum,
        default_value = "deny",
        value_name = "ACTION"
    )]
    fail_on: FailOn,
    /// The namespace of objects that name none
    #[arg(long, short, env = "PLIMSOLL_NAMESPACE", default_value = DEFAULT_NAMESPACE)]
    namespace: String,
    /// The namespace Plimsoll is installed in: nothing there is judged
    #[arg(
        long,
        env = "PLIMSOLL_OWN_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = Engine::DEFAULT_NAMESPACE
    )]
    own_namespace: String,
    /// The mode of namespaces that are not among the manifests, or have no label plimsoll.dev/mode
    #[arg(long, env = "PLIMSOLL_DEFAULT_MODE", value_enum, default_value_t, value_name = "MODE")]
    default_mode: DefaultMode,
    /// Only the findings, no summary
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, with the lines in question
    Text,
    /// For scripts
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Deny,
    Warn,
    Patch,
    Audit,
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

impl From<FailOn> for Action {
    fn from(line: FailOn) -> Self {
        match line {
            FailOn::Deny => Self::Deny,
            FailOn::Warn => Self::Warn,
            FailOn::Patch => Self::Patch,
            FailOn::Audit => Self::Audit,
        }
    }
}

pub(super) fn run(args: &CheckArgs, common: &Common) -> anyhow::Result<Outcome> {
    refuse_mixture(&args.formats)?;
    let Some(loaded) = args.policies.load(common)? else { return Ok(Outcome::Broken) };
    let engine = Engine::new(Arc::new(loaded.policies))
        .with_exemptions(Arc::new(loaded.exemptions))
        .with_default_mode(args.default_mode.into())
        .in_namespace(&args.own_namespace);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let now = Some(now());
    let context = check::Context { engine: &engine, namespace: &args.namespace, now };
    let report = check::run(context, &args.paths, threads);
    if report.summary.files == 0 && report.errors.is_empty() {
        output::say(format_args!(
            "warning: no manifests found; folders are searched for .yaml, .yml and .json files"
        ));
    }
    // In a folder such files are nothing odd.
    for file in report.bare.iter().filter(|file| args.paths.contains(file)) {
        output::say(format_args!(
            "warning: {} holds no Kubernetes object; nothing in it was checked",
            file.display()
        ));
    }
    for (policy, namespaces) in &report.undecided {
        output::say(format_args!(
            "warning: policy {policy} was not applied in {}: it selects namespaces by their labels; \
             check the Namespace objects along with the pods",
            some_of(namespaces)
        ));
    }
    if !args.quiet {
        tell_unused(&engine, &report, now);
    }
    for destination in &args.formats {
        match write(&report, destination, args.quiet, common.color) {
            // Whoever reads our output may stop early, as `head` does. The verdict stands.
            Err(error) if is_broken_pipe(&error) => {}
            done => done?,
        }
    }
    Ok(if !report.errors.is_empty() {
        Outcome::Broken
    } else if report.reaches(args.fail_on.into()) {
        Outcome::Findings
    } else {
        Outcome::Clean
    })
}

/// Names the exemptions in force that did nothing in this run, though there are rules they are about.
fn tell_unused(engine: &Engine, report: &Report, now: Option<i64>) {
    let (mut unused, mut untold) = (BTreeSet::new(), BTreeSet::new());
    for (exemption, ..) in engine.exempted_rules() {
        if exemption.is_expired(now) || report.exempted.contains_key(&exemption.name) {
            continue;
        }
        let matcher = &exemption.matcher;
        let names = if matcher.needs_user() || matcher.needs_namespace_labels() {
            &mut untold
        } else {
            &mut unused
        };
        names.insert(&*exemption.name);
    }
    if !unused.is_empty() {
        output::say(format_args!(
            "warning: exemptions that exempted nothing: {}",
            some_of(&unused)
        ));
    }
    if !untold.is_empty() {
        output::say(format_args!(
            "warning: exemptions that exempted nothing: {}; no user is known here, and labels of a namespace only \
             where the Namespace is checked along with the pods",
            some_of(&untold)
        ));
    }
}

/// The first few names of many.
fn some_of<S: AsRef<str>>(names: &BTreeSet<S>) -> String {
    const SHOWN: usize = 5;
    let first: Vec<_> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
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
    quiet: bool,
    color: Color,
) -> anyhow::Result<()> {
    match &destination.file {
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
