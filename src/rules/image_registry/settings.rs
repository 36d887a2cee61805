//! What a policy's author writes, checked and made ready.

use schemars::JsonSchema;
use serde::Deserialize;

use super::lists::{Lists, is_below};
use super::names::{MAX_NAME, Name, Prefix};
use super::rewriting::{Pair, Rewrites, overlap};
use super::{ImageRegistry, Narrowing};
use crate::finding::quoted;
use crate::glob::{GlobList, MAX_PATTERN, MAX_PATTERNS};
use crate::image::{DEFAULT_HOST, Reference};
use crate::label;
use crate::pointer::Pointer;
use crate::rules::SettingsError;

/// The most pairs of a rewrite: each is compared with each.
const MAX_REWRITES: usize = 256;
/// The most Secrets that a rule adds.
const MAX_SECRETS: usize = 16;

/// Where images come from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Globs on registry and repository, `docker.io/library/*`: when given, only these. `*` stays within one part,
    /// `**` does not; a registry alone means all that is in it.
    #[schemars(length(min = 1, max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(super) allow: Option<Vec<String>>,
    /// Globs on registry and repository: none of these, even where `allow` matches too.
    #[schemars(length(min = 1, max = MAX_PATTERNS), inner(length(min = 1, max = MAX_PATTERN)))]
    pub(super) deny: Option<Vec<String>>,
    /// Which names are replaced by which; of several that match, the one with the longest `from`. `allow` and `deny` are
    /// about names after that.
    #[schemars(
        length(min = 1, max = MAX_REWRITES),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["from"]),
    )]
    pub(super) rewrite: Option<Vec<Rewrite>>,
    /// Names of Secrets that pods need whose images come from a mirror; with `rewrite` only.
    #[schemars(
        length(min = 1, max = MAX_SECRETS),
        inner(length(min = 1, max = label::MAX_PREFIX)),
        extend("x-kubernetes-list-type" = "set"),
    )]
    pub(super) image_pull_secrets: Option<Vec<String>>,
    /// Only containers with these names (globs); image volumes are left alone then.
    pub(super) containers: Option<GlobList>,
    /// Only these images (globs on the full reference, `docker.io/library/nginx:1.27`).
    pub(super) images: Option<GlobList>,
}

/// The beginning of names, and what takes its place.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Rewrite {
    /// Registry, and the beginning of a path if need be: `docker.io/`, `ghcr.io/team`. It ends where a part ends.
    #[schemars(length(min = 1, max = MAX_NAME))]
    pub(super) from: String,
    /// What stands there instead: `mirror.example.com/dockerhub/`. No `from` may match it.
    #[schemars(length(min = 1, max = MAX_NAME))]
    pub(super) to: String,
}

pub(super) fn compile(settings: Settings) -> Result<ImageRegistry, SettingsError> {
    let Settings { allow, deny, rewrite, image_pull_secrets, containers, images } = settings;
    if allow.is_none() && deny.is_none() && rewrite.is_none() {
        return Err(refused(
            Pointer::default(),
            "the rule asks for nothing",
            "set `allow`, `deny` or `rewrite`",
        ));
    }
    let lists = Lists::compile(allow.as_deref(), deny.as_deref())?;
    let pairs = pairs(rewrite.as_deref())?;
    check_chains(&pairs)?;
    for (field, list) in [("deny", &deny), ("allow", &allow)] {
        check_reach(field, list.as_deref().unwrap_or_default(), &pairs)?;
    }
    for (index, pair) in pairs.iter().enumerate() {
        if let Some(problem) = lists.problem_of_all(pair) {
            return Err(refused(
                Pointer::new("/rewrite").join(index).join("to"),
                format!("what is below {} {problem}", quoted(&pair.to.written)),
                format!(
                    "`allow` and `deny` are about names after rewriting: let these through with `{}/**`{}",
                    pair.to.name,
                    if pair.from.name == DEFAULT_HOST {
                        "; names from docker.io have two parts, which `/*` does not match"
                    } else {
                        ""
                    }
                ),
            ));
        }
    }
    Ok(ImageRegistry {
        lists,
        rewrites: Rewrites::new(pairs),
        secrets: secrets(image_pull_secrets, rewrite.is_some())?,
        narrowing: Narrowing::compile(containers.as_ref(), images.as_ref())?,
    })
}

