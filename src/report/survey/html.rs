//! The HTML format: one file that asks nobody for anything, and that can be read without scripts.
//!
//! Everything is in the markup: tables are whole and charts are drawn. The script only adds to that: it sorts, filters and
//! pages the findings. What users wrote is escaped by the templates, and a policy that names the digests of the style and
//! the script lets browsers run and load nothing else.

mod axis;
mod chart;
mod findings;
mod forecast;
mod header;
mod tallies;
mod units;

use std::io::{self, BufWriter, Write};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::chart::{Chart, Mark};
use self::findings::Row;
use self::forecast::SectionView;
use self::header::Header;
use self::tallies::PolicyRow;
use super::Overview;
use crate::policy::Action;
use crate::survey::Problem;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

#[derive(Template)]
#[template(path = "page.html", config = "src/report/survey/html/askama.toml")]
struct Page<'r> {
    overview: &'r Overview<'r>,
    header: Header<'r>,
    content_security_policy: String,
    charts: Vec<Chart<'r>>,
    sections: Vec<SectionView<'r>>,
    findings: u64,
}

/// Writes the report.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(overview: &Overview<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tally = &overview.survey.tally;
    let charts = [tallies::by_policy(tally), tallies::by_namespace(tally)];
    let sections = overview.forecast.iter().flat_map(|forecast| &forecast.sections);
    let page = Page {
        overview,
        header: Header::of(overview),
        content_security_policy: content_security_policy(),
        charts: charts.into_iter().filter(|chart| !chart.is_empty()).collect(),
        sections: sections.map(SectionView::of).collect(),
        findings: findings::number(tally),
    };
    let mut out = BufWriter::with_capacity(1 << 16, out);
    page.write_into(&mut out)?;
    writeln!(out)?;
    out.flush()
}

/// What browsers may do with the page: apply this style, run this script, and show pictures that are in it.
fn content_security_policy() -> String {
    format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn digest(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

impl Page<'_> {
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        findings::rows(&self.overview.survey.tally, &self.header.steps)
    }

    fn policy_rows(&self) -> impl Iterator<Item = PolicyRow<'_>> {
        tallies::policy_rows(&self.overview.survey.tally)
    }

    fn problems(&self) -> impl Iterator<Item = (&Problem, u64)> {
        self.overview.survey.problems.iter()
    }

    fn notes(&self) -> impl Iterator<Item = (&Problem, u64)> {
        self.overview.survey.notes.iter()
    }
}

/// The class that gives an action its colour.
const fn class(action: Action) -> &'static str {
    match action {
        Action::Deny => "deny",
        Action::Warn => "warn",
        Action::Patch => "patch",
        Action::Audit => "audit",
    }
}

#[cfg(test)]
mod tests;
