//! Why the API server did not answer with what it was asked for.

use std::time::Duration;

/// Why the API server did not answer with what it was asked for, after every attempt that made sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It does not know who asks (401), or the kubeconfig's plugin has no credentials.
    #[error("the API server does not accept the credentials: {0}")]
    Credentials(String),
    /// A right is missing (403).
    #[error("{0}")]
    Forbidden(String),
    /// There is no such resource (404).
    #[error("{0}")]
    NotFound(String),
    /// The rest of a list is not there any more (410), and perhaps with which token it is to be continued.
    #[error("the rest of the list is not there any more")]
    Expired(Option<String>),
    /// The request itself is wrong (400 and others).
    #[error("the API server refuses the request ({code}): {message}")]
    Refused {
        /// The status.
        code: u16,
        /// What the API server says.
        message: String,
    },
    /// No connection.
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
    /// Its certificate is not one that the kubeconfig trusts.
    #[error("the API server's certificate is not trusted: {0}")]
    Untrusted(String),
    /// It takes requests and does not answer.
    #[error("the API server did not answer within {} s", .0.as_secs_f64())]
    Stalled(Duration),
    /// It fails (5xx), has too many requests (429), or answers are cut.
    #[error("the API server failed again and again: {0}")]
    Broken(String),
    /// The answer is none of an API server.
    #[error("what answers is no API server: {0}")]
    Foreign(String),
}

impl Failure {
    /// What to do.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Credentials(_) => {
                "log in again, or check the token or the exec plugin of the kubeconfig"
            }
            Self::Forbidden(_) => {
                "grant that verb on that resource; docs/audit.md lists the rights"
            }
            Self::NotFound(_) | Self::Expired(_) => return None,
            Self::Refused { .. } => "check --selector and --field-selector",
            Self::Unreachable(_) => "check the address in the kubeconfig, and the network",
            Self::Untrusted(_) => {
                "check certificate-authority (or certificate-authority-data) and tls-server-name in the kubeconfig"
            }
            Self::Stalled(_) => "try again later, or give --request-timeout more seconds",
            Self::Broken(_) => "try again later, with a lower --qps or a smaller --page-size",
            Self::Foreign(_) => "check the address in the kubeconfig, and the proxy in between",
        })
    }

    /// Whether the next request would fail in the same way.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Credentials(_)
                | Self::Unreachable(_)
                | Self::Untrusted(_)
                | Self::Stalled(_)
                | Self::Foreign(_)
        )
    }

    /// Whether a smaller part of the same list may be had.
    pub fn spares_parts(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::Expired(_) | Self::Broken(_))
    }
}
