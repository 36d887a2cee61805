//! Values of the configuration file, judged by the flags that they stand for.

use std::error::Error;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

use crate::config::{ConfigFile, Setting};
use crate::decode::{DecodeError, nearest};
use crate::report::Problem;

/// What is wrong with the values of the file as the flags see it.
pub(super) fn errors(command: &Command, file: &ConfigFile, written: &[Setting]) -> Vec<Problem> {
    let mut errors = Vec::new();
    for setting in written {
        let mut args = command.get_subcommands().flat_map(|command| command.get_arguments());
        let Some(arg) = args.find(|arg| setting.key.flag.is_some_and(|flag| arg.get_id() == flag))
        else {
            continue;
        };
        for (value, pointer) in &setting.values {
            if let Some((message, help)) = refusal(arg, value) {
                let error = DecodeError { pointer: pointer.clone(), message, help };
                errors.push(file.problem(error));
            }
        }
    }
    errors
}

/// Why a flag does not take a value: what is wrong, and what to do.
fn refusal(arg: &Arg, value: &str) -> Option<(String, Option<String>)> {
    let probe = Arg::new("value")
        .value_parser(arg.get_value_parser().clone())
        .num_args(1)
        .allow_hyphen_values(true);
    let command = Command::new("probe").no_binary_name(true).disable_help_flag(true).arg(probe);
    let error = command.try_get_matches_from([value]).err()?;
    if let Some(source) = error.source() {
        return Some((source.to_string(), None));
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => {
            let help = nearest(value, known.iter().map(String::as_str));
            Some((format!("there is no `{value}`"), help))
        }
        _ => Some((format!("`{value}` will not do"), None)),
    }
}
