//! The command line: one file per door.

#[cfg(feature = "serve")]
mod certificates;
mod check;
#[cfg(feature = "serve")]
mod choice;
#[cfg(feature = "serve")]
mod doctor;
#[cfg(feature = "serve")]
mod emergency;
mod explain;
mod format;
mod judging;
#[cfg(feature = "serve")]
mod kubernetes;
#[cfg(feature = "serve")]
mod manifests;
mod output;
mod policies;
mod rendering;
#[cfg(feature = "serve")]
mod serve;
mod silencing;
mod test;
#[cfg(feature = "serve")]
mod webhooks;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::policy::Mode;
use crate::policy::exemption::Stray;
use crate::policy_source::{self, Loaded, Sources};

/// Judge and patch Kubernetes pods before they overload a cluster.
///
/// Exit codes: 0 clean, 1 findings, 2 it broke.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge manifests: files, folders, or `-` for standard input
    Check(Box<check::CheckArgs>),
    /// Find out what is wrong with an installation in a cluster, and how it is mended
    #[cfg(feature = "serve")]
    Doctor(doctor::DoctorArgs),
    /// Switch the webhooks off in a cluster, whether a server runs or not
    #[cfg(feature = "serve")]
    EmergencyOff(emergency::OffArgs),
    /// Switch on again what emergency-off switched off
    #[cfg(feature = "serve")]
    EmergencyOn(emergency::OnArgs),
    /// Print the page of a rule, or the list of rules
    Explain(explain::ExplainArgs),
    /// Print what the Helm chart installs, as plain YAML for `kubectl apply`
    #[cfg(feature = "serve")]
    Manifests(manifests::ManifestsArgs),
    /// Print the policies that are built in
    Policies(policies::PoliciesArgs),
    /// Run the admission webhook
    #[cfg(feature = "serve")]
    Serve(Box<serve::ServeArgs>),
    /// Run test suites of policies: `*.test.yaml`
    Test(test::TestArgs),
}

/// Flags of every command.
#[derive(Debug, Args)]
struct Common {
    /// When to use colours; NO_COLOR is honoured
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "PLIMSOLL_COLOR",
        value_name = "WHEN"
    )]
    color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// Where policies are read from.
#[derive(Debug, Args)]
struct PolicyArgs {
    /// File or folder of policies, repeatable; absent: the built-in ones
    #[arg(
        long = "policies",
        env = "PLIMSOLL_POLICIES",
        value_name = "PATH",
        value_delimiter = ',',
        value_parser = maybe_path()
    )]
    policies: Vec<PathBuf>,
    /// Which of the built-in profiles
    #[arg(
        long,
        env = "PLIMSOLL_PROFILE",
        default_value = policy_source::DEFAULT_PROFILE,
        value_parser = policy_source::profiles(),
        conflicts_with = "policies"
    )]
    profile: String,
    /// File or folder of exemptions, repeatable; those among the policies count without it
    #[arg(
        long = "exemptions",
        env = "PLIMSOLL_EXEMPTIONS",
        value_name = "PATH",
        value_delimiter = ',',
        value_parser = maybe_path()
    )]
    exemptions: Vec<PathBuf>,
}

/// What the label `plimsoll.dev/mode` says, in the words of the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum DefaultMode {
    Audit,
    Warn,
    #[default]
    Enforce,
}

impl From<DefaultMode> for Mode {
    fn from(mode: DefaultMode) -> Self {
        match mode {
            DefaultMode::Audit => Self::Audit,
            DefaultMode::Warn => Self::Warn,
            DefaultMode::Enforce => Self::Enforce,
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Clean,
    Findings,
    Broken,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Broken => 2,
        })
    }
}

/// Runs the command line this process was started with.
pub fn main() -> ExitCode {
    let Cli { command, common } = match parsed() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let outcome = match command {
        Command::Check(args) => check::run(&args, &common),
        #[cfg(feature = "serve")]
        Command::Doctor(args) => doctor::run(&args, &common),
        #[cfg(feature = "serve")]
        Command::EmergencyOff(args) => emergency::off(&args),
        #[cfg(feature = "serve")]
        Command::EmergencyOn(args) => emergency::on(&args),
        Command::Explain(args) => explain::run(&args),
        #[cfg(feature = "serve")]
        Command::Manifests(args) => manifests::run(&args),
        Command::Policies(args) => policies::run(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(&args, &common),
        Command::Test(args) => test::run_suites(&args, &common),
    };
    match outcome {
        Ok(outcome) => outcome.into(),
        // Whoever reads our output may stop early, as `head` does.
        Err(error) if is_broken_pipe(&error) => Outcome::Clean.into(),
        Err(error) => {
            output::say(format_args!("{error:#}"));
            Outcome::Broken.into()
        }
    }
}

/// The command line, with usage lines that say what was typed.
fn parsed() -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    // kubectl runs plugins by a name like `kubectl-plimsoll`.
    let name = std::env::args_os().next().map(PathBuf::from);
    let name = name.as_deref().and_then(Path::file_name).and_then(OsStr::to_str);
    if let Some(plugin) = name.and_then(|name| name.strip_prefix("kubectl-")) {
        command = command.bin_name(format!("kubectl {plugin}"));
    }
    Cli::from_arg_matches(&command.try_get_matches()?)
}

/// The time, in seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

impl PolicyArgs {
    /// The policies and exemptions asked for; what is wrong with them is shown on stderr.
    fn load(&self, common: &Common) -> anyhow::Result<Option<Loaded>> {
        let (policies, exemptions) = (named(&self.policies), named(&self.exemptions));
        let sources =
            Sources { policies: &policies, profile: &self.profile, exemptions: &exemptions };
        match policy_source::load_all(sources) {
            Ok(loaded) => {
                warn(&loaded);
                Ok(Some(loaded))
            }
            Err(errors) => {
                let count = errors.len();
                output::errors(errors, common.color);
                let plural = if count == 1 { "" } else { "s" };
                output::say(format_args!(
                    "{count} error{plural} in the policies; nothing was done"
                ));
                Ok(None)
            }
        }
    }
}

/// A path, or the nothing that a chart or a script may set the variable to; clap itself would refuse that.
fn maybe_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Without the nothings.
fn named(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect()
}

/// What in policies and exemptions is probably not what their authors mean.
fn warn(Loaded { policies, exemptions, .. }: &Loaded) {
    for conflict in policies.conflicts() {
        output::say(format_args!("warning: two rules want different values: {conflict}"));
    }
    for exemption in exemptions.exemptions() {
        let name = &exemption.name;
        if let Some(expiry) =
            exemption.expires.as_ref().filter(|_| exemption.is_expired(Some(now())))
        {
            let (written, owner) = (&expiry.written, &exemption.owner);
            output::say(format_args!(
                "warning: exemption {name} expired ({written}) and has no effect; remove it, or ask {owner} about it"
            ));
        }
    }
    for Stray { exemption, pointer, message, help } in exemptions.strays(policies) {
        let place = pointer.field_path();
        let help = help.map(|help| format!("; {help}")).unwrap_or_default();
        output::say(format_args!("warning: exemption {exemption}: {place}: {message}{help}"));
    }
}
