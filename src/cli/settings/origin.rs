//! Where a value is from.

use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::{applies, is_given};
use crate::config::{ConfigFile, KEYS, Key, Setting};
use crate::manifest::Place;

/// Where a value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Origin {
    /// Nobody said anything.
    Default,
    /// The configuration file, there.
    Config(Place),
    /// An environment variable.
    Variable(String),
    /// The command line.
    Flag,
}

/// What a key comes to.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Applied {
    /// Which.
    pub(in crate::cli) key: &'static Key,
    /// Its values, as the flag takes them.
    pub(in crate::cli) values: Vec<String>,
    /// Where they are from.
    pub(in crate::cli) origin: Origin,
}

impl Origin {
    /// In words.
    pub(in crate::cli) fn told(&self, file: Option<&ConfigFile>) -> String {
        match (self, file) {
            (Self::Default, _) => "default".to_owned(),
            (Self::Config(place), Some(file)) => {
                format!("{}:{}", file.path.display(), place.line)
            }
            (Self::Config(place), None) => format!("line {}", place.line),
            (Self::Variable(name), _) => name.clone(),
            (Self::Flag, _) => "command line".to_owned(),
        }
    }
}

impl Applied {
    /// The values in one line.
    pub(in crate::cli) fn shown(&self) -> String {
        if self.values.is_empty() { "as written there".to_owned() } else { self.values.join(", ") }
    }
}

/// What every key comes to, given what stands on the command line and in the environment and what the file says.
pub(super) fn applied(
    matches: &ArgMatches,
    given: &ArgMatches,
    written: &[Setting],
) -> Vec<Applied> {
    let Some((_, parsed)) = matches.subcommand() else { return Vec::new() };
    KEYS.iter()
        .filter(|key| key.flag.is_some())
        .map(|key| {
            let flag = key.flag.unwrap_or_default();
            let setting = written.iter().find(|setting| setting.key == key);
            let origin = if is_given(given, flag) {
                given_by(given, key)
            } else if let Some(setting) = setting.filter(|setting| applies(setting, given)) {
                Origin::Config(setting.place)
            } else {
                Origin::Default
            };
            let values = match (values(parsed, flag), setting) {
                (None, Some(setting)) => {
                    setting.values.iter().map(|(value, _)| value.clone()).collect()
                }
                (found, _) => found.unwrap_or_default(),
            };
            Applied { key, values, origin }
        })
        .collect()
}

fn given_by(given: &ArgMatches, key: &Key) -> Origin {
    match given.value_source(key.flag.unwrap_or_default()) {
        Some(ValueSource::EnvVariable) => Origin::Variable(variable(key)),
        _ => Origin::Flag,
    }
}

/// The variable of a key's flag.
fn variable(key: &Key) -> String {
    let command = super::command();
    let mut args = command.get_subcommands().flat_map(|command| command.get_arguments());
    let arg = args.find(|arg| key.flag.is_some_and(|flag| arg.get_id() == flag));
    let name = arg.and_then(|arg| arg.get_env()).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The values of a flag as they were given; none where the command has no such flag.
fn values(parsed: &ArgMatches, flag: &str) -> Option<Vec<String>> {
    parsed.try_contains_id(flag).ok()?;
    let raw = parsed.get_raw(flag).into_iter().flatten();
    Some(
        raw.map(|value| value.to_string_lossy().into_owned())
            .filter(|value| !value.is_empty())
            .collect(),
    )
}

/// Folders in one line.
pub(super) fn folders(folders: &[PathBuf]) -> String {
    let names: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_for_a_flag_with_a_variable() {
        for key in KEYS.iter().filter(|key| key.flag.is_some()) {
            let name = variable(key);
            assert!(name.starts_with("PLIMSOLL_"), "{}: {name:?}", key.name);
        }
    }
}
