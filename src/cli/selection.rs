//! Which files of the folders on the command line are read: the flags that `check` and `fix` share.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::settings::{Origin, Settings};
use super::{Common, output};
use crate::decode::DecodeError;
use crate::manifest::ManifestError;
use crate::manifest::source::{GlobError, Selection};
use crate::pointer::Pointer;
use crate::report::Problem;

/// Where manifests are looked for.
#[derive(Debug, Args)]
pub(super) struct SelectionArgs {
    /// Files, folders, or `-` for standard input
    #[arg(default_value = ".", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Read only found files that this matches, as in a .gitignore, repeatable: a folder, or names beyond .yaml, .yml
    /// and .json (deploy/, *.yaml.tpl)
    #[arg(long, env = "PLIMSOLL_INCLUDE", value_name = "GLOB", value_delimiter = '\n')]
    include: Vec<String>,
    /// Leave out files and folders that this matches, as in a .gitignore, repeatable
    #[arg(long, env = "PLIMSOLL_EXCLUDE", value_name = "GLOB", value_delimiter = '\n')]
    exclude: Vec<String>,
    /// Leave out what --exclude matches even where it is named on the command line, as pre-commit does it
    #[arg(long, env = "PLIMSOLL_FORCE_EXCLUDE", value_parser = FalseyValueParser::new())]
    force_exclude: bool,
}

impl SelectionArgs {
    /// What is read; where a glob is none, nothing, and the user was told why.
    pub(super) fn selection(&self, common: &Common) -> Option<Selection> {
        let settings = &common.settings;
        let told = |key: &'static str| move |error: GlobError| vec![told(error, key, settings)];
        let selection = Selection::default()
            .including(settings.base("include"), &named(&self.include))
            .map_err(told("include"))
            .and_then(|selection| {
                let excluded = named(&self.exclude);
                selection.excluding(settings.base("exclude"), &excluded).map_err(told("exclude"))
            });
        match selection {
            Ok(selection) => Some(selection.forced(self.force_exclude).naming(&self.paths)),
            Err(problems) => {
                output::errors(problems, common.color);
                None
            }
        }
    }

    /// Whether files were looked for, and not only those read that were named.
    pub(super) fn walks(&self) -> bool {
        self.paths.iter().any(|path| path.is_dir() || path == Path::new("-"))
    }
}

/// Without the nothings that a variable may be set to.
fn named(globs: &[String]) -> Vec<String> {
    globs.iter().filter(|glob| !glob.is_empty()).cloned().collect()
}

fn told(error: GlobError, key: &str, settings: &Settings) -> Problem {
    let message = error.to_string();
    match (settings.origin(key), &settings.file) {
        (Origin::Config(_), Some(file)) => {
            let pointer = Pointer::default().join(key).join(error.index);
            file.problem(DecodeError { pointer, message, help: None })
        }
        _ => {
            let message = format!("--{key}: {message}");
            ManifestError::new(None, None, message, None::<&str>).into()
        }
    }
}
