//! Chunks judged: record by record, into a survey of the thread's own.

use std::sync::Arc;

use super::cutter::{Chunk, Fault, MAX_RECORD};
use super::record::{self, Created, Record, Unusable};
use super::records::{Records, Span};
use crate::engine::Namespaces;
use crate::survey::{AsPodsTell, Problem, Seen, Survey, Surveyor};

/// What is said of a pod whose time is no time, or none that can be reckoned with (from the last day of 9999 on).
const TIME_LOST: &str =
    "requestReceivedTimestamp cannot be read: the pod was judged as if it were created now";

/// What judges the records of one thread.
#[derive(Debug)]
pub(super) struct Judge<'j> {
    pub(super) surveyor: Surveyor<'j>,
    /// What is known of namespaces.
    pub(super) known: &'j Namespaces,
    /// The time by which exemptions expire for records that tell no time, in seconds since 1970.
    pub(super) now: Option<i64>,
    pub(super) survey: Survey,
}

impl Judge<'_> {
    /// Judges a chunk.
    pub(super) fn take(&mut self, chunk: &Chunk) {
        let Chunk { offset, portion, .. } = chunk;
        self.survey.sources.bytes += portion.bytes(*offset..offset + chunk.bytes.len() as u64);
        // Checking all of it at once is several times as fast as checking each line.
        let valid = std::str::from_utf8(&chunk.bytes).ok();
        for Span { range, line } in Records::of(&chunk.bytes) {
            if !portion.takes(offset + range.start as u64) {
                continue;
            }
            let at = (&chunk.source, chunk.line + line);
            if chunk.repeated.binary_search(&range.start).is_ok() {
                self.survey.sources.records += 1;
                self.survey.sources.others += 1;
                continue;
            }
            if range.len() > MAX_RECORD {
                self.add(Err(Unusable::too_long()), at);
                continue;
            }
            let text = match valid {
                Some(text) => text.get(range),
                None => chunk.bytes.get(range).and_then(|bytes| std::str::from_utf8(bytes).ok()),
            };
            match text {
                Some(text) => record::read(text, |found| self.add(found, at)),
                None => self.add(Err(Unusable::no_text()), at),
            }
        }
    }

    /// Adds what could not be read at all.
    pub(super) fn fail(&mut self, fault: Fault) {
        let Fault { problem, records, bytes } = fault;
        self.survey.sources.bytes += bytes;
        self.survey.sources.records += records;
        self.survey.sources.damaged += records;
        self.survey.problems.add(problem);
    }

    fn add(&mut self, found: Result<Record<'_>, Unusable>, at: (&Arc<str>, u64)) {
        let sources = &mut self.survey.sources;
        sources.records += 1;
        match found {
            Ok(Record::Pod(created)) => self.judge(&created, at.0),
            Ok(Record::WithoutContent) => sources.without_content += 1,
            Ok(Record::Refused) => sources.refused += 1,
            Ok(Record::Other) => sources.others += 1,
            Err(Unusable { message, help }) => {
                sources.damaged += 1;
                self.survey.problems.add(Problem {
                    source: Arc::clone(at.0),
                    line: Some(at.1),
                    message,
                    help: help.map(str::to_owned),
                });
            }
        }
    }

    fn judge(&mut self, created: &Created<'_>, source: &Arc<str>) {
        if created.is_time_lost {
            self.survey.notes.add(Problem {
                source: Arc::clone(source),
                line: None,
                message: TIME_LOST.to_owned(),
                help: None,
            });
        }
        let seen = Seen {
            object: &created.object,
            namespace: &created.namespace,
            name: created.name.as_deref(),
            user: created.user.as_ref().map(|user| user.as_user()),
            facts: self.known.facts(&created.namespace),
            at: created.at,
            // An exemption that has expired since held when the pod was created.
            now: created.at.or(self.now),
        };
        self.surveyor.take(&seen, &AsPodsTell, &mut self.survey);
    }
}
