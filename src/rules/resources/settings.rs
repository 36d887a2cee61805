//! What a policy's author writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::amounts::Resource;
use crate::glob::GlobList;
use crate::pod::limit_range::in_milli;
use crate::quantity::Quantity;

/// What containers reserve, and what bounds them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// What containers reserve, by resource (`cpu`, `memory`, `ephemeral-storage`): `required`, `default`, `min`,
    /// `max`.
    #[schemars(with = "ByResource<RequestSettings>")]
    pub(crate) requests: BTreeMap<String, RequestSettings>,
    /// What containers may use at most, by resource: `required`, `default`, `min`, `max`, `maxLimitRequestRatio`,
    /// `forbidden`.
    #[schemars(with = "ByResource<LimitSettings>")]
    pub(crate) limits: BTreeMap<String, LimitSettings>,
    /// Containers by name, as globs under `include` and `exclude`; absent: every container.
    pub(crate) containers: Option<GlobList>,
    /// Containers by normalised image (`docker.io/library/nginx:1.27`), as globs; absent: every image.
    pub(crate) images: Option<GlobList>,
}

/// The shape of `requests` and `limits` in the schema. Reading takes any name, so that a refusal can say why.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "{T}ByResource")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ByResource<T> {
    /// Cores.
    cpu: Option<T>,
    /// Bytes of memory.
    memory: Option<T>,
    /// Bytes of the node's disk.
    #[schemars(rename = "ephemeral-storage")]
    ephemeral_storage: Option<T>,
}

/// What is asked of a request.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct RequestSettings {
    /// It must be there.
    pub(crate) required: bool,
    /// The fix puts this where it is absent.
    pub(crate) default: Option<Quantity>,
    /// The least it may be.
    pub(crate) min: Option<Quantity>,
    /// The most it may be.
    pub(crate) max: Option<Quantity>,
}

/// What is asked of a limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = forbidden_alone()))]
pub(crate) struct LimitSettings {
    /// It must be there.
    pub(crate) required: bool,
    /// The fix puts this where it is absent, or what is nearest to it beside the request.
    pub(crate) default: Option<Quantity>,
    /// The least it may be.
    pub(crate) min: Option<Quantity>,
    /// The most it may be.
    pub(crate) max: Option<Quantity>,
    /// The most that the limit divided by the request may be, 1 or more.
    pub(crate) max_limit_request_ratio: Option<Quantity>,
    /// It must not be there; the fix removes it.
    pub(crate) forbidden: bool,
}

/// A forbidden limit has no other fields, in the API server's words for it (CEL).
fn forbidden_alone() -> [Value; 5] {
    let rule = |field: &str, is_set: &str| {
        json!({
            "rule": format!("!has(self.forbidden) || !self.forbidden || !{is_set}"),
            "message": format!("a forbidden limit has no `{field}`; remove `{field}` or `forbidden`"),
            "fieldPath": format!(".{field}"),
        })
    };
    let amount = |field: &str| rule(field, &format!("has(self.{field})"));
    [
        rule("required", "(has(self.required) && self.required)"),
        amount("default"),
        amount("min"),
        amount("max"),
        amount("maxLimitRequestRatio"),
    ]
}

/// What is asked of one resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) resource: Resource,
    pub(super) request: RequestSettings,
    pub(super) limit: LimitSettings,
}

impl RequestSettings {
    pub(super) fn in_milli(mut self) -> Self {
        for amount in [&mut self.default, &mut self.min, &mut self.max] {
            *amount = amount.map(in_milli);
        }
        self
    }
}

impl LimitSettings {
    pub(super) fn in_milli(mut self) -> Self {
        for amount in [&mut self.default, &mut self.min, &mut self.max] {
            *amount = amount.map(in_milli);
        }
        self
    }
}
