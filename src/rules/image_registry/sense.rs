//! Whether a glob on names can match any, and any of some: with `deny`, one that cannot lets images through.

use super::names::{self, ALIASES, Prefix};
use crate::finding::quoted;
use crate::glob::{Globs, Slash};
use crate::image::canonical_host;
use crate::image::{DEFAULT_HOST, Reference};

/// The most alternatives, with those of all braces multiplied, that a glob is taken apart into.
const MAX_ALTERNATIVES: usize = 256;
const ONLY_NAMES: &str =
    "a glob is on registry and repository only, without tag and digest: `docker.io/library/nginx`";
const TWO_PARTS: &str =
    "write `docker.io/**` for all of them, `docker.io/library/…` for the official images";

/// Why a glob, or one of the alternatives in its braces, can match no name.
#[derive(Debug)]
pub(super) struct Futile {
    pub(super) message: String,
    pub(super) help: String,
}

/// Looks for a reason why a glob, which is whole and well-formed, can match no name.
pub(super) fn check(glob: &str) -> Result<(), Futile> {
    let Some(alternatives) = alternatives(glob) else {
        return Err(Futile {
            message: format!("{} has more than {MAX_ALTERNATIVES} alternatives", quoted(glob)),
            help: "make several entries of it".to_owned(),
        });
    };
    alternatives.iter().try_for_each(|text| {
        fault(text).map_or(Ok(()), |(problem, help)| {
            let message = format!("{} {problem}", quoted(text));
            Err(Futile { message, help: help.to_owned() })
        })
    })
}

/// Whether a glob matches a name that is that many parts or more below a prefix.
pub(super) fn reaches(glob: &str, prefix: &str, least: usize) -> bool {
    let Some(alternatives) = alternatives(glob) else { return true };
    alternatives.iter().any(|text| {
        let mut given = prefix.split('/');
        let mut below = 0;
        for part in parts(text) {
            match given.next() {
                // It takes in what is left of the prefix, and below that all is possible.
                _ if part == "**" => return true,
                Some(name) if !matches(&part, name) => return false,
                Some(_) => {}
                None => below += 1,
            }
        }
        given.next().is_none() && below >= least
    })
}

fn fault(text: &str) -> Option<(String, &'static str)> {
    let parts = parts(text);
    let (host, path) = parts.split_first()?;
    let stray = tokens(text).into_iter().find_map(|token| {
        let one = token.strip_prefix('\\').unwrap_or(token).chars().next()?;
        let is_known = one.is_ascii_alphanumeric() || "*?._-/:@[]".contains(one);
        (!is_known).then_some(one)
    });
    if let Some(stray) = stray {
        let problem =
            format!("matches nothing, since no name has a {}", quoted(&stray.to_string()));
        return Some((
            problem,
            "nothing is excepted by a glob: use `deny` and `allow` together for that",
        ));
    }
    if path.iter().any(|part| tokens(part).iter().any(|token| matches!(*token, ":" | "@"))) {
        return Some((
            "is no name of a repository: a name has no tag and no digest".to_owned(),
            ONLY_NAMES,
        ));
    }
    if path.is_empty() || path.iter().any(String::is_empty) {
        let problem = "matches nothing, since a part of it is missing".to_owned();
        return Some((
            problem,
            "write `/**` for all that is below, and registries as entries of their own",
        ));
    }
    let is_text = |part: &&String| !part.contains(['*', '?', '[', '\\']);
    let malformed = |part: &String| Reference::parse(&format!("{DEFAULT_HOST}/{part}")).is_err();
    if path.iter().filter(is_text).any(malformed) {
        return Some(("is no name of a repository".to_owned(), ONLY_NAMES));
    }
    if host == DEFAULT_HOST && path.len() == 1 && path.iter().all(|part| part != "**") {
        let problem = "matches nothing, since names at docker.io have two parts or more".to_owned();
        return Some((problem, TWO_PARTS));
    }
    if is_text(&host) { fault_of_host(host) } else { fault_of_host_glob(host) }
}

