//! From the output of `kustomize build` back to bases and patches.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::super::process::Folder;
use super::super::{Origin, Settings, Spot, path, second};
use super::follow::{Followed, follow};
use super::list::Patch;
use super::originals::Originals;
use super::patches::{self, Field, Found, placed};
use super::{Kustomization, build, file_of};
use crate::manifest::{Document, parse};

/// Where kustomize notes the file that an object was read from, and what changed it.
const ORIGIN: &str = "config.kubernetes.io/origin";
const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Knows where objects came from, once that is asked.
#[derive(Debug)]
pub(in super::super) struct Tracer {
    folder: PathBuf,
    settings: Arc<Settings>,
    text: Vec<u8>,
    known: OnceLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    objects: Vec<Object>,
    /// Why nothing is known of where they came from.
    why: Option<String>,
}

/// What is known of an object.
#[derive(Debug)]
struct Object {
    /// As it is rendered.
    document: Document,
    /// The line it starts on.
    line: usize,
    /// The file it was read from.
    file: Option<PathBuf>,
    /// As it is in that file.
    before: Option<Document>,
    /// The kustomizations that patched it, and those that changed its images, the last one first.
    patched: Vec<PathBuf>,
    images: Vec<PathBuf>,
}

impl Tracer {
    pub(super) fn new(folder: &Path, settings: &Arc<Settings>, text: &[u8]) -> Self {
        let settings = Arc::clone(settings);
        Self { folder: folder.to_owned(), settings, text: text.to_vec(), known: OnceLock::new() }
    }

    pub(in super::super) fn trace(&self, spot: Spot<'_>) -> Origin {
        let known = self.known.get_or_init(|| self.find_out());
        let after = known.objects.partition_point(|object| object.line <= spot.place.line);
        let object = after.checked_sub(1).and_then(|index| known.objects.get(index));
        let folder = self.folder.display();
        let found = object.zip(spot.path).and_then(|(object, path)| object.find(path.as_str()));
        match found {
            Some((file, place)) => Origin {
                file: self.seen(&file),
                place: Some(place),
                note: format!("rendered through {folder}").into(),
            },
            None => {
                let from = object.and_then(|object| object.file.as_deref());
                let from = from
                    .map(|file| format!("; the object is that of {}", self.seen(file).display()));
                let why = known.why.as_ref();
                let why = why.map(|why| format!(", as building it with notes on origins {why}"));
                let note = format!(
                    "rendered through {folder}; the line is that of the output of `kustomize build`{}",
                    from.or(why).unwrap_or_default()
                );
                let file = file_of(&self.folder).unwrap_or_else(|| self.folder.clone());
                Origin { file: path::tidy(&file), place: None, note: note.into() }
            }
        }
    }

    /// The files of this kustomization and of those it builds on.
    pub(in super::super) fn files(&self) -> Vec<PathBuf> {
        let files = Kustomization::files(&self.folder);
        files.iter().map(|file| self.seen(file)).collect()
    }

    /// The path of a file as the user would write it.
    fn seen(&self, file: &Path) -> PathBuf {
        match self.folder.canonicalize() {
            Ok(folder) => path::seen_from(&self.folder, &folder, file),
            Err(_) => file.to_owned(),
        }
    }

    fn find_out(&self) -> Known {
        let documents = parse(None, self.text.clone()).documents;
        let (annotated, why) = match self.annotated() {
            Some(Ok(annotated)) => (annotated, None),
            Some(Err(why)) => (Default::default(), Some(why)),
            None => Default::default(),
        };
        let (annotated, from) = annotated;
        let mut same: HashMap<_, VecDeque<&Document>> = HashMap::new();
        for document in &annotated {
            same.entry(identity(document)).or_default().push_back(document);
        }
        let mut originals = Originals::default();
        let objects = documents.into_iter().map(|document| {
            let about = same.get_mut(&identity(&document)).and_then(VecDeque::pop_front);
            Object::new(document, about, &from, &mut originals)
        });
        Known { objects: objects.collect(), why }
    }

