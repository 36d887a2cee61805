//! Where images come from decides whether pods start. Docker Hub serves an address 100 anonymous pulls in 6 hours, so a
//! crowd of pods behind one gateway is refused by noon; and a registry that nobody vetted serves what it likes. This
//! rule says which repositories are allowed, and has images pulled through a mirror.
//!
//! ```yaml
//! imageRegistry:
//!   allow: ["*.example.com/**"]
//!   rewrite:
//!   - {from: docker.io/, to: mirror.example.com/dockerhub/}
//! ```
//!
//! `docker.io/library/nginx:1.27`, which is what `nginx:1.27` means, becomes
//! `mirror.example.com/dockerhub/library/nginx:1.27`. [Registries](../registries.md) shows how to run such a mirror.
//!
//! ## What is read
//!
//! `image` of every container (`initContainers` with sidecars, `containers`, `ephemeralContainers`),
//! `spec.volumes[*].image.reference` and `spec.imagePullSecrets`. What is compared is the full name of the repository,
//! without tag and digest: `docker.io/library/nginx`. The implicit `docker.io/` and `library/` are written out,
//! `index.docker.io` and `registry-1.docker.io` count as `docker.io`, hosts are compared in lower case, and the port
//! `:443`, which every registry has, is left out. So neither `nginx` nor `GHCR.io:443/x` gets past a rule.
//!
//! - `deny` and `allow` are globs on host and path, part by part: `*` stays within one part, `**` stands for any number of
//!   them. `docker.io/library/*` are the official images, `docker.io/**` is all of Docker Hub, `*.example.com/**` is every
//!   registry below that domain, and never a path elsewhere that looks like it. A registry alone (`ghcr.io`) means all
//!   that is in it. Where both match, `deny` wins; with `allow`, nothing else is allowed.
//! - `rewrite` replaces the beginning of a name. `from` ends where a part ends, with or without a slash: `docker.io/team`
//!   is about `docker.io/team/app` and not about `docker.io/teams/app`. Of several, the longest counts.
//! - An image is judged by `deny` and `allow` as it is after rewriting. One that is still to be rewritten is a finding,
//!   whatever the lists say.
//! - `imagePullSecrets`: names of Secrets that a pod needs which pulls through one of the mirrors.
//!
//! ## What the fix does
//!
//! It writes the new name, with the tag and digest that were there. A name without a tag stays without one, so what the
//! API server makes of `imagePullPolicy` does not change. To the pod it adds the `imagePullSecrets` that it lacks, behind
//! those that it has, where an image of it comes from a mirror, or does so once it is rewritten.
//!
//! It is safe where a digest fixes the image: a mirror has the same or nothing. Under a tag it is unsafe, because a mirror
//! may hold another image of that tag than the registry it stands for. Adding a Secret is unsafe where the pod names none:
//! it then no longer gets those of its ServiceAccount.
//!
//! Other rules see the new name: imageDigest asks the mirror for its digest, and imagePullPolicy judges the same tag.
//!
//! ## What it leaves alone
//!
//! - Ephemeral containers are judged, and not patched: they come to pods that run, and these cannot be changed.
//! - Malformed references are for imageTag to find.
//! - Where the new name would have more than 255 characters, or would be denied, or not allowed, there is no fix, and the
//!   finding says why.
//! - Image volumes belong to no container, so a rule with `containers` leaves them alone. `images` narrows the rule by the
//!   reference as the pod has it; its globs are those of the other rules, where `*` stands for slashes too.
//!
//! ## Limits
//!
//! - Whether the mirror has the image is not asked: a mirror that is down keeps pods from starting.
//! - A pod that names no imagePullSecrets gets those of its ServiceAccount from the API server, before any webhook is
//!   called; the rule adds to them. `plimsoll check` cannot see them.
//! - A node's own configuration of mirrors (containerd's `hosts.toml`) is not seen. Where every node has it, leave
//!   `rewrite` out.
//! - Two rules that rewrite the same image are applied in the order of their policies' names; the second then sees what
//!   the first made of it. Where one rule leads to names that another rewrites, in the same policy or in two, that is
//!   told when the policies load, as the chain or loop that it is, whatever the actions of the rules. It is a warning
//!   and no refusal, since policies come one by one and each is right by itself. In a loop no name is right to both
//!   rules: the first that patches has its way, and where the other denies, or has `otherwise: Deny`, it refuses every
//!   such pod until one of the two is changed. A circle of three rules or more is told link by link, as chains.
//! - Settings that contradict themselves are refused when the policy loads: a `to` that the same or another `from`
//!   rewrites again (a loop or a chain), a `to` that is a registry alone where `from` can be a whole repository, a `to`
//!   that is denied or of which nothing is allowed, an entry of `deny` or `allow` that can match nothing. Such are
//!   entries all of which is rewritten first, and globs with a tag or digest, with `!` before them, with capitals, with
//!   another name of `docker.io`, with one part below it (its names have two), with the port 443 or one that cannot be.
//!   Whether all entries of `allow` together let through what is used is not asked:
//!   `mirror.example.com/dockerhub/team/*` is an answer.

use super::images::{Place, images};
use super::narrowing::Narrowing;
use super::{FixMeta, Meta, Origin, Rule, SettingsError, Subject};
use crate::edit::Edit;
use crate::finding::{Claim, Renaming, Safety, Violation, quoted};
use crate::image::Reference;
use crate::pointer::Pointer;

mod lists;
mod names;
mod rewriting;
mod sense;
mod settings;
#[cfg(test)]
mod tests;

use lists::Lists;
use names::Name;
use rewriting::{Rewrites, Rewritten};
pub(super) use settings::Settings;

