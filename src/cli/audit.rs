//! `plimsoll audit`: the pods of a cluster judged as they are.

mod ledgers;
mod reports;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use tokio::signal::unix::{SignalKind, signal};

use ledgers::LedgerArgs;
use reports::ReportArgs;

use super::choice::ClusterArgs;
use super::survey::{SurveyArgs, Surveyed};
use super::{Common, Outcome, output, progress};
use crate::audit::policy_reports::{self, Written};
use crate::audit::{self, Installed, Manners, Plan, Progress, Requests, Selection};
use crate::cluster::client;
use crate::engine::Engine;
use crate::forecast::Surroundings;
use crate::pod::workload::Class;
use crate::survey::{Problems, Survey};

/// Flags of `plimsoll audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Judge by the policies and exemptions that are installed in the cluster
    #[arg(
        long,
        env = "PLIMSOLL_POLICIES_FROM_CLUSTER",
        value_parser = FalseyValueParser::new(),
        conflicts_with_all = ["policies", "profile", "exemptions", "compare"]
    )]
    policies_from_cluster: bool,
    #[command(flatten)]
    pods: PodArgs,
    #[command(flatten)]
    manners: MannersArgs,
    /// End with 0 whatever is found; with 2 still where something could not be read or judged
    #[arg(long, env = "PLIMSOLL_EXIT_ZERO", value_parser = FalseyValueParser::new())]
    exit_zero: bool,
    #[command(flatten)]
    ledgers: LedgerArgs,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    survey: SurveyArgs,
}

/// Which pods are judged.
#[derive(Debug, Args)]
struct PodArgs {
    /// Judge the pods of this namespace, a name or a glob; repeatable
    // What plimsoll.yaml calls `namespace` is that of manifests which name none.
    #[arg(
        id = "namespaces",
        long = "namespace",
        short = 'n',
        value_name = "NAMESPACE",
        value_delimiter = ',',
        value_parser = namespace
    )]
    namespaces: Vec<String>,
    /// Judge the pods of all namespaces, as is done without --namespace
    #[arg(long, short = 'A', conflicts_with = "namespaces")]
    all_namespaces: bool,
    /// Leave out the pods of this namespace, a name or a glob; repeatable
    #[arg(
        long = "exclude-namespace",
        value_name = "NAMESPACE",
        value_delimiter = ',',
        value_parser = namespace
    )]
    excluded: Vec<String>,
    /// Judge pods with these labels, as kubectl takes them: `app=web,tier!=db`
    #[arg(long, short = 'l', value_name = "LABELS", value_parser = NonEmptyStringValueParser::new())]
    selector: Option<String>,
    /// Judge pods with these fields, as kubectl takes them: `status.phase=Running`
    #[arg(long, value_name = "FIELDS", value_parser = NonEmptyStringValueParser::new())]
    field_selector: Option<String>,
    /// Judge pods whose top owner is of this kind (such as Deployment, CronJob, DAG, Pod); repeatable
    #[arg(
        long = "kind",
        value_name = "KIND",
        value_delimiter = ',',
        value_parser = NonEmptyStringValueParser::new()
    )]
    kinds: Vec<String>,
    /// Judge pods of this class: Batch, Service, Daemon, Static or Bare; repeatable
    #[arg(long = "workload", value_name = "CLASS", value_delimiter = ',', value_parser = class)]
    classes: Vec<Class>,
}

/// How the API server is asked.
#[derive(Debug, Args)]
struct MannersArgs {
    /// Requests in a second, at most; 0: as many as it answers
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = qps)]
    qps: f64,
    /// Pods of one answer, at most; of long ones, fewer are asked for
    #[arg(
        long,
        value_name = "N",
        default_value_t = 500,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    page_size: u32,
    /// How long one request may take, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=600)
    )]
    request_timeout: u64,
}

/// A name or a glob of names.
fn namespace(text: &str) -> Result<String, String> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match text.chars().find(|c| !is_of_name(*c) && !"*?[]!{},".contains(*c)) {
        _ if text.is_empty() => Err("the name of a namespace is not empty".to_owned()),
        Some(wrong) => Err(format!("no namespace has {wrong:?} in its name")),
        None => Ok(text.to_owned()),
    }
}

fn class(text: &str) -> Result<Class, String> {
    let found = Class::ALL.into_iter().find(|class| class.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        let known: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
        format!("there is no such class; there are: {}", known.join(", "))
    })
}

fn qps(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=10_000.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 10000".to_owned())
}