    /// The objects once more, with notes on where they came from, and the folder that paths in those count from.
    fn annotated(&self) -> Option<Result<(Vec<Document>, PathBuf), String>> {
        let overlay = Folder::new().ok()?;
        let here = overlay.path().canonicalize().ok()?;
        let way = path::way(&here, &self.folder.canonicalize().ok()?);
        let resource = Value::from(way.to_str()?);
        let text = format!(
            "resources: [{resource}]\nbuildMetadata: [originAnnotations, transformerAnnotations]\n"
        );
        fs::write(here.join("kustomization.yaml"), text).ok()?;
        let output = second(build(&here, &self.settings));
        Some(output.map(|output| (parse(None, output.stdout).documents, here)))
    }
}

/// What tells an object from the others.
fn identity(document: &Document) -> [Option<String>; 4] {
    let names = [document.api_version(), document.kind(), document.namespace(), document.name()];
    names.map(|name| name.map(str::to_owned))
}

impl Object {
    fn new(
        document: Document,
        about: Option<&Document>,
        from: &Path,
        originals: &mut Originals,
    ) -> Self {
        let line = document.locate("").line;
        let note = |name| {
            let text = about?.value.get("metadata")?.get("annotations")?.get(name)?.as_str()?;
            Some(Patch::parse(text).into_iter().next()?.value().clone())
        };
        let local = |value: &Value, name: &str| {
            // What was read from another repository is not here.
            let is_remote = value.get("repo").is_some();
            let path = value.get(name).and_then(Value::as_str).filter(|_| !is_remote)?;
            path::tidy(&from.join(path)).canonicalize().ok()
        };
        let file = note(ORIGIN).and_then(|origin| local(&origin, "path"));
        let before = file.as_deref().and_then(|file| originals.find(file, &document));
        let changes = note(TRANSFORMATIONS);
        let changes = changes.as_ref().and_then(Value::as_array);
        let by = |wanted: &[&str]| -> Vec<PathBuf> {
            let all = changes.into_iter().flatten().rev();
            let kind = |change: &Value| {
                let kind = change.get("configuredBy").and_then(|by| by.get("kind")?.as_str());
                kind.is_some_and(|kind| wanted.contains(&kind))
            };
            all.filter(|change| kind(change))
                .filter_map(|change| local(change, "configuredIn"))
                .collect()
        };
        let patched =
            by(&["PatchTransformer", "PatchStrategicMergeTransformer", "PatchJson6902Transformer"]);
        let images = by(&["ImageTagTransformer"]);
        Self { document, line, file, before, patched, images }
    }

    /// The place that gave a field its value.
    fn find(&self, pointer: &str) -> Option<Found> {
        let field = Field { object: &self.document.value, pointer };
        let before = self
            .before
            .as_ref()
            .map(|before| (before, follow(&self.document.value, pointer, &before.value)));
        if let (Some(file), Some((before, Followed::Same(at) | Followed::AbsentInBoth(at)))) =
            (&self.file, &before)
        {
            return Some((file.clone(), placed(before, at.as_str())));
        }
        let patched = || self.patched.iter().find_map(|file| patches::patch(file, field));
        let image = || {
            let Some((before, Followed::Differs(at))) = &before else { return None };
            let image = before.value.pointer(at.as_str())?.as_str()?;
            self.images.iter().find_map(|file| patches::image(file, image, field))
        };
        // A mapping of which a patch changed a part still stands where it did.
        let changed = || {
            let (Some(file), Some((before, Followed::Differs(at)))) = (&self.file, &before) else {
                return None;
            };
            let is_mapping = field.value().is_some_and(Value::is_object);
            is_mapping.then(|| (file.clone(), placed(before, at.as_str())))
        };
        patched().or_else(image).or_else(changed)
    }
}
