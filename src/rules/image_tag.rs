//! A tag that moves changes software behind people's backs: two pods of one workload run different code, a node that
//! holds the image already never sees the new one, and nobody can say afterwards what ran. With `imagePullPolicy: Always`,
//! which is the default for `latest`, each start asks the registry as well; Docker Hub serves 100 anonymous pulls in 6
//! hours to an address, and 600 nodes behind 6 gateways share six of those.
//!
//! ```yaml
//! imageTag:
//!   deny: [latest, "*-SNAPSHOT"]
//! ```
//!
//! ## What is read
//!
//! `image` of every container (`initContainers` with sidecars, `containers`, `ephemeralContainers`) and
//! `spec.volumes[*].image.reference`. References are read by the grammar that kubelet uses:
//!
//! - `host:5000/app` has no tag: `5000` is the port of the registry. Without tag and digest an image means `latest`, and
//!   is judged as that.
//! - `app:latest@sha256:…` is fixed by its digest, and the tag is decoration: with a digest an image always passes.
//!   `requireDigest: true` asks for just that, of every image; `deny` and `allow` then have nothing left to judge.
//! - `deny` and `allow` are globs on the whole tag: `*`, `?`, `[0-9]`, `{a,b}`. Case counts. Where both match, `deny` wins.
//!   With `allow` and no `deny`, nothing else is denied, so `allow: [latest]` is possible.
//! - A reference that breaks the grammar is a finding of its own, whatever the settings, and says where it breaks:
//!   ``a repository name must be lower case: 'A' at character 10``. The API server takes such a pod, and it hangs in
//!   `InvalidImageName`.
//!
//! ```yaml
//! imageTag:
//!   allow: ["v[0-9]*", "[0-9]*"]
//!   images: {exclude: ["registry.example.com/sandbox/*"]}
//! ```
//!
//! `images` matches references in full (`docker.io/library/nginx:1.27`), malformed ones as they are written. Image volumes
//! belong to no container, so a rule with `containers` leaves them alone.
//!
//! ## What the fix does
//!
//! There is none: nothing can invent a tag.
//!
//! ## Limits
//!
//! Whether a tag moves is a matter of habit; only a digest cannot. An image volume without `reference` is left to the API
//! server, which takes it in a template and refuses it in a pod.

use schemars::JsonSchema;
use serde::Deserialize;

use super::images::{Tags, images};
use super::narrowing::Narrowing;
use super::{Meta, Origin, Rule, SettingsError, Subject};
use crate::finding::{Violation, quoted};
use crate::glob::{GlobList, MAX_PATTERN};
use crate::image::{DEFAULT_TAG, Reference};
use crate::pointer::Pointer;

#[cfg(test)]
mod tests;

/// Which tags images may have.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Globs on the tag: none of these. A missing tag counts as `latest`. Default: `[latest]`, or nothing where
    /// `allow` is given.
    #[schemars(inner(length(min = 1, max = MAX_PATTERN)))]
    deny: Option<Vec<String>>,
    /// Globs on the tag: when given, only these.
    #[schemars(length(min = 1), inner(length(min = 1, max = MAX_PATTERN)))]
    allow: Option<Vec<String>>,
    /// Every image must be named by digest (`name@sha256:…`, with a tag or without).
    require_digest: bool,
    /// Only containers with these names (globs); image volumes are left alone then.
    containers: Option<GlobList>,
    /// Only these images (globs on the full reference, `docker.io/library/nginx:1.27`).
    images: Option<GlobList>,
}

/// Which tags images may have.
#[derive(Debug)]
pub(super) struct ImageTag {
    deny: Tags,
    allow: Option<Tags>,
    require_digest: bool,
    narrowing: Narrowing,
    /// What to do about a tag.
    help: String,
}

