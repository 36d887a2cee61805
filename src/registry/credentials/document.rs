//! The texts that credentials are kept in.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::matching;

/// The formats that kubelet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `kubernetes.io/dockerconfigjson`, key `.dockerconfigjson`; Docker's own `config.json` too.
    DockerConfigJson,
    /// `kubernetes.io/dockercfg`, key `.dockercfg`: the map of hosts alone.
    DockerCfg,
}

/// A text with credentials, and where it comes from.
#[derive(Clone)]
pub struct Document {
    /// Where it comes from, for people: `Secret plimsoll-system/pull`.
    pub source: String,
    /// How it is written.
    pub format: Format,
    /// The text.
    pub bytes: Vec<u8>,
}

/// Without the text.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.source).field(&self.format).finish()
    }
}

/// What a document says.
pub(super) struct Read {
    pub(super) entries: Vec<(String, Result<Entry, &'static str>)>,
    /// By host, in words.
    pub(super) helpers: Vec<(String, String)>,
    pub(super) store: Option<String>,
}

/// What a document says of one host.
pub(super) enum Entry {
    Login(String, String),
    IdentityToken,
    Nothing,
}

/// Docker's `config.json`, as far as it is about credentials (`cli/config/configfile/file.go` in docker/cli).
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DockerConfig {
    auths: Option<Map<String, Value>>,
    cred_helpers: Option<Map<String, Value>>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Written {
    username: Option<String>,
    password: Option<String>,
    auth: Option<String>,
    identitytoken: Option<String>,
}

impl Document {
    /// The entries, and what of them is malformed. Errors of the parser could show what they stumble over: they are
    /// reduced to their place.
    pub(super) fn read(&self) -> Result<Read, String> {
        let malformed = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            match error.is_data() {
                true => {
                    format!("not of the form that is expected, at line {line}, column {column}")
                }
                false => format!("not JSON, at line {line}, column {column}"),
            }
        };
        let config = match self.format {
            Format::DockerConfigJson => serde_json::from_slice(&self.bytes).map_err(malformed)?,
            Format::DockerCfg => {
                let auths = serde_json::from_slice(&self.bytes).map_err(malformed)?;
                DockerConfig { auths: Some(auths), ..DockerConfig::default() }
            }
        };
        let entries = config.auths.unwrap_or_default().into_iter();
        let helpers = config.cred_helpers.unwrap_or_default().into_iter();
        Ok(Read {
            entries: entries.map(|(host, value)| (host, entry(value))).collect(),
            helpers: helpers
                .filter_map(|(host, name)| Some((matching::key(&host)?, helper(name.as_str()?))))
                .collect(),
            store: config.creds_store.filter(|name| !name.is_empty()).map(|name| helper(&name)),
        })
    }
}

fn helper(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    format!("the credential helper docker-credential-{name}, which Plimsoll does not run")
}

/// `auth` counts before user name and password, as kubelet has it.
fn entry(value: Value) -> Result<Entry, &'static str> {
    const FORM: &str = "the entry is not of the form that is expected";
    // A list would be read as the fields in their order.
    if !value.is_object() {
        return Err(FORM);
    }
    let written: Written = serde_json::from_value(value).map_err(|_| FORM)?;
    let auth = written.auth.filter(|auth| !auth.is_empty());
    let (username, password) = match auth {
        Some(auth) => decode_auth(&auth)?,
        None => (written.username.unwrap_or_default(), written.password.unwrap_or_default()),
    };
    if password.is_empty() && written.identitytoken.is_some_and(|token| !token.is_empty()) {
        return Ok(Entry::IdentityToken);
    }
    if username.is_empty() && password.is_empty() {
        return Ok(Entry::Nothing);
    }
    Ok(Entry::Login(username, password))
}

fn decode_auth(auth: &str) -> Result<(String, String), &'static str> {
    const FORM: &str = "`auth` is not base64 of username:password";
    let engine = if auth.trim().ends_with('=') { STANDARD } else { STANDARD_NO_PAD };
    // Go's decoder passes over line ends.
    let auth: String = auth.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let decoded = engine.decode(auth).map_err(|_| FORM)?;
    let decoded = String::from_utf8(decoded).map_err(|_| FORM)?;
    let (username, password) = decoded.split_once(':').ok_or(FORM)?;
    // Docker's own tools end the password with NUL (`decodeAuth` in cli/config/configfile/file.go).
    Ok((username.to_owned(), password.trim_matches('\0').to_owned()))
}
