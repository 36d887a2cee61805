//! Reading a URL as `url.ParseRequestURI` and `url.Parse` of Go do (net/url/url.go).

use std::net::IpAddr;

use super::escapes::{may_be_in_host, may_be_in_path, path, unescape};

/// A URL: absolute, or a path that starts with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Url {
    pub(super) scheme: String,
    /// What follows the scheme, where that is no path: `a@b.c` of `mailto:a@b.c`.
    opaque: String,
    user: Option<String>,
    /// With the port.
    pub(super) host: String,
    /// As it was written.
    path: String,
    pub(super) query: String,
    has_query: bool,
    fragment: Vec<u8>,
}

/// Reads what a request may ask for (`url.ParseRequestURI`).
///
/// # Errors
/// Why the text is none, in the words of Go.
pub(in super::super) fn parse(text: &str) -> Result<Url, String> {
    read(text, true).map_err(|why| format!("parse {text:?}: {why}"))
}

/// Reads what may lack a scheme before its host (`url.Parse`).
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_reference(text: &str) -> Result<Url, String> {
    read(text, false).map_err(|why| format!("parse {text:?}: {why}"))
}

fn read(text: &str, is_request: bool) -> Result<Url, String> {
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if text.is_empty() {
        return Err("empty url".to_owned());
    }
    if text == "*" {
        return Ok(Url { path: text.to_owned(), ..Url::default() });
    }
    let (scheme, rest) = scheme(text)?;
    let mut url = Url { scheme: scheme.to_ascii_lowercase(), ..Url::default() };
    let (mut rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    url.has_query = query.is_some();
    url.query = query.unwrap_or_default().to_owned();
    if !rest.starts_with('/') {
        if url.scheme.is_empty() {
            return Err("invalid URI for request".to_owned());
        }
        url.opaque = rest.to_owned();
        return Ok(url);
    }
    // Without a scheme, what a request asks for is a path all the same.
    let may_have_host = !url.scheme.is_empty() || !is_request && !rest.starts_with("///");
    if may_have_host && let Some(after) = rest.strip_prefix("//") {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        rest = path;
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        url.host = read_host(&url.scheme, host)?;
        if let Some(user) = user {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
            if !user.chars().all(allowed) {
                return Err("net/url: invalid userinfo".to_owned());
            }
            unescape(user)?;
            url.user = Some(user.to_owned());
        }
    }
    unescape(rest)?;
    url.path = rest.to_owned();
    Ok(url)
}

/// What stands before the first colon, where that can be a scheme.
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if place > 0 => {}
            b':' if place == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok(text.split_once(':').unwrap_or(("", text))),
            _ => break,
        }
    }
    Ok(("", text))
}

fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read_host(scheme: &str, host: &str) -> Result<String, String> {
    let invalid_port = |port: &str| format!("invalid port {port:?} after host");
    if let Some(inner) = host.strip_prefix('[')
        && !inner.contains('[')
    {
        let (inner, port) = inner.rsplit_once(']').ok_or("missing ']' in host")?;
        if !is_port(port) {
            return Err(invalid_port(port));
        }
        // %25 introduces a zone, which may have any escapes.
        let (address, zone) = inner.split_once("%25").unwrap_or((inner, ""));
        let zone = String::from_utf8_lossy(&unescape(zone)?).into_owned();
        let is_v6 = matches!(address.parse(), Ok(IpAddr::V6(_)));
        if !is_v6 {
            return Err("invalid IP-literal".to_owned());
        }
        let mark = if zone.is_empty() { "" } else { "%" };
        return Ok(format!("[{address}{mark}{zone}]{port}"));
    }
    if host.contains('[') {
        return Err("invalid IP-literal".to_owned());
    }
    let colon = match scheme {
        "http" | "https" => host.find(':'),
        _ => host.rfind(':'),
    };
    if let Some(port) = colon.and_then(|colon| host.get(colon..))
        && !is_port(port)
    {
        return Err(invalid_port(port));
    }
    decode_host(host)
}

/// Escapes of a host may only stand for what is not ASCII.
fn decode_host(host: &str) -> Result<String, String> {
    for (place, byte) in host.bytes().enumerate() {
        if byte == b'%' {
            let escape = host.get(place..place + 3).unwrap_or_default();
            if escape != "%25" && matches!(escape.as_bytes().get(1), Some(b'0'..=b'7')) {
                return Err(format!("invalid URL escape {escape:?}"));
            }
        } else if !may_be_in_host(byte) {
            return Err(format!(
                "invalid character {:?} in host name",
                char::from(byte).to_string()
            ));
        }
    }
    Ok(String::from_utf8_lossy(&unescape(host)?).into_owned())
}

impl Url {
    /// With what stands after `#`.
    pub(super) fn with_fragment(self, fragment: &str) -> Result<Self, String> {
        Ok(Self { fragment: unescape(fragment)?, ..self })
    }

    /// The host without brackets, and the port.
    pub(super) fn host_and_port(&self) -> (&str, &str) {
        let (host, port) = match self.host.rfind(':').map(|colon| self.host.split_at(colon)) {
            Some((host, port)) if is_port(port) => (host, port.trim_start_matches(':')),
            _ => (self.host.as_str(), ""),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        (bare.unwrap_or(host), port)
    }

    /// The path with escapes: as it was written, where that is right, else as Go writes it.
    pub(super) fn escaped_path(&self) -> String {
        if self.path == "*" || self.path.bytes().all(may_be_in_path) {
            return self.path.clone();
        }
        path(&unescape(&self.path).unwrap_or_default())
    }
}
