//! Kustomizations, rendered with `kustomize build` or `kubectl kustomize`.

mod files;
mod follow;
mod inline;
mod list;
mod originals;
mod patches;
mod tracer;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::process::{self, Failure};
use super::{Outcome, Rendered, Settings, complaint, failure, problem};
use crate::report::Problem;

pub(super) use files::{Kustomization, file_of};
pub(super) use tracer::Tracer;

/// What the tool is called in messages, and the flag that names another.
const NAMES: (&str, &str) = ("kustomize or kubectl", "--kustomize");

pub(super) fn render(folder: &Path, settings: &Arc<Settings>) -> Result<Outcome, Box<Problem>> {
    let output = build(folder, settings).map_err(|error| failure(folder, NAMES, error))?;
    if !output.status.success() {
        let file = file_of(folder).unwrap_or_else(|| folder.to_owned());
        let message = format!("kustomize build: {}", complaint(&output));
        let needs_helm = message.contains("--enable-helm");
        let help = "its charts are rendered with --kustomize-arg=--enable-helm, and may be downloaded then";
        return Err(problem(&file, message, needs_helm.then(|| help.to_owned())));
    }
    let text = output.stdout;
    let tracer = Tracer::new(folder, settings, &text);
    Ok(Outcome::Rendered(Rendered { text, tracer: super::Tracer::Kustomize(Box::new(tracer)) }))
}

/// Runs the tool on a folder.
fn build(folder: &Path, settings: &Settings) -> Result<process::Output, Failure> {
    let program = match &settings.kustomize {
        Some(program) => program.clone(),
        None => process::on_path(&["kustomize", "kubectl"]).ok_or(Failure::Missing)?,
    };
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let command = if name.starts_with("kubectl") { "kustomize" } else { "build" };
    let mut args: Vec<OsString> = vec![command.into(), folder.into()];
    args.extend(settings.kustomize_args.iter().map(OsString::from));
    process::run(&program, &args, settings.limit)
}
