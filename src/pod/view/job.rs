//! The Job around a template.

use serde::de::MapAccess;

use crate::pod::editing::view;

view! {
    /// JobSpec (staging/src/k8s.io/api/batch/v1/types.go), without the template.
    pub struct Job {
        /// Seconds that the Job may be active, all its retries included.
        active_deadline_seconds: i64 = "activeDeadlineSeconds",
        /// Retries before the Job has failed; see [`Job::backoff_limit`].
        backoff: i64 = "backoffLimit",
        /// Retries of each index.
        backoff_per_index: i64 = "backoffLimitPerIndex",
        /// Seconds after which a Job that has ended is deleted with its pods.
        ttl_seconds_after_finished: i64 = "ttlSecondsAfterFinished",
    }
}

/// Retries where nobody says how many (`SetDefaults_Job` in pkg/apis/batch/v1/defaults.go).
const DEFAULT_BACKOFF_LIMIT: i64 = 6;

impl Job<'_> {
    /// The retries in force before the Job has failed, and whether that is the default; none where indices are counted
    /// each for itself and nobody limits their sum.
    pub fn backoff_limit(&self) -> Option<(i64, bool)> {
        match (self.backoff, self.backoff_per_index) {
            // What the API server writes there by default.
            (Some(limit), Some(_)) if limit >= i64::from(i32::MAX) => None,
            (Some(limit), _) => Some((limit, false)),
            (None, Some(_)) => None,
            (None, None) => Some((DEFAULT_BACKOFF_LIMIT, true)),
        }
    }

    /// Reads a field; answers whether it is one of these.
    pub(in crate::pod) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
    ) -> Result<bool, A::Error> {
        let field = match key {
            "activeDeadlineSeconds" => &mut self.active_deadline_seconds,
            "backoffLimit" => &mut self.backoff,
            "backoffLimitPerIndex" => &mut self.backoff_per_index,
            "ttlSecondsAfterFinished" => &mut self.ttl_seconds_after_finished,
            _ => return Ok(false),
        };
        *field = map.next_value()?;
        Ok(true)
    }
}