pub(super) fn run(args: &AuditArgs, common: &Common) -> anyhow::Result<Outcome> {
    let engine = match args.policies_from_cluster {
        true => {
            args.survey.telling.check()?;
            None
        }
        false => match args.survey.engine(common)? {
            Some(engine) => Some(engine),
            None => return Ok(Outcome::Broken),
        },
    };
    let Some(before) = args.survey.engine_before(common)? else { return Ok(Outcome::Broken) };
    let plan = Plan {
        selection: args.pods.selection()?,
        page_size: args.manners.page_size,
        forecast: args.survey.forecast,
        before,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let progress = Arc::new(Progress::default());
    let surveyed = progress::of_pods(
        args.survey.telling.quiet,
        || progress.counts(),
        || runtime.block_on(args.survey_cluster(engine, &plan, &progress, common)),
    )?;
    for (policy, namespaces) in &surveyed.survey.tally.undecided {
        output::say(format_args!(
            "warning: policy {policy} was not applied, or not in full, in {} namespaces: it asks for their labels, or for \
             the user, and those are not known",
            namespaces.len()
        ));
    }
    let outcome = args.survey.finish(&surveyed, common)?;
    Ok(if args.exit_zero && outcome == Outcome::Findings { Outcome::Clean } else { outcome })
}

impl AuditArgs {
    async fn survey_cluster(
        &self,
        engine: Option<Engine>,
        plan: &Plan,
        progress: &Arc<Progress>,
        common: &Common,
    ) -> anyhow::Result<Surveyed> {
        let (client, place) = client::connect_to_place(&self.cluster.choice()).await?;
        let address = &place.address;
        let manners = Manners {
            qps: self.manners.qps,
            timeout: Duration::from_secs(self.manners.request_timeout),
        };
        let mut requests = Requests::new(client.clone(), manners);
        let failed = || format!("the cluster at {address} cannot be audited");
        let (engine, problems) = match engine {
            Some(engine) => (engine, Problems::default()),
            None => {
                let installed = audit::installed(&mut requests).await.with_context(failed)?;
                let Installed { policies, exemptions, digest, problems } = installed;
                (self.survey.engine_of(policies, exemptions, &digest, common), problems)
            }
        };
        let mut survey: Survey = audit::run(&mut requests, &engine, plan, progress, stop()?)
            .await
            .with_context(failed)?;
        survey.problems.merge(problems);
        let ledger = match self.ledgers.ledgers(self.survey.own_namespace()) {
            Some(ledgers) => {
                let mut gathered = ledgers.gather(&mut requests, &mut survey.problems).await;
                audit::leave_out_seen(&mut gathered, &survey.tally);
                Some(gathered)
            }
            None => None,
        };
        let surroundings = if plan.forecast {
            audit::surroundings(&mut requests, plan, &mut survey).await
        } else {
            Surroundings::default()
        };
        let mut cost = requests.cost();
        if let Some(wanted) = self.reports.write_reports {
            let most = self.reports.report_results;
            let Written { written, unchanged, removed, requests, problems, notes } =
                policy_reports::write(
                    &client,
                    manners,
                    &survey,
                    &plan.selection,
                    wanted.into(),
                    most,
                )
                .await;
            cost.requests += requests;
            survey.problems.merge(problems);
            survey.notes.merge(notes);
            if !self.survey.telling.quiet {
                output::say(format_args!(
                    "reports: {written} written, {unchanged} unchanged, {removed} removed"
                ));
            }
        }
        Ok(Surveyed { source: place.to_string(), survey, surroundings, cost: Some(cost), ledger })
    }
}

impl PodArgs {
    fn selection(&self) -> anyhow::Result<Selection> {
        let selection = Selection::new(self.namespaces.clone(), self.excluded.clone());
        let mut selection = selection.map_err(|error| {
            let flag = "--namespace or --exclude-namespace";
            anyhow::anyhow!("{flag}: the glob {:?} is malformed: {}", error.pattern, error.message)
        })?;
        selection.labels.clone_from(&self.selector);
        selection.fields.clone_from(&self.field_selector);
        selection.kinds.clone_from(&self.kinds);
        selection.classes.clone_from(&self.classes);
        Ok(selection)
    }
}

/// Ends when somebody wants the audit to: by Ctrl-C, or as the kubelet does it.
fn stop() -> anyhow::Result<impl Future<Output = &'static str>> {
    let listen = |kind| signal(kind).context("cannot listen for signals");
    let (mut interrupt, mut terminate) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}
