//! `plimsoll explain`: a rule's page in the terminal, or what a policy asks for.

pub(super) mod matching;
mod page;
mod policy;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;

use anyhow::bail;
use clap::Args;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use super::{Common, Outcome, PolicyArgs};
use crate::decode::nearest;
use crate::policy::CompiledPolicy;
use crate::policy_source::{self, DEFAULT_PROFILE, Loaded, Sources};
use crate::rules::{RULES, RuleKind};
use policy::Explained;

/// Flags of `plimsoll explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule, the policy, or a policy's rule, alone or as POLICY/RULE; absent: a list of all
    #[arg(value_parser = Names, hide_possible_values = true)]
    name: Option<String>,
    /// The name is that of a policy, though a rule is called the same
    #[arg(long, requires = "name")]
    policy: bool,
    #[command(flatten)]
    policies: PolicyArgs,
}

/// Takes any name, and tells shells those that are built in.
#[derive(Clone, Copy, Debug)]
struct Names;

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let sources = Sources { policies: &[], profile: DEFAULT_PROFILE, exemptions: &[] };
        let loaded = policy_source::load_all(sources).ok();
        let policies = loaded.iter().flat_map(|loaded| loaded.policies.policies());
        let policies = policies.map(|policy| policy.name.to_string());
        let rules = RULES.iter().map(|rule| rule.meta.name.to_owned());
        let names: BTreeSet<String> = rules.chain(policies).collect();
        Some(Box::new(names.into_iter().map(PossibleValue::new)))
    }
}

pub(super) fn run(args: &ExplainArgs, common: &Common) -> anyhow::Result<Outcome> {
    let stdout = std::io::stdout();
    let color = common.color.is_on(&stdout);
    let mut text = Vec::new();
    let rule = args.name.as_deref().filter(|_| !args.policy).and_then(RuleKind::find);
    if let Some(rule) = rule {
        page::write(rule.meta.page, color, &mut text)?;
        if args.policies.has_policy(rule.meta.name) {
            let name = rule.meta.name;
            let other = "there is also a policy of that name: plimsoll explain --policy";
            writeln!(text, "\n{other} {name}")?;
        }
    } else {
        let Some(loaded) = args.policies.load(common)? else { return Ok(Outcome::Broken) };
        match &args.name {
            None => list(&loaded, color, &mut text)?,
            Some(name) => policy::write(&find(name, args.policy, &loaded)?, color, &mut text)?,
        }
    }
    let mut out = stdout.lock();
    out.write_all(&text)?;
    out.flush()?;
    Ok(Outcome::Clean)
}

/// The policy of a name, or one rule of it.
fn find<'l>(name: &str, is_policy: bool, loaded: &'l Loaded) -> anyhow::Result<Explained<'l>> {
    let policies = loaded.policies.policies();
    let written = |policy: &CompiledPolicy| {
        loaded.documents.iter().find(|(_, document)| document.name() == Some(&*policy.name))
    };
    let explained = |policy: &'l CompiledPolicy, rule: Option<&str>| Explained {
        policy,
        rule: rule.map(str::to_owned),
        written: written(policy),
    };
    let has =
        |policy: &CompiledPolicy, rule: &str| policy.rules.iter().any(|known| *known.name == *rule);
    let (policy, rule) = name.split_once('/').map_or((name, None), |(p, r)| (p, Some(r)));
    if let Some(found) = policies.iter().find(|known| *known.name == *policy) {
        let Some(rule) = rule.filter(|rule| !has(found, rule)) else {
            return Ok(explained(found, rule));
        };
        let help = nearest(rule, found.rules.iter().map(|known| &*known.name)).unwrap_or_default();
        bail!("no rule of the policy `{policy}` is called `{rule}`: {help}");
    }
    // Findings name a rule with its policy; people name it alone.
    let by_rule = policies.iter().filter(|known| rule.is_none() && !is_policy && has(known, name));
    match by_rule.collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => return Ok(explained(one, Some(name))),
        several => {
            let choices: Vec<_> =
                several.iter().map(|policy| format!("`{}/{name}`", policy.name)).collect();
            bail!("several policies have a rule `{name}`: name one of {}", choices.join(", "));
        }
    }
    let what = if is_policy { "policy is" } else { "rule and no policy is" };
    let kinds = RULES.iter().map(|kind| kind.meta.name);
    let mut names: Vec<&str> = policies.iter().map(|known| &*known.name).collect();
    if !is_policy {
        let own = names.clone();
        names = kinds.filter(|kind| !own.contains(kind)).chain(own.iter().copied()).collect();
    }
    let rules = policies.iter().flat_map(|policy| &policy.rules).map(|rule| &*rule.name);
    let near = |names: &[&str]| {
        let help = nearest(policy, names.iter().copied());
        help.filter(|help| help.starts_with("did you mean"))
    };
    // The rules of policies are too many for a list.
    let rules: Vec<&str> = rules.filter(|_| rule.is_none() && !is_policy).collect();
    let help = near(&names).or_else(|| near(&rules));
    let help = help.or_else(|| nearest(policy, names.iter().copied())).unwrap_or_default();
    bail!("no {what} called `{policy}`: {help}");
}

fn list(loaded: &Loaded, color: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let policies = loaded.policies.policies();
    let names = RULES.iter().map(|rule| rule.meta.name);
    let names = names.chain(policies.iter().map(|policy| &*policy.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or_default();
    writeln!(out, "{}", page::heading("Rules", color))?;
    for rule in RULES {
        writeln!(out, "  {:width$}  {}", rule.meta.name, rule.meta.summary)?;
    }
    writeln!(out, "\n{}", page::heading("Policies", color))?;
    for policy in policies {
        let description = policy.description.as_deref().unwrap_or("(no description)");
        let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(out, "  {:width$}  {description}", policy.name)?;
    }
    Ok(())
}
