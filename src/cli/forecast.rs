//! Flags of `--forecast`: what is assumed where nothing is known.

use clap::{Args, ValueEnum};

use crate::forecast::{Assumptions, Runtime};

/// What to assume in forecasts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Forecast")]
pub(super) struct ForecastArgs {
    /// Addresses that registries see the nodes under [default: not known, one to one for each node]
    #[arg(
        long,
        env = "PLIMSOLL_EGRESS_ADDRESSES",
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    egress_addresses: Option<u64>,
    /// How many nodes there are, where they cannot be listed
    #[arg(
        long,
        env = "PLIMSOLL_NODES",
        value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    nodes: Option<u64>,
    /// How many pods are created in an hour [default: as many as are seen]
    #[arg(long, env = "PLIMSOLL_CHURN", value_name = "PODS/HOUR")]
    churn: Option<u64>,
    /// Pulls that Docker Hub allows an address in 6 hours: 100 without an account, 200 with a personal one
    #[arg(
        long,
        env = "PLIMSOLL_PULL_LIMIT",
        value_name = "N",
        default_value_t = Assumptions::PULL_LIMIT
    )]
    pull_limit: u64,
    /// What runs the containers, where nodes cannot be listed
    #[arg(long, env = "PLIMSOLL_CONTAINER_RUNTIME", value_enum, value_name = "RUNTIME")]
    container_runtime: Option<ContainerRuntime>,
    /// Search domains in the nodes' resolv.conf [default: not known, 0 to 3]
    #[arg(long, env = "PLIMSOLL_NODE_SEARCH_DOMAINS", value_name = "N")]
    node_search_domains: Option<u64>,
    /// Pods of one owner that are a crowd
    #[arg(
        long,
        env = "PLIMSOLL_CROWD",
        value_name = "PODS",
        default_value_t = Assumptions::CROWD,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    crowd: u64,
}

/// What runs the containers of a node.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ContainerRuntime {
    /// Asks the registry by HEAD, which Docker Hub does not count
    Containerd,
    /// Gets the manifest at every pull, which Docker Hub counts
    #[value(name = "cri-o")]
    CriO,
}

impl ForecastArgs {
    /// What is assumed.
    pub(super) fn assumptions(&self) -> Assumptions {
        Assumptions {
            egress_addresses: self.egress_addresses,
            nodes: self.nodes,
            churn: self.churn,
            pull_limit: self.pull_limit,
            runtime: self.container_runtime.map(|runtime| match runtime {
                ContainerRuntime::Containerd => Runtime::Containerd,
                ContainerRuntime::CriO => Runtime::CriO,
            }),
            node_searches: self.node_search_domains,
            crowd: self.crowd,
        }
    }
}
