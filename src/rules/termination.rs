//! A node that is drained gives a pod its grace period and then kills it: a query engine that is given thirty seconds
//! loses queries that run for minutes, a server without a `preStop` pause loses the requests that still come in while its
//! address is withdrawn everywhere. At the other end, pods that hang and Jobs that nobody deletes stay for ever: finished
//! pods fill etcd, and every list of pods carries them.
//!
//! ```yaml
//! termination:
//!   terminationGracePeriodSeconds: {min: 60, max: 600}
//!   preStop: {sleepSeconds: 5}
//! ```
//!
//! is for Services,
//!
//! ```yaml
//! termination:
//!   terminationGracePeriodSeconds: {max: 30}
//!   activeDeadlineSeconds: {required: true, default: 86400, max: 172800}
//!   ttlSecondsAfterFinished: {required: true, default: 3600, max: 86400}
//!   backoffLimit: {max: 3}
//! ```
//!
//! for batch. Give each a policy of its own, with `match: {workloads: [Service]}` and `match: {workloads: [Batch]}`.
//!
//! ## What is read
//!
//! - `terminationGracePeriodSeconds` of the pod; absent, it is 30, as the API server fills in. A webhook cannot tell 30
//!   that somebody wrote from 30 that was filled in, so there is no default here, only `min` and `max`.
//! - `lifecycle.preStop` of every main container that `containers` and `images` include, whatever the handler does. Init
//!   containers and sidecars are left alone: sidecars end after the main containers anyway.
//! - `activeDeadlineSeconds`. A Job has one of its own, which counts all retries: of a Job or CronJob it is read there, and
//!   one in its template counts as well. A pod that a Job made is not asked to have one, since its Job was; a value that it
//!   has must be within the bounds. Pods that a Deployment, ReplicaSet, StatefulSet, DaemonSet or ReplicationController
//!   keeps running are left alone: the API server takes no deadline in their templates.
//! - `ttlSecondsAfterFinished` and `backoffLimit` of Jobs, and of the Jobs that a CronJob makes. They are judged when the
//!   Job is applied; pods have nothing of the kind. Without `backoffLimit` a Job has 6. A Job that limits the retries of
//!   each index (`backoffLimitPerIndex`) and not their sum is left alone.
//!
//! ## What the fix does
//!
//! It moves a value to the nearest one that is allowed, puts `default` where a required value is absent, and gives a
//! container without `preStop` one that sleeps `sleepSeconds` (a sleep action needs no shell in the image; the API server
//! has it switched on since Kubernetes 1.30). All of it is unsafe: the program is given more or less time than its author
//! said. With `activeDeadlineSeconds` it is killed.
//!
//! The API server refuses a sleep that is longer than the grace period. A container whose grace period is too short for
//! the sleep gets none, unless the rule raises the grace period as well; a grace period is not cut below a sleep that
//! a container has.
//!
//! A webhook patches pods, not Jobs. What is wrong in a Job itself follows the rule's `otherwise` there, and `fix` mends it
//! in the manifest. A deadline that is missing on a Job is added to the Job and not to its template: in the template it
//! would count anew with every retry.
//!
//! ## Limits
//!
//! Whether a `preStop` handler that is there does anything useful is not judged. Jobs that a controller makes from kinds
//! other than CronJob are judged when it creates them, which a `Deny` makes fail: such policies are best tried with `Warn`.

use super::narrowing::Narrowing;
use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::finding::{Claim, Violation};
use crate::pod::containers::ContainerList;
use crate::pod::workload::{Class, controller};
use crate::pointer::Pointer;

mod grace;
mod settings;
#[cfg(test)]
mod tests;
mod values;

use grace::Grace;
pub(super) use settings::Settings;
use settings::{Bounds, refused};
use values::{Seconds, Value};

/// How pods and Jobs end.
#[derive(Debug)]
pub(super) struct Termination {
    grace: Option<Bounds>,
    pre_stop: Option<PreStop>,
    active_deadline: Option<Seconds>,
    ttl: Option<Seconds>,
    backoff: Option<Bounds>,
}

/// What is asked of preStop handlers.
#[derive(Debug)]
struct PreStop {
    /// Seconds that the handler of the fix sleeps.
    sleep: Option<i64>,
    narrowing: Narrowing,
}

