//! The flags that say which cluster is meant.

use std::path::PathBuf;

use clap::Args;

use crate::cluster::client::Choice;

/// Flags that say which cluster is meant.
#[derive(Debug, Args)]
pub(super) struct ClusterArgs {
    /// The kubeconfig; absent: KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig; absent: its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    pub(super) fn choice(&self) -> Choice {
        Choice { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() }
    }

    /// The same flags, for a command that is to be about the same cluster.
    pub(super) fn again(&self) -> String {
        let file = self.kubeconfig.as_ref().map(|path| path.display().to_string());
        let flags = [("--kubeconfig", file), ("--context", self.context.clone())];
        let given = flags.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        given.map(|(flag, value)| format!(" {flag} {}", quoted(&value))).collect()
    }
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_repeated_as_a_shell_takes_them() {
        let args = ClusterArgs {
            kubeconfig: Some("/a b/it's".into()),
            context: Some("arn:aws:eks:eu-1:12:cluster/x".to_owned()),
        };
        assert_eq!(
            args.again(),
            r" --kubeconfig '/a b/it'\''s' --context arn:aws:eks:eu-1:12:cluster/x"
        );
        assert_eq!(ClusterArgs { kubeconfig: None, context: None }.again(), "");
    }
}
