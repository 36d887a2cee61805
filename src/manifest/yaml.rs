//! Reads YAML from the events of `granit_parser`, document by document.
//!
//! The text is cut at lines that start with `---`, as `kubectl` does, and each piece is parsed on
//! its own: an error in one leaves the others as they are.

pub(super) mod chunks;
mod fault;
mod foreign;
mod scalar;

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag};
use serde_json::Value;

use super::compose::{Composer, MAX_DEPTH};
use super::error::Fault;
use super::json::Rest;
use scalar::Scalar;

/// Reads the documents from where JSON ends.
pub(super) fn read(composer: &mut Composer<'_>, rest: Rest) {
    let text = composer.text();
    let options = options();
    let mut json_fault = rest.fault;
    for chunk in chunks::split(text, rest.offset) {
        let result =
            match foreign::line_break(text, &chunk).or_else(|| foreign::marker(text, &chunk)) {
                Some(fault) => Err(fault),
                None => Reader::new(composer, chunk.start).read(&chunk, &options),
            };
        let json_fault = json_fault.take();
        if let Err(fault) = result {
            // Text that is neither is closer to the format in which it makes sense for longer.
            let farther = json_fault.filter(|json| json.range.start > fault.range.start);
            composer.abandon(farther.unwrap_or(fault));
        }
    }
}

/// The value of a plain scalar, if it has one.
pub(super) fn plain(text: &str) -> Option<Value> {
    scalar::plain(text.into()).into_value().ok()
}

fn options() -> Options {
    // One more than ours, so that ours tells people the limit.
    granit_parser::options! {
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    }
}

struct Reader<'c, 't> {
    composer: &'c mut Composer<'t>,
    /// Where the piece begins; events count from there.
    base: usize,
    /// Where the last text that an event told of ends.
    seen: usize,
    /// Whether the brackets of the open collections are written.
    flow: Vec<bool>,
}

impl<'c, 't> Reader<'c, 't> {
    fn new(composer: &'c mut Composer<'t>, base: usize) -> Self {
        Self { composer, base, seen: base, flow: Vec::new() }
    }

