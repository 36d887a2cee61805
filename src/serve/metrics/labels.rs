//! The values that labels take: enums, so that their number is bounded.

use crate::admission::{Endpoint, Verdict};
use crate::engine::Operation;
use crate::policy::Action;

/// A label with a fixed set of values.
pub(in crate::serve) trait Label: Copy + PartialEq {
    /// The value in metrics and logs.
    fn label(self) -> &'static str;
    /// The position among all values.
    fn index(self) -> usize;
}

/// Says what an enum's values are called. Every value has to be named, or the match does not compile.
macro_rules! labels {
    ($type:ident { $($value:ident = $label:literal,)+ }) => {
        impl $type {
            #[doc = "Every value, in the order of their indexes."]
            pub(in crate::serve) const ALL: [$type; [$($label),+].len()] = [$($type::$value),+];
        }

        impl Label for $type {
            fn label(self) -> &'static str {
                match self {
                    $($type::$value => $label,)+
                }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

/// Why a request got no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum BadRequest {
    /// The body is no review.
    NotAReview,
    /// The body is over the limit.
    TooLarge,
    /// The body is not declared as JSON.
    ContentType,
    /// The method is not POST.
    Method,
    /// Nothing is at that path.
    Path,
    /// The body took too long.
    Late,
    /// Too many large bodies at once.
    Busy,
    /// The body broke off.
    Broken,
    /// The labels of the namespace could not be had.
    Namespace,
    /// The engine failed: a bug in Plimsoll.
    Panic,
}

/// Why there is no TLS session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum HandshakeFailure {
    /// It took too long.
    Timeout,
    /// The client spoke no TLS, or none that is accepted here.
    Protocol,
    /// The client does not accept the certificate, or refuses otherwise.
    Alert,
    /// The connection broke off.
    Closed,
}

/// What became of changed certificate files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Reload {
    /// They are in force.
    Taken,
    /// They cannot be used, so the ones before stay in force.
    Failed,
}

labels!(BadRequest {
    NotAReview = "not_a_review",
    TooLarge = "too_large",
    ContentType = "content_type",
    Method = "method",
    Path = "path",
    Late = "late",
    Busy = "busy",
    Broken = "broken",
    Namespace = "namespace",
    Panic = "panic",
});
labels!(HandshakeFailure {
    Timeout = "timeout",
    Protocol = "protocol",
    Alert = "alert",
    Closed = "closed",
});
labels!(Reload {
    Taken = "taken",
    Failed = "failed",
});
labels!(Endpoint {
    Mutate = "mutate",
    Validate = "validate",
    Policies = "policies",
});
labels!(Operation {
    Create = "CREATE",
    Update = "UPDATE",
    Delete = "DELETE",
    Connect = "CONNECT",
});
labels!(Verdict {
    Allowed = "allowed",
    Patched = "patched",
    Warned = "warned",
    Denied = "denied",
});
labels!(Action {
    Audit = "Audit",
    Warn = "Warn",
    Patch = "Patch",
    Deny = "Deny",
});

#[cfg(test)]
mod tests {
    use super::*;

    fn indexes_are_positions<L: Label + std::fmt::Debug>(all: &[L]) {
        for (position, value) in all.iter().enumerate() {
            assert_eq!(value.index(), position, "{value:?}");
        }
    }

    #[test]
    fn every_value_is_listed_at_its_index() {
        indexes_are_positions(&Endpoint::ALL);
        indexes_are_positions(&Operation::ALL);
        indexes_are_positions(&Verdict::ALL);
        indexes_are_positions(&Action::ALL);
        indexes_are_positions(&BadRequest::ALL);
        indexes_are_positions(&HandshakeFailure::ALL);
        indexes_are_positions(&Reload::ALL);
    }
}
