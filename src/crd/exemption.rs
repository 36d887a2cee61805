//! PodPolicyExemption: its spec is the Rust type's.

use super::{Resource, column, condition, reason, status, structural, wide};
use crate::policy::document::EXEMPTION_KIND;
use crate::policy::exemption::ExemptionSpec;

pub(super) fn resource() -> Resource {
    Resource {
        kind: EXEMPTION_KIND,
        plural: "podpolicyexemptions",
        singular: "podpolicyexemption",
        short_name: "podpolx",
        description: "PodPolicyExemption takes pods out of policies, with a reason, an owner and mostly an end.",
        spec: structural::of::<ExemptionSpec>(),
        status: status::schema(
            "Ready says whether the exemption, as it is written now, is in force. Expired says whether its end has come. Used says whether it has exempted anything yet.",
        ),
        columns: vec![
            condition("Ready"),
            column("Policies", "string", ".spec.policies"),
            column("Expires", "string", ".spec.expires"),
            condition("Expired"),
            condition("Used"),
            column("Owner", "string", ".spec.owner"),
            wide(reason()),
            wide(column("Why", "string", ".spec.reason")),
        ],
    }
}
