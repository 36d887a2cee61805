//! What flags, environment, configuration file and defaults say together: flags win, then the environment, then the
//! file.
//!
//! What the file says becomes the default of the flag that the key stands for, so that a command need not know where a
//! value came from.

mod origin;
mod probe;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::builder::{FalseyValueParser, Resettable};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches};

pub(super) use origin::{Applied, Origin};

use super::{Cli, Common, maybe_path, output};
use crate::config::{ConfigFile, FILE, Search, Setting, search};
use crate::engine::Namespaces;
use crate::report::Problem;

/// The commands that read the configuration file.
pub(super) const CONFIGURED: [&str; 6] = ["audit", "check", "config", "explain", "fix", "replay"];

// Flags of every command that reads the configuration file. (What clap finds in a docstring here, it would say of each
// of these commands.)
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
struct SettingsArgs {
    /// The configuration file; absent: plimsoll.yaml in this folder or one above, up to the repository's
    #[arg(long, env = "PLIMSOLL_CONFIG", value_name = "FILE", value_parser = maybe_path())]
    config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, env = "PLIMSOLL_NO_CONFIG", value_parser = FalseyValueParser::new())]
    no_config: bool,
    /// Say on stderr which configuration, policies and exemptions are used, and how long it takes
    #[arg(long, short, env = "PLIMSOLL_VERBOSE", value_parser = FalseyValueParser::new())]
    verbose: bool,
}

/// What applies to a run, and where it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// Whether to say what is used.
    pub(super) verbose: bool,
    /// The configuration file, where one applies.
    pub(super) file: Option<Arc<ConfigFile>>,
    /// Where it was looked for, where none was named.
    pub(super) search: Option<Search>,
    /// What every key of the file comes to, with where that is from.
    pub(super) applied: Vec<Applied>,
}

/// Why a command line comes to nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// Help was asked for, or the command line is wrong.
    Usage(clap::Error),
    /// The configuration is wrong.
    Config(Vec<Problem>, super::Color),
    /// Something else.
    Other(anyhow::Error),
}

/// The command line as it is known to clap.
pub(super) fn command() -> clap::Command {
    let configured = |command: &clap::Command| CONFIGURED.contains(&command.get_name());
    Cli::command().mut_subcommands(|command| {
        if configured(&command) { SettingsArgs::augment_args(command) } else { command }
    })
}

/// The same, with usage lines that say what was typed: kubectl runs plugins by a name like `kubectl-plimsoll`.
fn called(line: &[OsString]) -> clap::Command {
    let name = line.first().map(Path::new).and_then(Path::file_name).and_then(OsStr::to_str);
    match name.and_then(|name| name.strip_prefix("kubectl-")) {
        Some(plugin) => command().bin_name(format!("kubectl {plugin}")),
        None => command(),
    }
}

/// Reads a command line, the environment and the configuration file.
pub(super) fn parse(line: Vec<OsString>) -> Result<Cli, Stop> {
    let matches = called(&line).try_get_matches_from(&line).map_err(Stop::Usage)?;
    let Some((name, given)) = matches.subcommand().filter(|(name, _)| CONFIGURED.contains(name))
    else {
        return Cli::from_arg_matches(&matches).map_err(Stop::Usage);
    };
    let mut settings = Settings::find(given).map_err(Stop::Other)?;
    let color = Common::from_arg_matches(&matches).map_err(Stop::Usage)?.color;
    let path = settings.search.as_ref().and_then(|search| search.found.clone());
    let file = match path.or_else(|| named_config(given)) {
        Some(path) if !path.as_os_str().is_empty() => {
            let file = ConfigFile::read(&path).map_err(|errors| Stop::Config(errors, color))?;
            Some(Arc::new(file))
        }
        _ => None,
    };
    let mut command = called(&line);
    let written = file.as_ref().map(|file| file.settings()).unwrap_or_default();
    if let Some(file) = &file {
        let errors = probe::errors(&command, file, &written);
        if !errors.is_empty() {
            return Err(Stop::Config(errors, color));
        }
    }
    for setting in written.iter().filter(|setting| applies(setting, given)) {
        command = with_default(command, name, setting);
    }
    let matches = if written.is_empty() {
        matches.clone()
    } else {
        command.try_get_matches_from(&line).map_err(Stop::Usage)?
    };
    settings.applied = origin::applied(&matches, given, &written);
    settings.file = file;
    let mut cli = Cli::from_arg_matches(&matches).map_err(Stop::Usage)?;
    cli.common.settings = settings;
    Ok(cli)
}

/// What a command line would come to; for `plimsoll config`.
pub(super) fn explain(line: Vec<OsString>) -> Result<Settings, Stop> {
    parse(line).map(|cli| cli.common.settings)
}

