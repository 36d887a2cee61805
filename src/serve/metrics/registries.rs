//! What is counted of questions to registries, read where it is kept.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::registry::Resolver;

/// A resolver, whose statistics are told.
pub(super) struct Registries(pub(super) Resolver);

impl fmt::Debug for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registries")
    }
}

impl Collector for Registries {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let statistics = self.0.statistics();
        let results = [
            ("hit", statistics.cache_hits),
            ("miss", statistics.cache_misses),
            ("joined", statistics.joined),
            ("late", statistics.late),
            ("not_allowed", statistics.not_allowed),
        ];
        let help = "Images whose digest was needed: known, asked for, joined to a question under way, not \
                    answered in time, or of a registry that may not be asked";
        let mut family =
            encoder.encode_descriptor("registry_images", help, None, MetricType::Counter)?;
        for (result, count) in results {
            ConstCounter::new(count).encode(family.encode_family(&[("result", result)])?)?;
        }
        let help = "Questions to registries, by outcome";
        let mut family =
            encoder.encode_descriptor("registry_requests", help, None, MetricType::Counter)?;
        for registry in &statistics.registries {
            for (outcome, count) in &registry.outcomes {
                let labels = [("registry", registry.registry.as_str()), ("outcome", *outcome)];
                ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Whether a registry is asked (0), tried again (1), or left alone (2)";
        let mut family =
            encoder.encode_descriptor("registry_breaker_state", help, None, MetricType::Gauge)?;
        for registry in &statistics.registries {
            let labels = [("registry", registry.registry.as_str())];
            let state = registry.breaker as i64;
            ConstGauge::new(state).encode(family.encode_family(&labels)?)?;
        }
        let help = "Answers of registries that are kept";
        let family =
            encoder.encode_descriptor("registry_cache_entries", help, None, MetricType::Gauge)?;
        let entries = i64::try_from(statistics.cache_entries).unwrap_or(i64::MAX);
        ConstGauge::new(entries).encode(family)
    }
}
