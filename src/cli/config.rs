//! `plimsoll config`: what applies, and from where.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::settings::{self, Applied, CONFIGURED, Origin, Settings, Stop};
use super::{Common, Outcome, output};
use crate::config::{ConfigFile, FILE, Sort};

/// Flags of `plimsoll config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// The command line to explain, such as `check --fail-on warn`; absent: `check`
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    line: Vec<OsString>,
    /// Only say whether the configuration file is right
    #[arg(long)]
    check: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// YAML, each value with a comment that says where it is from
    #[default]
    Text,
    /// For scripts
    Json,
}

pub(super) fn run(args: &ConfigArgs, common: &Common) -> anyhow::Result<Outcome> {
    let own = &common.settings;
    let mut out = std::io::stdout().lock();
    if args.check {
        // Whatever is wrong in the file itself was said before.
        if let Some(file) = &own.file {
            if !known_is_right(file, common) {
                return Ok(Outcome::Broken);
            }
            writeln!(out, "{}: nothing is wrong", file.path.display())?;
        } else {
            writeln!(out, "no {FILE} applies")?;
        }
        return Ok(Outcome::Clean);
    }
    let Some(explained) = explained(args, own, common)? else { return Ok(Outcome::Broken) };
    match args.format {
        Format::Text => text(&explained, &mut out)?,
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&value(&explained))?)?,
    }
    Ok(Outcome::Clean)
}

/// What the command line comes to, with the configuration file that this one was given.
fn explained(
    args: &ConfigArgs,
    own: &Settings,
    common: &Common,
) -> anyhow::Result<Option<Settings>> {
    let mut line = vec![OsString::from("plimsoll")];
    let given = if args.line.is_empty() { vec!["check".into()] } else { args.line.clone() };
    let name = given.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !CONFIGURED.contains(&name.as_str()) {
        let known = CONFIGURED.join(", ");
        bail!("`{name}` reads no configuration file; commands that do: {known}");
    }
    line.extend(given);
    match &own.file {
        Some(file) => line.extend(["--config".into(), file.path.clone().into_os_string()]),
        None => line.push("--no-config".into()),
    }
    match settings::explain(line) {
        Ok(mut settings) => {
            settings.search.clone_from(&own.search);
            Ok(Some(settings))
        }
        Err(Stop::Usage(error)) => {
            let _ = error.print();
            Ok(None)
        }
        Err(Stop::Config(errors, _)) => {
            output::errors(errors, common.color);
            Ok(None)
        }
        Err(Stop::Other(error)) => Err(error),
    }
}

/// Whether the files and objects that the configuration speaks of are right too.
fn known_is_right(file: &ConfigFile, common: &Common) -> bool {
    let cluster = file.config.cluster.as_ref();
    let snapshot = cluster.and_then(|cluster| cluster.snapshot.as_ref());
    let snapshot = snapshot.map(|path| crate::config::snapshot(&file.folder().join(path)));
    let errors: Vec<_> =
        snapshot.into_iter().chain([file.namespaces()]).filter_map(Result::err).flatten().collect();
    let right = errors.is_empty();
    output::errors(errors, common.color);
    right
}

fn text(settings: &Settings, out: &mut dyn Write) -> std::io::Result<()> {
    match (&settings.file, &settings.search) {
        (Some(file), _) => writeln!(out, "# {}", file.path.display())?,
        (None, Some(search)) => {
            writeln!(out, "# There is no {FILE} in")?;
            for folder in &search.searched {
                writeln!(out, "#   {}", folder.display())?;
            }
        }
        (None, None) => writeln!(out, "# No configuration file is read.")?,
    }
    let mut around = "";
    for applied in &settings.applied {
        let from = applied.origin.told(settings.file.as_deref());
        let name = applied.key.name;
        let value = shown(applied, settings);
        match (value, name.split_once('.')) {
            (Value::Null, _) => writeln!(out, "# {name}: not set")?,
            (value, None) => writeln!(out, "{name}: {value} # {from}")?,
            (value, Some((mapping, name))) => {
                if mapping != around {
                    writeln!(out, "{mapping}:")?;
                    around = mapping;
                }
                writeln!(out, "  {name}: {value} # {from}")?;
            }
        }
    }
    Ok(())
}

fn value(settings: &Settings) -> Value {
    let mut values = Map::new();
    for applied in &settings.applied {
        let mut entry = json!({
            "value": shown(applied, settings),
            "origin": match &applied.origin {
                Origin::Default => "default",
                Origin::Config(_) => "config",
                Origin::Variable(_) => "environment",
                Origin::Flag => "flag",
            },
        });
        match &applied.origin {
            Origin::Variable(name) => entry["variable"] = json!(name),
            Origin::Config(place) => {
                entry["line"] = json!(place.line);
                entry["column"] = json!(place.column);
            }
            Origin::Default | Origin::Flag => {}
        }
        values.insert(applied.key.name.to_owned(), entry);
    }
    let path = |path: &Path| json!(path.display().to_string());
    let searched = settings.search.iter().flat_map(|search| &search.searched);
    json!({
        "version": 1,
        "file": settings.file.as_ref().map(|file| path(&file.path)),
        "searched": searched.map(|folder| path(folder)).collect::<Vec<_>>(),
        "settings": values,
    })
}

/// The value of a key as the file would have it; JSON, which is YAML too. Paths count from the working directory.
fn shown(applied: &Applied, settings: &Settings) -> Value {
    let is_config = matches!(applied.origin, Origin::Config(_));
    if let (true, Some(file)) = (is_config, &settings.file)
        && let Some(whole) = file.written(applied.key).filter(|value| value.is_object())
    {
        return whole.clone();
    }
    let is_list = applied.key.is_list();
    match applied.values.as_slice() {
        [] => Value::Null,
        [one] if !is_list => match one.as_str() {
            "true" | "false" => json!(one == "true"),
            one if applied.key.sort == Sort::Number => {
                one.parse::<u64>().map_or_else(|_| json!(one), |number| json!(number))
            }
            one => json!(one),
        },
        many => json!(many),
    }
}
