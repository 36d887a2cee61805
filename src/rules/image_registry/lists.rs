//! Which repositories are allowed and which denied.

use super::names::{Name, Prefix, below};
use super::rewriting::Pair;
use crate::finding::quoted;
use crate::glob::{Globs, Slash};
use crate::image::canonical_host;
use crate::pointer::Pointer;
use crate::rules::SettingsError;

/// Characters that make more of a glob than a text.
const SPECIAL: [char; 6] = ['*', '?', '[', ']', '{', '\\'];
/// How many globs a message names.
const SHOWN: usize = 5;

/// `allow` and `deny`, compiled.
#[derive(Debug)]
pub(super) struct Lists {
    allow: Option<Globs>,
    deny: Option<Globs>,
    allowed: Vec<String>,
}

impl Lists {
    pub(super) fn compile(
        allow: Option<&[String]>,
        deny: Option<&[String]>,
    ) -> Result<Self, SettingsError> {
        let allowed = allow.map(|list| whole("allow", list)).transpose()?;
        let denied = deny.map(|list| whole("deny", list)).transpose()?;
        Ok(Self {
            allow: allowed.as_deref().map(|list| globs("allow", list)).transpose()?,
            deny: denied.as_deref().map(|list| globs("deny", list)).transpose()?,
            allowed: allow.unwrap_or_default().to_vec(),
        })
    }

    /// What is wrong with a name, and what to do about it.
    pub(super) fn problem(&self, name: &Name) -> Option<(&'static str, String)> {
        let name = name.as_str();
        if self.deny.as_ref().is_some_and(|globs| globs.matches(name)) {
            return Some(("is denied", self.help()));
        }
        let outside = self.allow.as_ref().is_some_and(|globs| !globs.matches(name));
        outside.then(|| ("is not among those that are allowed", self.help()))
    }

    /// What is wrong with everything that a pair can make of names.
    pub(super) fn problem_of_all(&self, pair: &Pair) -> Option<&'static str> {
        // Names that nobody has: what denies all of these denies everything there.
        const PROBES: [&str; 3] = ["/zq0", "/library/zq0", "/zq0/zq0/zq0"];
        let prefix = &pair.to;
        // A `from` that can be a whole name makes `to` one.
        let itself = (!pair.from.only_above).then_some("");
        let probes = itself.into_iter().chain(PROBES);
        let mut probes = probes.map(|rest| format!("{}{rest}", prefix.name));
        if self.deny.as_ref().is_some_and(|globs| probes.all(|probe| globs.matches(&probe))) {
            return Some("is denied");
        }
        let reaches = |glob: &String| {
            let start = literal_start(glob);
            start.starts_with(&prefix.name) || prefix.name.starts_with(start)
        };
        let outside = self.allow.is_some() && !self.allowed.iter().any(reaches);
        outside.then_some("is not among those that are allowed")
    }

    fn help(&self) -> String {
        if self.allowed.is_empty() {
            return "use an image from another repository".to_owned();
        }
        let shown: Vec<_> = self.allowed.iter().take(SHOWN).map(|glob| quoted(glob)).collect();
        let more = if self.allowed.len() > SHOWN { " …" } else { "" };
        format!("use an image from one of {}{more}", shown.join(", "))
    }
}

/// Whether all that a glob can match is below a prefix.
pub(super) fn is_below(glob: &str, prefix: &str) -> bool {
    let start = literal_start(glob);
    let all = start.len() == glob.len();
    below(start, prefix).is_some_and(|rest| !rest.is_empty() || all)
}

fn literal_start(glob: &str) -> &str {
    glob.find(SPECIAL).and_then(|end| glob.get(..end)).unwrap_or(glob)
}

/// The globs with `/**` behind registries that stand alone.
fn whole(field: &str, list: &[String]) -> Result<Vec<String>, SettingsError> {
    let refuse = |index: usize, message: String, help: &str| SettingsError {
        pointer: Pointer::default().join(field).join(index),
        message,
        help: Some(help.to_owned()),
    };
    if list.is_empty() {
        return Err(SettingsError {
            pointer: Pointer::default().join(field),
            message: format!("an empty list for `{field}` says nothing"),
            help: Some(format!("leave `{field}` out")),
        });
    }
    let mut globs = Vec::with_capacity(list.len());
    for (index, glob) in list.iter().enumerate() {
        if glob.contains(|c: char| c.is_ascii_uppercase()) {
            let message = format!("{} has capitals, and names are compared without", quoted(glob));
            return Err(refuse(index, message, "write it in lower case"));
        }
        let literal = literal_start(glob).len() == glob.len();
        let (first, path) = match glob.split_once('/') {
            Some((first, path)) => (first, Some(path).filter(|path| !path.is_empty())),
            None => (glob.as_str(), None),
        };
        let is_host = first.contains(['.', ':']) || first == "localhost" || first.contains(SPECIAL);
        if !is_host {
            let message = format!("{} names no registry", quoted(glob));
            let help = "write it with its registry: `docker.io/library/nginx`, `docker.io/**`";
            return Err(refuse(index, message, help));
        }
        let spelt = canonical_host(first);
        if !first.contains(SPECIAL) && spelt != first {
            let message = format!("{} is compared as `{spelt}`", quoted(first));
            return Err(refuse(index, message, "write it so"));
        }
        match path {
            None => globs.push(format!("{first}/**")),
            Some(path) if first == "docker.io" && !path.contains('/') && !path.contains("**") => {
                let message = format!(
                    "{} matches nothing, since names at docker.io have two parts or more",
                    quoted(glob)
                );
                let help = "write `docker.io/**` for all of them, `docker.io/library/…` for the official images";
                return Err(refuse(index, message, help));
            }
            Some(_) if literal && Prefix::parse(glob).is_err() => {
                let message = format!("{} is no name of a repository", quoted(glob));
                return Err(refuse(
                    index,
                    message,
                    "write registry and path, without tag and digest",
                ));
            }
            Some(_) => globs.push(glob.clone()),
        }
    }
    Ok(globs)
}

fn globs(field: &str, list: &[String]) -> Result<Globs, SettingsError> {
    Globs::compile(list, &[], Slash::Kept).map_err(|error| SettingsError {
        pointer: Pointer::default().join(field).join(error.index),
        message: format!("the glob {} is malformed: {}", quoted(&error.pattern), error.message),
        help: Some("`docker.io/library/*`, `*.example.com/**` are such globs".to_owned()),
    })
}
