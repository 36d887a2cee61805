//! Pods that run already, told from those that are being created.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json::Reader;
use crate::pod::view::Pod;

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    start_time: Option<IgnoredAny>,
}

/// Takes from a pod that runs what it got after it was created: the node it was bound to.
///
/// A rule that leaves pods with a node alone would otherwise be silent about every pod of a cluster. A pod that was
/// created with a node cannot be told from one that the scheduler bound.
pub(super) fn as_created(pod: &mut Pod<'_>, object: &str) {
    let Some(spec) = pod.spec.as_mut().filter(|spec| spec.node_name.is_some()) else { return };
    let read = Reader::new(object).read::<Object>();
    let status = read.ok().and_then(|object| object.status);
    // The kubelet sets it when it takes the pod.
    if status.is_some_and(|status| status.start_time.is_some()) {
        spec.node_name = None;
    }
}
