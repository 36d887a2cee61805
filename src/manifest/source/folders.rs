//! Folders that are more than their files: charts of Helm and kustomizations.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The file that makes a folder a chart.
pub const CHART_FILE: &str = "Chart.yaml";
/// The files that make a folder a kustomization; it has one of them.
pub const KUSTOMIZATION_FILES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Folders of a chart that Helm alone makes sense of.
const TEMPLATES: &str = "templates";
const SUBCHARTS: &str = "charts";

/// A folder whose manifests are made by a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Folder {
    /// A Helm chart.
    Chart,
    /// A kustomization.
    Kustomization,
}

impl Folder {
    /// The file that makes a folder one of these.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Chart => CHART_FILE,
            Self::Kustomization => KUSTOMIZATION_FILES[0],
        }
    }

    /// What a folder is, if it is more than its files.
    pub fn of(folder: &Path) -> Option<Self> {
        if folder.join(CHART_FILE).is_file() {
            return Some(Self::Chart);
        }
        let is_there = KUSTOMIZATION_FILES.iter().any(|name| folder.join(name).is_file());
        is_there.then_some(Self::Kustomization)
    }
}

/// What a walk does with a path.
pub(super) enum Look {
    /// What it does with any other.
    Plain,
    /// Nothing: it belongs to a folder that a tool renders.
    Nothing,
    /// It is such a folder.
    Folder(Folder),
}

/// The charts that a walk has come through.
#[derive(Default)]
pub(super) struct Special {
    charts: Vec<PathBuf>,
}

impl Special {
    /// Looks at the next path of a walk that comes to a folder before what is in it.
    pub(super) fn look(&mut self, path: &Path, is_file: bool) -> Look {
        let chart = self.charts.iter().rev().find_map(|chart| path.strip_prefix(chart).ok());
        let is_inner =
            chart.is_some_and(|below| below.starts_with(TEMPLATES) || below.starts_with(SUBCHARTS));
        if is_inner || (is_file && (chart.is_some() || is_kustomization_file(path))) {
            return Look::Nothing;
        }
        match Folder::of(path) {
            Some(kind) if !is_file => {
                if kind == Folder::Chart {
                    self.charts.push(path.to_owned());
                }
                Look::Folder(kind)
            }
            _ => Look::Plain,
        }
    }
}

/// Whether a path is that of a file that makes its folder a kustomization.
pub fn is_kustomization_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| KUSTOMIZATION_FILES.iter().any(|known| name == *known))
}

/// How many folders above a file are looked at.
const HIGHEST: usize = 32;

/// The charts around the paths that were named, asked once for files beside each other.
#[derive(Default)]
pub(super) struct Charts<'p>(HashMap<(&'p Path, bool), Option<PathBuf>>);

impl<'p> Charts<'p> {
    pub(super) fn around(&mut self, path: &'p Path, is_file: bool) -> Option<PathBuf> {
        let beside = if is_file { path.parent()? } else { path };
        let chart = || chart_around(path, is_file);
        self.0.entry((beside, is_file)).or_insert_with(chart).clone()
    }
}

/// The chart that a file named on the command line stands for: any file in a chart belongs to it, as in a walk. A folder
/// that is named stands for one only as `templates` or a part of it, which is no YAML.
fn chart_around(path: &Path, is_file: bool) -> Option<PathBuf> {
    if !is_file {
        return chart_of_template(path);
    }
    let mut kustomization = None;
    for folder in folders_above(path) {
        if is_chart(&folder) {
            let is_own = kustomization.is_some_and(|inner: PathBuf| {
                let below = inner.strip_prefix(&folder).unwrap_or(&inner);
                !below.starts_with(TEMPLATES) && !below.starts_with(SUBCHARTS)
            });
            return (!is_own).then(|| outermost(&folder));
        }
        if kustomization.is_none() && Folder::of(&folder).is_some() {
            kustomization = Some(folder);
        }
    }
    None
}

/// The chart that a path is among the templates of.
pub fn chart_of_template(path: &Path) -> Option<PathBuf> {
    let templates = path.ancestors().filter(|folder| folder.ends_with(TEMPLATES));
    let charts = templates.filter_map(|folder| folder.parent().map(or_here));
    charts.filter(|folder| is_chart(folder)).last().map(outermost)
}

fn is_chart(folder: &Path) -> bool {
    folder.join(CHART_FILE).is_file()
}

/// The empty path as the folder that it is.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The folders that a file is in, up to that of its repository; without one, those that its path names.
fn folders_above(file: &Path) -> Vec<PathBuf> {
    let (mut above, mut named) = (Vec::new(), None);
    let mut next = file.parent().map(|folder| or_here(folder).to_owned());
    while let Some(folder) = next.take().filter(|_| above.len() < HIGHEST) {
        let is_root = folder.join(".git").exists();
        next = if folder == Path::new(".") || folder.ends_with("..") {
            named = named.or(Some(above.len() + 1));
            Some(if folder.ends_with("..") { folder.join("..") } else { PathBuf::from("..") })
        } else {
            folder.parent().map(|folder| or_here(folder).to_owned())
        };
        above.push(folder);
        if is_root {
            return above;
        }
    }
    above.truncate(named.unwrap_or(above.len()));
    above
}

/// The chart that a subchart belongs to.
fn outermost(chart: &Path) -> PathBuf {
    let above = chart.parent().filter(|folder| folder.ends_with(SUBCHARTS)).and_then(Path::parent);
    match above.map(or_here).filter(|folder| is_chart(folder)) {
        Some(parent) => outermost(parent),
        None => chart.to_owned(),
    }
}
