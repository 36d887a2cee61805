//! The connection to the API server, and what to do where it fails.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Error};

/// Connecting is done within a cluster, or to a machine near by.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take to be sent.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may fall silent. Longer than a watch lasts, which may have nothing to say all its life; without
/// it, a list whose connection died unnoticed would be waited for for ever.
const READ_TIMEOUT: Duration = Duration::from_secs(75);
/// The part of a refusal that names nothing but the user, who is in the message as well.
const MOST_OF_A_MESSAGE: usize = 400;

/// Which cluster is meant, where the environment is not to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The kubeconfig, in place of KUBECONFIG and ~/.kube/config.
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig, in place of its current one.
    pub context: Option<String>,
}

/// Why there is no client. The causes are in the text, so that whoever prints the chain does not print them again.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Neither a kubeconfig nor a pod's ServiceAccount.
    #[error(
        "no cluster is configured: {0}; set KUBECONFIG to a kubeconfig, or run in a pod with its ServiceAccount's \
         token mounted (automountServiceAccountToken: true)"
    )]
    NoConfig(String),
    /// The kubeconfig that was asked for cannot be used.
    #[error("{0}; correct the file, or name another one with --kubeconfig")]
    Kubeconfig(String),
    /// The context that was asked for is not in the kubeconfig.
    #[error("the kubeconfig has no context {context}; it has: {known}")]
    NoContext {
        /// The context that was asked for.
        context: String,
        /// Those that there are.
        known: String,
    },
    /// What is configured cannot be used.
    #[error(
        "the cluster's configuration cannot be used: {0}; correct the certificates and credentials in the kubeconfig"
    )]
    Unusable(String),
}

/// A client for the cluster that the environment names: KUBECONFIG, ~/.kube/config, or the pod's own ServiceAccount,
/// whose token file is read again as it rotates. Nothing is sent yet.
///
/// # Errors
/// When no cluster is configured, or not in a way that can be used. An API server that cannot be reached is no error.
pub async fn connect() -> Result<Client, ClientError> {
    client(inferred().await?)
}

async fn inferred() -> Result<Config, ClientError> {
    Config::infer().await.map_err(|error| ClientError::NoConfig(chain(&error)))
}

/// The current context of the kubeconfig, where that is what [`inferred`] takes and not the pod's ServiceAccount.
async fn current_context() -> Option<String> {
    let kubeconfig = Kubeconfig::read().ok()?;
    let context = kubeconfig.current_context.clone()?;
    let options = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(kubeconfig, &options).await.ok().map(|_| context)
}

/// Which cluster it is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The context in the kubeconfig, where there is one.
    pub context: Option<String>,
    /// The address of the API server.
    pub address: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            Some(context) => write!(f, "context {context} at {}", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// A client for the cluster that was chosen; what was not chosen is left to the environment, as in [`connect`].
///
/// # Errors
/// As [`connect`], and when the kubeconfig has no such context.
pub async fn connect_to(choice: &Choice) -> Result<Client, ClientError> {
    client(config(choice).await?.0)
}

/// The same, with what tells the cluster from others.
///
/// # Errors
/// As [`connect_to`].
pub async fn connect_to_place(choice: &Choice) -> Result<(Client, Place), ClientError> {
    let (config, context) = config(choice).await?;
    let address = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    Ok((client(config)?, Place { context, address }))
}

/// How the API server is reached, and the context that says so.
async fn config(choice: &Choice) -> Result<(Config, Option<String>), ClientError> {
    if *choice == Choice::default() {
        return Ok((inferred().await?, current_context().await));
    }
    let place = choice.kubeconfig.as_ref().map_or_else(
        || "the kubeconfig".to_owned(),
        |path| format!("the kubeconfig {}", path.display()),
    );
    let broken = |error: &kube::config::KubeconfigError| {
        ClientError::Kubeconfig(format!("{place} cannot be used: {}", chain(error)))
    };
    let read = match &choice.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = read.map_err(|error| broken(&error))?;
    if let Some(context) = &choice.context {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|one| one.name.as_str()).collect();
        if !known.contains(&context.as_str()) {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(ClientError::NoContext { context: context.clone(), known });
        }
    }
    let context = choice.context.clone().or_else(|| kubeconfig.current_context.clone());
    let options =
        KubeConfigOptions { context: choice.context.clone(), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| broken(&error))?;
    config.apply_debug_overrides();
    Ok((config, context))
}

