//! `Always` asks the registry at every start of a container, `IfNotPresent` only on a node that lacks the image. Where
//! pods are short-lived, that is the whole difference: Docker Hub serves an address 100 anonymous pulls in 6 hours, 600
//! nodes behind 6 gateways share six of those, and a registry that is down keeps containers from starting whose image
//! is on the node.
//!
//! ```yaml
//! imagePullPolicy:
//!   deny: [Always]
//!   onlyWhere: ImageIsFixed
//!   replaceWith: IfNotPresent
//! ```
//!
//! These are the defaults: `imagePullPolicy: {}` says the same.
//!
//! ## What is read
//!
//! `image` and `imagePullPolicy` of every container (`initContainers` with sidecars, `containers`,
//! `ephemeralContainers`), and `reference` and `pullPolicy` of `spec.volumes[*].image`. A policy that nobody wrote is what
//! the API server makes of it: `Always` where the tag is `latest` or tag and digest are missing, else `IfNotPresent`. The
//! message then says `defaulted, because the tag is latest`. It looks at the tag even where a digest stands beside it, so
//! `app:latest@sha256:…` gets `Always` and is a finding.
//!
//! - An image is fixed if it has a digest, or a tag that is none of `mutableTags`. These are globs; a missing tag counts
//!   as `latest`. A team that moves `main` and `1.27` sets `mutableTags: [latest, main, "[0-9]*.[0-9]*"]`.
//! - `onlyWhere: ImageIsFixed` leaves `Always` on a mutable tag alone: with `IfNotPresent` a node would go on serving the
//!   image that it has. That is for imageTag to find. `onlyWhere: Any` judges every image.
//! - The other way round, `deny: [IfNotPresent, Never]` with `replaceWith: Always` has the registry asked at every start.
//!
//! ## What the fix does
//!
//! It sets `imagePullPolicy` (`pullPolicy` of an image volume) to `replaceWith`, and nothing else.
//!
//! From `Always` to `IfNotPresent` it is safe where a digest fixes the image, or its tag does under
//! `onlyWhere: ImageIsFixed`: the containers run the same image, and start also while the registry is down. That a tag
//! does not move is what the policy's author says with `mutableTags`; where `onlyWhere: Any` leaves that open, only a
//! digest counts. Every other change is unsafe: with `Never` a container does not start on a node that lacks the image,
//! with `Always` none starts while the registry is down, and a tag that moved gives other software. One thing ends with
//! the safe fix too: the registry no longer checks at every start whether this pod may have an image that another pod
//! has brought to the node. Where tenants share nodes, that is what AlwaysPullImages is for.
//!
//! ## AlwaysPullImages
//!
//! This admission plugin of the API server, off by default, sets `Always` on every container and image volume of a pod
//! that is created, and refuses any other value afterwards. It does so for that last reason, so a fix against it would
//! make every pod fail.
//!
//! A pod does not tell who wrote its `Always`: charts set one pull policy for all their containers, so neither that all
//! have it nor how many there are proves anything, and a rule that went by it would be off for the very pods it is made
//! for, while pods of one container still failed. What proves something is a pod that comes back. After a webhook has
//! changed a pod, the API server runs its own plugins again, and then the webhooks with `reinvocationPolicy: IfNeeded`.
//! `alwaysPullImages` says what is made of that:
//!
//! - `Detect` (default): a pod whose containers and image volumes are all `Always`, although Plimsoll has signed it
//!   (`plimsoll.dev/patched-by`), was changed back. It is left as it is and runs. The finding says so, without a fix,
//!   and follows the rule's `otherwise`: with `otherwise: Deny` it is refused after all. A pod that is not signed yet is
//!   patched, however many containers are `Always`. With `reinvocationPolicy: Never` Plimsoll is not called again, and
//!   the pod runs with what the plugin made of it.
//! - `Present`: the cluster runs the plugin. `Always` is never a finding there, except on ephemeral containers, which the
//!   plugin does not see. Set this where the plugin is known: it spares patches in vain and warnings, and with action
//!   `Deny` pods that nobody could write so as to be taken.
//! - `Absent`: signed pods are patched as well. For clusters without the plugin where something copies the annotations
//!   of running pods onto new ones.
//!
//! `plimsoll.yaml` can say for `check` and `fix` whether the cluster runs the plugin (`cluster.alwaysPullImages`); `Detect`
//! is then `Present` or `Absent`. A rule that says one of these itself has the last word.
//!
//! What `Detect` cannot see: a pod that Plimsoll patches for the first time only when it is called again, because another
//! webhook added to it in between. With the plugin, such a pod is refused; use `Present`.
//!
//! ## What it leaves alone
//!
//! - Ephemeral containers are judged, and not patched: they come to pods that run, and these cannot be changed.
//! - A malformed image reference is neither fixed nor mutable: imageTag finds it, and under `ImageIsFixed` this rule does
//!   not. Image volumes belong to no container, so a rule with `containers` leaves them alone.
//!
//! ## Limits
//!
//! On updates pull policies cannot change, so a running pod whose mutable tag is replaced by a fixed one in place becomes
//! a finding that only a new pod mends. Settings that contradict themselves are refused when the policy loads: a
//! `replaceWith` that is denied, an empty `deny`.

