//! A part of a survey, kept in a file until all parts are added up.

mod counts;

use std::collections::BTreeSet;

use counts::Counts;
use serde::de::{DeserializeSeed, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_path_to_error::Track;

use super::{Problem, Survey};
use crate::forecast::Surroundings;

/// What `plimsoll` says in such a file.
const MARK: &str = "partial";
/// The version that is written, and the only one that is read.
const VERSION: u64 = 1;
const MADE_BY: &str = "it is what --format partial=FILE writes; make it anew";

/// A part of a survey, with what is needed to tell whether it fits others.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Partial {
    #[serde(rename = "plimsoll")]
    _mark: IgnoredAny,
    #[serde(rename = "version")]
    _version: IgnoredAny,
    /// The digest of the policies, exemptions and settings that pods were judged by.
    pub policies: String,
    /// What was looked at.
    pub source: String,
    /// When it was looked at, in seconds since 1970.
    pub at: i64,
    /// What is known of the cluster around the pods.
    #[serde(default)]
    pub surroundings: Surroundings,
    /// What was found.
    pub survey: Survey,
}

/// The same as it is written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Written<'p> {
    plimsoll: &'static str,
    version: u64,
    policies: &'p str,
    source: &'p str,
    at: i64,
    surroundings: &'p Surroundings,
    survey: &'p Survey,
}

impl<'p> Written<'p> {
    /// What is to be written.
    pub const fn new(
        policies: &'p str,
        (source, at): (&'p str, i64),
        surroundings: &'p Surroundings,
        survey: &'p Survey,
    ) -> Self {
        Self { plimsoll: MARK, version: VERSION, policies, source, at, surroundings, survey }
    }
}

impl Partial {
    /// Reads one, from a file that `name` names.
    ///
    /// # Errors
    /// Where it is damaged, is something else, or was written by another version.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Head {
            plimsoll: Option<serde_json::Value>,
            version: Option<serde_json::Value>,
        }
        let problem = |line: Option<usize>, message: String, help: &str| Problem {
            source: name.into(),
            line: line.and_then(|line| u64::try_from(line).ok()),
            message,
            help: Some(help.to_owned()),
        };
        let head: Head = serde_json::from_slice(bytes).map_err(|error| {
            let (line, message) = told("", &error);
            problem(line, message, MADE_BY)
        })?;
        if head.plimsoll.as_ref().and_then(|mark| mark.as_str()) != Some(MARK) {
            let message = "this is no partial result of Plimsoll".to_owned();
            return Err(problem(None, message, MADE_BY));
        }
        match head.version {
            Some(version) if version.as_u64() == Some(VERSION) => {}
            version => {
                let found = version.map_or("none".to_owned(), |version| version.to_string());
                let message = format!("version {found}, and this Plimsoll reads version {VERSION}");
                let help = "make every part, and add them up, with the same version of Plimsoll";
                return Err(problem(None, message, help));
            }
        }
        let wrong = |path: &serde_path_to_error::Path, error: &serde_json::Error| {
            let (line, message) = told(&path.to_string(), error);
            problem(line, message, MADE_BY)
        };
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let read = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| wrong(error.path(), error.inner()))?;
        let (mut reader, mut path) = (serde_json::Deserializer::from_slice(bytes), Track::new());
        Counts::default()
            .deserialize(serde_path_to_error::Deserializer::new(&mut reader, &mut path))
            .map_err(|error| wrong(&path.path(), &error))?;
        Ok(read)
    }
}

/// Line and message of an error, with the column and the place in the object.
fn told(path: &str, error: &serde_json::Error) -> (Option<usize>, String) {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    let what = text.strip_suffix(&place).unwrap_or(&text);
    let what = if error.is_eof() { "the file is cut short" } else { what };
    let at = if path.is_empty() || path == "." { String::new() } else { format!("{path}: ") };
    (Some(error.line()), format!("column {}: {at}{what}", error.column()))
}

/// Parts that were added up.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// Those of the first part, and what names its file.
    first: Option<(String, bool, String)>,
    sources: BTreeSet<String>,
    at: i64,
    /// What those that know something say alike.
    surroundings: Option<Surroundings>,
    survey: Survey,
}

impl Merged {
    /// Adds a part, which is in the file of this name.
    ///
    /// # Errors
    /// When its pods were judged by other policies or settings than those of the parts before: such parts do not add
    /// up to anything.
    pub fn add(&mut self, name: &str, partial: Partial) -> Result<(), String> {
        let Partial { policies, source, at, surroundings, mut survey, .. } = partial;
        // What some parts lacked, others may bring.
        survey.parts.faults().iter().for_each(|fault| survey.problems.remove(fault));
        let forecasting = survey.observations.is_some();
        match &self.first {
            Some((of_first, _, first)) if *of_first != policies => {
                return Err(format!(
                    "{name}: its pods were judged by other policies, exemptions or settings than those of {first}; \
                     make every part with the same ones"
                ));
            }
            Some((_, of_first, first)) if *of_first != forecasting => {
                let (with, without) = if forecasting { (name, &**first) } else { (&**first, name) };
                return Err(format!(
                    "{with} was made with --forecast, and {without} was not; make every part alike"
                ));
            }
            Some(_) => {}
            None => self.first = Some((policies, forecasting, name.to_owned())),
        }
        self.sources.insert(source);
        self.at = self.at.max(at);
        if surroundings != Surroundings::default() {
            self.surroundings = Some(match self.surroundings.take() {
                None => surroundings,
                Some(there) => there.merge(surroundings),
            });
        }
        self.survey.merge(survey);
        Ok(())
    }

    /// The digest of the policies; none where there is no part.
    pub fn policies(&self) -> Option<&str> {
        self.first.as_ref().map(|(policies, ..)| &**policies)
    }

    /// When the last part was made, in seconds since 1970.
    pub const fn at(&self) -> i64 {
        self.at
    }

    /// What was looked at in all, what was found there, and what is known of the cluster around it. What is missing
    /// among the parts is a problem.
    pub fn finish(self) -> (String, Survey, Surroundings) {
        let sources: Vec<String> = self.sources.into_iter().collect();
        let mut survey = self.survey;
        survey.parts.faults().into_iter().for_each(|fault| survey.problems.add(fault));
        (sources.join(", "), survey, self.surroundings.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