fn pairs(written: Option<&[Rewrite]>) -> Result<Vec<Pair>, SettingsError> {
    let place = Pointer::new("/rewrite");
    if written.is_some_and(<[_]>::is_empty) {
        return Err(refused(place, "an empty list rewrites nothing", "leave `rewrite` out"));
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for (index, Rewrite { from, to }) in written.unwrap_or_default().iter().enumerate() {
        if index == MAX_REWRITES {
            let message = format!("these are more than {MAX_REWRITES} pairs");
            return Err(refused(place, message, "make two rules of it"));
        }
        let place = place.clone().join(index);
        let read = |field: &str, text: &str| {
            Prefix::parse(text).map_err(|error| {
                refused(
                    place.clone().join(field),
                    format!("{} is no beginning of image names: {error}", quoted(text)),
                    "write a registry, and the beginning of a path if need be: `docker.io/`, `docker.io/library/`",
                )
            })
        };
        let pair = Pair { from: read("from", from)?, to: read("to", to)? };
        if pair.to.is_host && pair.to.name == DEFAULT_HOST {
            return Err(refused(
                place.join("to"),
                "at docker.io a name of one part means one in `library/`",
                "name the organisation as well: `docker.io/team/`",
            ));
        }
        let means = Reference::parse(&pair.to.written).map(|reference| Name::of(&reference));
        let is_same = means.is_ok_and(|name| name.as_str() == pair.to.name);
        if !pair.from.only_above && !is_same {
            let message = format!(
                "{} can be a whole repository, and {} alone is not the name of one there",
                quoted(&pair.from.written),
                quoted(&pair.to.written)
            );
            let last = pair.from.name.rsplit('/').next().unwrap_or_default();
            let help = format!(
                "write a repository after the host, `{}/{last}`, or end `from` with a slash to leave {} itself out",
                pair.to.written,
                quoted(&pair.from.written)
            );
            return Err(refused(place.join("to"), message, help));
        }
        if pairs.iter().any(|other| other.from.name == pair.from.name) {
            let message = format!("{} stands here twice", quoted(&pair.from.name));
            return Err(refused(place.join("from"), message, "keep one of them"));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

/// What was rewritten must not be rewritten again, or no pod would ever be done.
fn check_chains(pairs: &[Pair]) -> Result<(), SettingsError> {
    for (index, Pair { to, .. }) in pairs.iter().enumerate() {
        let again = pairs.iter().position(|other| overlap(&other.from.name, &to.name));
        if let Some((at, other)) = again.and_then(|at| Some((at, pairs.get(at)?))) {
            let what = if at == index { "a loop" } else { "a chain" };
            return Err(refused(
                Pointer::new("/rewrite").join(index).join("to"),
                format!(
                    "names below {} can be rewritten again by `from: {}`: that is {what}",
                    quoted(&to.written),
                    other.from.written
                ),
                "let `to` lead where no `from` matches: to where images are in the end",
            ));
        }
    }
    Ok(())
}

/// An entry that can match nothing is a mistake, and with `deny` one that lets images through.
fn check_reach(field: &str, list: &[String], pairs: &[Pair]) -> Result<(), SettingsError> {
    for (index, glob) in list.iter().enumerate() {
        let whole = if glob.contains('/') { glob.clone() } else { format!("{glob}/") };
        if let Some(pair) = pairs.iter().find(|pair| is_below(&whole, &pair.from.name)) {
            let rest = whole.get(pair.from.name.len()..).unwrap_or_default();
            let rest = if rest.is_empty() || rest == "/" { "/**" } else { rest };
            return Err(refused(
                Pointer::default().join(field).join(index),
                format!(
                    "{} matches nothing, since `from: {}` rewrites all of it first",
                    quoted(glob),
                    pair.from.written
                ),
                format!("write it as it is after that, `{}{rest}`, or leave it out", pair.to.name),
            ));
        }
    }
    Ok(())
}

fn secrets(written: Option<Vec<String>>, rewrites: bool) -> Result<Vec<String>, SettingsError> {
    let Some(names) = written else { return Ok(Vec::new()) };
    let place = Pointer::new("/imagePullSecrets");
    if !rewrites {
        return Err(refused(
            place,
            "`imagePullSecrets` has a meaning only beside `rewrite`",
            "remove it, or say with `rewrite` which images need them",
        ));
    }
    if names.is_empty() || names.len() > MAX_SECRETS {
        let message =
            format!("these are {} names, and 1 to {MAX_SECRETS} belong here", names.len());
        return Err(refused(place, message, "leave `imagePullSecrets` out where none is needed"));
    }
    for (index, name) in names.iter().enumerate() {
        label::validate_subdomain(name).map_err(|_| {
            refused(
                place.clone().join(index),
                format!("{} is no name of a Secret", quoted(name)),
                "names have lower-case letters, digits, `-` and `.`, and at most 253 of them",
            )
        })?;
        if names.iter().take(index).any(|other| other == name) {
            let message = format!("{} stands here twice", quoted(name));
            return Err(refused(place.join(index), message, "keep one of them"));
        }
    }
    Ok(names)
}

fn refused(pointer: Pointer, message: impl Into<String>, help: impl Into<String>) -> SettingsError {
    SettingsError { pointer, message: message.into(), help: Some(help.into()) }
}
