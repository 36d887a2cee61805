//! The baseline: findings that were there before, kept in a file, so that only new ones are reported.

mod file;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::manifest::Place;
use crate::report::{Diagnostic, ObjectId, Problem, Repository};

pub use file::Entry;

/// The baseline file, unless another one is named.
pub const DEFAULT_FILE: &str = "plimsoll-baseline.json";

/// A baseline as it was read, and what a run has found of it.
#[derive(Debug)]
pub struct Ledger {
    file: PathBuf,
    repository: Repository,
    known: Vec<Known>,
    by_fingerprint: HashMap<String, usize>,
    /// Whether all that is found becomes known.
    records: bool,
    run: Mutex<Run>,
}

/// An entry of the file.
#[derive(Debug)]
struct Known {
    entry: Entry,
    /// Where it stands in the baseline file.
    place: Place,
}

/// What one pass over the manifests found.
#[derive(Debug, Default)]
struct Run {
    /// How often each known entry was found, by its position.
    found: HashMap<usize, usize>,
    /// What is recorded, by fingerprint.
    recorded: HashMap<String, Entry>,
    /// The files that were judged as a whole.
    judged: BTreeSet<String>,
}

/// An entry of which less was found than it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Where the entry stands in the baseline file.
    pub place: Place,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
}

/// What became of a baseline that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Findings in it.
    pub findings: usize,
    /// Findings that were not in it before.
    pub added: usize,
    /// Findings that were in it before.
    pub removed: usize,
}

impl Ledger {
    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong with the file, with places.
    pub fn read(file: &Path, repository: Repository) -> Result<Self, Vec<Problem>> {
        Ok(Self::new(file, repository, file::read(file)?, false))
    }

    /// A baseline that all findings of the run go into, when it is [written](Self::write); what was there before
    /// about files that the run does not judge stays.
    ///
    /// # Errors
    /// What is wrong with the file that is there.
    pub fn recording(file: &Path, repository: Repository) -> Result<Self, Vec<Problem>> {
        let known = if file.exists() { file::read(file)? } else { Vec::new() };
        Ok(Self::new(file, repository, known, true))
    }

    fn new(file: &Path, repository: Repository, known: Vec<Known>, records: bool) -> Self {
        let fingerprints = known.iter().enumerate();
        let by_fingerprint =
            fingerprints.map(|(at, known)| (known.entry.fingerprint.clone(), at)).collect();
        let file = file.to_owned();
        Self { file, repository, known, by_fingerprint, records, run: Mutex::default() }
    }

    /// The baseline file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether this run writes the baseline.
    pub const fn records(&self) -> bool {
        self.records
    }

    /// Forgets what was found: the manifests are judged anew.
    pub fn begin(&self) {
        *self.run() = Run::default();
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a file was read and judged as a whole, so that what was not found in it is not there.
    pub fn judged(&self, file: &Path) {
        let file = self.repository.relative(file);
        self.run().judged.insert(file);
    }

    /// Whether a finding is known; of equal ones as many as the file allows.
    pub fn covers(&self, found: &Diagnostic) -> bool {
        let file = self.repository.relative(&found.file);
        let fingerprint = found.fingerprint(&file);
        if self.records {
            let mut run = self.run();
            match run.recorded.get_mut(&fingerprint) {
                Some(entry) => entry.count += 1,
                None => {
                    let entry = entry(found, file, fingerprint.clone());
                    run.recorded.insert(fingerprint, entry);
                }
            }
            return true;
        }
        let Some(&at) = self.by_fingerprint.get(&fingerprint) else { return false };
        let allowed = self.known.get(at).map_or(0, |known| known.entry.count);
        let mut run = self.run();
        let seen = run.found.entry(at).or_default();
        *seen += 1;
        *seen <= allowed
    }

    /// The entries of which less was found than they allow, in files that were judged, or that are gone from below
    /// the paths that were.
    pub fn stale(&self, paths: &[PathBuf]) -> Vec<Stale> {
        if self.records {
            return Vec::new();
        }
        let run = self.run();
        let is_covered = self.covered(&run, paths);
        let stale = |(at, known): (usize, &Known)| {
            let Known { entry, place } = known;
            let found = run.found.get(&at).copied().unwrap_or_default();
            if found >= entry.count || !is_covered(&entry.file) {
                return None;
            }
            let Entry { policy, rule, file, object, count, .. } = entry;
            let still = match (found, count) {
                (0, 1) => "is no longer there".to_owned(),
                (0, _) => format!("is no longer there, and {count} are allowed"),
                (1, _) => format!("is there once, and {count} are allowed"),
                _ => format!("is there {found} times, and {count} are allowed"),
            };
            let message = format!("{policy}/{rule} of {object} in {file} {still}");
            Some(Stale { place: *place, message })
        };
        self.known.iter().enumerate().filter_map(stale).collect()
    }

    /// Writes what was found, in one step: whoever reads the file meanwhile sees the old one or the new one.
    ///
    /// # Errors
    /// When the file cannot be written; then the old one is whole.
    pub fn write(&self, paths: &[PathBuf]) -> io::Result<Written> {
        let mut run = self.run();
        let mut entries = std::mem::take(&mut run.recorded);
        let is_covered = self.covered(&run, paths);
        for Known { entry, .. } in self.known.iter().filter(|known| !is_covered(&known.entry.file))
        {
            // Of a file that was judged in part, more may be there than was found.
            let kept = entries.entry(entry.fingerprint.clone()).or_insert_with(|| entry.clone());
            kept.count = kept.count.max(entry.count);
        }
        let mut entries: Vec<Entry> = entries.into_values().collect();
        entries.sort();
        let written = self.compare(&entries);
        file::write(&self.file, entries)?;
        Ok(written)
    }

    fn compare(&self, entries: &[Entry]) -> Written {
        let count = |entries: &BTreeMap<&str, usize>, other: &BTreeMap<&str, usize>| {
            let more = entries.iter().map(|(fingerprint, count)| {
                count.saturating_sub(other.get(fingerprint).copied().unwrap_or_default())
            });
            more.sum()
        };
        let now: BTreeMap<&str, usize> =
            entries.iter().map(|entry| (entry.fingerprint.as_str(), entry.count)).collect();
        let known = self.known.iter().map(|known| &known.entry);
        let before = known.map(|entry| (entry.fingerprint.as_str(), entry.count)).collect();
        Written {
            findings: now.values().sum(),
            added: count(&now, &before),
            removed: count(&before, &now),
        }
    }

    /// Whether the run tells all there is to know of a file.
    fn covered<'l>(&'l self, run: &Run, paths: &[PathBuf]) -> impl Fn(&str) -> bool + use<'l> {
        let judged = run.judged.clone();
        let whole = |path: &PathBuf| self.repository.whole(&self.repository.relative(path));
        let below: Vec<PathBuf> = paths.iter().map(whole).collect();
        move |file| {
            if judged.contains(file) {
                return true;
            }
            let whole = self.repository.whole(file);
            file != "-" && below.iter().any(|path| whole.starts_with(path)) && !whole.exists()
        }
    }
}

fn entry(found: &Diagnostic, file: String, fingerprint: String) -> Entry {
    let ObjectId { kind, namespace, name, .. } = &*found.object;
    let namespace = namespace.as_ref().map(|namespace| format!("{namespace}/"));
    Entry {
        file,
        object: format!("{kind} {}{name}", namespace.unwrap_or_default()),
        container: found.container.as_deref().map(str::to_owned),
        policy: (*found.policy).to_owned(),
        rule: (*found.rule).to_owned(),
        message: (*found.message).to_owned(),
        count: 1,
        fingerprint,
    }
}
