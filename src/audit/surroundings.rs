//! What forecasts are held against: what the nodes have, and what quotas allow.

use serde_json::Value;

use super::Plan;
use super::failure::Failure;
use super::list::{List, Listed};
use super::requests::{JSON, Requests};
use super::sources::pods_are_whole;
use crate::forecast::{Node, Quota, Surroundings};
use crate::survey::{Problem, Survey};

/// Reads nodes and quotas. What may not be read is not known, and named in the survey.
pub async fn surroundings(
    requests: &mut Requests,
    plan: &Plan,
    survey: &mut Survey,
) -> Surroundings {
    let partial = !plan.selection.is_all_but_excluded()
        || !pods_are_whole(&survey.problems)
        || !pods_are_whole(&survey.notes);
    let mut read = Surroundings { live: true, partial, ..Surroundings::default() };
    let mut nodes = Vec::new();
    let listed = each(requests, plan, "/api/v1/nodes", |node| nodes.push(Node::from_value(&node)));
    match listed.await {
        Ok(()) => read.nodes = Some(nodes),
        Err(failure) => survey.problems.add(problem("nodes", &failure, "nodes")),
    }
    let mut quotas = Vec::new();
    let places = plan.selection.alone(None).map_or_else(
        || vec!["/api/v1/resourcequotas".to_owned()],
        |names| {
            let path = |name| format!("/api/v1/namespaces/{name}/resourcequotas");
            names.into_iter().map(path).collect()
        },
    );
    let mut is_whole = true;
    for path in places {
        let add = |quota| quotas.push(Quota::from_value(&quota));
        if let Err(failure) = each(requests, plan, &path, add).await {
            is_whole = false;
            survey.problems.add(problem(&path, &failure, "resourcequotas"));
        }
    }
    quotas.retain(|quota| plan.selection.takes(&quota.namespace));
    // Some quotas are better than none, and those that are missing have been named.
    read.quotas = (is_whole || !quotas.is_empty()).then_some(quotas);
    read
}

fn problem(source: &str, failure: &Failure, resource: &str) -> Problem {
    Problem {
        source: source.to_owned().into(),
        line: None,
        message: failure.to_string(),
        help: Some(format!(
            "the forecast is not held against {resource}; grant list on {resource}"
        )),
    }
}

/// Reads a list page by page: thousands of nodes with all that their status holds would fill the memory.
async fn each(
    requests: &mut Requests,
    plan: &Plan,
    path: &str,
    mut take: impl FnMut(Value),
) -> Result<(), Failure> {
    let page_size = Some(plan.page_size);
    let listed = Listed { path: path.to_owned(), accept: JSON, page_size, ..Listed::default() };
    let mut list = List::new(listed, None);
    while let Some(page) = list.next(requests).await? {
        for item in &page.items {
            let value = serde_json::from_str(page.item(item));
            take(value.map_err(|error| Failure::Broken(error.to_string()))?);
        }
    }
    Ok(())
}
