//! Bars that lie, each with its name: names of namespaces and nodes are long.

use super::super::axis::Axis;
use super::super::units::{Scale, amount, unit_after};
use super::Chart;
use super::drawing::{Drawing, Mark, WIDTH};

/// Where the bars start; names stand before.
const LEFT: f64 = 158.0;
/// Where the axis ends; the longest bar's value stands behind.
const RIGHT: f64 = WIDTH - 62.0;
/// Room for the name of the limit.
const LIMIT: f64 = 22.0;
/// Room for the axis.
const FOOT: f64 = 24.0;

/// How high things are.
struct Sizes {
    bar: f64,
    row: f64,
}

pub(super) fn draw(chart: &Chart<'_>) -> Drawing {
    let axis = Axis::over(chart.extent(), chart.unit);
    let beside = if chart.is_stacked { 1 } else { chart.series.len().max(1) };
    let bar = if beside == 1 { 15.0 } else { 12.0 };
    let sizes = Sizes { bar, row: bar * as_number(beside) + 9.0 };
    let top = if chart.limit.is_some() { LIMIT } else { 4.0 };
    let bottom = top + sizes.row * as_number(chart.points.len());
    let mut drawing = Drawing::new(bottom + FOOT);
    let x = |value: f64| LEFT + axis.place(value) * (RIGHT - LEFT);
    for tick in &axis.ticks {
        drawing.line("grid", (x(*tick), top), (x(*tick), bottom));
        drawing.text("tick", (x(*tick), bottom + 16.0), "middle", axis.scale.tell(*tick));
    }
    for (at, point) in chart.points.iter().enumerate() {
        let y = top + sizes.row * as_number(at);
        let middle = y + sizes.row / 2.0 + 4.0;
        drawing.label((LEFT - 8.0, middle), "end", point, LEFT - 10.0);
        if chart.is_stacked {
            stack(chart, at, y + 4.5, &sizes, &x, &mut drawing);
        } else {
            side_by_side(chart, at, y + 4.5, &sizes, &x, &mut drawing);
        }
    }
    if let Some((label, limit)) = &chart.limit {
        let text = format!("{label}: {}", amount(*limit, chart.unit));
        drawing.upright_limit(&text, x(*limit), top, bottom);
    }
    drawing
}

fn stack(
    chart: &Chart<'_>,
    point: usize,
    y: f64,
    sizes: &Sizes,
    x: &impl Fn(f64) -> f64,
    drawing: &mut Drawing,
) {
    let mut done = 0.0;
    for series in &chart.series {
        let value = series.values.get(point).copied().filter(|value| *value > 0.0);
        let Some(value) = value else { continue };
        let (from, to) = (x(done), x(done + value));
        let said = amount(value, chart.unit);
        let name = chart.points.get(point).map_or("", |point| point);
        drawing.marks.push(Mark::Bar {
            x: from,
            y,
            // A line of the background's colour keeps parts apart for those who see no difference of colours.
            width: (to - from - 1.0).max(0.6),
            height: sizes.bar,
            class: series.class,
            title: format!("{name}, {}: {said}", series.label),
        });
        done += value;
    }
    drawing.text("value", (x(done) + 5.0, y + sizes.bar - 3.5), "start", told(done, chart.unit));
}

fn side_by_side(
    chart: &Chart<'_>,
    point: usize,
    y: f64,
    sizes: &Sizes,
    x: &impl Fn(f64) -> f64,
    drawing: &mut Drawing,
) {
    for (at, series) in chart.series.iter().enumerate() {
        let y = y + sizes.bar * as_number(at);
        let value = series.values.get(point).copied().filter(|value| value.is_finite());
        let Some(value) = value else {
            drawing.text("value", (x(0.0) + 5.0, y + sizes.bar - 1.5), "start", "not known");
            continue;
        };
        let (from, to) = (x(value.min(0.0)), x(value.max(0.0)));
        let name = chart.points.get(point).map_or("", |point| point);
        drawing.marks.push(Mark::Bar {
            x: from,
            y,
            width: (to - from).max(0.6),
            height: sizes.bar - 1.0,
            class: series.class,
            title: format!("{name}, {}: {}", series.label, amount(value, chart.unit)),
        });
        let baseline = y + sizes.bar - if sizes.bar > 12.0 { 3.5 } else { 1.5 };
        drawing.text("value", (to + 5.0, baseline), "start", told(value, chart.unit));
    }
}

/// A value in little room: its unit is said in the heading.
fn told(value: f64, unit: &str) -> String {
    let text = amount(value, unit);
    let text = text.strip_suffix(&unit_after(unit)).unwrap_or(&text);
    // Seven characters are what there is room for.
    if text.len() > 8 { Scale::of(unit, value).tell(value) } else { text.to_owned() }
}

#[expect(clippy::cast_precision_loss, reason = "a picture has no 2^52 bars")]
const fn as_number(count: usize) -> f64 {
    count as f64
}
