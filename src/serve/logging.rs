//! Logs: for people on a terminal, as JSON otherwise. Both go to stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::error::ServeError;

const DEFAULT_FILTER: &str = "info";
/// kube logs an error for every request that fails, which whoever made the request tells of as well, once.
const QUIET: &str = "kube_client=off,kube_runtime=off";

/// Sends log messages to stderr from here on. The filter is the flag's, else `RUST_LOG`'s, else
/// `info`.
///
/// # Errors
/// When the filter does not parse.
pub fn init(level: Option<&str>) -> Result<(), ServeError> {
    let from_environment = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    let filter = level.or(from_environment.as_deref()).unwrap_or(DEFAULT_FILTER);
    // A bare level is about Plimsoll: the libraries below it have frames and handshakes to tell of.
    let ours = match filter {
        "debug" | "trace" => format!("info,{QUIET},plimsoll={filter}"),
        bare if !bare.contains(['=', ',']) => format!("{bare},{QUIET}"),
        list => list.to_owned(),
    };
    let filter = EnvFilter::builder().parse(&ours).map_err(|error| ServeError::LogFilter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    })?;
    let stderr = std::io::stderr();
    let terminal = stderr.is_terminal();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Whoever has set a subscriber before keeps it.
    let _ = if terminal {
        subscriber.with_ansi(colours).with_target(false).try_init()
    } else {
        subscriber.json().flatten_event(true).with_current_span(false).try_init()
    };
    Ok(())
}
