//! From paths to suites: their files found, read, and their policies loaded.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::cases::{Planned, cases};
use super::digests::digests;
use super::document::{KIND, NamespaceForm, PolicyTest, wrong};
use super::find::{beside, joined, stem};
use super::fixtures::{self, Fixture};
use crate::decode::{DecodeError, decode};
use crate::digests::Digests;
use crate::engine::{Engine, Namespaces};
use crate::manifest::{Document, ManifestError, parse, read_all};
use crate::pod::limit_range::LimitRange;
use crate::pointer::Pointer;
use crate::policy::document::API_VERSION;
use crate::policy_source::{self, DEFAULT_PROFILE, Sources};
use crate::report::{Excerpt, Problem};

/// A suite that can be run.
#[derive(Debug)]
pub(super) struct Suite {
    /// The file as it was named or found.
    pub(super) file: Arc<PathBuf>,
    pub(super) name: String,
    pub(super) document: Document,
    pub(super) rules: Arc<Rules>,
    pub(super) namespaces: Namespaces,
    pub(super) digests: Digests,
    pub(super) now: Option<i64>,
    pub(super) cases: Vec<Planned>,
    pub(super) fixtures: Vec<Fixture>,
}

/// Policies under test, with the documents they stand in.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) engine: Engine,
    pub(super) documents: Vec<(PathBuf, Document)>,
}

/// Where policies come from: files, a profile, and exemptions.
type Named = (Vec<PathBuf>, Option<String>, Vec<PathBuf>);

/// What several suites have in common.
#[derive(Debug)]
pub(super) struct Loader<'o> {
    /// The policies of all suites, whatever they say themselves.
    instead: &'o [PathBuf],
    known: HashMap<Named, Option<Arc<Rules>>>,
    pub(super) errors: Vec<Problem>,
}

impl<'o> Loader<'o> {
    pub(super) fn new(instead: &'o [PathBuf]) -> Self {
        Self { instead, known: HashMap::new(), errors: Vec::new() }
    }

    /// The suites of a file; what is wrong with them is among the errors.
    pub(super) fn suites(&mut self, file: PathBuf) -> Vec<Suite> {
        let mut found = Vec::new();
        for source in read_all(std::slice::from_ref(&file), 1, |source| source) {
            match source.bytes {
                Ok(bytes) => found.extend(self.read(&file, bytes)),
                Err(error) => self.errors.push(error.into()),
            }
        }
        found
    }

    fn read(&mut self, file: &Path, bytes: Vec<u8>) -> Vec<Suite> {
        let manifest = parse(Some(file), bytes);
        if manifest.documents.is_empty() && manifest.errors.is_empty() {
            let message = format!("the file holds no {KIND}");
            self.errors.push(ManifestError::new(Some(file), None, message, None::<&str>).into());
        }
        self.errors.extend(Problem::in_text(manifest.errors, manifest.text.as_str()));
        let several = manifest.documents.len() > 1;
        let file = Arc::new(file.to_owned());
        let documents = manifest.documents.into_iter().enumerate();
        documents
            .filter_map(|(at, document)| self.suite(&file, document, several.then_some(at)))
            .collect()
    }

    fn suite(
        &mut self,
        file: &Arc<PathBuf>,
        document: Document,
        at: Option<usize>,
    ) -> Option<Suite> {
        let before = self.errors.len();
        let head = self.told(file, &document, head(&document.value))?;
        let now = self.told(file, &document, now(head.now.as_deref())).flatten();
        let namespaces = self.told(file, &document, namespaces(&head.namespaces));
        let namespaces = namespaces.unwrap_or_default();
        let digests = self.told(file, &document, digests(&head.digests)).unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new(""));
        let rules = self.rules(&head, file, &document);
        let (planned, errors) = cases(&head, &document, folder);
        self.errors.extend(errors.into_iter().map(|error| problem(file, &document, error)));
        let fixtures = self.told(file, &document, fixtures::find(&head.fixtures, folder));
        let fixtures = fixtures.unwrap_or_default();
        if self.errors.len() == before && planned.is_empty() && fixtures.is_empty() {
            let error = DecodeError {
                help: Some("add one, as in `- {image: nginx:latest, deny: no-latest}`".to_owned()),
                ..wrong("/cases", "the suite has no case, so it tests nothing")
            };
            self.errors.push(problem(file, &document, error));
        }
        let name = head.metadata.name.unwrap_or_else(|| match at {
            Some(at) => format!("{} ({})", stem(file), at + 1),
            None => stem(file),
        });
        let rules = rules?;
        let file = Arc::clone(file);
        (self.errors.len() == before).then_some(Suite {
            file,
            name,
            document,
            rules,
            namespaces,
            digests,
            now,
            cases: planned,
            fixtures,
        })
    }

    /// What was read, or none where the error was kept instead.
    fn told<T>(
        &mut self,
        file: &Path,
        document: &Document,
        read: Result<T, DecodeError>,
    ) -> Option<T> {
        read.map_err(|error| self.errors.push(problem(file, document, error))).ok()
    }

    fn rules(&mut self, head: &PolicyTest, file: &Path, document: &Document) -> Option<Arc<Rules>> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let at = |paths: &[PathBuf]| -> Vec<PathBuf> {
            paths.iter().map(|path| joined(folder, path)).collect()
        };
        let (policies, profile) = match (&head.policies, &head.profile) {
            _ if !self.instead.is_empty() => (self.instead.to_vec(), None),
            (Some(_), Some(_)) => {
                let message = "a suite is about `policies` or about a `profile`, not both";
                self.errors.push(problem(file, document, wrong("/profile", message)));
                return None;
            }
            (Some(policies), None) => (at(policies), None),
            (None, Some(profile)) => (Vec::new(), Some(profile.clone())),
            (None, None) => {
                let beside = beside(file);
                if beside.is_empty() && head.cases.is_empty() {
                    // Fixtures may bring their own.
                    let (engine, documents) = (Engine::new(Arc::default()), Vec::new());
                    return Some(Arc::new(Rules { engine, documents }));
                }
                if beside.is_empty() {
                    let error = DecodeError {
                        help: Some(
                            "name them: `policies: [PATH]`, or `profile: default`".to_owned(),
                        ),
                        ..wrong("", "there are no policies beside the suite")
                    };
                    self.errors.push(problem(file, document, error));
                    return None;
                }
                (beside, None)
            }
        };
        let exemptions = at(&head.exemptions);
        let key = (policies, profile, exemptions);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let (policies, profile, exemptions) = &key;
        let sources = Sources {
            policies,
            profile: profile.as_deref().unwrap_or(DEFAULT_PROFILE),
            exemptions,
        };
        let loaded = policy_source::load_all(sources).map_err(|errors| self.errors.extend(errors));
        let rules = loaded.ok().map(|loaded| {
            let engine =
                Engine::new(Arc::new(loaded.policies)).with_exemptions(Arc::new(loaded.exemptions));
            Arc::new(Rules { engine, documents: loaded.documents })
        });
        self.known.insert(key, rules.clone());
        rules
    }
}