fn fault_of_host(host: &str) -> Option<(String, &'static str)> {
    if let Err(problem) = names::check_port(host) {
        return Some((format!("matches nothing: {problem}"), "write another port"));
    }
    let spelt = canonical_host(host);
    if spelt != host {
        let problem = format!("matches nothing: {} is compared as `{spelt}`", quoted(host));
        return Some((problem, "write it so"));
    }
    let error = Prefix::parse(host).err()?;
    Some((format!("matches nothing: {error}"), "write a registry: `docker.io/**`, `host:5000/**`"))
}

fn fault_of_host_glob(host: &str) -> Option<(String, &'static str)> {
    if tokens(host).iter().any(|token| token.starts_with('[') && token.contains(':')) {
        let problem = "has a set of characters where an address seems to be meant".to_owned();
        return Some((problem, r"write the address so: `\[::1\]:5000/**`"));
    }
    if let Err(problem) = names::check_port(host) {
        return Some((format!("matches nothing: {problem}"), "write another port, or `*`"));
    }
    // Any name gives the port the same spelling.
    let port = host.rsplit_once(':').map(|(_, port)| format!("x.io:{port}"));
    if port.is_some_and(|sample| names::has_port(&sample) && canonical_host(&sample) != sample) {
        let problem = "matches nothing, since ports are compared without zeros before them, and 443 is left out";
        return Some((problem.to_owned(), "write the port so"));
    }
    // What only the other names of Docker Hub match, which no name is compared by.
    let only_alias = |alias: &str| {
        let other = alias.replace(DEFAULT_HOST, "zq0.example.com");
        matches(host, alias) && !matches(host, &other) && !matches(host, DEFAULT_HOST)
    };
    ALIASES.iter().find(|alias| only_alias(alias)).map(|alias| {
        (
            format!("matches nothing: `{alias}` is compared as `{DEFAULT_HOST}`"),
            "write `docker.io/**`",
        )
    })
}

fn matches(glob: &str, text: &str) -> bool {
    Globs::compile(&[glob], &[], Slash::Kept).is_ok_and(|globs| globs.matches(text))
}

/// The parts between slashes.
fn parts(text: &str) -> Vec<String> {
    tokens(text).split(|token| *token == "/").map(<[_]>::concat).collect()
}

/// A glob without braces for each of its alternatives, unless these are too many.
fn alternatives(glob: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![glob.to_owned()];
    while let Some(text) = open.pop() {
        match unfold(&text) {
            Some(texts) => open.extend(texts),
            None => found.push(text),
        }
        if found.len() + open.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(found)
}

/// A glob for each alternative of its first braces.
fn unfold(text: &str) -> Option<Vec<String>> {
    let tokens = tokens(text);
    let start = tokens.iter().position(|token| *token == "{")?;
    let mut depth = 0_usize;
    let mut texts: Vec<String> = vec![String::new()];
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match (*token, depth) {
            ("{", 0) => {}
            (",", 1) => {
                texts.push(String::new());
                continue;
            }
            ("}", 1) => {
                let (head, tail) = (tokens.get(..start)?.concat(), tokens.get(at + 1..)?.concat());
                // The globs, too, leave out alternatives that are empty.
                texts.retain(|text| !text.is_empty());
                return Some(texts.iter().map(|text| format!("{head}{text}{tail}")).collect());
            }
            _ => texts.last_mut()?.push_str(token),
        }
        match *token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Characters, those after a backslash with it, and sets of characters as one.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '[' => set_length(rest).unwrap_or(1),
            other => other.len_utf8(),
        };
        let Some((token, after)) = rest.split_at_checked(length) else { break };
        found.push(token);
        rest = after;
    }
    found
}

fn set_length(text: &str) -> Option<usize> {
    let body = text.strip_prefix('[')?;
    let body = body.strip_prefix(['!', '^']).unwrap_or(body);
    // A bracket that stands first belongs to the set.
    let first = body.chars().next()?.len_utf8();
    let end = body.get(first..)?.find(']')?;
    Some(text.len() - body.len() + first + end + 1)
}
