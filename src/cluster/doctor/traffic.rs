//! What the API server itself saw of the webhooks: its own metrics, since it started.

use std::collections::BTreeMap;

use super::Findings;
use super::facts::Facts;
use crate::cluster::webhooks::Configuration;

const DURATION: &str = "apiserver_admission_webhook_admission_duration_seconds_bucket";
const FAIL_OPEN: &str = "apiserver_admission_webhook_fail_open_count";
const REJECTIONS: &str = "apiserver_admission_webhook_rejection_count";
const CONDITION_ERRORS: &str = "apiserver_admission_match_condition_evaluation_errors_total";
const CONDITION_EXCLUSIONS: &str = "apiserver_admission_match_condition_exclusions_total";
/// How the API server calls what went wrong on the way to a webhook.
const NOT_REACHED: &str = "calling_webhook_error";
/// People notice more than this, in seconds.
const SLOW: f64 = 0.1;

/// What was seen of one webhook.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// How many took at most so long, by milliseconds.
    buckets: BTreeMap<u64, f64>,
    all: f64,
    let_through: f64,
    refused: f64,
    not_reached: f64,
    /// Requests about which a match condition could not say anything.
    condition_errors: f64,
    /// Requests that match conditions kept back.
    kept_back: f64,
}

pub(super) fn traffic(facts: &Facts, findings: &mut Findings) {
    let Some(metrics) = findings.known(&facts.metrics) else { return };
    for configuration in Configuration::ALL {
        let name = configuration.webhook();
        let seen = Seen::of(metrics, name);
        if seen.condition_errors > 0.0 {
            findings.warn(
                format!(
                    "{name}: match conditions could not be evaluated {} times since the API server started: failurePolicy \
                     Fail refuses such requests, Ignore lets them through unjudged",
                    seen.condition_errors
                ),
                format!(
                    "where the check `webhooks` is ok, the conditions are Plimsoll's own: report them, \
                     kubectl get {} {} -o jsonpath='{{.webhooks[*].matchConditions}}'",
                    configuration.resource(),
                    configuration.object_name(&facts.name)
                ),
            );
        }
        let kept_back = match seen.kept_back {
            0.0 => String::new(),
            count => format!(", {count} kept back by match conditions"),
        };
        if seen.all == 0.0 {
            findings.ok(format!("{name}: not called since the API server started{kept_back}"));
            continue;
        }
        let logs = format!("kubectl logs {} -l app.kubernetes.io/name=plimsoll", facts.place());
        let missed = seen.let_through + seen.not_reached;
        if missed > 0.0 {
            findings.warn(
                format!(
                    "{name}: {missed} of {} calls got no answer since the API server started ({} let through unjudged)",
                    seen.all, seen.let_through
                ),
                logs.clone(),
            );
        }
        let (half, most) = (seen.quantile(0.5), seen.quantile(0.99));
        let told = format!(
            "{name}: {} calls, p50 {}, p99 {}, {} refused{kept_back}",
            seen.all,
            shown(half),
            shown(most),
            seen.refused
        );
        if most.is_none_or(|most| most > SLOW) {
            findings
                .warn(told, format!("raise resources.requests.cpu in the chart's values; {logs}"));
        } else {
            findings.ok(told);
        }
    }
}

fn shown(seconds: Option<f64>) -> String {
    match seconds {
        Some(seconds) => format!("≤ {} ms", seconds * 1000.0),
        None => "over 10 s".to_owned(),
    }
}

impl Seen {
    fn of(metrics: &str, webhook: &str) -> Self {
        let named = format!("name=\"{webhook}\"");
        let mut seen = Self::default();
        for line in metrics.lines().filter(|line| line.contains(&named)) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let Ok(value) = value.parse::<f64>() else { continue };
            match series.split('{').next() {
                Some(DURATION) => match label(series, "le") {
                    Some("+Inf") => seen.all += value,
                    Some(bound) => {
                        let bound: f64 = bound.parse().unwrap_or_default();
                        *seen.buckets.entry((bound * 1000.0) as u64).or_default() += value;
                    }
                    None => {}
                },
                Some(FAIL_OPEN) => seen.let_through += value,
                Some(REJECTIONS) if label(series, "error_type") == Some(NOT_REACHED) => {
                    seen.not_reached += value;
                }
                Some(REJECTIONS) => seen.refused += value,
                Some(CONDITION_ERRORS) => seen.condition_errors += value,
                Some(CONDITION_EXCLUSIONS) => seen.kept_back += value,
                _ => {}
            }
        }
        seen
    }

    /// The bound, in seconds, that this share of the calls kept; none where it is beyond the last.
    fn quantile(&self, share: f64) -> Option<f64> {
        let enough = self.buckets.iter().find(|(_, count)| **count >= self.all * share);
        enough.map(|(milliseconds, _)| *milliseconds as f64 / 1000.0)
    }
}

fn label<'s>(series: &'s str, name: &str) -> Option<&'s str> {
    let from = series.split_once(&format!("{name}=\""))?.1;
    from.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_servers_series_are_read() {
        let text = r#"
apiserver_admission_webhook_admission_duration_seconds_bucket{name="validate.plimsoll.dev",operation="CREATE",rejected="false",type="validating",le="0.005"} 90
apiserver_admission_webhook_admission_duration_seconds_bucket{name="validate.plimsoll.dev",operation="CREATE",rejected="false",type="validating",le="0.025"} 99
apiserver_admission_webhook_admission_duration_seconds_bucket{name="validate.plimsoll.dev",operation="CREATE",rejected="false",type="validating",le="+Inf"} 100
apiserver_admission_webhook_admission_duration_seconds_bucket{name="validate.other.dev",operation="CREATE",rejected="false",type="validating",le="+Inf"} 100
apiserver_admission_webhook_fail_open_count{name="validate.plimsoll.dev",type="validating"} 2
apiserver_admission_webhook_rejection_count{error_type="no_error",name="validate.plimsoll.dev",operation="CREATE",rejection_code="403",type="validating"} 7
apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",name="validate.plimsoll.dev",operation="CREATE",rejection_code="0",type="validating"} 1
apiserver_admission_match_condition_evaluation_errors_total{kind="webhook",name="validate.plimsoll.dev",operation="CREATE",type="validate"} 3
apiserver_admission_match_condition_exclusions_total{kind="webhook",name="validate.plimsoll.dev",operation="UPDATE",type="validate"} 40
"#;
        let seen = Seen::of(text, "validate.plimsoll.dev");
        assert_eq!(
            (seen.all, seen.let_through, seen.refused, seen.not_reached),
            (100.0, 2.0, 7.0, 1.0)
        );
        assert_eq!((seen.condition_errors, seen.kept_back), (3.0, 40.0));
        assert_eq!(seen.quantile(0.5), Some(0.005));
        assert_eq!(seen.quantile(0.99), Some(0.025));
        assert_eq!(seen.quantile(1.0), None);
        assert_eq!(Seen::of(text, "mutate.plimsoll.dev"), Seen::default());
    }
}
