//! Lines on a terminal: indented, wrapped where it has an end, and coloured as the other reports for people are.

use std::io::{self, Write};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Origin, Renderer, normalize_untrusted_str};
use textwrap::{Options, WordSeparator, WrapAlgorithm};

use super::Style;
use crate::policy::Action;
use crate::survey::Problem;

/// Wider than anything that is told on one line.
const WIDTH: usize = 1000;
/// Narrower than that a wrapped text cannot be read.
const NARROWEST: usize = 40;

/// Where the report is written.
pub(super) struct Page<'w> {
    pub(super) style: Style,
    out: &'w mut dyn Write,
    renderer: Renderer,
}

impl<'w> Page<'w> {
    pub(super) fn new(style: Style, out: &'w mut dyn Write) -> Self {
        let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(WIDTH).decor_style(DecorStyle::Ascii);
        Self { style, out, renderer }
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line, and what does not fit on it below, further in.
    pub(super) fn line(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.painted(indent, text, |line| line.to_owned())
    }

    /// A line that is not overlooked.
    pub(super) fn bold(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let color = self.style.color;
        self.painted(indent, text, |line| paint(color, BOLD, line))
    }

    /// A line that tells of something beyond what the cluster has.
    pub(super) fn alarm(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let color = self.style.color;
        self.painted(indent, text, |line| paint(color, RED, line))
    }

    /// A line that begins with what it is about.
    pub(super) fn emphasised(&mut self, indent: usize, head: &str, rest: &str) -> io::Result<()> {
        let color = self.style.color;
        let mut at_head = true;
        self.painted(indent, &format!("{head}{rest}"), |line| {
            let head = if std::mem::take(&mut at_head) { head } else { "" };
            match line.split_at_checked(head.len()) {
                Some((start, rest)) if start == head => {
                    format!("{}{rest}", paint(color, BOLD, start))
                }
                _ => line.to_owned(),
            }
        })
    }

    fn painted(
        &mut self,
        indent: usize,
        text: &str,
        mut paint: impl FnMut(&str) -> String,
    ) -> io::Result<()> {
        let Some(width) = self.style.width else {
            return writeln!(self.out, "{:indent$}{}", "", paint(text));
        };
        let options = Options::new(width.max(NARROWEST) - indent - 2)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .wrap_algorithm(WrapAlgorithm::FirstFit);
        for (at, line) in textwrap::wrap(text, options).iter().enumerate() {
            let indent = if at == 0 { indent } else { indent + 2 };
            writeln!(self.out, "{:indent$}{}", "", paint(line))?;
        }
        Ok(())
    }

    /// The head of the findings of a rule, as `check` writes it.
    pub(super) fn title(&mut self, action: Action, id: &str, text: &str) -> io::Result<()> {
        let level = match action {
            Action::Deny => Level::ERROR,
            Action::Warn => Level::WARNING,
            Action::Patch => Level::INFO.with_name("patched"),
            Action::Audit => Level::INFO.with_name("audit"),
        };
        let title = level.primary_title(text).id(normalize_untrusted_str(id));
        let head = self.renderer.render(&[Group::with_title(title)]);
        writeln!(self.out, "{}", head.trim_end())
    }

    /// Something that could not be read.
    pub(super) fn problem(&mut self, problem: &Problem, times: &str) -> io::Result<()> {
        let message = format!("{}{times}", problem.message);
        let source = crate::report::plain::printable(&problem.source).into_owned();
        let mut origin = Origin::path(&*source);
        if let Some(line) = problem.line {
            origin = origin.line(usize::try_from(line).unwrap_or(usize::MAX));
        }
        let mut group = Group::with_title(Level::ERROR.primary_title(&*message));
        if !source.is_empty() {
            group = group.element(origin);
        }
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        writeln!(self.out, "{}\n", self.renderer.render(&[group]))
    }
}

const BOLD: &str = "1";
const RED: &str = "1;91";

fn paint(color: bool, code: &str, text: &str) -> String {
    if color && !text.is_empty() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
