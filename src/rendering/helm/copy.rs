//! A copy of a chart with marks on the lines of its templates.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::process::Folder;
use super::super::tags::{Marks, Template};

/// Folders deeper than that are not looked for templates; charts are not nested that often.
const MAX_DEPTH: usize = 16;

/// The templates of a chart and of the charts in it.
#[derive(Debug, Default)]
pub(super) struct Templates {
    pub(super) templates: Vec<Template>,
    /// Their paths below the chart.
    pub(super) paths: Vec<PathBuf>,
}

impl Templates {
    /// Reads the templates below a chart's folder. What cannot be read has no marks; Helm has read it all.
    pub(super) fn read(chart: &Path) -> Self {
        let mut found = Self::default();
        found.read_chart(chart, Path::new(""), 0);
        found
    }

    fn read_chart(&mut self, chart: &Path, below: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        self.read_folder(chart, &below.join("templates"), depth);
        for name in names(&chart.join(below).join("charts")) {
            let subchart = below.join("charts").join(name);
            if chart.join(&subchart).is_dir() {
                self.read_chart(chart, &subchart, depth + 1);
            }
        }
    }

    fn read_folder(&mut self, chart: &Path, below: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for name in names(&chart.join(below)) {
            let path = below.join(name);
            let whole = chart.join(&path);
            if whole.is_dir() {
                self.read_folder(chart, &path, depth + 1);
            } else if can_be_marked(&path)
                && let Ok(text) = fs::read_to_string(&whole)
            {
                self.templates.push(Template::new(text));
                self.paths.push(path);
            }
        }
    }

    /// Copies the chart, with marks in the templates that `wanted` takes.
    pub(super) fn marked(
        &self,
        chart: &Path,
        wanted: impl Fn(&Path) -> bool,
    ) -> io::Result<(Folder, Marks)> {
        let copy = Folder::new()?;
        let chart = chart.canonicalize()?;
        mirror(&chart, copy.path(), 0)?;
        let mut marks = Marks::default();
        for (index, (template, path)) in self.templates.iter().zip(&self.paths).enumerate() {
            if template.lines.is_some() && wanted(path) {
                let file = copy.path().join(path);
                // A link leads into the chart itself, which is not ours to write to.
                fs::remove_file(&file)?;
                fs::write(&file, marks.put(index, template))?;
            }
        }
        Ok((copy, marks))
    }
}

/// YAML and named templates; notes and JSON have no comments.
fn can_be_marked(path: &Path) -> bool {
    let known = ["yaml", "yml", "tpl"];
    path.extension().is_some_and(|extension| known.iter().any(|known| extension == *known))
}

/// The names in a folder, in their order; none where there is none.
fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

/// Folders that hold templates, anew; everything else as links to the chart, which may be large.
fn mirror(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    for name in names(from) {
        let (source, target) = (from.join(&name), to.join(&name));
        let is_folder = source.is_dir() && depth < MAX_DEPTH;
        if is_folder && (name == "templates" || name == "charts") {
            fs::create_dir(&target)?;
            mirror_all(&source, &target, depth + 1)?;
        } else {
            link(&source, &target)?;
        }
    }
    Ok(())
}

fn mirror_all(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    for name in names(from) {
        let (source, target) = (from.join(&name), to.join(&name));
        if source.is_dir() && depth < MAX_DEPTH {
            fs::create_dir(&target)?;
            mirror_all(&source, &target, depth + 1)?;
        } else {
            link(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir(to)?;
        mirror_all(from, to, 0)
    } else {
        fs::copy(from, to).map(drop)
    }
}
