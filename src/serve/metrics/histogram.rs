//! A histogram of durations without a lock: prometheus-client's own takes a mutex per observation.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Upper bounds in microseconds: a review takes tens of them, an API server gives up after seconds.
const BOUNDS: [u64; 13] =
    [10, 20, 30, 50, 75, 100, 250, 500, 1_000, 2_500, 10_000, 25_000, 100_000];

/// Durations by bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct LatencyHistogram(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    buckets: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    nanos: AtomicU64,
}

impl LatencyHistogram {
    pub(super) fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| nanos <= bound * 1_000);
        let bucket = bucket.map_or(&self.0.beyond, |at| &self.0.buckets[at]);
        bucket.fetch_add(1, Ordering::Relaxed);
        self.0.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl EncodeMetric for LatencyHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let mut buckets = [(f64::INFINITY, 0); BOUNDS.len() + 1];
        for ((bucket, bound), count) in buckets.iter_mut().zip(BOUNDS).zip(&self.0.buckets) {
            *bucket = (bound as f64 / 1e6, count.load(Ordering::Relaxed));
        }
        buckets[BOUNDS.len()].1 = self.0.beyond.load(Ordering::Relaxed);
        // Summed from what was read, so that the count agrees with the buckets.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let seconds = self.0.nanos.load(Ordering::Relaxed) as f64 / 1e9;
        encoder.encode_histogram::<NoLabelSet>(seconds, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for LatencyHistogram {
    const TYPE: MetricType = MetricType::Histogram;
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn durations_fall_into_the_bucket_that_holds_them() {
        let histogram = LatencyHistogram::default();
        let mut registry = Registry::default();
        registry.register("took_seconds", "Time", histogram.clone());
        for micros in [10, 11, 100_000, 100_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "took_seconds_count 4",
            "took_seconds_sum 0.200022",
            "took_seconds_bucket{le=\"0.00001\"} 1",
            "took_seconds_bucket{le=\"0.1\"} 3",
            "took_seconds_bucket{le=\"+Inf\"} 4",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
    }
}