/// Where images come from.
#[derive(Debug)]
pub(super) struct ImageRegistry {
    lists: Lists,
    rewrites: Rewrites,
    secrets: Vec<String>,
    narrowing: Narrowing,
}

/// What came of looking at the images of a pod.
#[derive(Debug, Default)]
struct Mirrored {
    /// One is at a mirror, or is rewritten.
    any: bool,
    /// All those are there already, or get there safely.
    safely: bool,
}

impl Rule for ImageRegistry {
    const META: Meta = Meta {
        name: "imageRegistry",
        summary: "Images come from registries that are allowed, through mirrors where there are any.",
        fix: Some(FixMeta {
            summary: "rewrites images to their mirrors, and adds the `imagePullSecrets` that they need",
            safety: "safe where a digest fixes the image, and for Secrets where the pod names others; else unsafe",
        }),
        page: include_str!("../../docs/rules/imageRegistry.md"),
    };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        settings::compile(settings)
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        let mut mirrored = Mirrored { any: false, safely: true };
        for place in images(subject.spec) {
            let Ok(reference) = Reference::parse(place.image()) else { continue };
            if place.is_included(&self.narrowing) {
                violations.extend(self.judge(&place, &reference, &mut mirrored));
            }
        }
        if mirrored.any {
            violations.extend(self.judge_secrets(subject, mirrored.safely));
        }
    }

    fn claims(&self) -> Vec<Claim> {
        self.rewrites.claims()
    }

    fn renamings(&self) -> Vec<Renaming> {
        self.rewrites.renamings()
    }
}

impl ImageRegistry {
    fn judge(
        &self,
        place: &Place<'_, '_>,
        reference: &Reference<'_>,
        mirrored: &mut Mirrored,
    ) -> Option<Violation> {
        let name = Name::of(reference);
        let Some(rewrite) = self.rewrites.of(&name) else {
            // A running pod gets no Secrets any more.
            mirrored.any |= !place.is_ephemeral() && self.rewrites.is_mirrored(&name);
            let (problem, help) = self.lists.problem(&name)?;
            let message = format!("the repository {} {problem}", quoted(name.as_str()));
            return Some(place.violation(place.image_pointer(), message, help));
        };
        // The tag is not named: an update that moves to the next one must not look like a new finding.
        let message = format!(
            "the repository {} is to be pulled through {}",
            quoted(name.as_str()),
            quoted(&rewrite.to)
        );
        let pointer = place.image_pointer();
        let wanted = match self.rewritten(&rewrite, reference) {
            Ok(wanted) => wanted,
            Err(problem) => {
                let help = "use another image, or have the policy leave this one out by `images`";
                return Some(place.violation(pointer, format!("{message}, {problem}"), help));
            }
        };
        if place.is_ephemeral() {
            let help = format!("add the debug container with image: {wanted}");
            return Some(place.violation(pointer, message, help));
        }
        let safety = if reference.is_pinned() { Safety::Safe } else { Safety::Unsafe };
        mirrored.any = true;
        mirrored.safely &= safety == Safety::Safe;
        let field = if place.is_volume() { "reference" } else { "image" };
        let now = name.versioned(reference);
        let summary = format!("{}: {field} {now} -> {wanted}", place.title());
        let help = format!("set {field}: {wanted}");
        let edit = Edit::set(pointer.clone(), wanted);
        Some(place.violation(pointer, message, help).with_fix(summary, safety, vec![edit]))
    }

    /// The whole reference under a new name, or what is wrong with it.
    fn rewritten(
        &self,
        Rewritten { name, means, .. }: &Rewritten,
        reference: &Reference<'_>,
    ) -> Result<String, String> {
        if name.len() > names::MAX_NAME {
            return Err(format!(
                "where its name would have {} characters, and {} are allowed",
                name.len(),
                names::MAX_NAME
            ));
        }
        let mut wanted = name.clone();
        names::push_version(&mut wanted, reference);
        let parsed = Reference::parse(&wanted)
            .map_err(|error| format!("where it would be no image reference: {error}"))?;
        let after = Name::of(&parsed);
        // A host alone, with a tag behind it, is read as a path.
        if after.as_str() != means {
            let read = quoted(after.as_str());
            return Err(format!("but {} would be read as {read}", quoted(&wanted)));
        }
        if self.rewrites.of(&after).is_some() {
            return Err(format!("but {} would have to be rewritten again", quoted(after.as_str())));
        }
        match self.lists.problem(&after) {
            Some((problem, _)) => Err(format!("but {} {problem}", quoted(after.as_str()))),
            None => Ok(wanted),
        }
    }

    fn judge_secrets(&self, subject: &Subject<'_, '_>, safely: bool) -> Option<Violation> {
        let present = subject.spec.image_pull_secrets.as_deref().unwrap_or_default();
        let has = |name: &str| present.iter().any(|secret| secret.name.as_deref() == Some(name));
        let missing: Vec<&str> =
            self.secrets.iter().map(String::as_str).filter(|name| !has(name)).collect();
        if missing.is_empty() {
            return None;
        }
        let names = missing.join(", ");
        let place = Pointer::new("/spec/imagePullSecrets");
        let edits = missing
            .iter()
            .map(|name| Edit::append(place.clone(), serde_json::json!({"name": name})))
            .collect();
        let message = format!("the mirror is to be asked with {}", quoted(&names));
        let violation =
            Violation::pod(place, message, format!("add imagePullSecrets with {names}"));
        // ServiceAccount.Admit (plugin/pkg/admission/serviceaccount/admission.go) gives a pod those of its
        // ServiceAccount only where it names none.
        let safety = if safely && !present.is_empty() { Safety::Safe } else { Safety::Unsafe };
        Some(violation.with_fix(format!("imagePullSecrets + {names}"), safety, edits))
    }
}