impl Rule for Termination {
    const META: Meta = Meta {
        name: "termination",
        summary: "Pods and Jobs end in time, and leave time to end well.",
        fix: Some(FixMeta {
            summary: "moves values into their bounds, adds deadlines and preStop handlers that sleep",
            safety: "unsafe",
        }),
        page: include_str!("../../docs/rules/termination.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        let narrows = settings.containers.is_some() || settings.images.is_some();
        let narrowing = Narrowing::compile(settings.containers.as_ref(), settings.images.as_ref())?;
        let seconds = |field, least, written: Option<settings::Seconds>| {
            let compiled = written.map(|seconds| -> Result<Seconds, SettingsError> {
                let bounds = seconds.compile(field, least)?;
                let default = seconds.default.map(i64::from);
                Ok(Seconds { required: seconds.required, default, bounds })
            });
            compiled.transpose()
        };
        let limits = |field, written: Option<settings::Limits>| {
            written.map(|limits| limits.compile(field, 0)).transpose()
        };
        let rule = Self {
            grace: limits(
                "terminationGracePeriodSeconds",
                settings.termination_grace_period_seconds,
            )?,
            active_deadline: seconds("activeDeadlineSeconds", 1, settings.active_deadline_seconds)?,
            ttl: seconds("ttlSecondsAfterFinished", 0, settings.ttl_seconds_after_finished)?,
            backoff: limits("backoffLimit", settings.backoff_limit)?,
            pre_stop: settings
                .pre_stop
                .map(|written| PreStop { sleep: written.sleep_seconds.map(i64::from), narrowing }),
        };
        rule.check(narrows)?;
        Ok(rule)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let grace = Grace::of(subject.spec, self.grace);
        if let Some(bounds) = self.grace {
            grace.judge(bounds, violations);
        }
        if let Some(wanted) = &self.pre_stop {
            for container in subject.spec.all_containers() {
                let is_judged =
                    container.list == ContainerList::Main && !container.container.has_pre_stop();
                if is_judged && wanted.narrowing.includes(&container) {
                    violations.push(grace.no_pre_stop(&container, wanted.sleep));
                }
            }
        }
        if let Some(wanted) = self.active_deadline {
            judge_deadline(subject, wanted, violations);
        }
        if let Some(job) = &subject.pod.job {
            if let Some(wanted) = self.ttl {
                let field = "ttlSecondsAfterFinished";
                let now = job.ttl_seconds_after_finished;
                wanted.judge(Pointer::new("/..").join(field), field, now, violations);
            }
            if let (Some(bounds), Some((now, defaulted))) = (self.backoff, job.backoff_limit()) {
                let field = "backoffLimit";
                let pointer = Pointer::new("/..").join(field);
                violations.extend(bounds.judge(&Value { pointer, field, now, defaulted }));
            }
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |field: &str, bounds: Option<Bounds>| {
            let bounds = bounds.filter(|bounds| *bounds != Bounds::default())?;
            Some(Claim { field: field.to_owned(), value: bounds.text() })
        };
        let bounds = |seconds: Option<Seconds>| seconds.map(|seconds| seconds.bounds);
        [
            claim("spec.terminationGracePeriodSeconds", self.grace),
            claim("spec.activeDeadlineSeconds", bounds(self.active_deadline)),
            claim("ttlSecondsAfterFinished of a Job", bounds(self.ttl)),
            claim("backoffLimit of a Job", self.backoff),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Termination {
    fn check(&self, narrows: bool) -> Result<(), SettingsError> {
        let Self { grace, pre_stop, active_deadline, ttl, backoff } = self;
        if grace.is_none()
            && pre_stop.is_none()
            && active_deadline.is_none()
            && ttl.is_none()
            && backoff.is_none()
        {
            return Err(SettingsError {
                pointer: Pointer::default(),
                message: "the rule asks for nothing".to_owned(),
                help: Some("give `terminationGracePeriodSeconds`, `preStop`, `activeDeadlineSeconds`, `ttlSecondsAfterFinished` or `backoffLimit`".to_owned()),
            });
        }
        if narrows && pre_stop.is_none() {
            let message = "`containers` and `images` narrow `preStop`, and there is none";
            return Err(SettingsError {
                pointer: Pointer::default(),
                message: message.to_owned(),
                help: Some("add `preStop`, or remove them".to_owned()),
            });
        }
        let sleep = pre_stop.as_ref().and_then(|wanted| wanted.sleep);
        if let Some(sleep) = sleep.filter(|sleep| *sleep < 1) {
            let message = format!("a sleep of {sleep} s is none");
            return Err(refused("preStop", "/sleepSeconds", &message, "give 1 or more"));
        }
        let longest = grace.and_then(|bounds| bounds.max);
        if let (Some(sleep), Some(longest)) = (sleep, longest)
            && sleep > longest
        {
            let message = format!(
                "the sleep of {sleep} s is longer than any grace period allowed, {longest} s at most"
            );
            let help = "shorten it, or raise `terminationGracePeriodSeconds.max`";
            return Err(refused("preStop", "/sleepSeconds", &message, help));
        }
        Ok(())
    }
}

fn judge_deadline(subject: &Subject<'_, '_>, wanted: Seconds, violations: &mut Vec<Violation>) {
    // The API server refuses a deadline in the templates of controllers that start a pod anew
    // (`ValidatePodTemplateSpecForReplicaSet` in pkg/apis/apps/validation/validation.go, and its like).
    if subject.workload.replicated || subject.workload.class == Class::Daemon {
        return;
    }
    let field = "activeDeadlineSeconds";
    let place = Pointer::new("/spec/activeDeadlineSeconds");
    let of_pod = subject.spec.active_deadline_seconds;
    if let Some(job) = &subject.pod.job {
        if job.active_deadline_seconds.is_some() || of_pod.is_none() {
            let place = Pointer::new("/..").join(field);
            wanted.judge(place, field, job.active_deadline_seconds, violations);
        }
    } else if of_pod.is_none()
        && controller(subject.pod)
            .is_some_and(|owner| (owner.group, owner.kind) == ("batch", "Job"))
    {
        return;
    }
    if of_pod.is_some() || subject.pod.job.is_none() {
        wanted.judge(place, field, of_pod, violations);
    }
}
