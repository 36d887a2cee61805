//! The command line: one file per door.

#[cfg(feature = "serve")]
mod audit;
#[cfg(feature = "serve")]
mod certificates;
mod check;
#[cfg(feature = "serve")]
mod choice;
mod completions;
mod config;
mod destination;
#[cfg(feature = "serve")]
mod doctor;
#[cfg(feature = "serve")]
mod emergency;
mod explain;
mod fix;
mod forecast;
mod format;
mod hints;
mod judging;
#[cfg(feature = "serve")]
mod kubernetes;
mod man;
#[cfg(feature = "serve")]
mod manifests;
mod offered;
mod output;
mod policies;
mod policy_args;
mod progress;
#[cfg(feature = "serve")]
mod recording;
#[cfg(feature = "serve")]
mod registries;
mod rendering;
mod replay;
mod report;
mod schema;
mod selection;
#[cfg(feature = "serve")]
mod serve;
mod settings;
mod silencing;
mod survey;
mod test;
mod verbose;
#[cfg(feature = "serve")]
mod webhooks;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand, ValueEnum};

use policy_args::{PolicyArgs, maybe_path};

use crate::policy::Mode;

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
    /// Judge every pod of a cluster, by its owner, without being a load on it
    #[cfg(feature = "serve")]
    Audit(Box<audit::AuditArgs>),
    /// Judge manifests: files, folders, or `-` for standard input
    Check(Box<check::CheckArgs>),
    /// Print the completions of a shell
    Completions(completions::CompletionsArgs),
    /// Show which settings apply, and where each is from
    Config(config::ConfigArgs),
    /// Find out what is wrong with an installation in a cluster, and how it is mended
    #[cfg(feature = "serve")]
    Doctor(doctor::DoctorArgs),
    /// Switch the webhooks off in a cluster, whether a server runs or not
    #[cfg(feature = "serve")]
    EmergencyOff(emergency::OffArgs),
    /// Switch on again what emergency-off switched off
    #[cfg(feature = "serve")]
    EmergencyOn(emergency::OnArgs),
    /// Explain a rule or a policy; without a name, list them
    Explain(explain::ExplainArgs),
    /// Edit manifests so that nothing is left to fix; comments and layout stay
    Fix(Box<fix::FixArgs>),
    /// Print manual pages
    Man(man::ManArgs),
    /// Print what the Helm chart installs, as plain YAML for `kubectl apply`
    #[cfg(feature = "serve")]
    Manifests(manifests::ManifestsArgs),
    /// Print the policies that are built in
    Policies(policies::PoliciesArgs),
    /// Judge recorded traffic: audit logs of the API server, captured AdmissionReviews
    Replay(Box<replay::ReplayArgs>),
    /// Add up results that were made in parts, and tell them as one
    Report(report::ReportArgs),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(schema::SchemaArgs),
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
    /// What applies beside, of the commands that read the configuration.
    #[arg(skip)]
    settings: settings::Settings,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    #[default]
    Auto,
    Always,
    Never,
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
    let Cli { command, common } = match settings::parse(std::env::args_os().collect()) {
        Ok(line) => line,
        Err(stop) => return stopped(stop),
    };
    common.settings.tell();
    let outcome = match command {
        #[cfg(feature = "serve")]
        Command::Audit(args) => audit::run(&args, &common),
        Command::Check(args) => check::run(&args, &common),
        Command::Completions(args) => completions::run(&args),
        Command::Config(args) => config::run(&args, &common),
        #[cfg(feature = "serve")]
        Command::Doctor(args) => doctor::run(&args, &common),
        #[cfg(feature = "serve")]
        Command::EmergencyOff(args) => emergency::off(&args),
        #[cfg(feature = "serve")]
        Command::EmergencyOn(args) => emergency::on(&args),
        Command::Explain(args) => explain::run(&args, &common),
        Command::Fix(args) => fix::run(&args, &common),
        Command::Man(args) => man::run(&args),
        #[cfg(feature = "serve")]
        Command::Manifests(args) => manifests::run(&args),
        Command::Policies(args) => policies::run(&args),
        Command::Replay(args) => replay::run(&args, &common),
        Command::Report(args) => report::run(&args, &common),
        Command::Schema(args) => schema::run(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(&args, &common),
        Command::Test(args) => test::run_suites(&args, &common),
    };
    outcome.map_or_else(|error| failed(&error), ExitCode::from)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Whoever reads our output may stop early, as `head` does.
    if is_broken_pipe(error) {
        return Outcome::Clean.into();
    }
    output::say(format_args!("{error:#}"));
    Outcome::Broken.into()
}

/// Nothing was begun.
fn stopped(stop: settings::Stop) -> ExitCode {
    match stop {
        settings::Stop::Usage(error) => {
            let _ = error.print();
            let code = if error.use_stderr() { Outcome::Broken } else { Outcome::Clean };
            code.into()
        }
        settings::Stop::Config(errors, color) => {
            let count = errors.len();
            output::errors(errors, color);
            let plural = if count == 1 { "" } else { "s" };
            output::say(format_args!(
                "{count} error{plural} in the configuration; nothing was done"
            ));
            Outcome::Broken.into()
        }
        settings::Stop::Other(error) => failed(&error),
    }
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
