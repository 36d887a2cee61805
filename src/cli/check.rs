//! `plimsoll check`: manifests judged as the cluster would judge them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use clap::Args;
use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};

use super::format::FormatArgs;
use super::judging::{FailOn, JudgingArgs};
#[cfg(feature = "serve")]
use super::registries::DigestArgs;
use super::rendering::RenderingArgs;
use super::selection::SelectionArgs;
use super::silencing::{self, SilencingArgs, repository};
use super::{Common, Outcome, hints, now, output, progress, verbose};
use crate::check::{self, Since};
use crate::engine::Engine;
use crate::report::Report;

/// Flags of `plimsoll check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    files: SelectionArgs,
    #[command(flatten)]
    judging: JudgingArgs,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    digests: DigestArgs,
    #[command(flatten)]
    silencing: SilencingArgs,
    #[command(flatten)]
    formats: FormatArgs,
    /// Tell only what is about lines that were changed since the last common ancestor of this commit and HEAD
    #[arg(
        long,
        env = "PLIMSOLL_SINCE",
        value_name = "REF",
        value_parser = NonEmptyStringValueParser::new(),
        conflicts_with = "write_baseline"
    )]
    since: Option<String>,
    /// Exit with 1 when something is found that is at least this grave
    #[arg(
        long,
        env = "PLIMSOLL_FAIL_ON",
        value_enum,
        default_value = "deny",
        value_name = "ACTION"
    )]
    fail_on: FailOn,
    /// Only the findings, no summary
    #[arg(long, short, env = "PLIMSOLL_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
    #[command(flatten)]
    rendering: RenderingArgs,
}

pub(super) fn run(args: &CheckArgs, common: &Common) -> anyhow::Result<Outcome> {
    args.formats.check()?;
    let begun = Instant::now();
    let Some(selection) = args.files.selection(common) else { return Ok(Outcome::Broken) };
    let Some(engine) = args.judging.engine(common)? else { return Ok(Outcome::Broken) };
    let Some(mut silencing) = args.silencing.load(common)? else { return Ok(Outcome::Broken) };
    silencing.kept = args.formats.show_silenced();
    let since = args
        .since
        .as_deref()
        .map(|reference| Since::new(repository()?, reference).map_err(anyhow::Error::from));
    let since = since.transpose()?;
    let Some(known) = args.judging.known(common) else { return Ok(Outcome::Broken) };
    #[cfg(feature = "serve")]
    let Some(asker) = args.digests.asker(common)? else { return Ok(Outcome::Broken) };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let now = Some(now());
    let rendering = args.rendering.settings(&args.judging.namespace);
    let context = check::Context {
        namespace: &args.judging.namespace,
        now,
        known: &known,
        #[cfg(feature = "serve")]
        registries: asker.as_ref().map(|asker| asker as &dyn check::Ask),
        selection: &selection,
        with_replacements: args.formats.show_replacements(),
        with_judged: args.formats.show_judged(),
        silencing: &silencing,
        since: since.as_ref(),
        rendering: &rendering,
        ..check::Context::new(&engine)
    };
    let loaded = Instant::now();
    let mut report = progress::shown(args.quiet, &args.files.paths, |progress| {
        check::run(check::Context { progress, ..context }, &args.files.paths, threads)
    });
    report.fail_on = Some(args.fail_on.into());
    let unmatched = args.judging.unmatched(&engine, &report);
    report.unmatched = unmatched.iter().map(|policy| Arc::clone(&policy.name)).collect();
    if common.settings.verbose {
        verbose::told(&engine, &report, [loaded - begun, loaded.elapsed()]);
    }
    tell_unread(&report, &args.files);
    if !args.quiet {
        for note in &report.notes {
            output::say(format_args!("note: {note}"));
        }
        tell_unused(&engine, &report, now);
        // Of a few files that were named, most policies have nothing to say.
        if args.files.walks() {
            hints::unmatched(&unmatched, report.summary.pods);
        }
    }
    silencing::finish(&silencing, &report, &args.files.paths, args.quiet, true)?;
    args.formats.write(&report, args.quiet, common.color)?;
    Ok(if !report.errors.is_empty() {
        Outcome::Broken
    } else if report.reaches(args.fail_on.into()) {
        Outcome::Findings
    } else {
        Outcome::Clean
    })
}

/// Names what was asked for and could not be judged, though that is no error.
pub(super) fn tell_unread(report: &Report, files: &SelectionArgs) {
    if report.summary.files == 0 && report.errors.is_empty() && files.walks() {
        output::say(format_args!(
            "warning: no manifests found; folders are searched for .yaml, .yml and .json files"
        ));
    }
    // In a folder such files are nothing odd.
    for file in report.bare.iter().filter(|file| files.paths.contains(file)) {
        output::say(format_args!(
            "warning: {} holds no Kubernetes object; nothing in it was checked",
            file.display()
        ));
    }
    for ((policy, what), namespaces) in &report.lacking {
        let advice = if *what == "the labels of the namespace" {
            "check the Namespace objects along with the pods"
        } else {
            "files do not tell it, and the webhook knows it"
        };
        output::say(format_args!(
            "warning: policy {policy} was applied in part in {}: an expression asks for {what}, which is not known \
             here; {advice}",
            some_of(namespaces)
        ));
    }
    for (policy, namespaces) in &report.undecided {
        let mut namespaces = namespaces.clone();
        for ((_, _), told) in report.lacking.iter().filter(|((other, _), _)| other == policy) {
            namespaces.retain(|namespace| !told.contains(namespace));
        }
        if namespaces.is_empty() {
            continue;
        }
        output::say(format_args!(
            "warning: policy {policy} was not applied, or not in full, in {}: it asks for labels of the namespace, or for \
             the user, that are not known; check the Namespace objects along with the pods",
            some_of(&namespaces)
        ));
    }
    if !report.unresolved.is_empty() {
        output::say(format_args!(
            "warning: images that admission pins were not judged by the rules that pin them: {}; digests are not \
             resolved here: use --resolve-digests",
            some_of(&report.unresolved)
        ));
    }
}

/// Names the exemptions in force that did nothing in this run, though there are rules they are about.
fn tell_unused(engine: &Engine, report: &Report, now: Option<i64>) {
    let (mut unused, mut untold) = (BTreeSet::new(), BTreeSet::new());
    for (exemption, ..) in engine.exempted_rules() {
        if exemption.is_expired(now) || report.exempted.contains_key(&exemption.name) {
            continue;
        }
        let matcher = &exemption.matcher;
        let names = if matcher.needs_user() || matcher.needs_namespace_labels() {
            &mut untold
        } else {
            &mut unused
        };
        names.insert(&*exemption.name);
    }
    if !unused.is_empty() {
        output::say(format_args!(
            "warning: exemptions that exempted nothing: {}",
            some_of(&unused)
        ));
    }
    if !untold.is_empty() {
        output::say(format_args!(
            "warning: exemptions that exempted nothing: {}; no user is known here, and labels of a namespace only \
             where the Namespace is checked along with the pods",
            some_of(&untold)
        ));
    }
}

/// The first few names of many.
fn some_of<S: AsRef<str>>(names: &BTreeSet<S>) -> String {
    const SHOWN: usize = 5;
    let first: Vec<_> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
}
