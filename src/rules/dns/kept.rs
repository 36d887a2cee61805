//! Pods that need the names of Services.

use std::fmt;

use super::WITH_HOST_NET;
use crate::pod::mentions::Mentions;
use crate::rules::Subject;

/// Why a pod keeps a dnsPolicy that another is asked for.
pub(super) struct Kept<'s> {
    policy: &'s str,
    why: Why<'s>,
}

enum Why<'s> {
    /// A container names a Service in one of its fields.
    Names { container: &'s str, field: &'static str },
    /// The pod has a name of its own below a headless Service.
    Subdomain,
    /// The pod's system needs names of Services.
    System(&'static str),
}

impl<'s> Kept<'s> {
    /// What speaks against moving a pod off `policy`, which is in force.
    pub(super) fn of(subject: &Subject<'s, '_>, policy: &'s str) -> Option<Self> {
        if policy != "ClusterFirst" && policy != WITH_HOST_NET {
            return None;
        }
        let names = subject.spec.all_containers().find_map(|found| {
            let container = found.container;
            let fields = [
                ("env", container.env.map(|env| env.0)),
                ("args", container.args),
                ("command", container.command),
            ];
            let names = |(_, mentions): &(_, Option<Mentions>)| {
                mentions.is_some_and(|mentions| mentions.cluster_names)
            };
            let (field, _) = fields.into_iter().find(names)?;
            Some(Why::Names { container: container.name(), field })
        });
        let subdomain = || {
            let subdomain = subject.spec.subdomain.as_deref().unwrap_or_default();
            (!subdomain.is_empty()).then_some(Why::Subdomain)
        };
        let system = || subject.workload.system?.needs_cluster_dns.map(Why::System);
        Some(Self { policy, why: names.or_else(subdomain).or_else(system)? })
    }
}

impl fmt::Display for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dnsPolicy stays {}: ", self.policy)?;
        match self.why {
            Why::Names { container, field } => {
                write!(f, "container {container} names a Service in {field}")
            }
            Why::Subdomain => f.write_str("its subdomain is a headless Service of its peers"),
            Why::System(why) => f.write_str(why),
        }
    }
}
