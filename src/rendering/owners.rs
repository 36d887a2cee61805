//! Which kustomizations a file that the user named is part of.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::kustomize::Kustomization;
use super::path::{tidy, way};
use crate::manifest::source::Selection;
use crate::manifest::source::folders::is_kustomization_file;

/// How much of a repository is looked at; above each file, all folders are.
const MOST: usize = 100_000;
/// How much of a folder that is no repository is: it may be somebody's home.
const MOST_ELSEWHERE: usize = 2_000;

/// The kustomizations around the files of a run. All paths are absolute and without links.
pub(super) struct Owners<'s> {
    selection: &'s Selection,
    here: PathBuf,
    /// Folders of files, and what is above them and was walked.
    learned: HashSet<PathBuf>,
    walked: HashSet<PathBuf>,
    looked: HashSet<PathBuf>,
    components: HashSet<PathBuf>,
    /// Who names a file or folder, and whether as a resource.
    users: HashMap<PathBuf, BTreeSet<(PathBuf, bool)>>,
}

/// What a file is part of.
pub(super) struct Part {
    /// Those that nobody builds on and that bring it to a cluster; none where only components name it.
    pub(super) tops: BTreeSet<PathBuf>,
    /// The first that names it as something else than a resource.
    pub(super) patched_by: Option<PathBuf>,
}

impl<'s> Owners<'s> {
    pub(super) fn new(selection: &'s Selection) -> Self {
        let here = std::env::current_dir().and_then(|here| here.canonicalize());
        Self {
            selection,
            here: here.unwrap_or_default(),
            learned: HashSet::new(),
            walked: HashSet::new(),
            looked: HashSet::new(),
            components: HashSet::new(),
            users: HashMap::new(),
        }
    }

    /// What a file is part of, if it is.
    pub(super) fn of(&mut self, file: &Path) -> Option<Part> {
        let own = file.canonicalize().ok()?;
        let parent = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new(".")).canonicalize().ok()?;
        self.learn(&folder);
        let makes = is_kustomization_file(file);
        let direct: Vec<(PathBuf, bool)> = if makes {
            vec![(folder, true)]
        } else {
            self.users.get(&own)?.iter().cloned().collect()
        };
        let patched_by = direct.iter().find(|(_, whole)| !whole).map(|(folder, _)| folder.clone());
        let mut waiting: Vec<PathBuf> = direct.iter().map(|(folder, _)| folder.clone()).collect();
        let (mut seen, mut tops) = (HashSet::new(), BTreeSet::new());
        while let Some(folder) = waiting.pop() {
            if !seen.insert(folder.clone()) {
                continue;
            }
            match self.users.get(&folder) {
                Some(users) => waiting.extend(users.iter().map(|(user, _)| user.clone())),
                None if self.components.contains(&folder) => {}
                None => drop(tops.insert(folder)),
            }
        }
        if tops.is_empty() {
            // Those that build on each other in a circle have no top; the tool says so.
            let whole = direct.into_iter().map(|(folder, _)| folder);
            tops.extend(whole.filter(|folder| !self.components.contains(folder)));
        }
        Some(Part { tops, patched_by })
    }

    /// A folder as a user who wrote `like` for another would write it.
    pub(super) fn shown(&self, folder: &Path, like: &Path) -> PathBuf {
        if like.is_absolute() { folder.to_owned() } else { tidy(&way(&self.here, folder)) }
    }

    /// Reads the kustomizations that may name a file in a folder: those above it, and once those of its repository.
    fn learn(&mut self, folder: &Path) {
        if !self.learned.insert(folder.to_owned()) {
            return;
        }
        let repository = folder.ancestors().find(|above| above.join(".git").exists());
        let root = match repository {
            Some(root) => root,
            None if folder.starts_with(&self.here) => &self.here,
            None => folder,
        };
        let (root, most) =
            (root.to_owned(), if repository.is_some() { MOST } else { MOST_ELSEWHERE });
        for above in folder.ancestors().take_while(|above| above.starts_with(&root)) {
            self.read(above);
        }
        if !self.walked.insert(root.clone()) {
            return;
        }
        let selection = self.selection.clone();
        let mut builder = WalkBuilder::new(&root);
        builder.sort_by_file_path(Path::cmp).filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || selection.holds(entry.path(), is_folder)
        });
        // What cannot be looked at is told of where it is to be judged.
        for entry in builder.build().take(most).flatten() {
            let path = entry.path();
            if is_kustomization_file(path)
                && self.selection.reads_folder_of(path)
                && let Some(folder) = path.parent()
            {
                self.read(folder);
            }
        }
    }

    fn read(&mut self, folder: &Path) {
        if !self.looked.insert(folder.to_owned()) {
            return;
        }
        let Some(read) = Kustomization::read(folder) else { return };
        if read.is_component() {
            self.components.insert(folder.to_owned());
        }
        let whole: HashSet<PathBuf> = read.resources().into_iter().collect();
        for part in read.parts() {
            let is_whole = whole.contains(&part);
            self.users.entry(part).or_default().insert((folder.to_owned(), is_whole));
        }
    }
}
