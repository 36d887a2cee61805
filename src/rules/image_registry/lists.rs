//! Which repositories are allowed and which denied.

use super::names::{Name, below};
use super::rewriting::Pair;
use super::sense::{self, Futile};
use crate::finding::quoted;
use crate::glob::{Globs, Slash};
use crate::image::DEFAULT_HOST;
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
        let compiled = |field, list| -> Result<_, SettingsError> {
            let whole = whole(field, list)?;
            let globs = globs(field, &whole)?;
            for (index, glob) in whole.iter().enumerate() {
                sense::check(glob)
                    .map_err(|Futile { message, help }| refused(field, index, message, help))?;
            }
            Ok((globs, whole))
        };
        let (allow, allowed) = allow.map(|list| compiled("allow", list)).transpose()?.unzip();
        let deny = deny.map(|list| compiled("deny", list)).transpose()?;
        Ok(Self { allow, deny: deny.map(|(globs, _)| globs), allowed: allowed.unwrap_or_default() })
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
        let prefix = &pair.to;
        // Names that nobody has: what denies all of these denies everything there.
        let (least, probes): (_, &[&str]) = if pair.from.name == DEFAULT_HOST {
            (2, &["/library/zq0", "/zq0/zq0"])
        } else if pair.from.only_above {
            (1, &["/zq0", "/library/zq0", "/zq0/zq0/zq0"])
        } else {
            // A `from` that can be a whole name makes `to` one.
            (0, &["", "/zq0", "/library/zq0", "/zq0/zq0/zq0"])
        };
        let mut probes = probes.iter().map(|rest| format!("{}{rest}", prefix.name));
        if self.deny.as_ref().is_some_and(|globs| probes.all(|probe| globs.matches(&probe))) {
            return Some("is denied");
        }
        let reaches = |glob: &String| sense::reaches(glob, &prefix.name, least);
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
            return Err(refused(field, index, message, "write it in lower case"));
        }
        let (first, path) = glob.split_once('/').unwrap_or((glob, ""));
        let is_host = first.contains(['.', ':']) || first == "localhost" || first.contains(SPECIAL);
        if !is_host {
            let message = format!("{} names no registry", quoted(glob));
            let help = "write it with its registry: `docker.io/library/nginx`, `docker.io/**`";
            return Err(refused(field, index, message, help));
        }
        globs.push(if path.is_empty() { format!("{first}/**") } else { glob.clone() });
    }
    Ok(globs)
}

fn refused(field: &str, index: usize, message: String, help: impl Into<String>) -> SettingsError {
    let pointer = Pointer::default().join(field).join(index);
    SettingsError { pointer, message, help: Some(help.into()) }
}

fn globs(field: &str, list: &[String]) -> Result<Globs, SettingsError> {
    Globs::compile(list, &[], Slash::Kept).map_err(|error| SettingsError {
        pointer: Pointer::default().join(field).join(error.index),
        message: format!("the glob {} is malformed: {}", quoted(&error.pattern), error.message),
        help: Some("`docker.io/library/*`, `*.example.com/**` are such globs".to_owned()),
    })
}
