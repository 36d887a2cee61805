//! Folders that are more than their files: charts of Helm and kustomizations.

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

fn is_kustomization_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| KUSTOMIZATION_FILES.iter().any(|known| name == *known))
}

/// The chart or kustomization that a file named on the command line stands for: one of its own files, or one of the
/// templates of a chart, which are no YAML.
pub fn around(file: &Path) -> Option<(Folder, PathBuf)> {
    let parent = file.parent()?;
    let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    if file.file_name()? == CHART_FILE {
        return Some((Folder::Chart, folder.to_owned()));
    }
    if is_kustomization_file(file) {
        return Some((Folder::Kustomization, folder.to_owned()));
    }
    let templates = file.ancestors().filter(|folder| folder.ends_with(TEMPLATES));
    let charts = templates.filter_map(|folder| {
        let chart = folder.parent()?;
        Some(if chart.as_os_str().is_empty() { Path::new(".") } else { chart })
    });
    let chart = charts.filter(|folder| folder.join(CHART_FILE).is_file()).last()?;
    Some((Folder::Chart, outermost(chart)))
}

/// The chart that a subchart belongs to.
fn outermost(chart: &Path) -> PathBuf {
    let above = chart.parent().filter(|folder| folder.ends_with(SUBCHARTS)).and_then(Path::parent);
    let above =
        above.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    match above.filter(|folder| folder.join(CHART_FILE).is_file()) {
        Some(parent) => outermost(parent),
        None => chart.to_owned(),
    }
}
