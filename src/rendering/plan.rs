//! What of a run is rendered, and what is read as it is.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::kustomize::Kustomization;
use super::owners::Owners;
use crate::manifest::source::folders::{Folder, is_kustomization_file};
use crate::manifest::source::{Input, Selection};

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To judge what is applied.
    Judge,
    /// To edit what is written.
    Fix,
}

/// What a run reads and renders.
#[derive(Debug)]
pub struct Plan {
    /// What is left of the inputs, and what stands for others of them.
    pub inputs: Vec<Input>,
    /// What was passed over though the user named it, one sentence each.
    pub notes: Vec<String>,
}

/// Leaves out what is judged through something else: kustomizations that others in the run build on, unless the user named
/// them, and files that kustomizations are made of, which may be patches and no whole objects. Files that the user named
/// are judged through the kustomizations they are part of, wherever in the repository those are.
///
/// A base is applied through its overlays, and what it leaves to them, such as the tag of an image, is no fault of it.
pub fn plan(inputs: Vec<Input>, selection: &Selection, purpose: Purpose) -> Plan {
    let mut notes = Vec::new();
    let inputs = through_owners(inputs, selection, purpose, &mut notes);
    let inputs = reduce(inputs, &mut notes);
    Plan { inputs, notes }
}

/// Puts kustomizations in the place of the files that the user named of them.
fn through_owners(
    inputs: Vec<Input>,
    selection: &Selection,
    purpose: Purpose,
    notes: &mut Vec<String>,
) -> Vec<Input> {
    let mut owners = Owners::new(selection);
    let own = |input: &Input| match input {
        Input::Folder { path, .. } => path.canonicalize().ok(),
        _ => None,
    };
    let mut folders: HashSet<PathBuf> = inputs.iter().filter_map(own).collect();
    let mut all = Vec::with_capacity(inputs.len());
    for input in inputs {
        let part = match &input {
            Input::Named(path) if path.is_file() => owners.of(path).map(|part| (path, part)),
            _ => None,
        };
        let Some((path, part)) = part else {
            all.push(input);
            continue;
        };
        if purpose == Purpose::Fix && !is_kustomization_file(path) {
            match part.patched_by {
                None => all.push(input),
                Some(by) => notes.push(format!(
                    "{}: not fixed: the kustomization {} makes something of it, as of a patch, and it may be no whole \
                     object; `plimsoll check` names the lines to change",
                    path.display(),
                    owners.shown(&by, path).display()
                )),
            }
            continue;
        }
        if part.tops.is_empty() {
            notes.push(unused(path));
        }
        for top in part.tops {
            let path = owners.shown(&top, path);
            if folders.insert(top) {
                all.push(Input::Folder { kind: Folder::Kustomization, path, named: false });
            }
        }
    }
    all
}

fn unused(path: &Path) -> String {
    format!(
        "{}: passed over: a component is judged through the kustomizations that use it",
        path.display()
    )
}

fn reduce(inputs: Vec<Input>, notes: &mut Vec<String>) -> Vec<Input> {
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
            if is_component {
                return false;
            }
            if *named {
                return true;
            }
            // Those that build on each other in a circle are no one's base; the tool says so.
            !built_on.contains(folder)
                || (!reached.contains(folder) && known.reach(folder, &mut reached))
        })
        .map(|(folder, _)| folder)
        .collect();
    for input in &inputs {
        if let Input::Folder { path, named: true, .. } = input
            && folder(input).is_some_and(|(own, _)| !tops.contains(&own))
        {
            notes.push(unused(path));
        }
    }
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
