//! Charts, rendered with `helm template`.

mod columns;
mod complaint;
mod copy;
mod output;
mod tracer;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::process::{self, Failure};
use super::{Outcome, Rendered, Settings, failure, problem};
use crate::manifest::source::folders::CHART_FILE;
use crate::manifest::{Document, parse};
use crate::report::Problem;

pub(super) use tracer::Tracer;

/// What Helm is called in messages, and the flag that names another.
const NAMES: (&str, &str) = ("helm", "--helm");
/// Helm takes no longer name for a release.
const MAX_RELEASE: usize = 53;

/// A chart and how it is rendered.
#[derive(Debug)]
pub(super) struct Chart {
    /// As the user wrote it.
    folder: PathBuf,
    name: String,
    settings: Arc<Settings>,
}

pub(super) fn render(folder: &Path, settings: &Arc<Settings>) -> Result<Outcome, Box<Problem>> {
    let file = folder.join(CHART_FILE);
    let bytes = fs::read(&file)
        .map_err(|error| problem(&file, format!("cannot be read: {error}"), None))?;
    let manifest = parse(Some(&file), bytes);
    let text = manifest.text.as_str();
    if let Some(problem) = Problem::in_text(manifest.errors, text).into_iter().next() {
        return Err(Box::new(problem));
    }
    let about = manifest.documents.into_iter().next();
    let field = |name| about.as_ref().and_then(|about| about.value.get(name)?.as_str());
    let name = field("name").unwrap_or_default().to_owned();
    if field("type") == Some("library") {
        let reason =
            "a library chart renders nothing by itself; it is judged with the charts that use it";
        return Ok(Outcome::PassedOver(reason.to_owned()));
    }
    let chart = Chart { folder: folder.to_owned(), name, settings: Arc::clone(settings) };
    let output = chart.template(folder, false).map_err(|error| failure(folder, NAMES, error))?;
    if !output.status.success() {
        return Err(complaint::problem_of(&chart, about.as_ref(), &output));
    }
    let text = output.stdout;
    let tracer = Tracer::new(chart, &text);
    Ok(Outcome::Rendered(Rendered { text, tracer: super::Tracer::Helm(Box::new(tracer)) }))
}

impl Chart {
    /// Runs `helm template` on a folder that holds the chart; with `debug`, it prints what is no YAML too.
    fn template(&self, folder: &Path, debug: bool) -> Result<process::Output, Failure> {
        let settings = &self.settings;
        let mut args: Vec<OsString> = vec!["template".into(), self.release().into(), folder.into()];
        args.extend([
            "--include-crds".into(),
            "--namespace".into(),
            settings.namespace.as_str().into(),
        ]);
        if let Some(version) = &settings.kube_version {
            args.extend(["--kube-version".into(), version.into()]);
        }
        for file in &settings.values {
            args.extend(["--values".into(), file.into()]);
        }
        for set in &settings.sets {
            args.extend(["--set".into(), set.into()]);
        }
        if debug {
            args.push("--debug".into());
        }
        args.extend(settings.helm_args.iter().map(OsString::from));
        let program = match &settings.helm {
            Some(program) => program.clone(),
            None => process::on_path(&["helm"]).ok_or(Failure::Missing)?,
        };
        process::run(&program, &args, settings.limit)
    }

    /// The name of the release: that of the chart, as far as it can be one.
    fn release(&self) -> String {
        if let Some(release) = &self.settings.release {
            return release.clone();
        }
        let allowed =
            |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = self.name.chars().map(allowed).take(MAX_RELEASE).collect();
        let name = name.trim_matches('-');
        if name.is_empty() { "release-name".to_owned() } else { name.to_owned() }
    }

    /// The file of the chart that Helm means by `web/templates/x.yaml`, as the user would write it, and the name it has in
    /// the chart.
    fn file<'s>(&self, source: &'s str) -> (PathBuf, &'s str) {
        let below = source.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let below = below.or_else(|| source.split_once('/').map(|(_, below)| below));
        let below = below.unwrap_or(source);
        (super::path::tidy(&self.folder.join(below)), below)
    }
}

/// The place of a dependency in the file of a chart.
fn dependency(about: &Document, name: &str) -> Option<String> {
    let all = about.value.get("dependencies")?.as_array()?;
    let index = all.iter().position(|one| one.get("name").and_then(Value::as_str) == Some(name))?;
    Some(format!("/dependencies/{index}/name"))
}