    fn read(&mut self, chunk: &Range<usize>, options: &Options) -> Result<(), Fault> {
        let text = self.composer.text().get(chunk.clone()).unwrap_or_default();
        let parser = Parser::new_from_str_with_options(text, options.clone());
        for next in parser {
            let (event, span) = next.map_err(|error| fault::syntax(text, self.base, &error))?;
            let whole = self.range(&span);
            if self.in_flow()
                && let Some(tag) = span.tag_span()
            {
                foreign::flow_tag(self.composer.text(), self.range(&tag))?;
            }
            let range = match &event {
                Event::Scalar(text, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                    self.block_scalar(text, &whole)?
                }
                Event::SequenceStart(StructureStyle::Block, ..)
                    if self.composer.expects_value() =>
                {
                    foreign::first_dash(self.composer.text(), self.seen).unwrap_or(whole.start)
                        ..whole.end
                }
                _ => whole.clone(),
            };
            self.check_gap(&event, range.start, whole.end)?;
            self.event(event, range)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) -> Result<(), Fault> {
        match event {
            Event::DocumentEnd => self.composer.end_document(),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text, style, anchor_id(anchor), tag.as_deref(), range)?;
            }
            Event::Alias(anchor) if self.composer.expects_key() => self.alias_key(anchor, range)?,
            Event::Alias(anchor) => self.composer.alias(anchor, range)?,
            Event::Anchor(_, name) => foreign::anchor(&name, range)?,
            Event::SequenceStart(..) | Event::MappingStart(..) if self.composer.expects_key() => {
                return Err(fault::complex_key(range));
            }
            Event::SequenceStart(style, anchor, _) => {
                self.composer.open_list(range, anchor_id(anchor))?;
                self.flow.push(style == StructureStyle::Flow);
            }
            Event::MappingStart(style, anchor, _) => {
                self.composer.open_map(range, anchor_id(anchor))?;
                self.flow.push(style == StructureStyle::Flow);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let end = self.flow.pop().unwrap_or_default().then_some(range.end);
                self.composer.close(end)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks for tabs that indent, in what the parser skipped before this event.
    fn check_gap(&mut self, event: &Event<'_>, start: usize, end: usize) -> Result<(), Fault> {
        let ends_flow = self.in_flow() && matches!(event, Event::SequenceEnd | Event::MappingEnd);
        let has_text = match event {
            Event::Scalar(..) | Event::Alias(..) | Event::DocumentStart(true, _) => true,
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                *style == StructureStyle::Flow
            }
            Event::DocumentEnd => true,
            _ => ends_flow,
        };
        if !has_text {
            return Ok(());
        }
        if !self.in_flow() {
            foreign::indenting_tab(self.composer.text(), self.base, self.seen..start)?;
        }
        self.seen = end.max(self.seen);
        Ok(())
    }

    /// Where a block scalar stands from its header to its last line that is not blank; the parser
    /// tells of its content alone.
    fn block_scalar(&self, value: &str, content: &Range<usize>) -> Result<Range<usize>, Fault> {
        let text = self.composer.text();
        let gap = text.get(self.seen.min(content.start)..content.start).unwrap_or_default();
        let above = gap.trim_end();
        let line = above.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let code = above.get(line..).unwrap_or_default();
        let code = [" #", "\t#"]
            .iter()
            .filter_map(|mark| code.find(mark))
            .min()
            .map_or(code, |end| code.get(..end).unwrap_or_default());
        let Some(header) = code.rfind(['|', '>']) else {
            // Text without a line of its own begins at its header.
            let written = text.get(content.clone()).unwrap_or_default();
            return Ok(content.start..content.start + written.trim_end().len());
        };
        let start = content.start - gap.len() + line + header;
        let written = text.get(start..content.end).unwrap_or_default();
        let range = start..start + written.trim_end().len();
        foreign::block_tab(written, value, &range)?;
        Ok(range)
    }

    fn in_flow(&self) -> bool {
        self.flow.last().copied().unwrap_or_default()
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or_default();
        self.base + range.start..self.base + range.end
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: Option<usize>,
        tag: Option<&Tag>,
        range: Range<usize>,
    ) -> Result<(), Fault> {
        let is_key = self.composer.expects_key();
        if is_key && text == "<<" && is_merge(style, tag) {
            self.composer.merge_key(range);
            return Ok(());
        }
        if style == ScalarStyle::Plain && self.in_flow() {
            foreign::flow_scalar(&text, &range)?;
            if is_key {
                foreign::flow_key(self.composer.text(), &range)?;
            }
        }
        let refuse = |message: String| Fault::new(range.clone(), message);
        let scalar = resolve(text, style, tag).map_err(refuse)?;
        if is_key {
            let name = scalar.into_key().map_err(refuse)?;
            if let Some(anchor) = anchor {
                self.composer.anchor_key(anchor, &name, range.clone())?;
            }
            self.composer.key(name, range);
            return Ok(());
        }
        let value = scalar.into_value().map_err(refuse)?;
        self.composer.scalar(value, range, anchor)
    }

    fn alias_key(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Fault> {
        let name = match self.composer.alias_scalar(anchor) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Number(number)) => match number.as_f64() {
                Some(value) if number.is_f64() => {
                    Scalar::Float(value).into_key().unwrap_or_default()
                }
                _ => number.to_string(),
            },
            _ => return Err(fault::complex_key(range)),
        };
        self.composer.key(name, range);
        Ok(())
    }
}

fn anchor_id(id: usize) -> Option<usize> {
    (id != 0).then_some(id)
}

fn is_merge(style: ScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) => {
            is_non_specific(tag)
                || tag.suffix_in_namespace(scalar::CORE).as_deref() == Some("merge")
        }
    }
}

/// Whether a tag is the lone `!`.
fn is_non_specific(tag: &Tag) -> bool {
    matches!(tag.parts(), ("!", "") | ("", "!"))
}

fn resolve<'t>(
    text: Cow<'t, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Scalar<'t>, String> {
    match tag {
        None if style == ScalarStyle::Plain => Ok(scalar::plain(text)),
        None => Ok(Scalar::Text(text)),
        Some(tag) => match tag.suffix_in_namespace(scalar::CORE) {
            Some(name) => scalar::tagged(&name, text),
            None => Ok(Scalar::Text(text)),
        },
    }
}
