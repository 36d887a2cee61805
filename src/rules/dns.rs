//! By default a pod resolves names through the cluster's DNS (`ClusterFirst`), with three search domains of the
//! cluster, those of the node, and `ndots:5`. One lookup of `db.example.com` then costs four or more queries, twice
//! that with AAAA, and each holds a conntrack entry on the node. A thousand tasks that start within a minute flood both.
//!
//! There are two cures. `policy: Default` lets pods use the resolver of their node, so the cluster's DNS is not asked at
//! all; names of Services no longer resolve then. A lower `ndots` saves the search path for names that have dots, and
//! is harmless to names such as `db.etl.svc`.
//!
//! ```yaml
//! dns:
//!   policy: Default
//!   options: [{name: ndots, value: "2"}, {name: single-request-reopen}]
//! ```
//!
//! ## What is read
//!
//! `spec.dnsPolicy` (absent means `ClusterFirst`), `spec.dnsConfig`, `spec.hostNetwork`, `spec.subdomain`, and whether a container's `env`,
//! `args` or `command` names a Service. Their text is never kept or quoted.
//!
//! - `policy`: `Default`, `ClusterFirst`, or `None` with 1 to 3 `nameservers`. Absent, any dnsPolicy will do, and the
//!   rule is about options and search domains only. `ClusterFirstWithHostNet` satisfies `ClusterFirst`: outside the
//!   node's network both are the same.
//! - `options` must be there by name. A value that the pod's author set wins, unless the option says
//!   `override: true`; then that one value is replaced. Where an option stands in a pod twice, the last counts, as for
//!   the kubelet.
//! - `searches` must be among `dnsConfig.searches`. `nameservers` are only for `policy: None`: beside another they would
//!   be asked in no order that can be relied on.
//!
//! ## What the fix does
//!
//! It sets `dnsPolicy`, appends the options, search domains and name servers that are missing, and replaces the value of
//! an option with `override: true`. Nothing else is touched. `plimsoll fix` takes all of it for unsafe: a pod moved off
//! the cluster's DNS no longer finds Services, a name that stands only in a mounted file or in code cannot be seen, and
//! options change what the programs in the pod are answered: with `ndots:1`, `db.etl` is first asked of the world.
//!
//! ## What it leaves alone
//!
//! - A pod that names Services, with `clusterNames: Keep` (the default): one of its containers holds `db.etl.svc`,
//!   `db.etl.svc.cluster.local`, `*.cluster.local` or a URL whose host has no dot and is dialled (`http://hub`,
//!   `redis://cache`; in `s3://data` it is a bucket), in a `value` of `env`, in `args` or `command`; or it has a
//!   `subdomain`, through which its peers find it; or its system is known to need such names (Spark, Ray, Dask,
//!   JupyterHub and others). It keeps its dnsPolicy and gets the options only, and the
//!   warning says why: `dnsPolicy stays ClusterFirst: container base names a Service in env`. Once its options are
//!   met there is nothing to report.
//! - A pod with `hostNetwork: true`: its `ClusterFirst` already means `Default`. With
//!   `hostNetwork: ClusterFirstWithHostNet` such a pod gets that policy and the options; one whose author wrote `Default`
//!   still does not, nor does a Windows pod, where that policy does not exist.
//! - A pod with `dnsPolicy: None`: its author took all of it in hand.
//!
//! ## Limits
//!
//! The API server allows 3 name servers, 32 search domains and 2,048 characters of them. Where adding would pass one of
//! these, there is a finding and no fix. Settings that no pod could meet are refused when the policy loads: `None`
//! without name servers, more than the limits, an address that is none, `ndots` without a number.
//! Search domains may hold `_` or be `.` alone, which Kubernetes takes since 1.33.

use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::edit::Edit;
use crate::finding::{Claim, Safety, Violation, quoted};
use crate::pod::scalars::Str;
use crate::pod::view::DnsConfig;
use crate::pointer::Pointer;

mod kept;
mod limits;
mod options;
mod settings;
#[cfg(test)]
mod tests;

use kept::Kept;
pub(super) use settings::Settings;
use settings::{ClusterNames, HostNetwork, Policy, Wanted};

const WITH_HOST_NET: &str = "ClusterFirstWithHostNet";

/// How pods resolve names.
#[derive(Debug)]
pub(super) struct Dns {
    policy: Option<Policy>,
    nameservers: Vec<String>,
    searches: Vec<String>,
    options: Vec<Wanted>,
    cluster_names: ClusterNames,
    host_network: HostNetwork,
}

