//! The rules of a run.

use std::collections::HashMap;

use super::log::{Configuration, Descriptor, Help, Message, RuleProperties};
use super::project;
use crate::policy::Action;
use crate::report::{Diagnostic, Report, RuleInForce};
use crate::rules::RuleKind;

/// The rules in force, and those that findings name beside them.
pub(super) struct Rules<'r> {
    rules: Vec<Named<'r>>,
    at: HashMap<(&'r str, &'r str), usize>,
}

struct Named<'r> {
    policy: &'r str,
    rule: &'r str,
    kind: &'r str,
    action: Action,
    description: Option<&'r str>,
}

impl<'r> Rules<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        let mut rules = Self { rules: Vec::new(), at: HashMap::new() };
        for RuleInForce { policy, rule, kind, action, description } in &report.rules {
            let description = description.as_deref();
            rules.add(Named { policy, rule, kind, action: *action, description });
        }
        let silenced = report.silenced.iter().map(|(found, _)| found);
        for Diagnostic { policy, rule, kind, action, .. } in report.findings.iter().chain(silenced)
        {
            rules.add(Named { policy, rule, kind, action: *action, description: None });
        }
        rules
    }

    fn add(&mut self, named: Named<'r>) {
        let next = self.rules.len();
        let at = *self.at.entry((named.policy, named.rule)).or_insert(next);
        if at == next {
            self.rules.push(named);
        }
    }

    /// Where the rule of a finding stands in the list.
    pub(super) fn index(&self, found: &Diagnostic) -> Option<usize> {
        self.at.get(&(&*found.policy, &*found.rule)).copied()
    }

    pub(super) fn descriptors(&self) -> impl Iterator<Item = Descriptor<'_>> {
        self.rules.iter().map(descriptor)
    }
}

pub(super) fn id(policy: &str, rule: &str) -> String {
    format!("{policy}/{rule}")
}

pub(super) const fn level(action: Action) -> &'static str {
    match action {
        Action::Deny => "error",
        Action::Warn => "warning",
        Action::Patch | Action::Audit => "note",
    }
}

fn descriptor<'r>(named: &Named<'r>) -> Descriptor<'r> {
    let Named { policy, rule, kind, action, description } = *named;
    let meta = RuleKind::find(kind).map(|kind| kind.meta);
    let summary = meta.map_or(kind, |meta| meta.summary);
    let page = meta.map_or("", |meta| body(meta.page));
    let mut tags = vec!["kubernetes", kind];
    if meta.is_some_and(|meta| meta.fix.is_some()) {
        tags.push("fixable");
    }
    let full = match (introduction(page), description) {
        ("", None) => summary.to_owned(),
        ("", Some(description)) => description.to_owned(),
        (page, None) => page.to_owned(),
        (page, Some(description)) => format!("{page}\n\nPolicy {policy}: {description}"),
    };
    Descriptor {
        id: id(policy, rule),
        name: kind,
        short_description: Message::text(summary),
        full_description: Message::of(full),
        help: Help { text: page, markdown: page },
        help_uri: project().map(|project| help_uri(project, kind)),
        default_configuration: Configuration { level: level(action) },
        properties: RuleProperties {
            tags,
            precision: "very-high",
            severity: match action {
                Action::Deny => "error",
                Action::Warn => "warning",
                Action::Patch | Action::Audit => "recommendation",
            },
        },
    }
}

fn help_uri(project: &str, kind: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("{}/blob/v{version}/docs/rules/{kind}.md", project.trim_end_matches('/'))
}

/// A page without the note to those who edit it.
fn body(page: &str) -> &str {
    let noted = page.strip_prefix("<!--").and_then(|rest| rest.split_once("-->\n"));
    noted.map_or(page, |(_, rest)| rest).trim()
}

/// The paragraph of a page that says why there is such a rule: the one behind the title and the summary.
fn introduction(page: &str) -> &str {
    page.split("\n\n").nth(2).unwrap_or_default().trim()
}
