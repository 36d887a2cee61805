//! Writing what was found into the cluster: one report for each namespace, in the kinds that the cluster has.
//!
//! Reports of namespaces that were judged only in part are left as they are, as new ones might lack what was found
//! before; and so is everything that is not Plimsoll's. A report that says the same already is not written again.

mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::{Client, Error};

use super::requests::Manners;
use super::selection::Selection;
use super::sources::partly_judged;
use crate::cluster::client;
use crate::report::survey::policy_report::{ReportApi, namespaces, report};
use crate::survey::{Problem, Problems, Survey};
use writer::Writer;

/// Which reports are to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those that the cluster has.
    Present,
    /// These, and no others.
    Only(ReportApi),
}

/// What became of the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Reports that are new, or say something new.
    pub written: u64,
    /// Reports that said the same already.
    pub unchanged: u64,
    /// Reports that were removed, because nothing is found in their namespaces any more.
    pub removed: u64,
    /// Requests that were sent.
    pub requests: u64,
    /// What could not be written.
    pub problems: Problems,
    /// Which reports were left as they are, because their namespaces were judged only in part.
    pub notes: Problems,
}

/// Writes the reports of an audit, with at most `most` results each.
pub async fn write(
    client: &Client,
    manners: Manners,
    survey: &Survey,
    selection: &Selection,
    wanted: Wanted,
    most: usize,
) -> Written {
    let mut writer = Writer::new(client.clone(), manners);
    let apis = match wanted {
        Wanted::Present => ReportApi::ALL.to_vec(),
        Wanted::Only(api) => vec![api],
    };
    let mut present = Vec::new();
    for api in apis {
        match writer.serves(api).await {
            Ok(true) => present.push(api),
            Ok(false) => {}
            Err(error) => writer.problem(source(api, None), &error),
        }
    }
    if present.is_empty() && writer.done.problems.is_empty() {
        writer.done.problems.add(absent(wanted));
    }
    let Some(partial) = partly_judged(survey) else {
        writer.done.problems.add(Problem {
            source: "reports".into(),
            line: None,
            message: "left as they are, because not everything could be judged".to_owned(),
            help: None,
        });
        return writer.done;
    };
    let covers = |namespace: &str| selection.takes(namespace) && !partial.contains(namespace);
    if let Some(note) = left_alone(&partial, selection) {
        writer.done.notes.add(note);
    }
    let found: BTreeMap<_, _> =
        namespaces(&survey.tally).into_iter().filter(|(namespace, _)| covers(namespace)).collect();
    for api in present {
        let wanted =
            |namespace: &str| found.get(namespace).map(|found| report(api, namespace, found, most));
        let mut left: BTreeSet<String> = found.keys().map(|name| (*name).to_owned()).collect();
        match selection.alone(None) {
            // Reports of others are not even asked for.
            Some(names) => left.extend(names.into_iter().filter(|name| covers(name))),
            None => match writer.go_through(api, &covers, &wanted).await {
                Ok(done) => left.retain(|namespace| !done.contains(namespace)),
                Err(error) if error_is_forbidden(&error) => {
                    let mut told = problem(source(api, None), &error);
                    told.message =
                        format!("{}; stale ones are not removed elsewhere", told.message);
                    writer.done.problems.add(told);
                }
                Err(error) => {
                    writer.problem(source(api, None), &error);
                    continue;
                }
            },
        }
        for namespace in &left {
            if let Err(error) = writer.set(api, namespace, wanted(namespace)).await {
                writer.problem(source(api, Some(namespace)), &error);
            }
        }
    }
    writer.done
}

/// Names the namespaces whose reports are left as they are.
fn left_alone(partial: &BTreeSet<&str>, selection: &Selection) -> Option<Problem> {
    const NAMED: usize = 10;
    let names: Vec<&str> = partial.iter().copied().filter(|name| selection.takes(name)).collect();
    if names.is_empty() {
        return None;
    }
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = names.get(..NAMED).unwrap_or(&names).join(", ");
    Some(Problem {
        source: "reports".into(),
        line: None,
        message: format!(
            "left as they are in namespaces that were judged only in part: {named}{more}"
        ),
        help: None,
    })
}

fn error_is_forbidden(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 403)
}

/// What a problem is about.
fn source(api: ReportApi, namespace: Option<&str>) -> String {
    let what = format!("{}.{}", api.plural(), api.group());
    match namespace {
        Some(namespace) => format!("{what} in namespace {namespace}"),
        None => what,
    }
}

fn problem(source: String, error: &Error) -> Problem {
    let (message, help) = match error {
        Error::Api(status) if status.code == 403 => {
            let rights =
                "grant list, get, create, update and delete there, or leave --write-reports out";
            (status.message.clone(), Some(rights.to_owned()))
        }
        error => (client::explain(error), None),
    };
    Problem { source: source.into(), line: None, message, help }
}

/// The cluster has none of the kinds.
fn absent(wanted: Wanted) -> Problem {
    let kinds = |apis: &[ReportApi]| {
        let kinds: Vec<_> = apis
            .iter()
            .map(|api| format!("{}.{}/{}", api.plural(), api.group(), api.version()))
            .collect();
        kinds.join(" or ")
    };
    let kinds = match wanted {
        Wanted::Present => kinds(&ReportApi::ALL),
        Wanted::Only(api) => kinds(&[api]),
    };
    Problem {
        source: "reports".into(),
        line: None,
        message: format!("not written: the cluster has no {kinds}"),
        help: Some(
            "install the CustomResourceDefinitions of OpenReports, or leave --write-reports out"
                .to_owned(),
        ),
    }
}

/// How long a conflict is waited out at most before it is told.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
