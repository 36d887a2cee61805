//! Types of what a review says beside the object.
//!
//! Source: `BuildRequestType` and `BuildNamespaceType` in k8s.io/apiserver/pkg/admission/plugin/cel/compile.go.

use super::{list, map, object};
use crate::cel::types::Type;

pub(super) fn request() -> Type {
    let kind = object(
        "kubernetes.GroupVersionKind",
        [("group", Type::String), ("version", Type::String), ("kind", Type::String)],
    );
    let resource = object(
        "kubernetes.GroupVersionResource",
        [("group", Type::String), ("version", Type::String), ("resource", Type::String)],
    );
    let user = object(
        "kubernetes.UserInfo",
        [
            ("username", Type::String),
            ("uid", Type::String),
            ("groups", list(Type::String)),
            ("extra", map(list(Type::String))),
        ],
    );
    object(
        "kubernetes.AdmissionRequest",
        [
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", Type::String),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", Type::String),
            ("name", Type::String),
            ("namespace", Type::String),
            ("operation", Type::String),
            ("userInfo", user),
            ("dryRun", Type::Bool),
            ("options", Type::Dyn),
        ],
    )
}

/// `metadata.uid` is `UID` there, a name that no object has; here it is `uid`, as in the object.
pub(super) fn namespace() -> Type {
    let metadata = object(
        "kubernetes.NamespaceMetadata",
        [
            ("name", Type::String),
            ("generateName", Type::String),
            ("namespace", Type::String),
            ("labels", map(Type::String)),
            ("annotations", map(Type::String)),
            ("uid", Type::String),
            ("creationTimestamp", Type::String),
            ("deletionGracePeriodSeconds", Type::Int),
            ("deletionTimestamp", Type::String),
            ("generation", Type::Int),
            ("resourceVersion", Type::String),
            ("finalizers", list(Type::String)),
        ],
    );
    let spec = object("kubernetes.NamespaceSpec", [("finalizers", list(Type::String))]);
    let condition = object(
        "kubernetes.NamespaceCondition",
        [
            ("status", Type::String),
            ("type", Type::String),
            ("lastTransitionTime", Type::String),
            ("message", Type::String),
            ("reason", Type::String),
        ],
    );
    let status = object(
        "kubernetes.NamespaceStatus",
        [("conditions", list(condition)), ("phase", Type::String)],
    );
    object("kubernetes.Namespace", [("metadata", metadata), ("spec", spec), ("status", status)])
}