impl Rule for Dns {
    const META: Meta = Meta {
        name: "dns",
        summary: "Pods resolve names in a way that spares the cluster's DNS.",
        fix: Some(FixMeta {
            summary: "sets dnsPolicy and adds what is missing in dnsConfig",
            safety: "unsafe",
        }),
        page: include_str!("../../docs/rules/dns.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        settings::compile(settings)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let spec = subject.spec;
        let now = spec.dns_policy();
        let config = spec.dns_config.as_ref();
        if now.value == Policy::None.name() {
            return;
        }
        if spec.host_network() {
            if self.host_network == HostNetwork::Keep || spec.is_windows() {
                return;
            }
            match now.value {
                WITH_HOST_NET => {}
                "ClusterFirst" => violations.push(with_host_net()),
                _ => return,
            }
            return self.judge_options(config, None, violations);
        }
        let unmet = self.policy.filter(|wanted| {
            wanted.name() != now.value
                && (*wanted != Policy::ClusterFirst || now.value != WITH_HOST_NET)
        });
        let kept = match unmet {
            Some(Policy::Default | Policy::None) if self.cluster_names == ClusterNames::Keep => {
                Kept::of(subject, now.value)
            }
            _ => None,
        };
        if kept.is_none() {
            if let Some(wanted) = unmet {
                violations.push(self.other_policy(wanted, now.value, now.defaulted, config));
            }
            self.judge_searches(config, violations);
        }
        self.judge_options(config, kept.as_ref(), violations);
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |field: String, value: &str| Claim { field, value: value.to_owned() };
        let policy = self.policy.map(|policy| claim("spec.dnsPolicy".to_owned(), policy.name()));
        let nameservers = (!self.nameservers.is_empty())
            .then(|| claim("spec.dnsConfig.nameservers".to_owned(), &self.nameservers.join(", ")));
        let options = self
            .options
            .iter()
            .map(|option| claim(format!("spec.dnsConfig.options[{}]", option.name), &option.text));
        policy.into_iter().chain(nameservers).chain(options).collect()
    }
}

impl Dns {
    fn other_policy(
        &self,
        wanted: Policy,
        now: &str,
        defaulted: bool,
        config: Option<&DnsConfig<'_>>,
    ) -> Violation {
        let place = Pointer::new("/spec/dnsPolicy");
        let default = if defaulted { ", the default," } else { "" };
        let (seen, asked) = (quoted(now), wanted.name());
        let message = format!("{seen}{default} is in force, and `{asked}` is asked for");
        let summary = format!("dnsPolicy {} -> {asked}", seen.trim_matches('`'));
        let set = Edit::set(place.clone(), asked);
        if wanted != Policy::None {
            return Violation::pod(place, message, format!("set dnsPolicy: {asked}")).with_fix(
                summary,
                Safety::Unsafe,
                vec![set],
            );
        }
        let servers = self.nameservers.join(", ");
        let help = format!("set dnsPolicy: None with dnsConfig.nameservers {servers}");
        let violation = Violation::pod(place, message, help);
        let present = list(config.map(|config| &config.nameservers));
        let missing: Vec<&String> = missing_of(&self.nameservers, present).collect();
        let total = present.len() + missing.len();
        if total > limits::NAMESERVERS {
            return Violation {
                help: format!(
                    "with the {} of its own, the pod would have {total} nameservers, and the API server allows {}",
                    present.len(),
                    limits::NAMESERVERS,
                ),
                ..violation
            };
        }
        let list = Pointer::new("/spec/dnsConfig/nameservers");
        let added = missing.into_iter().map(|one| Edit::append(list.clone(), one.as_str()));
        let edits = added.chain([set]).collect();
        violation.with_fix(format!("{summary} with nameservers {servers}"), Safety::Unsafe, edits)
    }

    fn judge_searches(&self, config: Option<&DnsConfig<'_>>, violations: &mut Vec<Violation>) {
        let present = list(config.map(|config| &config.searches));
        let missing: Vec<&str> = missing_of(&self.searches, present).map(String::as_str).collect();
        if missing.is_empty() {
            return;
        }
        let place = Pointer::new("/spec/dnsConfig/searches");
        let text = missing.join(", ");
        let message = format!("search domains are missing: {}", quoted(&text));
        let together = present.iter().map(|search| &**search).chain(missing.iter().copied());
        violations.push(match limits::of_searches(together) {
            Some(problem) => {
                Violation::pod(place, message, format!("with those of the pod, {problem}"))
            }
            None => {
                let edits = missing.iter().map(|one| Edit::append(place.clone(), *one)).collect();
                Violation::pod(place, message, "add them to dnsConfig.searches").with_fix(
                    format!("dnsConfig.searches + {text}"),
                    Safety::Unsafe,
                    edits,
                )
            }
        });
    }
}

fn with_host_net() -> Violation {
    let place = Pointer::new("/spec/dnsPolicy");
    Violation::pod(
        place.clone(),
        "`ClusterFirst` means `Default` for a pod in the node's network",
        format!("set dnsPolicy: {WITH_HOST_NET}"),
    )
    .with_fix(
        format!("dnsPolicy ClusterFirst -> {WITH_HOST_NET}"),
        Safety::Unsafe,
        vec![Edit::set(place, WITH_HOST_NET)],
    )
}

/// An optional list that may not be there.
fn list<T>(list: Option<&Option<Vec<T>>>) -> &[T] {
    list.and_then(Option::as_deref).unwrap_or_default()
}

fn missing_of<'w>(wanted: &'w [String], present: &[Str<'_>]) -> impl Iterator<Item = &'w String> {
    wanted.iter().filter(move |one| !present.iter().any(|there| **there == ***one))
}
