//! The documents of policy files, and what is wrong with them as its reader sees it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{EMBEDDED, Loaded, digest, profiles};
use crate::manifest::{Document, ManifestError, parse};
use crate::policy::document::EXEMPTION_KIND;
use crate::policy::{ExemptionSet, PolicyError, PolicySet};
use crate::report::{Excerpt, Problem};

/// Documents with the files they stand in.
pub(super) type Documents = Vec<(PathBuf, Document)>;

/// The documents of policy files.
#[derive(Default)]
pub(super) struct Found {
    pub(super) policies: Documents,
    pub(super) exemptions: Documents,
    pub(super) errors: Vec<Problem>,
}

impl Found {
    pub(super) fn take_profile(&mut self, profile: &str) {
        for embedded in EMBEDDED.iter().filter(|embedded| embedded.profile == profile) {
            let file = Path::new("policies").join(embedded.profile).join(embedded.file);
            self.take(file, embedded.text.into(), false);
        }
        if self.policies.is_empty() {
            let help = Some(format!("there are: {}", profiles().join(", ")));
            let message = format!("no profile is called `{profile}`");
            self.errors.push(ManifestError::new(None, None, message, help).into());
        }
    }

    pub(super) fn take(&mut self, file: PathBuf, bytes: Vec<u8>, all_exemptions: bool) {
        let manifest = parse(Some(&file), bytes);
        if manifest.documents.is_empty() && manifest.errors.is_empty() {
            let (one, a) = if all_exemptions { ("exemption", "an") } else { ("policy", "a") };
            let help = Some(format!("remove the file, or write {a} {one} into it"));
            let message = format!("the file holds no {one}");
            self.errors.push(ManifestError::new(Some(&file), None, message, help).into());
        }
        self.errors.extend(Problem::in_text(manifest.errors, manifest.text.as_str()));
        for document in manifest.documents {
            self.keep(&file, document, all_exemptions);
        }
    }

    pub(super) fn keep(&mut self, file: &Path, document: Document, all_exemptions: bool) {
        let is_exemption = all_exemptions || document.kind() == Some(EXEMPTION_KIND);
        let list = if is_exemption { &mut self.exemptions } else { &mut self.policies };
        list.push((file.to_owned(), document));
    }

    pub(super) fn compile(mut self) -> Result<Loaded, Vec<Problem>> {
        let policies = PolicySet::compile(&values(&self.policies));
        let policies = self.or_told(policies, |found| &found.policies);
        let exemptions = ExemptionSet::compile(&values(&self.exemptions));
        let exemptions = self.or_told(exemptions, |found| &found.exemptions);
        match (policies, exemptions) {
            (Some(policies), Some(exemptions)) if self.errors.is_empty() => {
                let digest = digest::of(values(&self.policies), values(&self.exemptions));
                Ok(Loaded { policies, exemptions, documents: self.policies, digest })
            }
            _ => {
                self.errors.sort_by(|a, b| {
                    (&a.error.file, a.error.place).cmp(&(&b.error.file, b.error.place))
                });
                Err(self.errors)
            }
        }
    }

    /// What was compiled, or none where errors were added instead.
    fn or_told<T>(
        &mut self,
        compiled: Result<T, Vec<PolicyError>>,
        list: impl Fn(&Self) -> &Documents,
    ) -> Option<T> {
        let errors = match compiled {
            Ok(set) => return Some(set),
            Err(errors) => errors,
        };
        let documents = list(self);
        let told: Vec<_> =
            errors.into_iter().filter_map(|error| problem(documents, error)).collect();
        self.errors.extend(told);
        None
    }
}

fn values(documents: &Documents) -> Vec<&Value> {
    documents.iter().map(|(_, document)| &document.value).collect()
}

/// An error as its reader sees it: in a file, at a line.
fn problem(documents: &Documents, error: PolicyError) -> Option<Problem> {
    let (file, document) = documents.get(error.index)?;
    let found = document.find(error.pointer.as_str());
    let range = match found.key.clone() {
        Some(key) if error.message.starts_with("unknown field") => key,
        _ => found.highlight(),
    };
    let mut message = match error.pointer.as_str() {
        "" => error.message,
        _ => format!("{}: {}", error.pointer.field_path(), error.message),
    };
    if let Some((file, earlier)) = error.earlier.and_then(|index| documents.get(index)) {
        let place = earlier.locate(error.pointer.as_str());
        message.push_str(&format!(
            " (first in {}:{}:{})",
            file.display(),
            place.line,
            place.column
        ));
    }
    let excerpt = Excerpt::of(document.text().as_str(), range.clone());
    let place = document.text().place(range);
    let error = ManifestError::new(Some(file), Some(place), message, error.help);
    Some(Problem { error, excerpt: Some(excerpt) })
}
