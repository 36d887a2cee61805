//! What is counted of recording.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What is counted of recording. Clones count into the same.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    recorded: Counter,
    bytes: Counter,
    dropped: Family<Reason, Counter>,
}

/// Why a review was not kept that was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The writer was behind.
    Busy,
    /// It could not be written.
    Failed,
    /// It is larger than all files may be together.
    TooLarge,
    /// It could not be read for taking out what may be secret.
    Unreadable,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

impl Loss {
    const ALL: [Self; 4] = [Self::Busy, Self::Failed, Self::TooLarge, Self::Unreadable];

    const fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::TooLarge => "too_large",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Metrics {
    /// Adds the metrics to those of the process, each with a value of 0.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("recorded_reviews", "Reviews that were recorded", self.recorded.clone());
        registry.register(
            "recorded_bytes",
            "Bytes that were written into recordings",
            self.bytes.clone(),
        );
        registry.register(
            "recording_dropped_reviews",
            "Reviews that were to be recorded and were not",
            self.dropped.clone(),
        );
        for loss in Loss::ALL {
            drop(self.dropped.get_or_create(&Reason { reason: loss.label() }));
        }
    }

    pub(super) fn count_recorded(&self, bytes: u64) {
        self.recorded.inc();
        self.bytes.inc_by(bytes);
    }

    pub(super) fn count_loss(&self, loss: Loss) {
        self.dropped.get_or_create(&Reason { reason: loss.label() }).inc();
    }
}