fn client(mut config: Config) -> Result<Client, ClientError> {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.write_timeout = Some(WRITE_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    // Or the time that a connection waited for its next request would count.
    config.reset_reader_on_write = true;
    // Every caller has a backoff of its own, and a deadline that hidden retries would eat up.
    config.default_retry = false;
    let agent = concat!("plimsoll/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));
    Client::try_from(config).map_err(|error| ClientError::Unusable(chain(&error)))
}

/// Whether somebody else changed the object in the meantime, or made it first.
pub fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 409)
}

/// Whether the object, or the whole resource, is not there.
pub fn is_not_found(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 404)
}

/// What went wrong and what to do about it, in one line.
pub fn explain(error: &Error) -> String {
    let cause = match error {
        Error::Api(status) => short(&status.message),
        other => chain(other),
    };
    match error {
        Error::Api(status) => match status.code {
            401 => format!(
                "the API server does not accept the credentials ({cause}): check the token of the ServiceAccount"
            ),
            // The API server's message names user, verb, resource and scope: exactly the rule that is missing.
            403 => format!(
                "a right is missing ({cause}): add that verb and resource to the ClusterRole or Role of Plimsoll's \
                 ServiceAccount; the chart's templates/rbac.yaml has all of them"
            ),
            _ => cause,
        },
        Error::Auth(_) => format!(
            "the credentials cannot be had ({cause}): check the token file or the exec plugin of the kubeconfig"
        ),
        Error::HyperError(_) | Error::Service(_) => format!(
            "the API server cannot be reached ({cause}): check its address and the NetworkPolicy of Plimsoll's pods"
        ),
        _ => cause,
    }
}

/// An error with what caused it, each cause once: some errors name what is below them, and some do not.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    short(&text)
}

/// In one line that can be read.
pub fn short(text: &str) -> String {
    let mut text = text.replace(['\n', '\r'], " ");
    if text.chars().count() > MOST_OF_A_MESSAGE {
        text = text.chars().take(MOST_OF_A_MESSAGE).chain(['…']).collect();
    }
    text
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn api(code: u16, message: &str) -> Error {
        Error::Api(Box::new(Status { code, message: message.to_owned(), ..Status::default() }))
    }

    #[test]
    fn a_missing_right_is_named() {
        let message = "podpolicies.plimsoll.dev is forbidden: User \"u\" cannot list resource \"podpolicies\"";
        let text = explain(&api(403, message));
        assert!(text.contains(message) && text.contains("ClusterRole"), "{text}");
    }

    #[test]
    fn what_the_caller_can_mend_is_told_apart() {
        assert!(explain(&api(401, "Unauthorized")).contains("token"));
        assert!(is_conflict(&api(409, "")) && !is_conflict(&api(404, "")));
        assert!(is_not_found(&api(404, "")) && !is_not_found(&api(403, "")));
        assert!(explain(&api(500, &"x".repeat(5_000))).chars().count() <= MOST_OF_A_MESSAGE + 1);
    }

    #[tokio::test]
    async fn a_cluster_is_chosen_by_file_and_context() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let context = |name| format!("- {{name: {name}, context: {{cluster: c, user: u}}}}\n");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts:\n{}{}\
             clusters:\n- {{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}\n\
             users:\n- {{name: u, user: {{token: t}}}}\n",
            context("one"),
            context("two")
        );
        std::fs::write(&path, text).unwrap();
        let choose = |path: &std::path::Path, context: Option<&str>| Choice {
            kubeconfig: Some(path.to_owned()),
            context: context.map(str::to_owned),
        };
        assert!(connect_to(&choose(&path, None)).await.is_ok());
        assert!(connect_to(&choose(&path, Some("two"))).await.is_ok());
        let told = |choice| async move { connect_to(&choice).await.err().unwrap().to_string() };
        assert_eq!(
            told(choose(&path, Some("three"))).await,
            "the kubeconfig has no context three; it has: one, two"
        );
        let absent = folder.path().join("absent");
        let said = told(choose(&absent, None)).await;
        assert!(said.contains(absent.to_str().unwrap()) && said.contains("No such file"), "{said}");
    }
}
