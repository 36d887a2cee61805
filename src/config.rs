//! `plimsoll.yaml`: what a team sets once for every run of the offline commands.
//!
//! Its keys are the flags of the commands in the words of the file, see [`KEYS`]; what a flag or its environment
//! variable says counts instead. Paths and globs in it count from the folder it lies in.

mod cluster;
mod discovery;
mod keys;
#[cfg(feature = "serve")]
mod registries;
mod schema;
mod sense;
mod written;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use cluster::snapshot;
pub use discovery::{FILE, Search, search};
pub use keys::{KEYS, Key, Sort};
#[cfg(feature = "serve")]
pub use registries::registries;
pub use schema::schema;
pub use written::{Cluster, Config};

use crate::decode::{DecodeError, decode};
use crate::manifest::{Document, ManifestError, NO_MAPPING, Place, parse};
use crate::pointer::Pointer;
use crate::report::Problem;

/// What is said of a file that is a list or a text.
const NO_KEYS: &str = "a configuration is a mapping of keys, such as `profile: strict`";

/// A configuration file that was read.
#[derive(Debug)]
pub struct ConfigFile {
    /// The file as it is named to people: from the working directory on.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
    document: Option<Document>,
}

/// A key that the file sets.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which.
    pub key: &'static Key,
    /// Its values as the flag would be given them, each with its pointer in the file. Paths count from the working
    /// directory.
    pub values: Vec<(String, Pointer)>,
    /// Where the key stands.
    pub place: Place,
}

impl ConfigFile {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place.
    pub fn read(path: &Path) -> Result<Self, Vec<Problem>> {
        let bytes = fs::read(path).map_err(|error| {
            let message = format!("cannot be read: {error}");
            let help = Some("it was named by --config or PLIMSOLL_CONFIG");
            vec![ManifestError::new(Some(path), None, message, help).into()]
        })?;
        Self::parse(path, bytes)
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place.
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, Vec<Problem>> {
        let mut manifest = parse(Some(path), bytes);
        for error in manifest.errors.iter_mut().filter(|error| error.message == NO_MAPPING) {
            NO_KEYS.clone_into(&mut error.message);
        }
        if !manifest.errors.is_empty() {
            return Err(Problem::in_text(manifest.errors, manifest.text.as_str()));
        }
        let mut documents = manifest.documents.into_iter();
        let document = documents.next();
        let mut file = Self { path: path.to_owned(), config: Config::default(), document };
        if let Some(second) = documents.next() {
            let error = DecodeError {
                pointer: Default::default(),
                message: "a configuration is one document, and here a second one starts".to_owned(),
                help: Some("remove it, or join the two".to_owned()),
            };
            return Err(vec![Problem::in_document(path, &second, error)]);
        }
        let Some(document) = &file.document else { return Ok(file) };
        file.config = Config::read(&document.value).map_err(|errors| {
            let problem = |error: DecodeError| {
                // What is of the wrong type is shown itself, and not its key.
                let of_type = ["expected ", "invalid type"].iter();
                match of_type.clone().any(|start| error.message.starts_with(start)) {
                    true => Problem::at_value(path, document, error),
                    false => Problem::in_document(path, document, error),
                }
            };
            let mut problems: Vec<_> = errors.into_iter().map(problem).collect();
            problems.sort_by_key(|problem| problem.error.place);
            problems
        })?;
        Ok(file)
    }

    /// The folder that paths and globs in it count from, as it is named to people.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// What it sets, in the order of [`KEYS`].
    pub fn settings(&self) -> Vec<Setting> {
        let Some(document) = &self.document else { return Vec::new() };
        let of_key = |key: &'static Key| {
            let pointer = key.pointer();
            let value =
                document.value.pointer(pointer.as_str()).filter(|value| !value.is_null())?;
            let place = self.place(&pointer);
            let values = match value {
                Value::Array(list) => (list.iter().enumerate())
                    .map(|(at, value)| (self.value(key, value), pointer.clone().join(at)))
                    .collect(),
                // Of what is a whole, the flag knows one part.
                Value::Object(parts) => {
                    (parts.get("snapshot").filter(|part| !part.is_null()).iter())
                        .map(|part| (self.value(key, part), pointer.clone().join("snapshot")))
                        .collect()
                }
                one => vec![(self.value(key, one), pointer)],
            };
            Some(Setting { key, values, place })
        };
        KEYS.iter().filter_map(of_key).collect()
    }

    /// What a key says, as it is written.
    pub fn written(&self, key: &Key) -> Option<&Value> {
        self.document.as_ref()?.value.pointer(key.pointer().as_str())
    }

    /// Where a key stands.
    pub fn place(&self, pointer: &Pointer) -> Place {
        let none = Place { line: 1, column: 1, end_line: 1, end_column: 1 };
        self.document.as_ref().map_or(none, |document| {
            let found = document.find(pointer.as_str());
            document.text().place(found.key.clone().unwrap_or_else(|| found.highlight()))
        })
    }

    /// An error about something in the file.
    pub fn problem(&self, error: DecodeError) -> Problem {
        match &self.document {
            Some(document) => Problem::in_document(&self.path, document, error),
            None => ManifestError::new(Some(&self.path), None, error.message, error.help).into(),
        }
    }

    fn value(&self, key: &Key, value: &Value) -> String {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        key.sort.from(self.folder(), text)
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Every key that is unknown or wrong.
    pub fn read(value: &Value) -> Result<Self, Vec<DecodeError>> {
        let map = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(map) => map,
            _ => {
                return Err(vec![DecodeError {
                    pointer: Default::default(),
                    message: NO_KEYS.to_owned(),
                    help: None,
                }]);
            }
        };
        let mut errors = Vec::new();
        for (name, value) in map {
            let before = errors.len();
            errors.extend(sense::errors(name, value));
            if errors.len() > before {
                continue;
            }
            if let Err(error) = decode::<Self>(&json!({ name: value })) {
                errors.push(error);
            }
        }
        if errors.is_empty() { decode(value).map_err(|error| vec![error]) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests;
