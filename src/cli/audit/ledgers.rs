//! Whether replicas of Plimsoll are asked too.

use clap::Args;

use crate::audit::{LedgerUrl, Ledgers};

/// Whether replicas of Plimsoll are asked too.
#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// Add what the replicas of Plimsoll in --own-namespace did to pods that are gone
    #[arg(long)]
    with_ledger: bool,
    /// Ask this replica's admin address and no other, as with `kubectl port-forward`; repeatable
    #[arg(long = "ledger", value_name = "URL")]
    urls: Vec<LedgerUrl>,
}

impl LedgerArgs {
    /// Where replicas are asked, if they are.
    pub(super) fn ledgers(&self, own_namespace: &str) -> Option<Ledgers> {
        if !self.urls.is_empty() {
            return Some(Ledgers::At(self.urls.clone()));
        }
        self.with_ledger.then(|| Ledgers::InNamespace(own_namespace.to_owned()))
    }
}
