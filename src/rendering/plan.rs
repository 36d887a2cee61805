//! What of a run is rendered, and what is read as it is.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::kustomize::Kustomization;
use crate::manifest::source::Input;
use crate::manifest::source::folders::Folder;

/// Leaves out what is judged through something else: kustomizations that others in the run build on, unless the user named
/// them, and files that kustomizations are made of, which may be patches and no whole objects.
///
/// A base is applied through its overlays, and what it leaves to them, such as the tag of an image, is no fault of it.
pub fn plan(inputs: Vec<Input>) -> Vec<Input> {
    let mut known = Known::default();
    for input in &inputs {
        if let Input::Folder { kind: Folder::Kustomization, path, .. } = input {
            known.learn(path);
        }
    }
    if known.all.is_empty() {
        return inputs;
    }
    let built_on: HashSet<&PathBuf> = known
        .all
        .values()
        .flat_map(|(_, parts)| parts)
        .filter(|part| known.all.contains_key(*part))
        .collect();
    let folder = |input: &Input| match input {
        Input::Folder { kind: Folder::Kustomization, path, named } => {
            path.canonicalize().ok().map(|folder| (folder, *named))
        }
        _ => None,
    };
    let mut reached = HashSet::new();
    for (folder, named) in inputs.iter().filter_map(folder) {
        let is_component = known.all.get(&folder).is_some_and(|(component, _)| *component);
        if named || (!built_on.contains(&folder) && !is_component) {
            known.reach(&folder, &mut reached);
        }
    }
    let tops: HashSet<PathBuf> = inputs
        .iter()
        .filter_map(folder)
        .filter(|(folder, named)| {
            let is_component = known.all.get(folder).is_some_and(|(component, _)| *component);
            if *named {
                return true;
            }
            if is_component {
                return false;
            }
            // Those that build on each other in a circle are no one's base; the tool says so.
            !built_on.contains(folder)
                || (!reached.contains(folder) && known.reach(folder, &mut reached))
        })
        .map(|(folder, _)| folder)
        .collect();
    let parts: HashSet<&PathBuf> = known.all.values().flat_map(|(_, parts)| parts).collect();
    let stays = |input: &Input| match input {
        Input::Found(path) => path.canonicalize().map_or(true, |path| !parts.contains(&path)),
        other => folder(other).is_none_or(|(folder, _)| tops.contains(&folder)),
    };
    inputs.into_iter().filter(stays).collect()
}

/// Kustomizations by their folders: whether they are components, and what they are made of.
#[derive(Default)]
struct Known {
    all: BTreeMap<PathBuf, (bool, Vec<PathBuf>)>,
}

impl Known {
    /// Reads a kustomization and those it builds on.
    fn learn(&mut self, folder: &Path) {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            let Ok(folder) = folder.canonicalize() else { continue };
            if self.all.contains_key(&folder) {
                continue;
            }
            let Some(read) = Kustomization::read(&folder) else { continue };
            let parts = read.parts();
            waiting.extend(parts.iter().filter(|part| part.is_dir()).cloned());
            self.all.insert(folder, (read.is_component(), parts));
        }
    }

    /// Notes what a kustomization builds on; always true.
    fn reach(&self, folder: &Path, reached: &mut HashSet<PathBuf>) -> bool {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            if let Some((_, parts)) = self.all.get(&folder)
                && reached.insert(folder)
            {
                waiting.extend(parts.iter().cloned());
            }
        }
        true
    }
}
