//! What `/metrics` tells. Every label value is known when policies are loaded, and a request touches
//! nothing but counters that were resolved before it came.

mod exemptions;
mod findings;
mod histogram;
mod labels;
mod registries;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(super) use exemptions::ExemptionCounters;
use exemptions::ExemptionMetrics;
pub(super) use findings::FindingCounters;
use findings::FindingLabels;
use histogram::LatencyHistogram;
pub(super) use labels::{BadRequest, HandshakeFailure, Label, Reload};

use crate::admission::{Endpoint, Verdict};
use crate::cluster;
use crate::engine::{Engine, Operation};
use crate::recording;
use crate::registry::Resolver;

/// Of the text that [`Metrics::render`] makes.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const ENDPOINTS: usize = Endpoint::ALL.len();
const OPERATIONS: usize = Operation::ALL.len();
const VERDICTS: usize = Verdict::ALL.len();

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    reviews: [[[Counter; VERDICTS]; OPERATIONS]; ENDPOINTS],
    durations: [LatencyHistogram; ENDPOINTS],
    findings: Family<FindingLabels, Counter>,
    exemptions: ExemptionMetrics,
    bad_requests: [Counter; BadRequest::ALL.len()],
    handshake_failures: [Counter; HandshakeFailure::ALL.len()],
    reloads: [Counter; Reload::ALL.len()],
    pub(super) connections: Gauge,
    pub(super) refused_connections: Counter,
    pub(super) accept_errors: Counter,
    certificate_expiry: Gauge<f64, AtomicU64>,
    ca_expiry: Gauge<f64, AtomicU64>,
    pub(super) ledger_dropped_owners: Counter,
    recording: recording::Metrics,
    cluster: cluster::Metrics,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReviewLabels {
    endpoint: &'static str,
    operation: &'static str,
    verdict: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("plimsoll");
        registry.register(
            "build",
            "The running version",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        let reviews = Family::<ReviewLabels, Counter>::default();
        registry.register("reviews", "Admission reviews that were answered", reviews.clone());
        let durations = Family::<EndpointLabels, LatencyHistogram>::default();
        registry.register(
            "review_duration_seconds",
            "Time from a complete request body to its answer",
            durations.clone(),
        );
        let findings = Family::default();
        registry.register("findings", "Unmet rules, by what was done about them", findings.clone());
        let exemptions = ExemptionMetrics::register(&mut registry);
        let bad_requests = Family::<ReasonLabels, Counter>::default();
        registry.register("bad_requests", "Requests that got no decision", bad_requests.clone());
        let handshake_failures = Family::<ReasonLabels, Counter>::default();
        registry.register(
            "tls_handshake_failures",
            "Connections that ended before a TLS session stood",
            handshake_failures.clone(),
        );
        let reloads = Family::<ResultLabels, Counter>::default();
        registry.register(
            "tls_certificate_reloads",
            "Changed certificate files: taken, or refused and tried again",
            reloads.clone(),
        );
        let connections = Gauge::default();
        registry.register("connections", "Open connections to the webhook", connections.clone());
        let refused_connections = Counter::default();
        registry.register(
            "connections_refused",
            "Connections closed at once because too many were open",
            refused_connections.clone(),
        );
        let accept_errors = Counter::default();
        registry.register(
            "accept_errors",
            "Connections the system could not hand over, for want of open files mostly",
            accept_errors.clone(),
        );
        let certificate_expiry = Gauge::<f64, AtomicU64>::default();
        // Nothing that is compared with it is true, so no alert fires for what is not there.
        certificate_expiry.set(f64::NAN);
        registry.register(
            "tls_certificate_expiry_timestamp_seconds",
            "When the serving certificate expires, in seconds since 1970; NaN without one",
            certificate_expiry.clone(),
        );
        let ca_expiry = Gauge::<f64, AtomicU64>::default();
        ca_expiry.set(f64::NAN);
        registry.register(
            "tls_ca_expiry_timestamp_seconds",
            "When the CA of the managed certificate expires, in seconds since 1970; NaN without one",
            ca_expiry.clone(),
        );
        let ledger_dropped_owners = Counter::default();
        registry.register(
            "ledger_dropped_owners",
            "Owners of pods that the ledger had no room for",
            ledger_dropped_owners.clone(),
        );
        let recording = recording::Metrics::default();
        recording.register(&mut registry);
        let cluster = cluster::Metrics::default();
        cluster.register(&mut registry);
        Metrics {
            registry,
            ledger_dropped_owners,
            recording,
            cluster,
            reviews: Endpoint::ALL.map(|endpoint| {
                Operation::ALL.map(|operation| {
                    Verdict::ALL.map(|verdict| {
                        reviews.get_or_create_owned(&ReviewLabels {
                            endpoint: endpoint.label(),
                            operation: operation.label(),
                            verdict: verdict.label(),
                        })
                    })
                })
            }),
            durations: Endpoint::ALL.map(|endpoint| {
                durations.get_or_create_owned(&EndpointLabels { endpoint: endpoint.label() })
            }),
            findings,
            exemptions,
            bad_requests: BadRequest::ALL.map(|reason| {
                bad_requests.get_or_create_owned(&ReasonLabels { reason: reason.label() })
            }),
            handshake_failures: HandshakeFailure::ALL.map(|reason| {
                handshake_failures.get_or_create_owned(&ReasonLabels { reason: reason.label() })
            }),
            reloads: Reload::ALL.map(|result| {
                reloads.get_or_create_owned(&ResultLabels { result: result.label() })
            }),
            connections,
            refused_connections,
            accept_errors,
            certificate_expiry,
            ca_expiry,
        }
    }

    /// What is counted of recording.
    pub(super) fn recording(&self) -> &recording::Metrics {
        &self.recording
    }

    /// What is counted of the work with the API server.
    pub(super) fn cluster(&self) -> &cluster::Metrics {
        &self.cluster
    }

    pub(super) fn count_review(
        &self,
        endpoint: Endpoint,
        operation: Operation,
        verdict: Verdict,
        took: Duration,
    ) {
        self.reviews[endpoint.index()][operation.index()][verdict.index()].inc();
        self.durations[endpoint.index()].observe(took);
    }

    pub(super) fn count_bad_request(&self, reason: BadRequest) {
        self.bad_requests[reason.index()].inc();
    }

    pub(super) fn count_handshake_failure(&self, reason: HandshakeFailure) {
        self.handshake_failures[reason.index()].inc();
    }

    pub(super) fn count_reload(&self, result: Reload) {
        self.reloads[result.index()].inc();
    }

    /// Seconds since 1970.
    pub(super) fn set_certificate_expiry(&self, timestamp: i64) {
        self.certificate_expiry.set(timestamp as f64);
    }

    /// Seconds since 1970.
    pub(super) fn set_ca_expiry(&self, timestamp: i64) {
        self.ca_expiry.set(timestamp as f64);
    }

    /// Counters for every rule of these policies. Those of rules that stay count on, those of rules
    /// that are gone disappear.
    pub(super) fn resolve_findings(
        &self,
        engine: &Engine,
        before: Option<&FindingCounters>,
    ) -> FindingCounters {
        FindingCounters::resolve(&self.findings, engine, before)
    }

    /// The same for every exemption.
    pub(super) fn resolve_exempted(
        &self,
        engine: &Engine,
        before: Option<&ExemptionCounters>,
    ) -> ExemptionCounters {
        self.exemptions.resolve(engine, before)
    }

    /// Has what a resolver counts be told too.
    pub(super) fn tell_of(&mut self, resolver: Resolver) {
        self.registry.register_collector(Box::new(registries::Registries(resolver)));
    }

    /// Everything as OpenMetrics text.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
