//! Pods that the API server only mirrors.

use crate::pod::view::{Annotations, Pod};
use crate::request::User;

/// Mirror pods are only reported by kubelets: refusing one changes nothing on the node. The annotation alone
/// proves nothing: anyone can write it, into a manifest too.
pub(super) fn is_mirror(pod: &Pod<'_>, user: Option<&User<'_>>) -> bool {
    pod.annotation(Annotations::MIRROR).is_some()
        && user.is_some_and(|user| user.groups.contains(&"system:nodes"))
}
