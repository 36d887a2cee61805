//! `plimsoll explain`: a rule's page in the terminal, or what a policy asks for.

pub(super) mod matching;
mod page;
mod policy;

use std::io::Write;

use anyhow::bail;
use clap::Args;

use super::{Common, Outcome, PolicyArgs};
use crate::decode::nearest;
use crate::policy_source::Loaded;
use crate::rules::{RULES, RuleKind};
use policy::Explained;

/// Flags of `plimsoll explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The rule, the policy, or POLICY/RULE as findings have it; absent: a list of all
    name: Option<String>,
    /// The name is that of a policy, though a rule is called the same
    #[arg(long, requires = "name")]
    policy: bool,
    #[command(flatten)]
    policies: PolicyArgs,
}

pub(super) fn run(args: &ExplainArgs, common: &Common) -> anyhow::Result<Outcome> {
    let stdout = std::io::stdout();
    let color = common.color.is_on(&stdout);
    let mut text = Vec::new();
    let rule = args.name.as_deref().filter(|_| !args.policy).and_then(RuleKind::find);
    if let Some(rule) = rule {
        page::write(rule.meta.page, color, &mut text)?;
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
    let (policy, rule) = name.split_once('/').map_or((name, None), |(p, r)| (p, Some(r)));
    let policies = loaded.policies.policies();
    let Some(found) = policies.iter().find(|known| *known.name == *policy) else {
        let names = policies.iter().map(|known| &*known.name);
        let kinds = RULES.iter().map(|rule| rule.meta.name).filter(|_| !is_policy);
        let help = nearest(policy, kinds.chain(names)).unwrap_or_default();
        let what = if is_policy { "policy is" } else { "rule and no policy is" };
        bail!("no {what} called `{policy}`: {help}");
    };
    if let Some(rule) = rule
        && !found.rules.iter().any(|known| *known.name == *rule)
    {
        let help = nearest(rule, found.rules.iter().map(|known| &*known.name)).unwrap_or_default();
        bail!("no rule of the policy `{policy}` is called `{rule}`: {help}");
    }
    let written = loaded.documents.iter().find(|(_, document)| document.name() == Some(policy));
    Ok(Explained { policy: found, rule: rule.map(str::to_owned), written })
}

fn list(loaded: &Loaded, color: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let policies = loaded.policies.policies();
    let names = RULES.iter().map(|rule| rule.meta.name);
    let names = names.chain(policies.iter().map(|policy| &*policy.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or_default();
    writeln!(out, "{}", page::heading("Rules", color))?;
    for rule in &RULES {
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