use super::images::{Place, Tags, images};
use super::narrowing::Narrowing;
use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::edit::Edit;
use crate::finding::{Claim, Safety, Violation, quoted};
use crate::image::{DEFAULT_TAG, Reference};
use crate::pod::view::Annotations;
use crate::pointer::Pointer;

mod settings;
#[cfg(test)]
mod tests;

pub(super) use settings::Settings;
use settings::{AlwaysPullImages, OnlyWhere, PullPolicy};

/// When nodes ask the registry for images.
#[derive(Debug)]
pub(super) struct ImagePullPolicy {
    deny: Vec<PullPolicy>,
    only_where: OnlyWhere,
    replace_with: PullPolicy,
    mutable: Tags,
    plugin: AlwaysPullImages,
    narrowing: Narrowing,
}

impl Rule for ImagePullPolicy {
    const META: Meta = Meta {
        name: "imagePullPolicy",
        summary: "Nodes ask the registry only for images that they lack.",
        fix: Some(FixMeta {
            summary: "sets the pull policy to `replaceWith`",
            safety: "safe where `Always` becomes `IfNotPresent` and a digest fixes the image, or its tag does by \
                     `onlyWhere: ImageIsFixed`; else unsafe",
        }),
        page: include_str!("../../docs/rules/imagePullPolicy.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        let replace_with = settings.replace_with;
        if settings.deny.is_empty() {
            return Err(SettingsError {
                pointer: Pointer::new("/deny"),
                message: "the rule denies no pull policy".to_owned(),
                help: Some("deny: [Always] is the default".to_owned()),
            });
        }
        if settings.deny.contains(&replace_with) {
            return Err(SettingsError {
                pointer: Pointer::new("/replaceWith"),
                message: format!("`{}` is denied, so it cannot be the fix", replace_with.name()),
                help: Some("set `replaceWith` to a pull policy that `deny` does not name".into()),
            });
        }
        Ok(Self {
            deny: settings.deny,
            only_where: settings.only_where,
            replace_with,
            mutable: Tags::compile("mutableTags", &settings.mutable_tags)?,
            plugin: settings.always_pull_images,
            narrowing: Narrowing::compile(settings.containers.as_ref(), settings.images.as_ref())?,
        })
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        // Asked once for the pod, not for each of its containers.
        let plugin = match (self.plugin, subject.always_pull_images) {
            (AlwaysPullImages::Detect, Some(true)) => AlwaysPullImages::Present,
            (AlwaysPullImages::Detect, Some(false)) => AlwaysPullImages::Absent,
            (said, _) => said,
        };
        let came_back = plugin == AlwaysPullImages::Detect && came_back(subject);
        for place in images(subject.spec) {
            let now = place.pull_policy().value;
            if !self.deny.iter().any(|denied| denied.name() == now) {
                continue;
            }
            let Some(why) = self.concern(now, place.image()) else { continue };
            if !place.is_included(&self.narrowing) {
                continue;
            }
            let set_by_plugin = now == PullPolicy::Always.name() && !place.is_ephemeral();
            match plugin {
                AlwaysPullImages::Present if set_by_plugin => {}
                AlwaysPullImages::Detect if set_by_plugin && came_back => {
                    violations.push(left_alone(&place));
                }
                _ => violations.push(self.violation(&place, why)),
            }
        }
    }

    fn claims(&self) -> Vec<Claim> {
        ["spec.containers[*].imagePullPolicy", "spec.volumes[*].image.pullPolicy"]
            .map(|field| Claim {
                field: field.to_owned(),
                value: self.replace_with.name().to_owned(),
            })
            .into()
    }
}

impl ImagePullPolicy {
    /// What is wrong with a denied policy on this image; none where the rule is not about the image. The tag
    /// itself is not named: an update that replaces the image must not look like a new finding.
    fn concern(&self, now: &str, image: &str) -> Option<&'static str> {
        let always = now == PullPolicy::Always.name();
        if self.only_where == OnlyWhere::Any {
            return Some(if always { "asks the registry at every start" } else { "is denied" });
        }
        let reference = Reference::parse(image).ok()?;
        if reference.is_pinned() {
            return Some(if always {
                "asks the registry at every start, though a digest fixes the image"
            } else {
                "is denied for an image that a digest fixes"
            });
        }
        let moves = reference.tag_or_latest().is_some_and(|tag| self.mutable.contain(tag));
        (!moves).then_some(if always {
            "asks the registry at every start, though the image's tag is fixed"
        } else {
            "is denied for an image whose tag is fixed"
        })
    }

