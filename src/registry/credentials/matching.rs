//! Which entry of a keyring is for which image: `BasicDockerKeyring` in `pkg/credentialprovider/keyring.go`.

use crate::image::HTTPS_PORT;

/// The form in which an entry's name is compared: host with port, and the path if there is one. Docker writes
/// `https://index.docker.io/v1/` for a host.
pub(super) fn key(written: &str) -> Option<String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| written.strip_prefix(scheme));
    let rest = rest.unwrap_or(written);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit('@').next().unwrap_or_default();
    let valid = |c: char| c.is_alphanumeric() || "*-._:[]".contains(c);
    if host.is_empty() || !host.chars().all(valid) {
        return None;
    }
    let path = match ["/v1/", "/v2/"].iter().any(|version| path.starts_with(version)) {
        true => &path[3..],
        false => path,
    };
    Some(if path == "/" { host.to_owned() } else { format!("{host}{path}") })
}

/// Whether an entry is for a repository, given by its full name. Ports are equal, of which that of HTTPS goes without
/// saying here, as it does in the names of registries that are asked; hosts have as many parts, each of
/// which may hold `*`; the path begins with the entry's, and that in the midst of a name too. Of Go's `filepath.Match`
/// only `*` can stand in a URL's host.
pub(super) fn fits(key: &str, repository: &str) -> bool {
    let split = |text: &'_ str| text.find('/').unwrap_or(text.len());
    let (glob, prefix) = key.split_at(split(key));
    let (host, path) = repository.split_at(split(repository));
    let ((glob, glob_port), (host, port)) = (split_port(glob), split_port(host));
    shown(glob_port) == shown(port)
        && path.starts_with(prefix)
        && glob.split('.').count() == host.split('.').count()
        && glob.split('.').zip(host.split('.')).all(|(glob, part)| star(glob, part))
}

/// A port as names of registries show it.
fn shown(port: &str) -> &str {
    match port.trim_start_matches('0') {
        HTTPS_PORT => "",
        port => port,
    }
}

/// `net.SplitHostPort`, where what it refuses is all host.
fn split_port(host: &str) -> (&str, &str) {
    match host.rsplit_once(':') {
        Some((name, port)) if name.starts_with('[') && name.ends_with(']') => {
            (name.trim_matches(['[', ']']), port)
        }
        Some((name, port)) if !name.contains(':') => (name, port),
        _ => (host, ""),
    }
}

/// Whether a text matches a pattern in which `*` stands for any characters. Linear in time but for the last piece.
fn star(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    text.ends_with(last)
}
