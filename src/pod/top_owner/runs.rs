//! Names of runs: what stays the same from run to run.

use std::ops::Range;

/// A kind whose objects are made at given times and named after these, and the kind that makes them.
struct Scheduled {
    group: &'static str,
    kind: &'static str,
    by: &'static str,
    /// The times, as they are written. The ranges are those of the years 2015 to 2050, so that no date written as
    /// 20240131 is taken for one.
    times: Range<u64>,
}

const SCHEDULED: [Scheduled; 3] = [
    // In minutes (pkg/controller/cronjob/utils.go `getJobName`).
    Scheduled { group: "batch", kind: "Job", by: "CronJob", times: 23_600_000..42_100_000 },
    // In seconds (Argo's workflow/cron/operator.go `getChildWorkflowName`).
    Scheduled {
        group: "argoproj.io",
        kind: "Workflow",
        by: "CronWorkflow",
        times: 1_416_000_000..2_526_000_000,
    },
    // In nanoseconds (the operator's internal/controller/scheduledsparkapplication/controller.go).
    Scheduled {
        group: "sparkoperator.k8s.io",
        kind: "SparkApplication",
        by: "ScheduledSparkApplication",
        times: 1_416_000_000_000_000_000..2_526_000_000_000_000_000,
    },
];

/// Kinds that are mostly made from a template, once for each run, and named from a prefix. Jobs are not among them:
/// people name those.
const GENERATED: [(&str, &str); 6] = [
    ("argoproj.io", "Workflow"),
    ("ray.io", "RayCluster"),
    ("sparkoperator.k8s.io", "SparkApplication"),
    ("tekton.dev", "PipelineRun"),
    ("tekton.dev", "TaskRun"),
    ("actions.github.com", "EphemeralRunner"),
];

/// Letters and digits of generated names: those of the API server (k8s.io/apimachinery pkg/util/rand), which has no
/// vowels, and those that Jenkins has beside them.
const ALPHABET: &str = "bcdfghjklmnpqrstvwxz0123456789";

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether names of objects of this kind may be of one run.
pub(super) fn are_named_anew(api_version: &str, kind: &str) -> bool {
    let group = group(api_version);
    SCHEDULED.iter().any(|made| (made.group, made.kind) == (group, kind))
        || GENERATED.contains(&(group, kind))
}

/// The kind and the name that stay the same from run to run: those of whoever makes the runs where the name tells,
/// else the prefix of what was generated, or all of the name.
pub(super) fn of<'n>(api_version: &str, kind: &'n str, name: &'n str) -> (&'n str, &'n str) {
    let group = group(api_version);
    if let Some(made) = SCHEDULED.iter().find(|made| (made.group, made.kind) == (group, kind))
        && let Some((above, time)) = name.rsplit_once('-')
        && !above.is_empty()
        && time.bytes().all(|byte| byte.is_ascii_digit())
        && time.parse().is_ok_and(|time| made.times.contains(&time))
    {
        return (made.by, above);
    }
    // A Job of a Job controller is named by people, so that only the times tell of it.
    if (group, kind) == ("batch", "Job") {
        return (kind, name);
    }
    (kind, prefix(name).unwrap_or(name))
}

/// The prefix, with its dash, that the API server generated a name from. Jenkins puts the number of a build before
/// what it generates.
fn prefix(name: &str) -> Option<&str> {
    let is_generated = |end: &str| {
        end.len() == 5
            && end.chars().all(|character| ALPHABET.contains(character))
            && end.chars().any(|character| !character.is_ascii_digit())
    };
    let (above, _) = name.rsplit_once('-').filter(|(_, end)| is_generated(end))?;
    let is_number = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    let above = match above.rsplit_once(['-', '_']) {
        Some((above, end)) if is_number(end) && !above.is_empty() => above,
        _ => above,
    };
    name.get(..above.len() + 1).filter(|_| !above.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_generated_is_left_out() {
        for (name, left) in [
            ("etl-7xk2p", "etl-"),
            ("build-42-x7k2p", "build-"),
            ("etl", "etl"),
            ("etl-daily", "etl-daily"),
            ("etl-12345", "etl-12345"),
            ("-7xk2p", "-7xk2p"),
            ("7xk2p", "7xk2p"),
            ("etl-7xk2pp", "etl-7xk2pp"),
        ] {
            assert_eq!(of("argoproj.io/v1alpha1", "Workflow", name), ("Workflow", left), "{name}");
        }
        assert_eq!(of("batch/v1", "Job", "etl-7xk2p"), ("Job", "etl-7xk2p"));
    }

    #[test]
    fn times_tell_who_made_a_run() {
        let argo = of("argoproj.io/v1alpha1", "Workflow", "etl-1767225600");
        assert_eq!(argo, ("CronWorkflow", "etl"));
        let spark =
            of("sparkoperator.k8s.io/v1beta2", "SparkApplication", "pi-1767225600000000000");
        assert_eq!(spark, ("ScheduledSparkApplication", "pi"));
        assert_eq!(of("batch/v1", "Job", "etl-28912345"), ("CronJob", "etl"));
        assert_eq!(of("batch/v1", "Job", "etl-1767225600"), ("Job", "etl-1767225600"));
    }
}
