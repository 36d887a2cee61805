//! What a policy's author writes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::glob::{GlobList, MAX_PATTERN};
use crate::image::DEFAULT_TAG;

/// When nodes ask the registry for images.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(self.deny) || !has(self.replaceWith) || !(self.replaceWith in self.deny)",
    "message": "it is denied, so it cannot be the fix; set `replaceWith` to a pull policy that `deny` does not name",
    "fieldPath": ".replaceWith",
}]))]
pub(crate) struct Settings {
    /// Pull policies that must not be in force: `Always`, `IfNotPresent`, `Never`. Default: `[Always]`.
    #[schemars(length(min = 1, max = 3))]
    pub(super) deny: Vec<PullPolicy>,
    /// `ImageIsFixed` (default): images with a digest, or with a tag that is not mutable. `Any`: every image.
    pub(super) only_where: OnlyWhere,
    /// What the fix sets: `Always`, `IfNotPresent` or `Never`; none of `deny`. Default: `IfNotPresent`.
    pub(super) replace_with: PullPolicy,
    /// Globs on the tags that move; a missing tag counts as `latest`. Default: `[latest]`.
    #[schemars(inner(length(min = 1, max = MAX_PATTERN)))]
    pub(super) mutable_tags: Vec<String>,
    /// Whether the API server runs the admission plugin AlwaysPullImages, which refuses the fix: `Detect` (default),
    /// `Present` or `Absent`.
    pub(super) always_pull_images: AlwaysPullImages,
    /// Only containers with these names (globs); image volumes are left alone then.
    pub(super) containers: Option<GlobList>,
    /// Only these images (globs on the full reference, `docker.io/library/nginx:1.27`).
    pub(super) images: Option<GlobList>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            deny: vec![PullPolicy::Always],
            only_where: OnlyWhere::default(),
            replace_with: PullPolicy::IfNotPresent,
            mutable_tags: vec![DEFAULT_TAG.to_owned()],
            always_pull_images: AlwaysPullImages::default(),
            containers: None,
            images: None,
        }
    }
}

/// A pull policy (core/v1 `PullPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum PullPolicy {
    /// The registry is asked at every start.
    Always,
    /// The registry is asked on nodes that lack the image.
    IfNotPresent,
    /// The image has to be on the node.
    Never,
}

impl PullPolicy {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// The images that are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum OnlyWhere {
    /// Those with a digest, or with a tag that is not mutable.
    #[default]
    ImageIsFixed,
    /// Every image.
    Any,
}

/// What is known of the admission plugin AlwaysPullImages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum AlwaysPullImages {
    /// A pod that was patched and is `Always` again is left as it is.
    #[default]
    Detect,
    /// It is at work: `Always` is no finding.
    Present,
    /// It is not.
    Absent,
}