/// Everything of a suite but its cases.
fn head(value: &Value) -> Result<PolicyTest, DecodeError> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if (version, kind) != (API_VERSION, KIND) {
        let what = if kind.is_empty() { "a document without a kind" } else { kind };
        let error =
            wrong("/kind", format!("this is {what}, and a suite is a {KIND} of {API_VERSION}"));
        let help = "policies and manifests stand in files of their own, which a suite names";
        return Err(DecodeError { help: Some(help.to_owned()), ..error });
    }
    decode(value)
}

fn now(written: Option<&str>) -> Result<Option<i64>, DecodeError> {
    let Some(written) = written else { return Ok(None) };
    match written.parse::<Timestamp>() {
        Ok(moment) => Ok(Some(moment.as_second())),
        Err(_) => Err(DecodeError {
            help: Some("write it as in 2026-12-31T18:00:00Z".to_owned()),
            ..wrong("/now", format!("`{written}` is no moment"))
        }),
    }
}

fn namespaces(forms: &BTreeMap<String, NamespaceForm>) -> Result<Namespaces, DecodeError> {
    let mut all = Namespaces::default();
    for (name, form) in forms {
        all.set_labels(name, Some(serde_json::json!(form.labels)));
        for (at, spec) in form.limit_ranges.iter().enumerate() {
            let object = Map::from_iter([
                ("kind".to_owned(), Value::from("LimitRange")),
                ("spec".to_owned(), Value::Object(spec.clone())),
            ]);
            let place = Pointer::new("/namespaces").join(name).join("limitRanges").join(at);
            let read = LimitRange::from_value(&Value::Object(object)).map_err(|error| {
                let inner = error.pointer.as_str().strip_prefix("/spec").unwrap_or_default();
                DecodeError { pointer: Pointer::new(format!("{place}{inner}")), ..error }
            })?;
            if let Some(limit_range) = read {
                all.add_limit_range(name, limit_range);
            }
        }
    }
    Ok(all)
}

/// What is wrong with the form of a suite; files that it names are not looked at.
pub fn problems(file: &Path, document: &Document) -> Vec<Problem> {
    let read = head(&document.value).and_then(|head| {
        now(head.now.as_deref())?;
        namespaces(&head.namespaces)?;
        digests(&head.digests)?;
        Ok(head)
    });
    let errors = match read {
        Ok(head) => super::cases::forms(&head).1,
        Err(error) => vec![error],
    };
    errors.into_iter().map(|error| problem(file, document, error)).collect()
}

/// An error as its reader sees it: in a file, at a line.
pub(super) fn problem(file: &Path, document: &Document, error: DecodeError) -> Problem {
    let found = document.find(error.pointer.as_str());
    let range = match found.key.clone() {
        Some(key) if error.message.starts_with("unknown field") => key,
        _ => found.highlight(),
    };
    let message = match error.pointer.as_str() {
        "" => error.message,
        _ => format!("{}: {}", error.pointer.field_path(), error.message),
    };
    let excerpt = Excerpt::of(document.text().as_str(), range.clone());
    let place = document.text().place(range);
    let error = ManifestError::new(Some(file), Some(place), message, error.help);
    Problem { error, excerpt: Some(excerpt) }
}
