//! What is known of namespaces before any pod is judged: labels and LimitRanges.

use serde::Deserialize;
use serde_json::Value;

use super::failure::Failure;
use super::list::{List, Listed};
use super::page::Page;
use super::problems::Findings;
use super::requests::{JSON, METADATA, Requests};
use super::selection::Selection;
use super::sources;
use crate::engine::Namespaces;
use crate::pod::limit_range::LimitRange;
use crate::survey::Problem;

/// What is known of the namespaces.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) namespaces: Namespaces,
    /// Those that there are; none where they may not be listed.
    pub(super) names: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Labelled {
    metadata: Labels,
}

#[derive(Deserialize)]
struct Labels {
    labels: Option<Value>,
}

/// Asks for what is known of the namespaces that are selected.
///
/// # Errors
/// Where no request can come to anything.
pub(super) async fn gather(
    requests: &mut Requests,
    selection: &Selection,
    found: &mut Findings,
) -> Result<Facts, Failure> {
    let mut facts = Facts::default();
    let mut list = whole("/api/v1/namespaces".to_owned(), METADATA);
    match list.next(requests).await {
        Ok(page) => {
            let page = page.unwrap_or_default();
            facts.names = Some(page.items.iter().map(|item| item.name.clone()).collect());
            for item in page.items.iter().filter(|item| selection.takes(&item.name)) {
                facts.namespaces.set_labels(&item.name, Some(labels(page.item(item))));
            }
        }
        Err(failure) if failure.is_final() => return Err(failure),
        Err(failure) => one_by_one(requests, selection, &failure, &mut facts, found).await?,
    }
    ranges(requests, selection, &mut facts, found).await?;
    Ok(facts)
}

const UNLABELLED: &str = "policies that select namespaces by their labels are not applied there, and the mode is that \
                          of --default-mode; grant list on namespaces";

/// Whoever may see only namespaces of their own may still read those.
async fn one_by_one(
    requests: &mut Requests,
    selection: &Selection,
    failure: &Failure,
    facts: &mut Facts,
    found: &mut Findings,
) -> Result<(), Failure> {
    let problem = |source: String, failure: &Failure| Problem {
        source: source.into(),
        line: None,
        message: failure.to_string(),
        help: Some(UNLABELLED.to_owned()),
    };
    let named: Vec<&String> = selection.named().filter(|name| selection.takes(name)).collect();
    // Globs choose namespaces whose labels nobody can ask for.
    if named.is_empty() || selection.alone(None).is_none() {
        found.problems.add(problem(sources::NAMESPACES.to_owned(), failure));
    }
    for name in named {
        let uri = format!("/api/v1/namespaces/{name}");
        let text = |bytes| String::from_utf8(bytes).map_err(|error| error.to_string());
        match requests.get(&uri, JSON, text).await {
            Ok(text) => facts.namespaces.set_labels(name, Some(labels(&text))),
            Err(failure) if failure.is_final() => return Err(failure),
            Err(failure) => found.problems.add(problem(sources::labels(name), &failure)),
        }
    }
    Ok(())
}

async fn ranges(
    requests: &mut Requests,
    selection: &Selection,
    facts: &mut Facts,
    found: &mut Findings,
) -> Result<(), Failure> {
    let alone = selection.alone(facts.names.as_deref());
    let mut places: Vec<(String, String)> = match alone {
        Some(names) => names.into_iter().map(in_namespace).collect(),
        None => vec![(sources::RANGES.to_owned(), "/api/v1/limitranges".to_owned())],
    };
    let mut is_all = selection.alone(facts.names.as_deref()).is_none();
    while let Some((source, path)) = places.pop() {
        match whole(path, JSON).next(requests).await {
            Ok(page) => {
                let page = page.unwrap_or_default();
                add(&page, selection, &mut facts.namespaces, found);
            }
            Err(failure) if failure.is_final() => return Err(failure),
            Err(Failure::Forbidden(_)) if is_all && facts.names.is_some() => {
                is_all = false;
                let names = facts.names.iter().flatten().filter(|name| selection.takes(name));
                places.extend(names.cloned().map(in_namespace));
            }
            Err(failure) => found.problems.add(Problem {
                source: source.into(),
                line: None,
                message: failure.to_string(),
                help: Some(
                    "requests and limits are judged as if there were no LimitRange; grant list on limitranges"
                        .to_owned(),
                ),
            }),
        }
    }
    Ok(())
}

fn in_namespace(name: String) -> (String, String) {
    let path = format!("/api/v1/namespaces/{name}/limitranges");
    (sources::ranges(&name), path)
}

fn whole(path: String, accept: &'static str) -> List {
    List::new(Listed { path, accept, ..Listed::default() }, None)
}

fn add(page: &Page, selection: &Selection, namespaces: &mut Namespaces, found: &mut Findings) {
    for item in page.items.iter().filter(|item| selection.takes(&item.namespace)) {
        let value: Value = serde_json::from_str(page.item(item)).unwrap_or_default();
        match LimitRange::from_value(&value) {
            Ok(range) => {
                let range = LimitRange { name: item.name.clone(), ..range.unwrap_or_default() };
                namespaces.add_limit_range(&item.namespace, range);
            }
            Err(error) => found.problems.add(Problem {
                source: sources::range(&item.name, &item.namespace).into(),
                line: None,
                message: format!("{}: {error}", error.pointer.field_path()),
                help: None,
            }),
        }
    }
}

/// The labels of an object; none at all is known as well as some.
fn labels(object: &str) -> Value {
    let read: Result<Labelled, _> = serde_json::from_str(object);
    let labels = read.ok().and_then(|object| object.metadata.labels);
    labels.unwrap_or_else(|| Value::Object(Default::default()))
}
