//! Requests that write reports: paced, timed, and sent again where somebody else was faster.

use std::collections::BTreeSet;
use std::time::Instant;

use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, PostParams, Preconditions, PropagationPolicy,
};
use kube::core::{ApiResource, GroupVersionKind, Status};
use kube::{Client, Error};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{LONGEST_WAIT, Written, problem};
use crate::audit::pace::Pace;
use crate::audit::requests::Manners;
use crate::cluster::client::{is_conflict, is_not_found};
use crate::cluster::pauses::Pauses;
use crate::report::survey::policy_report::{MANAGED_BY, NAME, ReportApi, is_ours, replaced, says};

/// Reports of one answer; each may have some hundred kilobytes.
const PAGE: u32 = 20;
/// Who writes, in `managedFields`.
const FIELD_MANAGER: &str = "plimsoll-audit";

pub(super) struct Writer {
    client: Client,
    manners: Manners,
    pace: Pace,
    pub(super) done: Written,
}

impl Writer {
    pub(super) fn new(client: Client, manners: Manners) -> Self {
        let pace = Pace::new(manners.qps, Instant::now());
        Self { client, manners, pace, done: Written::default() }
    }

    pub(super) fn problem(&mut self, source: String, error: &Error) {
        self.done.problems.add(problem(source, error));
    }

    /// Whether the cluster has reports of this kind.
    pub(super) async fn serves(&mut self, api: ReportApi) -> Result<bool, Error> {
        let version = format!("{}/{}", api.group(), api.version());
        let client = self.client.clone();
        match self.send(async || client.list_api_group_resources(&version).await).await {
            Ok(list) => Ok(list.resources.iter().any(|one| one.name == api.plural())),
            Err(error) if is_not_found(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Goes through the reports of all namespaces that are covered, and makes each say what is wanted of it. Answers
    /// with the namespaces that are done.
    pub(super) async fn go_through(
        &mut self,
        api: ReportApi,
        covers: &impl Fn(&str) -> bool,
        wanted: &impl Fn(&str) -> Option<Value>,
    ) -> Result<BTreeSet<String>, Error> {
        let all: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource(api));
        let labels = format!("{}={}", MANAGED_BY.0, MANAGED_BY.1);
        let mut params = ListParams::default().labels(&labels).limit(PAGE);
        let mut done = BTreeSet::new();
        loop {
            let page = self.send(async || all.list(&params).await).await?;
            for present in page.items {
                let Some(namespace) = present.metadata.namespace.clone() else { continue };
                let Ok(present) = serde_json::to_value(present) else { continue };
                // Another one of Plimsoll's is none of this audit's.
                if !covers(&namespace) || !is_ours(&present) {
                    continue;
                }
                let result = self.make_say(api, &namespace, Some(present), wanted(&namespace));
                if let Err(error) = result.await {
                    self.problem(super::source(api, Some(&namespace)), &error);
                }
                done.insert(namespace);
            }
            params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if params.continue_token.is_none() {
                return Ok(done);
            }
        }
    }

    /// Makes the report of a namespace say what is wanted of it, or removes it.
    pub(super) async fn set(
        &mut self,
        api: ReportApi,
        namespace: &str,
        wanted: Option<Value>,
    ) -> Result<(), Error> {
        let present = self.present(api, namespace).await?;
        self.make_say(api, namespace, present, wanted).await
    }

    async fn present(&mut self, api: ReportApi, namespace: &str) -> Result<Option<Value>, Error> {
        let reports = self.reports(api, namespace);
        let found = self.send(async || reports.get_opt(NAME).await).await?;
        found.map(serde_json::to_value).transpose().map_err(Error::SerdeError)
    }

    async fn make_say(
        &mut self,
        api: ReportApi,
        namespace: &str,
        mut present: Option<Value>,
        wanted: Option<Value>,
    ) -> Result<(), Error> {
        let begun = Instant::now();
        let mut pauses = Pauses::default();
        loop {
            let result = match (present, &wanted) {
                (None, None) => return Ok(()),
                (Some(present), Some(wanted)) if says(&present, wanted) => {
                    self.done.unchanged += 1;
                    return Ok(());
                }
                (Some(present), _) if !is_ours(&present) => return Err(foreign()),
                (Some(present), Some(wanted)) => {
                    self.replace(api, namespace, replaced(present, wanted)).await
                }
                (None, Some(wanted)) => self.create(api, namespace, wanted.clone()).await,
                (Some(present), None) => self.remove(api, namespace, &present).await,
            };
            match result {
                // Somebody else was faster; perhaps with the same.
                Err(error) if is_conflict(&error) && begun.elapsed() < LONGEST_WAIT => {
                    sleep(pauses.next().unwrap_or_default()).await;
                    present = self.present(api, namespace).await?;
                }
                // A namespace that goes takes its reports along.
                Err(error) if is_not_found(&error) => return Ok(()),
                done => return done,
            }
        }
    }

    async fn replace(&mut self, api: ReportApi, at: &str, report: Value) -> Result<(), Error> {
        let reports = self.reports(api, at);
        let report: DynamicObject = serde_json::from_value(report).map_err(Error::SerdeError)?;
        self.send(async || reports.replace(NAME, &params(), &report).await).await?;
        self.done.written += 1;
        Ok(())
    }

    async fn create(&mut self, api: ReportApi, at: &str, report: Value) -> Result<(), Error> {
        let reports = self.reports(api, at);
        let report: DynamicObject = serde_json::from_value(report).map_err(Error::SerdeError)?;
        self.send(async || reports.create(&params(), &report).await).await?;
        self.done.written += 1;
        Ok(())
    }

    /// Removes a report, unless somebody wrote it since it was read.
    async fn remove(&mut self, api: ReportApi, at: &str, present: &Value) -> Result<(), Error> {
        let reports = self.reports(api, at);
        let text = |field: &str| present["metadata"][field].as_str().map(str::to_owned);
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                resource_version: text("resourceVersion"),
                uid: text("uid"),
            }),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        self.send(async || reports.delete(NAME, &params).await).await?;
        self.done.removed += 1;
        Ok(())
    }

    fn reports(&self, api: ReportApi, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &resource(api))
    }

    /// Sends a request, and again where the API server has too many or fails for the moment.
    async fn send<T>(&mut self, request: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        let begun = Instant::now();
        let mut pauses = Pauses::default();
        loop {
            sleep(self.pace.take(Instant::now())).await;
            self.done.requests += 1;
            let answer = timeout(self.manners.timeout, request()).await;
            match answer.unwrap_or_else(|_| Err(silent())) {
                Err(Error::Api(status))
                    if (status.code == 429 || status.code >= 500)
                        && begun.elapsed() < LONGEST_WAIT =>
                {
                    sleep(pauses.next().unwrap_or_default()).await;
                }
                answer => return answer,
            }
        }
    }
}

fn params() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

fn resource(api: ReportApi) -> ApiResource {
    let kind = GroupVersionKind::gvk(api.group(), api.version(), api.kind());
    ApiResource::from_gvk_with_plural(&kind, api.plural())
}

/// The name is taken by somebody else's report.
fn foreign() -> Error {
    refusal(format!("there is a {NAME} that is not Plimsoll's; it has no label {}", MANAGED_BY.0))
}

fn silent() -> Error {
    refusal("the API server did not answer in time".to_owned())
}

fn refusal(message: String) -> Error {
    Error::Api(Box::new(Status::failure(&message, "")))
}