    fn safety(&self, now: &str, image: &str) -> Safety {
        let asks_less =
            now == PullPolicy::Always.name() && self.replace_with == PullPolicy::IfNotPresent;
        // What is concerned under ImageIsFixed has a digest, or a tag that its author calls fixed.
        let fixed = self.only_where == OnlyWhere::ImageIsFixed
            || Reference::parse(image).is_ok_and(|reference| reference.is_pinned());
        if asks_less && fixed { Safety::Safe } else { Safety::Unsafe }
    }

    fn violation(&self, place: &Place<'_, '_>, why: &str) -> Violation {
        let now = place.pull_policy();
        let seen = if now.defaulted {
            format!("{} ({})", quoted(now.value), reason_of_default(place.image()))
        } else {
            quoted(now.value)
        };
        let (field, wanted) = (place.pull_policy_field(), self.replace_with.name());
        let pointer = place.pull_policy_pointer();
        let message = format!("{seen} {why}");
        if place.is_ephemeral() {
            let help = format!("add the debug container with {field}: {wanted}");
            return place.violation(pointer, message, help);
        }
        let help = if now.value == PullPolicy::Always.name() && !now.defaulted {
            format!(
                "set {field}: {wanted} (if AlwaysPullImages set it, the rule needs \
                 alwaysPullImages: Present)"
            )
        } else {
            format!("set {field}: {wanted}")
        };
        let summary = format!("{}: {field} {} -> {wanted}", place.title(), now.value);
        let edit = Edit::set(pointer.clone(), wanted);
        let safety = self.safety(now.value, place.image());
        place.violation(pointer, message, help).with_fix(summary, safety, vec![edit])
    }
}

/// Whether a pod that Plimsoll has patched has every pull policy back at `Always`: the API server runs its own
/// plugins again after a webhook's patch (`reinvoker.Admit` in apiserver/pkg/admission/reinvocation.go), and
/// AlwaysPullImages then sets them anew (plugin/pkg/admission/alwayspullimages/admission.go), before the
/// webhook is called again.
///
/// Any policy's signature counts: where two policies have this rule, only the one that patched has signed.
fn came_back(subject: &Subject<'_, '_>) -> bool {
    let signed = subject.pod.annotation(Annotations::PATCHED_BY).is_some_and(|by| !by.is_empty());
    signed
        && images(subject.spec)
            // The plugin ignores subresources, and ephemeral containers come through one.
            .filter(|place| !place.is_ephemeral())
            .all(|place| place.pull_policy().value == PullPolicy::Always.name())
}

fn left_alone(place: &Place<'_, '_>) -> Violation {
    place.violation(
        place.pull_policy_pointer(),
        "`Always` is back after Plimsoll patched the pod, as AlwaysPullImages does it: left alone"
            .to_owned(),
        "where that plugin is on, set alwaysPullImages: Present in the rule",
    )
}

/// Why the API server chose the pull policy (`SetDefaults_Container`).
fn reason_of_default(image: &str) -> &'static str {
    match Reference::parse(image) {
        Ok(Reference { tag: Some(DEFAULT_TAG), .. }) => "defaulted, because the tag is latest",
        Ok(Reference { tag: None, digest: None, .. }) => {
            "defaulted, because there is no tag, which means latest"
        }
        Ok(Reference { tag: None, .. }) => "defaulted, because there is a digest and no tag",
        _ => "defaulted, because the tag is not latest",
    }
}
