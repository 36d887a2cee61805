//! Many points beside each other: lines over times, and steps over things that have no room for their names.

use std::fmt::Write as _;

use super::super::axis::Axis;
use super::super::units::amount;
use super::Chart;
use super::drawing::{CHARACTER, Drawing, Mark, WIDTH};

const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 210.0;
/// Room for the names of points.
const FOOT: f64 = 26.0;
/// Points for which there is room; of more, each stands for the highest of several.
const MAX_POINTS: usize = 240;

/// How values are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// From one to the next.
    Line,
    /// Each for itself.
    Steps,
}

pub(super) fn draw(chart: &Chart<'_>, shape: Shape) -> Drawing {
    let axis = Axis::over(chart.extent(), chart.unit);
    let mut drawing = Drawing::new(BOTTOM + FOOT);
    let y = |value: f64| BOTTOM - axis.place(value) * (BOTTOM - TOP);
    for tick in &axis.ticks {
        drawing.line("grid", (LEFT, y(*tick)), (RIGHT, y(*tick)));
        drawing.text("tick", (LEFT - 8.0, y(*tick) + 4.0), "end", axis.scale.tell(*tick));
    }
    let together = chart.points.len().div_ceil(MAX_POINTS).max(1);
    for series in &chart.series {
        let values: Vec<f64> = series
            .values
            .chunks(together)
            .map(|few| few.iter().copied().fold(f64::NAN, f64::max))
            .collect();
        let line = path(&values, shape, &y);
        if shape == Shape::Steps {
            let area = format!("{line}V{:.1}H{LEFT:.1}Z", y(0.0));
            drawing.marks.push(Mark::Path { data: area, class: format!("area {}", series.class) });
        }
        drawing.marks.push(Mark::Path { data: line, class: format!("line {}", series.class) });
    }
    name_points(chart, shape, &mut drawing);
    if let Some((label, limit)) = &chart.limit {
        drawing.line("limit", (LEFT, y(*limit)), (RIGHT, y(*limit)));
        let text = format!("{label}: {}", amount(*limit, chart.unit));
        drawing.text("limit-name", (RIGHT, y(*limit) - 5.0), "end", text);
    }
    drawing
}

fn path(values: &[f64], shape: Shape, y: &impl Fn(f64) -> f64) -> String {
    let count = values.len();
    let mut data = String::new();
    for (at, value) in values.iter().enumerate() {
        let height = y(if value.is_finite() { *value } else { 0.0 });
        let command = if at == 0 { 'M' } else { 'L' };
        // Writing into a String cannot fail.
        let _ = match shape {
            Shape::Line => write!(data, "{command}{:.1} {height:.1}", place(at, count, shape)),
            Shape::Steps => {
                let (from, to) = (edge(at, count), edge(at + 1, count));
                write!(data, "{command}{from:.1} {height:.1}H{to:.1}")
            }
        };
    }
    data
}

/// Names of as many points as there is room for, the first and the last among them.
fn name_points(chart: &Chart<'_>, shape: Shape, drawing: &mut Drawing) {
    let count = chart.points.len();
    let longest = chart.points.iter().map(|point| point.chars().count()).max().unwrap_or_default();
    let room = (RIGHT - LEFT) / (as_number(longest.min(24)) * CHARACTER + 14.0);
    let mut shown = 2_usize;
    while as_number(shown + 1) <= room && shown < 7 {
        shown += 1;
    }
    let shown = shown.min(count);
    for at in 0..shown {
        let point = if shown < 2 { 0 } else { at * (count - 1) / (shown - 1) };
        let anchor = match at {
            0 => "start",
            at if at + 1 == shown => "end",
            _ => "middle",
        };
        let x = match (anchor, shape) {
            ("start", Shape::Steps) => LEFT,
            ("end", Shape::Steps) => RIGHT,
            _ => place(point, count, shape),
        };
        if let Some(name) = chart.points.get(point) {
            drawing.label((x, BOTTOM + 18.0), anchor, name, 24.0 * CHARACTER);
        }
    }
}

/// Where a point stands.
fn place(at: usize, count: usize, shape: Shape) -> f64 {
    match shape {
        Shape::Line if count > 1 => LEFT + (RIGHT - LEFT) * as_number(at) / as_number(count - 1),
        _ => f64::midpoint(edge(at, count), edge(at + 1, count)),
    }
}

/// Where a point begins.
fn edge(at: usize, count: usize) -> f64 {
    LEFT + (RIGHT - LEFT) * as_number(at) / as_number(count.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "a picture has no 2^52 points")]
const fn as_number(count: usize) -> f64 {
    count as f64
}
