//! `plimsoll serve`: the admission webhook.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::certificates::CertificateArgs;
use super::kubernetes::KubernetesArgs;
use super::recording::RecordingArgs;
use super::registries::RegistryArgs;
use super::{Common, DefaultMode, Outcome, PolicyArgs};
use crate::engine::Engine;
use crate::serve::{
    self, Admin, DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, Drain, Limits, Options, parse_address,
    parse_delay,
};

/// Flags of `plimsoll serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    policies: PolicyArgs,
    #[command(flatten)]
    cluster: KubernetesArgs,
    /// Where to listen
    #[arg(
        long,
        env = "PLIMSOLL_LISTEN",
        value_name = "ADDR",
        value_parser = parse_address,
        default_value_t = DEFAULT_LISTEN
    )]
    listen: SocketAddr,
    #[arg(
        long,
        env = "PLIMSOLL_ADMIN_LISTEN",
        value_name = "ADDR",
        value_parser = parse_address,
        help = format!(
            "Where /livez, /readyz, /metrics and /ledger are, over plain HTTP [default: \
             {DEFAULT_ADMIN_LISTEN}, or any free port where that one is taken]"
        )
    )]
    admin_listen: Option<SocketAddr>,
    #[command(flatten)]
    certificates: CertificateArgs,
    /// Namespace Plimsoll is installed in: nothing there is judged
    #[arg(
        long,
        env = "PLIMSOLL_OWN_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = Engine::DEFAULT_NAMESPACE
    )]
    own_namespace: String,
    /// The mode of namespaces that have no label plimsoll.dev/mode
    #[arg(long, env = "PLIMSOLL_DEFAULT_MODE", value_enum, default_value_t, value_name = "MODE")]
    default_mode: DefaultMode,
    /// Connections open at once; more are refused
    #[arg(
        long,
        env = "PLIMSOLL_MAX_CONNECTIONS",
        value_name = "N",
        value_parser = at_least_one,
        default_value_t = Limits::default().max_connections
    )]
    max_connections: usize,
    /// How long to serve on after a signal, with /readyz saying no [default: 5s after SIGTERM, 0s
    /// after SIGINT]
    #[arg(long, env = "PLIMSOLL_DRAIN_DELAY", value_name = "DURATION", value_parser = parse_delay)]
    drain_delay: Option<Duration>,
    #[command(flatten)]
    registries: RegistryArgs,
    #[command(flatten)]
    recording: RecordingArgs,
    /// What to log: error, warn, info, debug, trace, or a list such as info,plimsoll=debug
    /// [default: RUST_LOG, else info]
    #[arg(long, env = "PLIMSOLL_LOG_LEVEL", value_name = "LEVEL")]
    log_level: Option<String>,
}

/// No connection at all would be a server that says it is ready and answers nobody.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least one is needed".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(format!("{error}")),
    }
}

pub(super) fn run(args: &ServeArgs, common: &Common) -> anyhow::Result<Outcome> {
    let ServeArgs {
        policies,
        cluster,
        listen,
        admin_listen,
        certificates,
        own_namespace,
        default_mode,
        max_connections,
        drain_delay,
        registries,
        recording,
        log_level,
    } = args;
    serve::logging::init(log_level.as_deref())?;
    cluster.check()?;
    let Some(registries) = registries.read(common) else { return Ok(Outcome::Broken) };
    let engine = match cluster.kubernetes {
        // The cluster says what is in force; until it has, the server is not ready.
        true => Engine::new(Arc::default()),
        false => match from_files(policies, common)? {
            Some(engine) => engine,
            None => return Ok(Outcome::Broken),
        },
    };
    let engine = engine.with_default_mode((*default_mode).into()).in_namespace(own_namespace);
    let options = Options {
        listen: *listen,
        admin: admin_listen.map_or(Admin::Default, Admin::At),
        tls: certificates.source(&cluster.name, own_namespace),
        limits: Limits { max_connections: *max_connections, ..Limits::default() },
        drain: Drain { delay: *drain_delay, ..Drain::default() },
        cluster: cluster.settings(own_namespace),
        ledger_owners: recording.ledger_owners(),
        replica: cluster.replica(),
        registries,
        recording: recording.settings(),
    };
    serve::run(options, Arc::new(engine))?;
    Ok(Outcome::Clean)
}

/// An engine over the policies of files; none where they are wrong, which has been said.
fn from_files(policies: &PolicyArgs, common: &Common) -> anyhow::Result<Option<Engine>> {
    let Some(loaded) = policies.load(common)? else { return Ok(None) };
    for policy in
        loaded.policies.policies().iter().filter(|policy| policy.matcher.needs_namespace_labels())
    {
        tracing::warn!(
            policy = &*policy.name,
            "the policy is never applied: reviews do not carry the namespace labels its namespaceSelector asks for; \
             select namespaces by name instead"
        );
    }
    let exemptions = loaded.exemptions.exemptions().iter();
    for exemption in exemptions.filter(|one| one.matcher.needs_namespace_labels()) {
        tracing::warn!(
            exemption = &*exemption.name,
            "the exemption never holds: reviews do not carry the namespace labels its namespaceSelector asks for; \
             select namespaces by name instead"
        );
    }
    let engine = Engine::new(Arc::new(loaded.policies));
    Ok(Some(engine.with_exemptions(Arc::new(loaded.exemptions))))
}
