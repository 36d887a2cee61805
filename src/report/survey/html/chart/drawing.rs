//! What pictures consist of.

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Drawing {
    /// Its height, in the unit that [`WIDTH`] is in.
    pub(in super::super) height: f64,
    /// What is in it, from back to front.
    pub(in super::super) marks: Vec<Mark>,
}

/// Something in a picture.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Mark {
    /// A bar.
    Bar {
        /// Left edge.
        x: f64,
        /// Upper edge.
        y: f64,
        /// Width.
        width: f64,
        /// Height.
        height: f64,
        /// Colour.
        class: &'static str,
        /// What it says.
        title: String,
    },
    /// A line or an area, as SVG's path data.
    Path {
        /// The data, made of numbers and commands only.
        data: String,
        /// Colour, and how it is drawn.
        class: String,
    },
    /// Words.
    Text {
        /// Where it starts, ends or has its middle.
        x: f64,
        /// Its baseline.
        y: f64,
        /// `start`, `middle` or `end`.
        anchor: &'static str,
        /// How it looks.
        class: &'static str,
        /// What it says.
        text: String,
        /// The whole of what was cut.
        whole: Option<String>,
    },
}

/// How wide every picture is.
pub(super) const WIDTH: f64 = 560.0;
/// How wide a character of a label is, at most of all common fonts.
pub(super) const CHARACTER: f64 = 6.7;

impl Drawing {
    pub(super) const fn new(height: f64) -> Self {
        Self { height, marks: Vec::new() }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let data = format!("M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
        self.marks.push(Mark::Path { data, class: class.to_owned() });
    }

    pub(super) fn text(
        &mut self,
        class: &'static str,
        (x, y): (f64, f64),
        anchor: &'static str,
        text: impl Into<String>,
    ) {
        self.marks.push(Mark::Text { x, y, anchor, class, text: text.into(), whole: None });
    }

    /// Words that are cut where they have no room.
    pub(super) fn label(&mut self, at: (f64, f64), anchor: &'static str, text: &str, room: f64) {
        let shown = cut(text, room);
        let whole = (shown != text).then(|| text.to_owned());
        let (x, y) = at;
        self.marks.push(Mark::Text { x, y, anchor, class: "name", text: shown, whole });
    }

    /// What should not be crossed: words at a line that stands upright, on the side with more room.
    pub(super) fn upright_limit(&mut self, text: &str, x: f64, top: f64, bottom: f64) {
        self.line("limit", (x, top - 4.0), (x, bottom));
        let is_left = x < WIDTH / 2.0;
        let (anchor, room) = if is_left { ("start", WIDTH - x) } else { ("end", x) };
        self.text("limit-name", (x, top - 8.0), anchor, cut(text, room));
    }
}

/// As much of a text as there is room for: its start and its end, which tell names apart.
fn cut(text: &str, room: f64) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut fitting = 0;
    while f64::from(fitting) * CHARACTER < room {
        fitting += 1;
    }
    let fitting = usize::try_from(fitting).unwrap_or_default().max(5) - 1;
    if characters.len() <= fitting {
        return text.to_owned();
    }
    let (start, end) = (fitting.div_ceil(2), fitting / 2);
    let first = characters.iter().take(start);
    let last = characters.iter().skip(characters.len() - end.saturating_sub(1));
    first.chain(&['…']).chain(last).collect()
}
