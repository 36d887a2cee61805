//! From the output of `helm template` back to the templates.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::super::{Origin, Spot, placed, second, words};
use super::Chart;
use super::columns::segments;
use super::copy::Templates;
use super::output::Output;
use crate::manifest::Place;
use crate::report::Excerpt;

/// How often a chart is rendered with fewer marks, where marks change what it says.
const TRIES: usize = 6;

/// Knows where lines came from, once that is asked.
#[derive(Debug)]
pub(in super::super) struct Tracer {
    chart: Chart,
    output: Output,
    known: OnceLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    templates: Templates,
    /// The template and the line in it, for each line of the output.
    origins: Vec<Option<(usize, usize)>>,
    /// Why there are none.
    why: Option<String>,
}

impl Tracer {
    pub(super) fn new(chart: Chart, text: &[u8]) -> Self {
        let output = Output::new(&String::from_utf8_lossy(text));
        Self { chart, output, known: OnceLock::new() }
    }

    pub(in super::super) fn trace(&self, spot: Spot<'_>) -> Origin {
        let line = spot.place.line.saturating_sub(1);
        let folder = self.chart.folder.display();
        if let Some((file, place, values)) = self.mapped(line, spot.place) {
            let values: Vec<_> = values.iter().map(|value| format!(".Values.{value}")).collect();
            let values = match values.split_last() {
                None => String::new(),
                Some((last, [])) => format!(", here with {last}"),
                Some((last, rest)) => format!(", here with {} and {last}", rest.join(", ")),
            };
            let note = format!("rendered from the chart {folder}{values}").into();
            return Origin { file, place: Some(place), note };
        }
        match self.output.source(line) {
            Some(source) => {
                let (file, _) = self.chart.file(source);
                let why = self.known.get().and_then(|known| known.why.as_deref());
                let why = why.map(|why| format!(", as rendering it with marked lines {why}"));
                let note = format!(
                    "rendered from {}; the line is that of the output of `helm template`{}",
                    file.display(),
                    why.unwrap_or_default()
                );
                Origin { file, place: None, note: note.into() }
            }
            None => Origin {
                file: self.chart.folder.clone(),
                place: None,
                note: format!("rendered from the chart {folder}").into(),
            },
        }
    }

    /// The templates, and what Helm says documents are from.
    pub(in super::super) fn files(&self) -> Vec<PathBuf> {
        let known = self.known.get_or_init(|| self.find_out());
        let folder = &self.chart.folder;
        let templates =
            known.templates.paths.iter().map(|path| super::super::path::tidy(&folder.join(path)));
        let named = self.output.sources().map(|source| self.chart.file(source).0);
        let mut files: Vec<PathBuf> = templates.chain(named).collect();
        files.sort();
        files.dedup();
        files
    }

    /// The chart, and the values that it was given.
    pub(in super::super) fn sources(&self) -> Vec<PathBuf> {
        let values = self.chart.settings.values.iter().cloned();
        values.chain([self.chart.folder.clone()]).collect()
    }

    /// The file and the place in it that wrote a line, with the values that its actions name.
    fn mapped(
        &self,
        line: usize,
        place: Place,
    ) -> Option<(PathBuf, (Place, Excerpt), Vec<String>)> {
        let written = self.output.line(line)?;
        let marked = bytes(written, place);
        let known = self.known.get_or_init(|| self.find_out());
        let Some((index, at)) = *known.origins.get(line)? else {
            return self.literally(line, marked);
        };
        let template = known.templates.templates.get(index)?;
        let file =
            super::super::path::tidy(&self.chart.folder.join(known.templates.paths.get(index)?));
        let segments = segments(template, at)?;
        let range = segments.place(written, marked);
        Some((file, placed(&template.text, range), segments.values()))
    }

    /// A line of a file that Helm writes as it is: those of `crds`.
    fn literally(
        &self,
        line: usize,
        marked: Range<usize>,
    ) -> Option<(PathBuf, (Place, Excerpt), Vec<String>)> {
        let (file, below) = self.chart.file(self.output.source(line)?);
        let is_plain = below.starts_with("crds/") || below.contains("/crds/");
        if !is_plain || below.contains("templates/") {
            return None;
        }
        let (first, document) = self.output.document(line)?;
        let text = fs::read_to_string(&file).ok()?;
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let same = |lines: &[&str]| {
            lines.iter().zip(document).all(|(ours, theirs)| ours.trim_end() == theirs.trim_end())
        };
        let mut found =
            lines.windows(document.len().max(1)).enumerate().filter(|(_, lines)| same(lines));
        let (start, _) = found.next()?;
        // The same object twice.
        if found.next().is_some() {
            return None;
        }
        let before = start + line.checked_sub(first)?;
        let at: usize = lines.iter().take(before).map(|line| line.len()).sum();
        Some((file, placed(&text, at + marked.start..at + marked.end), Vec::new()))
    }

    /// Renders the chart once more, with marks.
    fn find_out(&self) -> Known {
        let chart = &self.chart;
        let templates = Templates::read(&chart.folder);
        let mut left_out = LeftOut::default();
        let mut why = None;
        for _ in 0..TRIES {
            let wanted = |path: &Path| !left_out.has(path);
            let (copy, marks) = match templates.marked(&chart.folder, wanted) {
                Ok(made) => made,
                Err(error) => {
                    why = Some(format!("needs a copy of the chart, and there is none: {error}"));
                    break;
                }
            };
            let done = match chart.template(copy.path(), true) {
                Ok(done) => done,
                Err(failure) => {
                    why = second(Err(failure)).err();
                    break;
                }
            };
            let marked = Output::new(&String::from_utf8_lossy(&done.stdout));
            if !done.status.success() && marked.is_empty() {
                // Something reads what another template writes, and does not know what to do with marks.
                let goes_on = left_out.more(&words(&done.stderr));
                why = second(Ok(done)).err();
                if goes_on {
                    continue;
                }
                break;
            }
            let origins = self.output.origins(&marked, &marks, &templates.templates);
            return Known { templates, origins, why: None };
        }
        Known { templates, origins: Vec::new(), why }
    }
}

/// Templates that are rendered without marks.
#[derive(Debug, Default)]
struct LeftOut {
    /// Named templates.
    helpers: bool,
    /// What Helm complained about.
    complaints: Vec<String>,
}

impl LeftOut {
    fn has(&self, path: &Path) -> bool {
        let is_helper = path.extension().is_some_and(|extension| extension == "tpl");
        let name = path.to_string_lossy().replace('\\', "/");
        (self.helpers && is_helper) || self.complaints.iter().any(|said| said.contains(&*name))
    }

    /// Leaves out more; whether there was any.
    fn more(&mut self, said: &str) -> bool {
        if !self.helpers {
            self.helpers = true;
            return true;
        }
        let is_new =
            said.contains("templates/") && !self.complaints.iter().any(|known| known == said);
        self.complaints.push(said.to_owned());
        is_new
    }
}

/// The bytes of a line that a place is about, as far as they are on it.
fn bytes(line: &str, place: Place) -> Range<usize> {
    let offset = |column: usize| {
        let mut characters = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        characters.nth(column.saturating_sub(1)).unwrap_or(line.len())
    };
    let start = offset(place.column);
    let end =
        if place.end_line == place.line { offset(place.end_column) } else { line.trim_end().len() };
    start..end.max(start)
}