impl Rule for ImageTag {
    const META: Meta = Meta {
        name: "imageTag",
        summary: "Images are named by a tag that does not move, or by a digest.",
        fix: None,
        page: include_str!("../../docs/rules/imageTag.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        let Settings { deny, allow, require_digest, containers, images } = settings;
        let deny = deny.unwrap_or_else(|| match allow {
            Some(_) => Vec::new(),
            None => vec![DEFAULT_TAG.to_owned()],
        });
        let listed = allow.as_deref().unwrap_or_default();
        if allow.is_some() && listed.is_empty() {
            return Err(SettingsError {
                pointer: Pointer::new("/allow"),
                message: "an empty list allows no tag at all".to_owned(),
                help: Some("leave `allow` out to allow every tag that is not denied".to_owned()),
            });
        }
        if let Some(at) = listed.iter().position(|tag| deny.contains(tag)) {
            return Err(SettingsError {
                pointer: Pointer::new("/allow").join(at),
                message: format!("{} is denied as well", quoted(&listed[at])),
                help: Some("keep it in one of `allow` and `deny`".to_owned()),
            });
        }
        Ok(Self {
            deny: Tags::compile("deny", &deny)?,
            allow: allow.as_deref().map(|tags| Tags::compile("allow", tags)).transpose()?,
            require_digest,
            narrowing: Narrowing::compile(containers.as_ref(), images.as_ref())?,
            help: help(listed),
        })
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        for place in images(subject.spec) {
            let image = place.image();
            if place.is_volume() && image.is_empty() {
                continue;
            }
            let Some(problem) = self.problem(image) else { continue };
            if place.is_included(&self.narrowing) {
                let (message, help) = self.describe(image, problem);
                violations.push(place.violation(place.image_pointer(), message, help));
            }
        }
    }
}

/// What is wrong with an image.
#[derive(Debug)]
enum Problem<'i> {
    Malformed(crate::image::ReferenceError),
    NoDigest,
    Denied(Reference<'i>, &'i str),
    NotAllowed(Reference<'i>, &'i str),
}

impl ImageTag {
    fn problem<'i>(&self, image: &'i str) -> Option<Problem<'i>> {
        let reference = match Reference::parse(image) {
            Ok(reference) => reference,
            Err(error) => return Some(Problem::Malformed(error)),
        };
        if reference.is_pinned() {
            return None;
        }
        if self.require_digest {
            return Some(Problem::NoDigest);
        }
        let tag = reference.tag_or_latest()?;
        if self.deny.contain(tag) {
            return Some(Problem::Denied(reference, tag));
        }
        let allowed = self.allow.as_ref().is_none_or(|allow| allow.contain(tag));
        (!allowed).then_some(Problem::NotAllowed(reference, tag))
    }

    fn describe(&self, image: &str, problem: Problem<'_>) -> (String, String) {
        let image = quoted(image);
        match problem {
            Problem::Malformed(error) => (
                format!("{image} is no image reference: {error}"),
                "write [registry[:port]/]name[:tag][@digest], such as \
                 registry.example.com:5000/team/app:1.4.2"
                    .to_owned(),
            ),
            Problem::NoDigest => (
                format!("{image} names no digest, so what it means can change"),
                "name the image as name@sha256:… (`crane digest IMAGE` prints the digest of a tag)"
                    .to_owned(),
            ),
            Problem::Denied(reference, tag) => {
                (format!("{image}{} is denied", naming(&reference, tag)), self.help.clone())
            }
            Problem::NotAllowed(reference, tag) => (
                format!("{image}{} is not among the tags allowed", naming(&reference, tag)),
                self.help.clone(),
            ),
        }
    }
}

/// Leads from the image to its tag.
fn naming(reference: &Reference<'_>, tag: &str) -> String {
    if reference.tag.is_some() {
        return format!(": the tag {}", quoted(tag));
    }
    // `host:5000/app` looks as if it had a tag.
    let port = reference.host.and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
    let note = match port.filter(|port| !port.ends_with(']')) {
        Some(port) => format!(" ({port} is the registry's port)"),
        None => String::new(),
    };
    format!(" has no tag{note} and so means {}, which", quoted(tag))
}

fn help(allowed: &[String]) -> String {
    const SHOWN: usize = 5;
    if allowed.is_empty() {
        return "name a tag that does not move, such as a version, or a digest".to_owned();
    }
    let shown: Vec<_> = allowed.iter().take(SHOWN).map(|tag| quoted(tag)).collect();
    let more = if allowed.len() > SHOWN { " …" } else { "" };
    format!("name a tag that matches one of {}{more}, or a digest", shown.join(", "))
}
