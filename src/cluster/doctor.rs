//! What is wrong with an installation, and how it is mended. Read-only: facts are gathered first, with whatever rights
//! there are; the checks are functions of the facts.

mod checks;
mod expected;
mod facts;
mod flags;
mod gather;
mod traffic;

use serde::Serialize;

pub use facts::{Fact, Facts};
pub use gather::gather;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Nobody could look.
    Unknown,
    /// It works, and will not for ever.
    Warn,
    /// It does not work as it should.
    Fail,
}

impl Level {
    /// As it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Which check.
    pub check: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is so.
    pub message: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// A check: its name, and what it finds in the facts.
struct Check {
    name: &'static str,
    run: fn(&Facts, &mut Findings),
}

/// What the running check has found.
#[derive(Default)]
struct Findings(Vec<(Level, String, Option<String>)>);

impl Findings {
    fn ok(&mut self, message: impl Into<String>) {
        self.0.push((Level::Ok, message.into(), None));
    }

    fn unknown(&mut self, message: impl Into<String>) {
        self.0.push((Level::Unknown, message.into(), None));
    }

    fn warn(&mut self, message: impl Into<String>, fix: impl Into<String>) {
        self.0.push((Level::Warn, message.into(), Some(fix.into())));
    }

    fn fail(&mut self, message: impl Into<String>, fix: impl Into<String>) {
        self.0.push((Level::Fail, message.into(), Some(fix.into())));
    }

    /// What is known, or a note that it is not.
    fn known<'f, T>(&mut self, fact: &'f Fact<T>) -> Option<&'f T> {
        fact.as_ref().map_err(|why| self.unknown(why.clone())).ok()
    }
}

/// The checks, in the order in which they are shown.
static CHECKS: [Check; 10] = [
    Check { name: "api-server", run: checks::versions::api_server },
    Check { name: "version", run: checks::versions::skew },
    Check { name: "crds", run: checks::versions::crds },
    Check { name: "replicas", run: checks::replicas::replicas },
    Check { name: "leader", run: checks::replicas::leader },
    Check { name: "webhooks", run: checks::webhooks::configurations },
    Check { name: "certificate", run: checks::certificate::certificate },
    Check { name: "policies", run: checks::policies::policies },
    Check { name: "exemptions", run: checks::policies::exemptions },
    Check { name: "traffic", run: traffic::traffic },
];

/// Runs every check.
pub fn examine(facts: &Facts) -> Vec<Diagnosis> {
    let mut all = Vec::new();
    for Check { name, run } in &CHECKS {
        let mut findings = Findings::default();
        run(facts, &mut findings);
        all.extend(findings.0.into_iter().map(|(level, message, fix)| Diagnosis {
            check: name,
            level,
            message,
            fix,
        }));
    }
    all
}

#[cfg(test)]
mod tests;
