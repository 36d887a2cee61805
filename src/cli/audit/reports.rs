//! The flags of reports that an audit writes into the cluster.

use clap::{Args, ValueEnum};

use crate::audit::policy_reports::Wanted;
use crate::report::survey::policy_report::{MOST_RESULTS, ReportApi};

/// What is written into the cluster.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Write what was found into the cluster, as a PolicyReport (wgpolicy) or Report (openreports) of each namespace:
    /// as those that the cluster has (auto), or as these only
    #[arg(
        long,
        env = "PLIMSOLL_WRITE_REPORTS",
        value_enum,
        value_name = "KIND",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        conflicts_with_all = ["selector", "field_selector", "kinds", "classes"]
    )]
    pub(super) write_reports: Option<WriteReports>,
    /// Results of one such report, at most; of more, the least grave are left out and counted
    #[arg(
        long,
        env = "PLIMSOLL_REPORT_RESULTS",
        value_name = "N",
        default_value_t = MOST_RESULTS,
        value_parser = report_results
    )]
    pub(super) report_results: usize,
}

/// Which reports are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum WriteReports {
    /// Those that the cluster has
    Auto,
    /// PolicyReports of wgpolicyk8s.io/v1alpha2
    Wgpolicy,
    /// Reports of openreports.io/v1alpha1
    Openreports,
}

impl From<WriteReports> for Wanted {
    fn from(wanted: WriteReports) -> Self {
        match wanted {
            WriteReports::Auto => Self::Present,
            WriteReports::Wgpolicy => Self::Only(ReportApi::WgPolicy),
            WriteReports::Openreports => Self::Only(ReportApi::OpenReports),
        }
    }
}

/// More than that would not fit into an object of the cluster.
fn report_results(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=500).contains(number));
    number.ok_or_else(|| "a number from 1 to 500".to_owned())
}
