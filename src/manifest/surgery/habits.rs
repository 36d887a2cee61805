//! How the text around is written, so that what is new looks the same.

use super::super::spans::Shape;
use super::editor::Editor;

/// The habits of a document.
#[derive(Debug)]
pub(super) struct Habits {
    /// How much mappings are indented below the key that holds them, by their place.
    maps: Vec<(usize, usize)>,
    /// The same of lists.
    lists: Vec<(usize, usize)>,
    /// The quotes that text gets where it needs some.
    pub(super) single_quotes: bool,
    /// Whether all is written as JSON has it.
    pub(super) json: bool,
    /// What indents JSON that is written on many lines.
    pub(super) unit: Option<String>,
}

impl Habits {
    pub(super) fn of(editor: &Editor<'_>) -> Self {
        let mut habits = Self {
            maps: Vec::new(),
            lists: Vec::new(),
            single_quotes: false,
            json: false,
            unit: None,
        };
        habits.read_json(editor);
        habits.read_blocks(editor);
        habits
    }

    /// The indentation of a mapping below a key near `at`.
    pub(super) fn map_step(&self, at: usize) -> usize {
        nearest(&self.maps, at).unwrap_or(2)
    }

    /// The indentation of a list below a key near `at`.
    pub(super) fn list_step(&self, at: usize) -> usize {
        nearest(&self.lists, at).unwrap_or(0)
    }

    fn read_json(&mut self, editor: &Editor<'_>) {
        let (source, spans) = (editor.source, &editor.draft.tree.spans);
        let Some(root) = spans.node(editor.root).filter(|_| editor.is_flow(editor.root)) else {
            return;
        };
        let Some((_, first)) = spans.children(editor.root).next() else {
            self.json = true;
            return;
        };
        let key = first.key().start;
        self.json = source.byte(key) == Some(b'"');
        if self.json && source.has_break(root.value().start..key) {
            let line = source.line_start(root.value().start);
            let outer = source.skip_blanks(line) - line;
            let inner = source.slice(source.line_start(key)..key);
            let is_blank =
                |unit: &&str| !unit.is_empty() && unit.trim_matches([' ', '\t']).is_empty();
            let unit = inner.get(outer..).filter(is_blank);
            self.unit = Some(unit.unwrap_or("  ").to_owned());
        }
    }

    fn read_blocks(&mut self, editor: &Editor<'_>) {
        let (source, spans) = (editor.source, &editor.draft.tree.spans);
        let Some(root) = spans.node(editor.root) else { return };
        let mut quoted = None;
        // The blocks around, each with its last node and, of a mapping, its column.
        let mut around: Vec<(u32, Option<usize>)> = Vec::new();
        for id in editor.root..=root.last() {
            let Some(node) = spans.node(id) else { break };
            let start = node.value().start;
            while around.last().is_some_and(|(last, _)| *last < id) {
                around.pop();
            }
            if node.shape == Shape::Scalar {
                let quote = source.byte(start).filter(|byte| matches!(byte, b'"' | b'\''));
                quoted = quoted.or(quote.filter(|_| !node.value().is_empty()));
                continue;
            }
            if editor.is_flow(id) {
                around.push((node.last(), None));
                continue;
            }
            let is_list = node.shape == Shape::List;
            let column = start - source.line_start(start);
            if let Some((_, Some(outer))) = around.last()
                && source.starts_line(start)
                && let Some(step) = column.checked_sub(*outer).filter(|step| is_list || *step > 0)
            {
                if is_list { &mut self.lists } else { &mut self.maps }.push((start, step));
            }
            around.push((node.last(), (!is_list).then_some(column)));
        }
        self.single_quotes = quoted == Some(b'\'');
    }
}

/// What is known of the last place in front of `at`, or else of the first one behind.
fn nearest(known: &[(usize, usize)], at: usize) -> Option<usize> {
    let behind = known.partition_point(|(place, _)| *place <= at);
    known.get(behind.saturating_sub(1)).map(|(_, step)| *step)
}