impl Settings {
    /// Looks for the file, unless the command line says otherwise.
    fn find(given: &ArgMatches) -> anyhow::Result<Self> {
        let args = SettingsArgs::from_arg_matches(given)?;
        let mut settings = Self { verbose: args.verbose, ..Self::default() };
        if no_config(given)? || named_config(given).is_some() {
            return Ok(settings);
        }
        let here = std::env::current_dir().context("the working directory cannot be read")?;
        let search = search(&here);
        if let Some(path) = &search.misnamed {
            output::say(format_args!(
                "warning: {} is not read: the configuration file is called {FILE}",
                path.display()
            ));
        }
        settings.search = Some(search);
        Ok(settings)
    }

    /// The folder that paths and globs of a key count from.
    pub(super) fn base(&self, key: &str) -> &Path {
        match (self.origin(key), &self.file) {
            (Origin::Config(_), Some(file)) if !file.folder().as_os_str().is_empty() => {
                file.folder()
            }
            _ => Path::new("."),
        }
    }

    /// Where the value of a key is from.
    pub(super) fn origin(&self, key: &str) -> &Origin {
        let applied = self.applied.iter().find(|applied| applied.key.name == key);
        applied.map_or(&Origin::Default, |applied| &applied.origin)
    }

    /// Whether the cluster runs AlwaysPullImages, where the file says so.
    pub(super) fn always_pull_images(&self) -> Option<bool> {
        self.file.as_ref()?.config.cluster.as_ref()?.always_pull_images
    }

    /// What the file itself says of namespaces, unless a flag names a snapshot instead.
    pub(super) fn namespaces(&self) -> Result<Namespaces, Vec<Problem>> {
        match (self.origin("cluster"), &self.file) {
            (Origin::Config(_), Some(file)) => file.namespaces(),
            _ => Ok(Namespaces::default()),
        }
    }

    /// Says on stderr what applies.
    pub(super) fn tell(&self) {
        if !self.verbose {
            return;
        }
        match (&self.file, &self.search) {
            (Some(file), _) => output::say(format_args!("configuration: {}", file.path.display())),
            (None, Some(search)) => output::say(format_args!(
                "configuration: none; looked for {FILE} in {}",
                origin::folders(&search.searched)
            )),
            (None, None) => output::say(format_args!("configuration: none is read")),
        }
        for applied in self.applied.iter().filter(|applied| applied.origin != Origin::Default) {
            let from = applied.origin.told(self.file.as_deref());
            output::say(format_args!("{}: {} ({from})", applied.key.name, applied.shown()));
        }
    }
}

/// Whether the file is not to be read; a flag counts more than a variable.
fn no_config(given: &ArgMatches) -> anyhow::Result<bool> {
    let from = |id| given.value_source(id);
    let is_on = given.get_flag("no_config");
    match (from("no_config").filter(|_| is_on), from("config")) {
        (Some(ValueSource::CommandLine), Some(ValueSource::CommandLine)) => {
            bail!("--config names a file, and --no-config says that none is read; leave one out")
        }
        (Some(ValueSource::EnvVariable), Some(ValueSource::CommandLine)) => Ok(false),
        _ => Ok(is_on),
    }
}

/// The file that is named, unless none is to be read.
fn named_config(given: &ArgMatches) -> Option<PathBuf> {
    let named = given.get_one::<PathBuf>("config").filter(|path| !path.as_os_str().is_empty());
    named.filter(|_| !no_config(given).unwrap_or_default()).cloned()
}

/// Whether a flag was given, on the command line or in the environment. An empty variable says nothing.
fn is_given(given: &ArgMatches, id: &str) -> bool {
    if !matches!(given.try_contains_id(id), Ok(true)) {
        return false;
    }
    match given.value_source(id) {
        Some(ValueSource::CommandLine) => true,
        Some(ValueSource::EnvVariable) => {
            let mut values = given.get_raw(id).into_iter().flatten();
            values.any(|value| !value.is_empty())
        }
        _ => false,
    }
}

/// Whether a setting of the file counts: no flag says otherwise.
fn applies(setting: &Setting, given: &ArgMatches) -> bool {
    let key = setting.key;
    !key.flag.iter().chain(&key.yields_to).any(|id| is_given(given, id))
}

/// The command with what the file says as the default of the flag, where the command has it.
fn with_default(command: clap::Command, name: &str, setting: &Setting) -> clap::Command {
    let Some(flag) = setting.key.flag else { return command };
    let known = command
        .find_subcommand(name)
        .is_some_and(|command| command.get_arguments().any(|arg| arg.get_id() == flag));
    if !known || setting.values.is_empty() {
        return command;
    }
    let values: Vec<String> = setting.values.iter().map(|(value, _)| value.clone()).collect();
    command.mut_subcommand(name, |command| {
        command.mut_arg(flag, |arg| {
            // Neither counts for what the file says: a variable that is empty, and commas in a glob or a path.
            arg.env(Resettable::Reset).value_delimiter(None::<char>).default_values(values)
        })
    })
}
